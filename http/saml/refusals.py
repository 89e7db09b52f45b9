"""Why messages are refused on a page: who sent them is not sure, so nobody else is told."""

from personae.actors.domain.kit import Code, reason

MESSAGE_INVALID = reason("SAML-MessageInvalid", Code.INVALID_ARGUMENT)
SIGNATURE_MISSING = reason("SAML-SignatureMissing", Code.INVALID_ARGUMENT)
SIGNATURE_WRONG = reason("SAML-SignatureWrong", Code.INVALID_ARGUMENT)
DESTINATION_WRONG = reason("SAML-DestinationWrong", Code.INVALID_ARGUMENT)
MESSAGE_EXPIRED = reason("SAML-MessageExpired", Code.INVALID_ARGUMENT)
MESSAGE_REPLAYED = reason("SAML-MessageReplayed", Code.INVALID_ARGUMENT)
OTHER_BROWSER = reason("SAML-OtherBrowser", Code.PERMISSION_DENIED)
