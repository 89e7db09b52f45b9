"""Where a ``v2beta`` package of other messages than v2 has what: fields by message, older to newer.

Paths have dots. On the way into a repeated field one more member is added; on the way out of one
the path goes on for each of them. Fields that are not here have the same name in both; a field that
is set and stands in neither place is refused, for nobody would do what it asks for.
"""

from __future__ import annotations

Fields = dict[str, str]
"""``older: newer``; an older field that says nothing that v2 needs goes to ``""``."""

_PROJECT: Fields = {"id": "project_id"}
_ORG: Fields = {"id": "organization_id"}
_APP: Fields = {"id": "application_id"}
_KEY: Fields = {"id": "key_id", "organization_id": ""}
_OIDC: Fields = {"app_type": "application_type", "dev_mode": "development_mode"}

ASKED: dict[str, Fields] = {
    "project.CreateProjectRequest": _PROJECT,
    "project.UpdateProjectRequest": {
        **_PROJECT,
        "project_role_check": "authorization_required",
        "has_project_check": "project_access_required",
    },
    "project.DeleteProjectRequest": _PROJECT,
    "project.GetProjectRequest": _PROJECT,
    "project.DeactivateProjectRequest": _PROJECT,
    "project.ActivateProjectRequest": _PROJECT,
    "project.ProjectSearchFilter": {
        "project_resource_owner_filter.id": "organization_id_filter.organization_id",
        "project_grant_resource_owner_filter.id": "organization_id_filter.organization_id",
        "project_organization_id_filter.id": "organization_id_filter.organization_id",
    },
    "project.ProjectGrantSearchFilter": {
        "project_resource_owner_filter": "organization_id_filter",
        "project_grant_resource_owner_filter": "granted_organization_id_filter",
    },
    "org.CreateOrganizationRequest": _ORG,
    "org.UpdateOrganizationRequest": _ORG,
    "org.DeleteOrganizationRequest": _ORG,
    "org.DeactivateOrganizationRequest": _ORG,
    "org.ActivateOrganizationRequest": _ORG,
    "org.ListOrganizationsRequest": {"pagination": "query", "filter": "queries"},
    "org.OrganizationSearchFilter": {
        "name_filter": "name_query",
        "domain_filter": "domain_query",
        "state_filter": "state_query",
        "id_filter": "id_query",
    },
    "org.ListOrganizationMetadataRequest": {"filter": "filters"},
    "org.DomainSearchFilter": {"domain_name_filter": "domain_filter"},
    "org.DomainNameFilter": {"name": "domain"},
    "metadata.MetadataQuery": {"key_query": "key_filter"},
    "app.CreateApplicationRequest": {
        **_APP,
        "oidc_request": "oidc_configuration",
        "saml_request": "saml_configuration",
        "api_request": "api_configuration",
    },
    "app.CreateOIDCApplicationRequest": _OIDC,
    "app.UpdateApplicationRequest": {
        **_APP,
        "saml_configuration_request": "saml_configuration",
        "oidc_configuration_request": "oidc_configuration",
        "api_configuration_request": "api_configuration",
    },
    "app.UpdateOIDCApplicationConfigurationRequest": _OIDC,
    "app.GetApplicationRequest": _APP,
    "app.DeleteApplicationRequest": _APP,
    "app.DeactivateApplicationRequest": _APP,
    "app.ReactivateApplicationRequest": _APP,
    "app.RegenerateClientSecretRequest": {"is_oidc": "", "is_api": ""},
    "app.ListApplicationsRequest": {"project_id": "filters.project_id_filter.project_id"},
    "app.ApplicationSearchFilter": {"oidc_app_only": "", "api_app_only": "", "saml_app_only": ""},
    "app.CreateApplicationKeyRequest": {"app_id": "application_id"},
    "app.DeleteApplicationKeyRequest": _KEY,
    "app.GetApplicationKeyRequest": {**_KEY, "project_id": "", "application_id": ""},
    "app.ListApplicationKeysRequest": {
        "application_id": "filters.application_id_filter.application_id",
        "project_id": "filters.project_id_filter.project_id",
        "organization_id": "filters.organization_id_filter.organization_id",
    },
    "authorization.AuthorizationsSearchFilter": {"user_id.id": "in_user_ids.ids"},
    "instance.ListInstancesRequest": {"queries": "filters"},
    "instance.Query": {"id_query": "in_ids_filter", "domain_query": "custom_domains_filter"},
    "instance.AddCustomDomainRequest": {"domain": "custom_domain"},
    "instance.RemoveCustomDomainRequest": {"domain": "custom_domain"},
    "instance.ListCustomDomainsRequest": {"queries": "filters"},
    "instance.DomainSearchQuery": {
        "domain_query": "domain_filter",
        "generated_query.generated": "generated_filter",
        "primary_query.primary": "primary_filter",
    },
    "instance.AddTrustedDomainRequest": {"domain": "trusted_domain"},
    "instance.RemoveTrustedDomainRequest": {"domain": "trusted_domain"},
    "instance.ListTrustedDomainsRequest": {"queries": "filters"},
    "instance.TrustedDomainSearchQuery": {"domain_query": "domain_filter"},
}
"""Of requests."""

CONSTANTS: dict[str, tuple[str, int]] = {
    "project.ProjectSearchFilter.project_resource_owner_filter": ("organization_id_filter.type", 1),
    "project.ProjectSearchFilter.project_grant_resource_owner_filter": (
        "organization_id_filter.type",
        2,
    ),
    "project.ProjectSearchFilter.project_organization_id_filter": (
        "organization_id_filter.type",
        3,
    ),
    "app.ApplicationSearchFilter.oidc_app_only": ("type_filter", 1),
    "app.ApplicationSearchFilter.api_app_only": ("type_filter", 2),
    "app.ApplicationSearchFilter.saml_app_only": ("type_filter", 3),
}
"""What an older field says by its name alone: where v2 has it, and as which number."""

TOLD: dict[str, Fields] = {
    "project.CreateProjectResponse": _PROJECT,
    "project.Project": _PROJECT,
    "org.CreateOrganizationResponse": {
        **_ORG,
        "creation_date": "details.creation_date",
        "organization_admins.created_admin": "created_admins",
    },
    "org.ListOrganizationsResponse": {"pagination": "details", "organizations": "result"},
    "org.Organization": {
        "creation_date": "details.creation_date",
        "changed_date": "details.change_date",
    },
    "org.Domain": {"domain_name": "domain"},
    "app.CreateApplicationResponse": {
        "app_id": "application_id",
        "oidc_response": "oidc_configuration",
        "saml_response": "saml_configuration",
        "api_response": "api_configuration",
    },
    "app.CreateOIDCApplicationResponse": {"none_compliant": "non_compliant"},
    "app.GetApplicationResponse": {"app": "application"},
    "app.Application": {
        **_APP,
        "oidc_config": "oidc_configuration",
        "api_config": "api_configuration",
        "saml_config": "saml_configuration",
    },
    "app.OIDCConfig": {**_OIDC, "none_compliant": "non_compliant"},
    "app.CreateApplicationKeyResponse": {"id": "key_id"},
    "app.GetApplicationKeyResponse": {"id": "key_id"},
    "app.ApplicationKey": {"id": "key_id"},
    "authorization.Authorization": {
        "project_id": "project.id",
        "project_name": "project.name",
        "project_organization_id": "project.organization_id",
        "organization_id": "organization.id",
        "roles": "roles.key",
    },
    "instance.Instance": {"domains": "custom_domains"},
}
"""Of answers; what v2 does not tell is left out."""
