"""A real directory (Debian's slapd) with a few people in it, on loopback."""

import os
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path

import ldap3
from ldap3.core.exceptions import LDAPExceptionError

UNPACKED = Path(__file__).parents[3] / ".venv" / "slapd"
BASE, ADMIN, PASSWORD = "dc=example,dc=com", "cn=admin,dc=example,dc=com", "admin-secret"
PEOPLE = (
    {"uid": "gigi", "givenName": "Gigi", "sn": "Giraffe", "mail": "gigi@example.com"},
    {"uid": "twin", "givenName": "Ann", "sn": "One", "mail": "twin1@example.com"},
    {"uid": "star*", "givenName": "Stella", "sn": "Star", "mail": "star@example.com"},
)
TWIN = {"uid": "twin", "givenName": "Ann", "sn": "Two", "mail": "twin2@example.com"}
SECRETS = {"gigi": "Gigi-Secret-1", "twin": "Twin-Secret-1", "star*": "Star-Secret-1"}


def found():
    """Return the program and the folder it was unpacked to, if that is how it came."""
    installed = shutil.which("slapd")
    if installed:
        return Path(installed), Path("/")
    program = UNPACKED / "usr" / "sbin" / "slapd"
    return (program, UNPACKED) if program.exists() else (None, None)


@contextmanager
def directory(folder, *, certificate=None):
    """Run a directory in a folder; yields its port.

    ``certificate``: files of certificate and key, for STARTTLS.
    """
    program, root = found()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = folder / "slapd.conf"
    config.write_text(configuration(root, folder, certificate))
    libraries = sorted((root / "usr" / "lib").glob("*-linux-gnu"))
    env = {**os.environ, "LD_LIBRARY_PATH": ":".join(map(str, libraries))}
    process = subprocess.Popen(
        [program, "-d", "0", "-f", config, "-h", f"ldap://127.0.0.1:{port}"],
        env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        fill(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def configuration(root, folder, certificate):
    schemas = root / "etc" / "ldap" / "schema"
    lines = [f"include {schemas / name}.schema" for name in ("core", "cosine", "inetorgperson")]
    if certificate:
        lines += [f"TLSCertificateFile {certificate[0]}", f"TLSCertificateKeyFile {certificate[1]}"]
    data = folder / "data"
    data.mkdir()
    lines += [
        f"modulepath {root / 'usr' / 'lib' / 'ldap'}", "moduleload back_mdb", "database mdb",
        f"directory {data}", f"suffix {BASE}", f"rootdn {ADMIN}", f"rootpw {PASSWORD}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def fill(port):
    connection = connected(port)
    connection.add(BASE, ["dcObject", "organization"], {"dc": "example", "o": "Example"})
    for number, person in enumerate((*PEOPLE, TWIN)):
        attributes = {**person, "cn": person["givenName"], "userPassword": SECRETS[person["uid"]]}
        connection.add(f"employeeNumber={number},{BASE}", ["inetOrgPerson"], attributes)
    connection.unbind()


def connected(port):
    """Wait until the directory answers."""
    for attempt in range(100):
        try:
            server = ldap3.Server("127.0.0.1", port, get_info=ldap3.NONE)
            return ldap3.Connection(server, ADMIN, PASSWORD, auto_bind=True, raise_exceptions=True)
        except LDAPExceptionError:
            if attempt == 99:
                raise
            time.sleep(0.1)
    raise AssertionError
