"""Why orders to an OIDC session are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("OIDCSESSION-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("OIDCSESSION-AlreadyExists", Code.ALREADY_EXISTS)
REFRESH_INVALID = reason("OIDCSESSION-RefreshTokenInvalid", Code.INVALID_ARGUMENT)
REFRESH_REUSED = reason("OIDCSESSION-RefreshTokenReused", Code.INVALID_ARGUMENT)
SCOPE_WIDER = reason("OIDCSESSION-ScopeWider", Code.INVALID_ARGUMENT)
KEY_WRONG = reason("OIDCSESSION-KeyWrong", Code.INVALID_ARGUMENT)
TARGET_WIDER = reason("OIDCSESSION-TargetWider", Code.INVALID_ARGUMENT)
DETAILS_WIDER = reason("OIDCSESSION-DetailsWider", Code.INVALID_ARGUMENT)
CERTIFICATE_WRONG = reason("OIDCSESSION-CertificateWrong", Code.INVALID_ARGUMENT)
ENDED = reason("OIDCSESSION-Ended", Code.INVALID_ARGUMENT)
