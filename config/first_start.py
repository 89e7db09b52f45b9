"""The first start: an empty log becomes an instance that can be used."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import orjson
from personae.actors.aggregates.dispatch import Dispatch
from personae.actors.aggregates.orders import Done
from personae.actors.domain.instance.commands import FirstUser, SetUpInstance
from personae.actors.domain.instance.refusals import DOMAIN_TAKEN
from personae.actors.domain.kit import Caller, Refusal
from personae.actors.domain.project.commands import AddAPIApp, AddOIDCApp, NewOIDCClient
from personae.actors.domain.project.values import (
    APIAuthMethod,
    ApplicationType,
    AuthMethod,
    GrantType,
    ResponseType,
)
from personae.actors.domain.user.commands import (
    AddHuman,
    AddMachine,
    AddMachineKey,
    AddPersonalAccessToken,
)
from personae.actors.domain.user.values import NewContact, NewPassword, Profile
from personae.actors.domain.web_key.commands import AddWebKey
from personae.config.first_instance import Machine
from personae.config.policies_of import generators_of, policies_of
from personae.config.settings import Settings
from personae.http.identity.opaque import OpaqueTokens, TokenKind

OWN_APIS = ("Management-API", "Admin-API", "Auth-API")
SIGNING_KEYS = 2
"""One that signs, and the next one, published ahead of its use."""


@dataclass(frozen=True, slots=True)
class FirstStart:
    """What the first start made; ``password`` only when it was made up."""

    instance_id: str
    password: str | None


class SetUp:
    """Makes the first instance, and writes the credentials that were asked for."""

    def __init__(self, settings: Settings, dispatch: Dispatch, tokens: OpaqueTokens) -> None:
        self._settings = settings
        self._dispatch = dispatch
        self._tokens = tokens
        self._first = settings.first_instance
        self._new_id: Callable[[], str] = dispatch.world.new_id
        self._org_id = self._new_id()
        given = self._first.admin.password
        self._made_up = None if given else f"Aa1-{secrets.token_urlsafe(15)}"
        self._password = given.get_secret_value() if given else self._made_up or ""

    async def run(self) -> FirstStart | None:
        """Set up unless an instance is there already; ``None`` when somebody else was first."""
        order = self._order()
        try:
            done = await self._dispatch.send(order, Caller.of_system(order.instance_id))
        except Refusal as refusal:
            if refusal.reason is DOMAIN_TAKEN:
                return None
            raise
        self._write_credentials(order, done)
        return FirstStart(order.instance_id, self._made_up)

    def _order(self) -> SetUpInstance:
        instance_id, project_id = self._new_id(), self._new_id()
        console = self._console(project_id)
        return SetUpInstance(
            instance_id=instance_id,
            name=self._first.name,
            language=self._first.default_language,
            domain=self._settings.external_domain,
            policies=policies_of(self._settings),
            generators=generators_of(self._settings),
            org_id=self._org_id,
            org_name=self._first.org_name,
            project_id=project_id,
            apps=(*(self._api(project_id, name) for name in OWN_APIS), console),
            console_app_id=console.app_id,
            console_client_id=console.client_id,
            users=self._users(),
            web_keys=tuple(
                AddWebKey(key_id=self._new_id(), instance_id=instance_id, algorithm="RS256")
                for _ in range(SIGNING_KEYS)
            ),
        )

    def _api(self, project_id: str, name: str) -> AddAPIApp:
        return AddAPIApp(
            project_id=project_id,
            app_id=self._new_id(),
            client_id=self._new_id(),
            name=name,
            auth_method=APIAuthMethod.PRIVATE_KEY_JWT,
        )

    def _console(self, project_id: str) -> AddOIDCApp:
        url = self._settings.external_url
        client = NewOIDCClient(
            redirect_uris=(f"{url}/ui/console/auth/callback",),
            post_logout_redirect_uris=(f"{url}/ui/console/signedout",),
            response_types=(ResponseType.CODE,),
            grant_types=(GrantType.AUTHORIZATION_CODE,),
            application_type=ApplicationType.USER_AGENT,
            auth_method_type=AuthMethod.NONE,
            dev_mode=not self._settings.external_secure,
        )
        ids = (self._new_id(), self._new_id())
        return AddOIDCApp(
            project_id=project_id, app_id=ids[0], client_id=ids[1], name="Console", client=client
        )

    def _users(self) -> tuple[FirstUser, ...]:
        first = self._first
        users = [self._admin()]
        if first.pat_path or first.machine_key_path:
            machine = self._machine(
                first.machine,
                roles=("IAM_OWNER",),
                token=(first.pat_path, first.pat_expiration),
                key=(first.machine_key_path, first.machine_key_expiration),
            )
            users.append(machine)
        if first.login_client_pat_path:
            token = (first.login_client_pat_path, first.login_client_pat_expiration)
            users.append(
                self._machine(first.login_client, roles=("IAM_LOGIN_CLIENT",), token=token)
            )
        return tuple(users)

    def _admin(self) -> FirstUser:
        admin = self._first.admin
        human = AddHuman(
            user_id=self._new_id(),
            org_id=self._org_id,
            user_name=admin.user_name,
            profile=Profile(
                first_name=admin.first_name,
                last_name=admin.last_name,
                preferred_language=admin.preferred_language,
            ),
            email=NewContact(value=admin.email, verified=True),
            password=NewPassword(
                plain=self._password, change_required=admin.password_change_required
            ),
        )
        return FirstUser(user=human, instance_roles=("IAM_OWNER",), org_roles=("ORG_OWNER",))

    def _machine(
        self,
        machine: Machine,
        *,
        roles: tuple[str, ...],
        token: tuple[Path | None, datetime | None],
        key: tuple[Path | None, datetime | None] = (None, None),
    ) -> FirstUser:
        user_id = self._new_id()
        add_key = AddMachineKey(user_id=user_id, key_id=self._new_id(), expires=key[1])
        add_token = AddPersonalAccessToken(
            user_id=user_id, token_id=self._new_id(), expires=token[1]
        )
        return FirstUser(
            user=AddMachine(
                user_id=user_id,
                org_id=self._org_id,
                user_name=machine.user_name,
                name=machine.name,
            ),
            instance_roles=roles,
            key=add_key if key[0] else None,
            token=add_token if token[0] else None,
        )

    def _write_credentials(self, order: SetUpInstance, done: Done) -> None:
        first = self._first
        for user in order.users:
            is_login_client = "IAM_LOGIN_CLIENT" in user.instance_roles
            path = first.login_client_pat_path if is_login_client else first.pat_path
            if user.token and path:
                ids = (user.user_id, user.token.token_id)
                write(path, self._tokens.issue(TokenKind.PERSONAL, order.instance_id, *ids))
            if user.key and first.machine_key_path:
                private = done.secrets[f"{user.user_id}:private_key"]
                key_file = machine_key_file(user.user_id, user.key.key_id, private)
                write(first.machine_key_path, key_file)


def machine_key_file(user_id: str, key_id: str, private_key: str) -> str:
    """Return the JSON that published clients read a machine user's key from."""
    content = {"type": "serviceaccount", "keyId": key_id, "key": private_key, "userId": user_id}
    return orjson.dumps(content).decode()


def write(path: Path, secret: str) -> None:
    """Write a credential for its owner's eyes only (mode 0600)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret + "\n")
