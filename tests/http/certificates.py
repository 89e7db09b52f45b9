"""Certificates that tests show as a proxy would."""

import datetime as dt
from types import SimpleNamespace
from urllib.parse import quote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LONG_AGO, FAR = (dt.datetime(year, 1, 1, tzinfo=dt.UTC) for year in (2000, 2090))
YEAR = dt.timedelta(days=365)


def certificate(name="client", *, issuer=None, names=(), usages=(), begins=LONG_AGO, ends=FAR):
    """Make a certificate, self-signed or by an issuer made here."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "CH"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example, Ltd"),
            x509.NameAttribute(NameOID.COMMON_NAME, name),
        ]
    )
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.x509.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=not issuer, path_length=None), critical=True)
    )
    if names:
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usages:
        made = made.add_extension(x509.ExtendedKeyUsage(usages), critical=False)
    signed = made.sign(issuer.key if issuer else key, hashes.SHA256())
    pem = signed.public_bytes(Encoding.PEM).decode()
    return SimpleNamespace(x509=signed, key=key, pem=pem, header=quote(pem))


SERVER_ONLY = (ExtendedKeyUsageOID.SERVER_AUTH,)
