"""A process that signs for another one: ``python -m personae.http.identity.signing_child``.

It reads lines and answers each message with a line, in order, until its input ends, as it does
when the process it signs for has ended in whatever way. Answers to what came together go back a few
at a time: each write wakes the other process.

    K <number> <algorithm> <key: PKCS #8, base64>     a key, known by its number from now on
    S <number> <message: header.payload>              answered with the signature in base64url
"""

from __future__ import annotations

import base64
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from itertools import islice

from personae.http.identity import base64url
from personae.http.identity.jose import PrivateKey

AT_ONCE = 4
"""Signatures of one write: about a millisecond of work."""

CHUNK = 65_536


def signatures(lines: Iterable[bytes], keys: dict[bytes, PrivateKey]) -> Iterator[bytes]:
    """Yield the answers to some lines; ``keys`` are those known by number."""
    for line in lines:
        kind, number, *rest = line.split()
        if kind == b"K":
            algorithm, pem = rest
            keys[number] = PrivateKey.from_pem(algorithm.decode(), base64.b64decode(pem))
        else:
            yield base64url.encode(keys[number].sign(rest[0])) + b"\n"


def together(source: int) -> Iterator[list[bytes]]:
    """Yield the whole lines that each read of a file descriptor brings."""
    rest = b""
    while chunk := os.read(source, CHUNK):
        *lines, rest = (rest + chunk).split(b"\n")
        yield lines


def main() -> None:
    """Sign until the input ends. Signals are for the parent, which ends this process by that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    keys: dict[bytes, PrivateKey] = {}
    for lines in together(sys.stdin.fileno()):
        answers = signatures(lines, keys)
        while some := b"".join(islice(answers, AT_ONCE)):
            sys.stdout.buffer.write(some)
            sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
