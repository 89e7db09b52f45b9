"""What an AuthnRequest asks for (SAML Core, 3.4.1), and what of it cannot be had."""

from __future__ import annotations

from dataclasses import dataclass

from personae.actors.domain.saml_request.contexts import COMPARISONS, possible
from personae.http.identity.saml import names
from personae.http.identity.saml.answers import ACS_UNKNOWN, STATUSES
from personae.http.identity.saml.metadata import Endpoint, ServiceProvider
from personae.http.identity.saml.names import BINDINGS, FORMATS, SAML, SAMLP
from personae.http.identity.saml.xml import Element, child, children, text

VERSION = "2.0"
LONGEST_HINT = 200
MOST_CONTEXTS = 20
LONGEST_CONTEXT = 500


@dataclass(frozen=True, slots=True)
class Asked:
    """An AuthnRequest, as far as it is heeded."""

    version: str
    force: bool
    passive: bool
    acs_url: str
    acs_index: str
    binding: str
    format: str
    qualifier: str
    contexts: tuple[str, ...]
    comparison: str
    declarations: bool
    hint: str

    @classmethod
    def of(cls, root: Element) -> Asked:
        """Read a request."""
        policy = child(root, f"{SAMLP}NameIDPolicy")
        wanted = child(root, f"{SAMLP}RequestedAuthnContext")
        subject = child(root, f"{SAML}Subject")
        refs = () if wanted is None else children(wanted, f"{SAML}AuthnContextClassRef")
        return cls(
            version=root.get("Version", ""),
            force=_true(root.get("ForceAuthn")),
            passive=_true(root.get("IsPassive")),
            acs_url=root.get("AssertionConsumerServiceURL", ""),
            acs_index=root.get("AssertionConsumerServiceIndex", ""),
            binding=root.get("ProtocolBinding", ""),
            format="" if policy is None else policy.get("Format", ""),
            qualifier="" if policy is None else policy.get("SPNameQualifier", ""),
            contexts=tuple(text(each)[:LONGEST_CONTEXT] for each in refs)[:MOST_CONTEXTS],
            comparison="exact" if wanted is None else wanted.get("Comparison", "exact"),
            declarations=wanted is not None
            and child(wanted, f"{SAML}AuthnContextDeclRef") is not None,
            hint="" if subject is None else text(child(subject, f"{SAML}NameID"))[:LONGEST_HINT],
        )

    def consumer(self, provider: ServiceProvider) -> Endpoint:
        """Return where the answer goes: only where the metadata says. Raises SAML-ConsumerUnknown.

        Without a wish it is the standard one; by an address, one of the binding that is wanted.
        """
        known = [each for each in provider.consumers if self._means(each)]
        if not known:
            raise ACS_UNKNOWN()
        if not (self.acs_url or self.acs_index):
            return provider.standard
        wanted = [each for each in known if each.binding == self.binding]
        return (wanted or known)[0]

    def _means(self, endpoint: Endpoint) -> bool:
        if self.acs_url:
            return endpoint.location == self.acs_url
        return not self.acs_index or str(endpoint.index) == self.acs_index

    def problem(self, consumer: Endpoint, provider: ServiceProvider) -> tuple[str, ...]:
        """Return the status of what cannot be had, nothing when all can."""
        contexts = self.comparison in COMPARISONS and possible(self.contexts, self.comparison)
        table = (
            (self.version != VERSION, (names.VERSION_MISMATCH,)),
            (bool(self.binding) and self.binding not in BINDINGS, STATUSES[7]),
            (bool(self.binding) and self.binding != consumer.binding, STATUSES[7]),
            (bool(self.format) and self.format not in FORMATS, STATUSES[4]),
            (self.qualifier not in {"", provider.entity_id}, STATUSES[4]),
            (not contexts or self.declarations, STATUSES[9]),
        )
        return next((status for applies, status in table if applies), ())


def _true(value: str | None) -> bool:
    return (value or "").strip() in {"true", "1"}
