"""Whatever is sent: read, or refused with a reason; never broken, never slow."""

import time

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from personae.http.identity.saml.bindings import from_query
from personae.http.identity.saml.metadata import described
from personae.http.identity.saml.xml import Unreadable, Unverified, parse, text, verified
from personae.http.saml.asked import Asked

from tests.http.saml import sp

MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
METADATA = sp.metadata()
REQUEST = sp.etree.tostring(sp.enveloped(sp.authn_request("https://idp.example/saml/v2/SSO")))
PROVIDER = described(METADATA)
PIECES = [
    b"<",
    b">",
    b"/>",
    b"<!--",
    b"-->",
    b"<![CDATA[",
    b"]]>",
    b"&#0;",
    b"&lt;",
    b"<?xml?>",
    b'"',
    b"\xff",
    b"<!DOCTYPE a>",
]


@st.composite
def spoilt(draw, whole):
    """Bytes with pieces cut out, doubled, or put in."""
    data = whole
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        piece = draw(st.sampled_from([b"", data[start:end] * 2, *PIECES]))
        data = data[:start] + piece + data[end:]
    return data


def in_time(function, *arguments):
    began = time.process_time()
    try:
        return function(*arguments)
    except (Unreadable, Unverified):
        return None
    finally:
        assert time.process_time() - began < 1


@MANY
@given(spoilt(METADATA))
def test_metadata(data):
    in_time(described, data)


@MANY
@given(spoilt(REQUEST))
def test_requests(data):
    root = in_time(parse, data)
    if root is None:
        return
    asked = Asked.of(root)
    asked.problem(PROVIDER.standard, PROVIDER)
    found = in_time(verified, root, PROVIDER.certificates)
    if found is not None:
        # What counts is what was signed, whatever else was put in.
        assert found.get("ID") == "_r1"
        assert text(found.find("{*}Issuer")) == sp.ENTITY


@MANY
@given(st.one_of(spoilt(sp.redirect_query(REQUEST, "r").encode()), st.binary(max_size=300)))
def test_queries(data):
    query = data.decode("latin-1")
    try:
        in_time(from_query, query, "SAMLRequest")
    except UnicodeDecodeError:
        assert "%" in query or not query.isascii()
