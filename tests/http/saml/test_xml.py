"""FX-14: what XML does to a reader that has no bounds, and to one that trusts the wrong part."""

import copy
import time

import pytest
from lxml import etree
from personae.http.identity.saml.xml import (
    LONGEST,
    Signatory,
    Unreadable,
    Unverified,
    deflate,
    inflate,
    make,
    parse,
    sign,
    text,
    verified,
    written,
)

from tests.http.saml import sp

LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY a{n} "{f"&a{n - 1 or str()};" * 10}">' for n in range(1, 10))
    + "]><l>&a9;</l>"
)
BOMBS = {
    "billion laughs": LAUGHS,
    "quadratic": f'<!DOCTYPE l [<!ENTITY a "{"x" * 50_000}">]><l>{"&a;" * 5_000}</l>',
    "external entity": '<!DOCTYPE l [<!ENTITY a SYSTEM "file:///etc/passwd">]><l>&a;</l>',
    "parameter entity": '<!DOCTYPE l [<!ENTITY % a SYSTEM "http://127.0.0.1:9/x"> %a;]><l/>',
    "external type": '<!DOCTYPE l SYSTEM "http://127.0.0.1:9/x.dtd"><l/>',
    "small doctype": "<!doctype l><l/>",
    "deep": "<a>" * 100_000 + "</a>" * 100_000,
    "deep, just": "<a>" * 65 + "</a>" * 65,
    "attributes": "<a " + " ".join(f'a{n}=""' for n in range(100_000)) + "/>",
    "attributes, just": "<a " + " ".join(f"a{n}=''" for n in range(101)) + "/>",
    "long": f"<a>{'x' * LONGEST}</a>",
    "comments without end": "<a>" + "<!--" * 60_000,
    "quotes without end": '<a b="' * 40_000,
    "tags without end": "<a" * 100_000,
    "instruction": "<a><?php x ?></a>",
    "unknown entity": "<a>&b;</a>",
    "another encoding": '<?xml version="1.0"?><a/>'.encode("utf-16"),
    "two roots": "<a/><b/>",
    "nothing": "",
    "not xml": "SAMLRequest",
    "nul": "<a>\0</a>",
    "same attribute": '<a b="1" b="2"/>',
    "prefix of nobody": "<x:a/>",
}


@pytest.mark.parametrize("name", BOMBS)
def test_no_bomb_reaches_the_parser_or_costs_time(name):
    data = BOMBS[name]
    began = time.process_time()
    with pytest.raises(Unreadable):
        parse(data if isinstance(data, bytes) else data.encode())
    assert time.process_time() - began < 1


def test_what_is_within_bounds_is_read():
    inner = "<a>" * 64 + "</a>" * 64
    assert parse(inner.encode()).tag == "a"
    many = "<a " + " ".join(f'a{n}="<>"'.replace("<", "") for n in range(100)) + "/>"
    assert len(parse(many.encode()).attrib) == 100
    declared = b'\xef\xbb\xbf<?xml version="1.0" encoding="utf-8"?><a><![CDATA[<!DOCTYPE]]></a>'
    assert text(parse(declared)) == "<!DOCTYPE"


def test_text_is_read_whole_whatever_stands_in_it():
    assert text(parse(b"<a>admin@x<!-- -->.evil</a>")) == "admin@x.evil"
    assert text(parse(b"<a>admin@x<b/>.evil</a>")) == "admin@x.evil"
    assert text(parse(b"<a>admin@x<![CDATA[.evil]]></a>")) == "admin@x.evil"
    assert text(None) == ""


@pytest.mark.parametrize(
    "packed",
    [deflate(b"x" * (LONGEST + 1)), deflate(b"0" * 50_000_000), b"", b"\xff\xff", deflate(b"x")[:-1],
     deflate(b"x") + b"more"],
)  # fmt: skip
def test_what_is_packed_is_unpacked_within_bounds(packed):
    began = time.process_time()
    with pytest.raises(Unreadable):
        inflate(packed)
    assert time.process_time() - began < 1


def test_what_is_packed_comes_back():
    assert inflate(deflate(b"<a/>")) == b"<a/>"


def test_no_character_breaks_a_document():
    assert text(parse(written(make("a", None, "\0\x08a<\ud800\uffff&")))) == "a<&"
    assert parse(written(make("a", {"b": '"><x/>', "none": ""}))).attrib == {"b": '"><x/>'}


REQUEST = sp.authn_request("https://idp.example/saml/v2/SSO")


def certificates(*names):
    return [sp.pair(name)[1] for name in names]


def read(root):
    return parse(etree.tostring(root))


def test_a_signature_is_verified_by_the_keys_of_the_metadata_only():
    signed = read(sp.enveloped(REQUEST))
    assert verified(signed, certificates("other", "sp")).get("ID") == "_r1"
    # The certificate in the message is that of the key that signed: it does not count.
    with pytest.raises(Unverified):
        verified(signed, certificates("other"))
    with pytest.raises(Unverified):
        verified(signed, [])


@pytest.mark.filterwarnings("ignore::UserWarning", "ignore::DeprecationWarning")
def test_our_own_signature_is_verified_by_others():
    from signxml import SignatureConfiguration, XMLVerifier

    root = make("a", {"ID": "_1"}, make("issuer"), make("rest"))
    signed = sign(root, Signatory(*sp.pair("idp")), after=root[0])
    assert [etree.QName(each).localname for each in signed] == ["issuer", "Signature", "rest"]
    config = SignatureConfiguration(location="./")
    found = XMLVerifier().verify(signed, x509_cert=sp.pair("idp")[1], expect_config=config)
    assert found.signed_xml.get("ID") == "_1"


def changed(root):
    root.find("{*}Issuer").text = "https://evil.example"
    return root


def comment_in_text(root):
    issuer = root.find("{*}Issuer")
    issuer.text, whole = issuer.text[:9], issuer.text
    comment = etree.Comment("x")
    comment.tail = whole[9:]
    issuer.append(comment)
    return root


def wrapped(place, keep_id=False):
    """The signed request moved into an evil one: XSW1 to XSW8, as far as requests have them."""

    def wrap(root):
        text = sp.authn_request(
            "https://idp.example/saml/v2/SSO", "_evil", issuer="https://evil.example"
        )
        evil = etree.fromstring(text)
        if keep_id:
            evil.set("ID", root.get("ID"))
        signature = root.find(f"{{{sp.DS}}}Signature")
        if place == "in signature":
            evil.insert(1, copy.deepcopy(signature))
            root.remove(signature)
            holder = etree.SubElement(evil[1], f"{{{sp.DS}}}Object")
            holder.append(root)
        elif place == "sibling signature":
            evil.insert(1, signature)
            evil.append(root)
        elif place == "in extensions":
            extensions = etree.SubElement(evil, f"{{{sp.SAMLP}}}Extensions")
            evil.insert(1, copy.deepcopy(signature))
            extensions.append(root)
        elif place == "in front":
            evil.insert(0, root)
        else:
            evil.append(root)
        return evil

    return wrap


ATTACKS = {
    "changed": changed,
    **{f"wrapped {place}": wrapped(place) for place in (
        "at the end", "in front", "in signature", "sibling signature", "in extensions")},
    **{f"wrapped {place}, same id": wrapped(place, keep_id=True) for place in (
        "at the end", "in front", "in signature", "sibling signature", "in extensions")},
    "unsigned": lambda root: (root.remove(root.find(f"{{{sp.DS}}}Signature")), root)[1],
    "two with one id": lambda root: (root.append(etree.Element("x", ID=root.get("ID"))), root)[1],
    "without id": lambda root: (root.attrib.pop("ID"), root)[1],
}  # fmt: skip


@pytest.mark.parametrize("name", ATTACKS)
def test_nothing_is_read_but_what_was_signed(name):
    message = read(ATTACKS[name](sp.enveloped(REQUEST)))
    with pytest.raises(Unverified):
        verified(message, certificates("sp"))


def test_a_comment_in_a_signed_text_cuts_nothing_off():
    message = read(comment_in_text(sp.enveloped(REQUEST)))
    assert text(verified(message, certificates("sp")).find("{*}Issuer")) == sp.ENTITY


def with_method(name, value):
    def change(root):
        root.find(f".//{{{sp.DS}}}{name}").set("Algorithm", value)
        return root

    return change


@pytest.mark.parametrize(
    "change",
    [
        with_method("SignatureMethod", sp.RSA_SHA1),
        with_method("SignatureMethod", f"{sp.DS}hmac-sha1"),
        with_method("SignatureMethod", "http://www.w3.org/2001/04/xmldsig-more#hmac-sha256"),
        with_method("SignatureMethod", "urn:none"),
        with_method("DigestMethod", f"{sp.DS}sha1"),
        with_method("CanonicalizationMethod", "urn:none"),
        with_method("Transform", "http://www.w3.org/TR/1999/REC-xslt-19991116"),
        lambda root: (root.find(f".//{{{sp.DS}}}Reference").set("URI", ""), root)[1],
        lambda root: (root.find(f".//{{{sp.DS}}}Reference").set("URI", "http://127.0.0.1:9/"), root)[1],
    ],
)  # fmt: skip
def test_weak_and_strange_methods_do_not_count(change):
    with pytest.raises(Unverified):
        verified(read(change(sp.enveloped(REQUEST))), certificates("sp"))


def test_a_secret_that_everybody_knows_signs_nothing():
    """HMAC keyed by the certificate, as those who confuse both would verify it."""
    root = etree.fromstring(REQUEST)
    root.insert(1, etree.Element(f"{{{sp.DS}}}Signature", Id="placeholder"))
    signer = sp.XMLSigner(
        signature_algorithm="hmac-sha256",
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )
    signed = signer.sign(root, key=sp.in_base64(sp.pair("sp")[1]), reference_uri="#_r1")
    with pytest.raises(Unverified):
        verified(read(signed), certificates("sp"))


def test_sha1_is_refused_even_where_it_is_right():
    class Old(sp.XMLSigner):
        def check_deprecated_methods(self):
            """Let it."""

    root = etree.fromstring(REQUEST)
    root.insert(1, etree.Element(f"{{{sp.DS}}}Signature", Id="placeholder"))
    signer = Old(
        signature_algorithm="rsa-sha1", digest_algorithm="sha1",
        c14n_algorithm="http://www.w3.org/2001/10/xml-exc-c14n#",
    )  # fmt: skip
    private, certificate = sp.pair("sp")
    signed = signer.sign(root, key=private, cert=[certificate], reference_uri="#_r1")
    with pytest.raises(Unverified):
        verified(read(signed), certificates("sp"))


def test_an_expired_certificate_counts_no_more():
    signed = read(sp.enveloped(REQUEST, "old"))
    assert verified(signed, certificates("old")) is not None
    private, _ = sp.pair("old")
    with pytest.raises(Unverified):
        verified(signed, [sp.certified(private, "old", days=-1)])
