"""Why orders to an instance are refused."""

from personae.actors.domain.kit import Code, reason

NOT_FOUND = reason("INSTANCE-NotFound", Code.NOT_FOUND)
ALREADY_EXISTS = reason("INSTANCE-AlreadyExists", Code.ALREADY_EXISTS)
DOMAIN_TAKEN = reason("INSTANCE-DomainTaken", Code.ALREADY_EXISTS)
DOMAIN_INVALID = reason("INSTANCE-DomainInvalid", Code.INVALID_ARGUMENT)
DOMAIN_NOT_FOUND = reason("INSTANCE-DomainNotFound", Code.NOT_FOUND)
PRIMARY_STAYS = reason("INSTANCE-PrimaryDomainStays", Code.FAILED_PRECONDITION)
NAME_INVALID = reason("INSTANCE-NameInvalid", Code.INVALID_ARGUMENT)
PROVIDER_EXISTS = reason("INSTANCE-ProviderExists", Code.ALREADY_EXISTS)
PROVIDER_INVALID = reason("INSTANCE-ProviderInvalid", Code.INVALID_ARGUMENT)
PROVIDER_NOT_FOUND = reason("INSTANCE-ProviderNotFound", Code.NOT_FOUND)
LAST_OWNER = reason("MEMBER-LastOwner", Code.FAILED_PRECONDITION)
