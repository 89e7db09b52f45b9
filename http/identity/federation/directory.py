"""Directories over LDAP (RFC 4511): the person is found, then has to bind with the password."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from personae.actors.domain.idp.presets import ATTRIBUTES
from personae.actors.domain.idp.values import Idp
from personae.http.identity.federation.refusals import CREDENTIALS_WRONG, UNREACHABLE, UNTRUSTED

PORTS = {"ldap": 389, "ldaps": 636}
SECONDS = 10
"""How long a directory may take for each answer, unless its settings say less."""
THREADS = 8
LONGEST_PASSWORD = 200
DN = "dn"
"""As ``user_base``: people bind as their own entry."""

Entry: TypeAlias = Mapping[str, tuple[str, ...]]
Addresses = Callable[[str, int], Awaitable[Sequence[Any]]]
"""Finds the addresses of a host that may be called. Raises ``OSError`` for none."""


class Server(NamedTuple):
    """One server of a directory: where it is, and the name its certificate must have."""

    address: str
    port: int
    host: str
    tls: bool


@dataclass(frozen=True, slots=True)
class Login:
    """What a person typed."""

    name: str
    password: str

    @property
    def possible(self) -> bool:
        """Whether it can be right: an empty password would bind as nobody (RFC 4513, 5.1.2)."""
        typed = (self.name.strip(), self.password)
        return all(typed) and not any("\0" in each for each in typed)


class Directories:
    """Asks directories, on threads of its own: the library blocks."""

    def __init__(self, addresses: Addresses) -> None:
        self._addresses = addresses
        self._threads = ThreadPoolExecutor(THREADS, "ldap")

    async def user(self, idp: Idp, secret: str, login: Login) -> Entry:
        """Return the entry of a person, after the password was right.

        Servers are tried in their order. Raises IDP-CredentialsWrong, IDP-Unreachable,
        IDP-Untrusted.
        """
        if not login.possible or len(login.password) > LONGEST_PASSWORD:
            raise CREDENTIALS_WRONG()
        loop = asyncio.get_running_loop()
        for url in idp.servers:
            for server in await self._servers(url):
                found = await loop.run_in_executor(
                    self._threads, _asked, idp, server, secret, login
                )
                if found is not None:
                    return found
        raise UNREACHABLE(what="directory")

    async def _servers(self, url: str) -> list[Server]:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
        try:
            found = await self._addresses(host, port)
        except OSError:
            return []
        return [Server(each["host"], port, host, parts.scheme == "ldaps") for each in found]


def _asked(idp: Idp, server: Server, secret: str, login: Login) -> Entry | None:
    """Ask one server; ``None`` when it cannot be spoken to. Blocks."""
    from ldap3.core import exceptions as e

    try:
        found = _found(idp, server, secret, login)
    except (e.LDAPSizeLimitExceededResult, e.LDAPNoSuchObjectResult):
        raise CREDENTIALS_WRONG() from None
    except (e.LDAPInvalidCredentialsResult, e.LDAPBindError):
        raise UNTRUSTED(what="directory", why="bind") from None  # of our own account
    except (e.LDAPCommunicationError, e.LDAPStartTLSError, e.LDAPSSLConfigurationError, OSError):
        return None
    except e.LDAPException as error:
        raise UNTRUSTED(what="directory", why=type(error).__name__) from None
    if found is None:
        raise CREDENTIALS_WRONG()
    dn, entry = found
    try:
        _bound(idp, server, dn, login.password).unbind()
    except (e.LDAPCommunicationError, OSError):
        return None
    except e.LDAPException:  # the password is wrong, or the account may not bind
        raise CREDENTIALS_WRONG() from None
    return entry


def _found(idp: Idp, server: Server, secret: str, login: Login) -> tuple[str, Entry] | None:
    """Return the DN to bind as, and the entry, of the one person with a login name."""
    import ldap3

    wanted = {getattr(idp, name) for name in ATTRIBUTES} - {""}
    if idp.user_base not in {"", DN}:
        wanted.add(idp.user_base)
    connection = _bound(idp, server, idp.bind_dn, secret)
    try:
        connection.search(
            idp.base_dn,
            person_filter(idp, login.name),
            search_scope=ldap3.SUBTREE,
            attributes=sorted(wanted),
            size_limit=2,
            time_limit=_seconds(idp),
        )
        entries = [each for each in connection.response or () if each["type"] == "searchResEntry"]
    finally:
        connection.unbind()
    if len(entries) != 1:  # none, or nobody knows which
        return None
    entry = {name: _texts(values) for name, values in entries[0]["attributes"].items()}
    dn = entries[0]["dn"] if idp.user_base in {"", DN} else next(iter(entry[idp.user_base]), "")
    return (dn, entry) if dn else None


def person_filter(idp: Idp, name: str) -> str:
    """Return the filter that finds a person (RFC 4515), with whatever was typed escaped."""
    from ldap3.utils.conv import escape_filter_chars

    typed = escape_filter_chars(name.strip())
    classes = "".join(f"(objectClass={each})" for each in idp.user_object_classes)
    names = "".join(f"({each}={typed})" for each in idp.user_filters)
    return f"(&(&{classes})(|{names}))"


def _bound(idp: Idp, server: Server, dn: str, password: str) -> Any:
    """Return a connection that is bound as a DN. Raises what ``ldap3`` raises."""
    import ldap3

    tls = ldap3.Tls(
        validate=ssl.CERT_REQUIRED,
        ca_certs_data=idp.root_ca.decode("ascii", "replace") or None,
        valid_names=[server.host],
        sni=server.host,
    )
    seconds = _seconds(idp)
    target = ldap3.Server(
        server.address,
        server.port,
        use_ssl=server.tls,
        tls=tls,
        get_info=ldap3.NONE,
        connect_timeout=seconds,
    )
    connection = ldap3.Connection(
        target,
        user=dn,
        password=password,
        receive_timeout=seconds,
        raise_exceptions=True,
        auto_referrals=False,
    )
    connection.open()
    if idp.start_tls and not server.tls:
        connection.start_tls()
    connection.bind()
    return connection


def _seconds(idp: Idp) -> int:
    return max(1, min(idp.timeout // 10**9, SECONDS)) if idp.timeout else SECONDS


def _texts(values: Any) -> tuple[str, ...]:
    each = values if isinstance(values, list | tuple) else [values]
    return tuple(
        value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
        for value in each
    )
