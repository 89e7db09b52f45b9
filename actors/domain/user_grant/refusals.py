"""Why orders to a user grant are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("USERGRANT-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("USERGRANT-AlreadyExists", Code.ALREADY_EXISTS)
ALREADY_INACTIVE = reason("USERGRANT-AlreadyInactive", Code.FAILED_PRECONDITION)
ALREADY_ACTIVE = reason("USERGRANT-AlreadyActive", Code.FAILED_PRECONDITION)
ROLE_UNKNOWN = reason("USERGRANT-RoleUnknown", Code.INVALID_ARGUMENT)
