"""The credentials file of an instance: who can sign in first, and with what."""

import secrets
from typing import Any

from careconnect.embedded.folder import DataFolder, read_json, write_json
from careconnect.embedded.keys import create_credentials


class Credentials:
    """`credentials.json` of a data folder; secrets that are not there yet are made."""

    def __init__(self, folder: DataFolder) -> None:
        self._path = folder.credentials
        known = read_json(self._path)
        if "admin" not in known or "api_client" not in known:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            create_credentials(folder, known.get("urls", {}))

    @property
    def admin(self) -> tuple[str, str]:
        """E-mail and password of the owner."""
        said = self._read("admin")
        return said["email"], said["password"]

    @property
    def api_client(self) -> tuple[str, str]:
        """Id and secret of the first API client."""
        said = self._read("api_client")
        return said["client_id"], said["client_secret"]

    def keep_api_client(self, client_id: str, client_secret: str) -> None:
        """Write down the credentials that the identity service minted."""
        self._write("api_client", {"client_id": client_id, "client_secret": client_secret})

    def demo_password(self) -> str:
        """Give the password of the demo staff; it is written down before anybody has it."""
        known: dict[str, str] = self._read("demo")
        password = next(iter(known.values()), None) or secrets.token_urlsafe(9)
        if not known:
            self._write("demo", {"password": password})
        return password

    def keep_demo(self, passwords: dict[str, str]) -> None:
        """Write down who of the demo staff signs in with what: password by e-mail."""
        self._write("demo", passwords)

    def _read(self, part: str) -> dict[str, Any]:
        said: dict[str, Any] = read_json(self._path).get(part, {})
        return said

    def _write(self, part: str, said: dict[str, str]) -> None:
        write_json(self._path, read_json(self._path) | {part: said})
