"""Open files: every connection is one, and systems give a program few unless it asks for more."""

from __future__ import annotations

import resource

SPARE = 256
"""Files that connections leave to everything else: the database, the log, calls to others."""


def room_for(connections: int) -> int:
    """Return how many of so many connections may be open, after asking the system for their files.

    Most systems let a program open 1,024 files, and far more (the hard limit) as soon as it asks.
    """
    wanted = connections + SPARE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
        soft = most
    return connections if soft == resource.RLIM_INFINITY else min(connections, soft - SPARE)
