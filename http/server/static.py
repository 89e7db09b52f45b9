"""Static files from memory: what was not there at the start does not exist (P-39)."""

from __future__ import annotations

import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

_FOR_GOOD = "public, max-age=31536000, immutable"
_ASK_AGAIN = "public, no-cache"


@dataclass(frozen=True, slots=True)
class File:
    """One file: bytes, the hash of them, media type."""

    body: bytes
    digest: str
    media_type: str


class Static:
    """A fixed map from relative path to file; no folder listings, no symbolic links."""

    def __init__(self, files: dict[str, File]) -> None:
        self._files = files

    @classmethod
    def load(cls, folder: Path) -> Static:
        """Read every regular file below a folder."""
        files = {}
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                body = path.read_bytes()
                digest = hashlib.sha256(body).hexdigest()[:16]
                media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
                files[path.relative_to(folder).as_posix()] = File(body, digest, media_type)
        return cls(files)

    def url(self, prefix: str, name: str) -> str:
        """Return the address of a file that browsers may keep for good. Raises ``KeyError``."""
        return f"{prefix}/{name}?v={self._files[name].digest}"

    def routes(self, prefix: str) -> list[web.RouteDef]:
        """Return the route that serves the files below ``prefix``."""
        return [web.get(prefix + "/{name:.*}", self._serve)]

    async def _serve(self, request: web.Request) -> web.Response:
        file = self._files.get(request.match_info["name"])
        if file is None:
            raise web.HTTPNotFound
        etag = f'"{file.digest}"'
        kept = request.query.get("v") == file.digest
        headers = {"ETag": etag, "Cache-Control": _FOR_GOOD if kept else _ASK_AGAIN}
        if request.headers.get("If-None-Match") == etag:
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = file.media_type
        return web.Response(body=file.body, headers=headers)
