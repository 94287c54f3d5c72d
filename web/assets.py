"""Static files: read once, compressed once, and kept by browsers for good under an address that names their content."""

import gzip
import mimetypes
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import NamedTuple

import brotli  # type: ignore[import-untyped]
from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response
from starlette.types import Receive, Scope, Send

FOLDER = Path(__file__).parent / "static"
_FOR_GOOD = "public, max-age=31536000, immutable"
_TEXT = {".css", ".js", ".svg"}


class Asset(NamedTuple):
    """One file as it goes over the wire."""

    body: bytes
    media_type: str
    encodings: dict[str, bytes]


class Assets:
    """Serves a folder under `/static/{version}/...`.

    The version is a hash over all files, so the files may be kept for good; and since it stands in the path, what a
    script or a style names relative to itself has it as well. An older version's address still works, unkept.
    """

    def __init__(self, folder: Path = FOLDER) -> None:
        self.folder = folder
        self._ready: dict[str, Asset] = {}

    @cached_property
    def version(self) -> str:
        """A short hash over the names and contents of all files."""
        digest = sha256()
        for path in sorted(path for path in self.folder.rglob("*") if path.is_file()):
            digest.update(f"{path.relative_to(self.folder)}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:10]

    def address(self, path: str) -> str:
        """Give the address of the file at `path` inside the folder."""
        return f"/static/{self.version}/{path}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        version, _, path = scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/").partition("/")
        found = self._asset(path) if scope.get("method") in {"GET", "HEAD"} else None
        if found is None:
            response: Response = PlainTextResponse("There is no such file.", 404)
        else:
            response = _response(found, Headers(scope=scope).get("accept-encoding", ""))
            response.headers["Cache-Control"] = _FOR_GOOD if version == self.version else "no-cache"
        await response(scope, receive, send)

    def _asset(self, name: str) -> Asset | None:
        if name not in self._ready:
            path = (self.folder / name).resolve()
            if not path.is_relative_to(self.folder) or not path.is_file():
                return None
            self._ready[name] = _read(path)
        return self._ready[name]


def _read(path: Path) -> Asset:
    body = path.read_bytes()
    encodings = {"br": brotli.compress(body), "gzip": gzip.compress(body)} if path.suffix in _TEXT else {}
    return Asset(body, mimetypes.guess_type(path.name)[0] or "application/octet-stream", encodings)


def _response(asset: Asset, accepted: str) -> Response:
    wanted = {part.partition(";")[0].strip() for part in accepted.split(",")}
    for name, body in asset.encodings.items():
        if name in wanted:
            headers = {"Content-Encoding": name, "Vary": "Accept-Encoding"}
            return Response(body, headers=headers, media_type=asset.media_type)
    return Response(asset.body, media_type=asset.media_type, headers={"Vary": "Accept-Encoding"})
