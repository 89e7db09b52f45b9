"""The listening port and its protection."""

from personae.http.server.faults import Fault, Faults
from personae.http.server.lifecycle import Server
from personae.http.server.origin import ORIGIN, Origin
from personae.http.server.settings import Limits, ServerSettings, tls_context
from personae.http.server.tree_page import Tree

__all__ = [
    "ORIGIN",
    "Fault",
    "Faults",
    "Limits",
    "Origin",
    "Server",
    "ServerSettings",
    "Tree",
    "tls_context",
]
