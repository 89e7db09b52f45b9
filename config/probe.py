"""Ask the server on this machine whether it is ready, and put the reason into words."""

from __future__ import annotations

import http.client
import ssl
from dataclasses import dataclass

SECONDS = 2.0
MOST = 2000


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the server is ready; if not, why, in one line."""

    ready: bool
    detail: str


def probe(port: int, *, tls: bool = False, seconds: float = SECONDS) -> Answer:
    """Ask ``/debug/ready`` on the loopback address. Never raises."""
    connection = _connection(port, seconds, tls=tls)
    try:
        connection.request("GET", "/debug/ready")
        response = connection.getresponse()
        text = " ".join(response.read(MOST).decode("utf-8", "replace").split())
    except ConnectionRefusedError:
        return Answer(ready=False, detail=f"nothing listens on port {port}; run `personae start`")
    except TimeoutError:
        return Answer(ready=False, detail=f"no answer on port {port} within {seconds:g} s")
    except (OSError, http.client.HTTPException) as error:
        return Answer(ready=False, detail=f"no HTTP answer on port {port}: {error!r}")
    finally:
        connection.close()
    if response.status == http.client.OK:
        return Answer(ready=True, detail=text)
    return Answer(ready=False, detail=f"{response.status} {text}")


def _connection(port: int, seconds: float, *, tls: bool) -> http.client.HTTPConnection:
    if not tls:
        return http.client.HTTPConnection("127.0.0.1", port, timeout=seconds)
    context = ssl.create_default_context()
    # The certificate is for the external domain; over loopback its name proves nothing.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return http.client.HTTPSConnection("127.0.0.1", port, timeout=seconds, context=context)
