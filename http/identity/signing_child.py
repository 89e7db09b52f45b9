"""A process that signs for another one: ``python -m personae.http.identity.signing_child``.

It reads lines and answers each message with a line, in order, until its input ends, as it does
when the process it signs for has ended in whatever way:

    K <number> <algorithm> <key: PKCS #8, base64>     a key, known by its number from now on
    S <number> <message: header.payload>              answered with the signature in base64url
"""

from __future__ import annotations

import base64
import signal
import sys
from collections.abc import Iterable, Iterator

from personae.http.identity import base64url
from personae.http.identity.jose import PrivateKey


def signatures(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the answers to some lines."""
    keys: dict[bytes, PrivateKey] = {}
    for line in lines:
        kind, number, *rest = line.split()
        if kind == b"K":
            algorithm, pem = rest
            keys[number] = PrivateKey.from_pem(algorithm.decode(), base64.b64decode(pem))
        else:
            yield base64url.encode(keys[number].sign(rest[0])) + b"\n"


def main() -> None:
    """Sign until the input ends. Signals are for the parent, which ends this process by that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for answer in signatures(sys.stdin.buffer):
        sys.stdout.buffer.write(answer)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
