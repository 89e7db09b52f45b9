"""Why orders to a project are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("PROJECT-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("PROJECT-AlreadyExists", Code.ALREADY_EXISTS)
NAME_TAKEN = reason("PROJECT-NameTaken", Code.ALREADY_EXISTS)
NAME_INVALID = reason("PROJECT-NameInvalid", Code.INVALID_ARGUMENT)
NOT_ACTIVE = reason("PROJECT-NotActive", Code.FAILED_PRECONDITION)
ALREADY_INACTIVE = reason("PROJECT-AlreadyInactive", Code.FAILED_PRECONDITION)
ALREADY_ACTIVE = reason("PROJECT-AlreadyActive", Code.FAILED_PRECONDITION)
ROLE_TAKEN = reason("PROJECT-RoleTaken", Code.ALREADY_EXISTS)
ROLE_NOT_FOUND = reason("PROJECT-RoleNotFound", Code.NOT_FOUND)
ROLE_INVALID = reason("PROJECT-RoleInvalid", Code.INVALID_ARGUMENT)
APP_NOT_FOUND = reason("APP-NotFound", Code.NOT_FOUND)
APP_EXISTS = reason("APP-AlreadyExists", Code.ALREADY_EXISTS)
APP_NAME_TAKEN = reason("APP-NameTaken", Code.ALREADY_EXISTS)
CLIENT_ID_TAKEN = reason("APP-ClientIdTaken", Code.ALREADY_EXISTS)
REDIRECT_INVALID = reason("APP-RedirectUriInvalid", Code.INVALID_ARGUMENT)
NO_SECRET = reason("APP-NoSecretForMethod", Code.FAILED_PRECONDITION)
KEY_INVALID = reason("APP-KeyInvalid", Code.INVALID_ARGUMENT)
EXPIRY_PAST = reason("APP-KeyExpirationPast", Code.INVALID_ARGUMENT)
