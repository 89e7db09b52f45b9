"""Why orders to an organisation are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("ORG-NotFound", Code.NOT_FOUND)
NOT_ACTIVE = reason("ORG-NotActive", Code.FAILED_PRECONDITION)
ALREADY_EXISTS = reason("ORG-AlreadyExists", Code.ALREADY_EXISTS)
NAME_TAKEN = reason("ORG-NameTaken", Code.ALREADY_EXISTS)
NAME_INVALID = reason("ORG-NameInvalid", Code.INVALID_ARGUMENT)
DOMAIN_TAKEN = reason("ORG-DomainTaken", Code.ALREADY_EXISTS)
ALREADY_INACTIVE = reason("ORG-AlreadyInactive", Code.FAILED_PRECONDITION)
ALREADY_ACTIVE = reason("ORG-AlreadyActive", Code.FAILED_PRECONDITION)
DEFAULT_STAYS = reason("ORG-DefaultCannotBeRemoved", Code.FAILED_PRECONDITION)
ROLE_UNKNOWN = reason("MEMBER-RoleUnknown", Code.INVALID_ARGUMENT)
MEMBER_EXISTS = reason("MEMBER-AlreadyExists", Code.ALREADY_EXISTS)
MEMBER_NOT_FOUND = reason("MEMBER-NotFound", Code.NOT_FOUND)
