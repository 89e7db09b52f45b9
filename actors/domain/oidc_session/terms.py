"""What a client says at the token endpoint about the token it wants, within what was granted."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.oidc_session import refusals


@dataclass(frozen=True, slots=True)
class Target:
    """Whom a token shall be for (RFC 8707): its ``name`` in ``aud``, and the project it is in."""

    name: str
    project_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """The wishes: bound to a certificate (RFC 8705), for some targets, with some details.

    ``details`` are authorization details (RFC 9396), each as canonical JSON; ``None`` asks for
    what was granted, as no ``targets`` do.
    """

    certificate: str = ""
    targets: tuple[Target, ...] = ()
    details: tuple[str, ...] | None = None


def audience_within(
    resources: tuple[str, ...], audience: tuple[str, ...], targets: tuple[Target, ...]
) -> tuple[str, ...]:
    """Return the audience of a token; empty when it is the one of its family.

    ``resources`` were granted (RFC 8707, 2.2); without any, what is in a project of ``audience``
    may be named, which only narrows it. Raises OIDCSESSION-TargetWider.
    """
    if not targets:
        return resources
    for target in targets:
        known = target.name in resources if resources else target.project_id in audience
        if not known:
            raise refusals.TARGET_WIDER(resource=target.name)
    return tuple(dict.fromkeys(target.name for target in targets))


def details_within(granted: tuple[str, ...], asked: tuple[str, ...] | None) -> tuple[str, ...]:
    """Return the authorization details of a token (RFC 9396, 6).

    Raises OIDCSESSION-DetailsWider.
    """
    if asked is None:
        return granted
    if not set(asked) <= set(granted):
        raise refusals.DETAILS_WIDER()
    return asked
