"""XML within bounds, its signatures (XML Signature, SAML Core 5): the only module that reads any.

What comes from outside is looked over as text before a parser sees it: no DOCTYPE, so no entities
and nothing fetched, at most 256 KiB, 64 levels and 100 attributes of an element. Comments are no
part of what is read. What a signature covers is returned as a tree of its own, made of the very
bytes that were verified: read that one only.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509 import Certificate
from lxml import etree
from signxml.algorithms import CanonicalizationMethod, DigestAlgorithm, SignatureMethod
from signxml.exceptions import SignXMLException
from signxml.signer import XMLSigner
from signxml.verifier import SignatureConfiguration, XMLVerifier

LONGEST = 256 * 1024
"""Bytes of a document, and of what a packed one may unpack to."""
DEEPEST = 64
ATTRIBUTES = 100

Element = Any
"""An element of a tree (``lxml.etree._Element``)."""

DS = "http://www.w3.org/2000/09/xmldsig#"

_TAG = re.compile(
    r"<(?:!--.*?-->|!\[CDATA\[.*?\]\]>|\?xml[ \t\r\n][^<>?]*+\?>|/[^<>]*+>"
    r"|[^<>\"'!?/](?:[^<>\"']++|\"[^\"<]*+\"|'[^'<]*+')*+>)",
    re.DOTALL,
)
_QUOTED = re.compile(r"\"[^\"]*+\"|'[^']*+'")
_MARKUP = ("<!", "<?")

METHODS = frozenset(
    {
        SignatureMethod.RSA_SHA256,
        SignatureMethod.RSA_SHA384,
        SignatureMethod.RSA_SHA512,
        SignatureMethod.ECDSA_SHA256,
        SignatureMethod.ECDSA_SHA384,
        SignatureMethod.ECDSA_SHA512,
    }
)
DIGESTS = frozenset({DigestAlgorithm.SHA256, DigestAlgorithm.SHA384, DigestAlgorithm.SHA512})


class Unreadable(ValueError):  # noqa: N818 — an answer, like CannotOpen
    """This is no XML that is read here; the text says why."""


class Unverified(ValueError):  # noqa: N818
    """No signature of one of the keys covers this element."""


def parse(data: bytes) -> Element:
    """Return the root of a document in UTF-8. Raises :class:`Unreadable`."""
    if len(data) > LONGEST:
        raise Unreadable("longer than 256 KiB")
    try:
        document = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("not UTF-8") from None
    _look_over(document)
    try:
        return etree.fromstring(document.encode(), parser=_parser())
    except (etree.XMLSyntaxError, ValueError):
        raise Unreadable("not well-formed") from None


def _parser() -> Any:
    """Return a parser that knows no entity but XML's own five, and fetches nothing."""
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        remove_comments=True,
        remove_pis=True,
        collect_ids=False,
    )


def _look_over(document: str) -> None:
    """Refuse what no parser should be given: one pass, no tree."""
    depth, at = 0, document.find("<")
    while at >= 0:
        tag = _TAG.match(document, at)
        if tag is None:
            raise Unreadable("a document type, an instruction or an unfinished tag")
        depth += _step(tag.group())
        if depth > DEEPEST:
            raise Unreadable("more than 64 levels")
        at = document.find("<", tag.end())


def _step(tag: str) -> int:
    """Return how much deeper a tag leads. Raises :class:`Unreadable`."""
    if tag.startswith(_MARKUP):
        return 0
    if tag.startswith("</"):
        return -1
    if len(_QUOTED.findall(tag)) > ATTRIBUTES:
        raise Unreadable("more than 100 attributes")
    return 0 if tag.endswith("/>") else 1


def inflate(packed: bytes) -> bytes:
    """Return what the redirect binding packed (SAML Bindings, 3.4.4.1), within bounds.

    Raises :class:`Unreadable`.
    """
    unpacking = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        found = unpacking.decompress(packed, LONGEST + 1)
    except zlib.error:
        raise Unreadable("not packed as DEFLATE") from None
    if len(found) > LONGEST or not unpacking.eof or unpacking.unused_data:
        raise Unreadable("longer than 256 KiB, or cut off")
    return found


def deflate(data: bytes) -> bytes:
    """Pack for the redirect binding."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    return packing.compress(data) + packing.flush()


def text(element: Element | None) -> str:
    """Return all text of an element, whatever stands in between; empty for none."""
    return "" if element is None else "".join(element.itertext()).strip()


def child(element: Element, name: str) -> Element | None:
    """Return the first child with a name (``{namespace}local``)."""
    return element.find(name)


def children(element: Element, name: str) -> Iterator[Element]:
    """Return the children with a name, or, with ``//`` before it, all below."""
    found: Iterator[Element] = iter(element.findall(f".//{name[2:]}" if name[:2] == "//" else name))
    return found


def make(
    name: str, attributes: Mapping[str, str] | None = None, *content: Element | str, **prefixes: str
) -> Element:
    """Return a new element; attributes with empty values and content of ``None`` are left out."""
    made = etree.Element(name, nsmap=prefixes or None)
    for key, value in (attributes or {}).items():
        if value:
            made.set(key, value)
    for each in content:
        if isinstance(each, str):
            made.text = readable(each)
        elif each is not None:
            made.append(each)
    return made


def readable(value: str) -> str:
    """Return a text without the characters that XML 1.0 knows no way to write (2.2)."""
    return "".join(each for each in value if each in "\t\n\r" or each >= " ").translate(_NEVER)


_NEVER = dict.fromkeys((*range(0xD800, 0xE000), 0xFFFE, 0xFFFF))


def written(element: Element) -> bytes:
    """Return an element as a document."""
    data: bytes = etree.tostring(element, encoding="UTF-8", xml_declaration=False)
    return data


@dataclass(frozen=True, slots=True)
class Signatory:
    """A key that signs, parsed once, with the certificate that is shown along."""

    key: rsa.RSAPrivateKey
    certificate: Certificate


def sign(element: Element, by: Signatory, *, after: Element | None = None) -> Element:
    """Return a copy with a signature of the whole, by RSA-SHA256 over exclusive C14N.

    ``after``: the child that the signature follows (SAML Core, 5: the issuer); else it is first.
    Blocks for about a millisecond.
    """
    place = etree.Element(f"{{{DS}}}Signature", Id="placeholder", nsmap={"ds": DS})
    element.insert(0 if after is None else element.index(after) + 1, place)
    signer = XMLSigner(
        signature_algorithm=SignatureMethod.RSA_SHA256,
        digest_algorithm=DigestAlgorithm.SHA256,
        c14n_algorithm=CanonicalizationMethod.EXCLUSIVE_XML_CANONICALIZATION_1_0,
    )
    return signer.sign(
        element,
        key=by.key,
        cert=[by.certificate],
        reference_uri=f"#{element.get('ID')}",
        id_attribute="ID",
    )


def has_signature(element: Element) -> bool:
    """Say whether a signature stands directly in an element."""
    return element.find(f"{{{DS}}}Signature") is not None


def verified(element: Element, certificates: Iterable[Certificate]) -> Element:
    """Return what a signature directly in an element covers, which must be that whole element.

    Only the keys of ``certificates`` count, whatever the signature says of its own. Raises
    :class:`Unverified`.
    """
    ids = [each.get("ID") for each in element.iter() if each.get("ID") is not None]
    if len(ids) != len(set(ids)) or not element.get("ID"):
        raise Unverified("ids are missing, or there twice")
    config = SignatureConfiguration(
        location="./", signature_methods=METHODS, digest_algorithms=DIGESTS
    )
    for certificate in certificates:
        found = _verified(element, certificate, config)
        if found is not None:
            return found
    raise Unverified("by none of the keys")


def _verified(element: Element, certificate: Certificate, config: Any) -> Element | None:
    try:
        result: Any = XMLVerifier().verify(
            element,
            x509_cert=certificate,
            id_attribute="ID",
            parser=_parser(),
            expect_config=config,
        )
    except (SignXMLException, etree.LxmlError, ValueError, TypeError, KeyError):
        return None
    found = result.signed_xml
    if found is None or found.tag != element.tag or found.get("ID") != element.get("ID"):
        return None
    return found
