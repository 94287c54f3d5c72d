"""What is generated once per data folder: keys, passwords of the database roles, the first sign-in."""

import base64
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from careconnect.embedded.folder import DataFolder, read_json, write_json, write_private

KEY_BYTES = 32
RSA_BITS = 2048
PASSWORDS = "postgres.json"
ADMIN_EMAIL = "admin@careconnect.example"


def create_keys(folder: DataFolder) -> None:
    """Write the keys that are not there yet: column encryption, Temporal payloads, internal and OAuth tokens."""
    _once(folder.keys / "master.key", lambda: base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)))
    _once(folder.keys / "codec.key", lambda: base64.urlsafe_b64encode(secrets.token_bytes(KEY_BYTES)))
    _once(folder.keys / "internal.pem", lambda: _pem(ed25519.Ed25519PrivateKey.generate()))
    _once(folder.keys / "oauth.pem", lambda: _pem(rsa.generate_private_key(public_exponent=65537, key_size=RSA_BITS)))


def database_passwords(folder: DataFolder, roles: Iterable[str]) -> dict[str, str]:
    """Give the password of each role, generated at the first asking and kept."""
    path = folder.keys / PASSWORDS
    passwords: dict[str, str] = read_json(path)
    missing = [role for role in roles if role not in passwords]
    if missing:
        passwords |= {role: secrets.token_urlsafe(KEY_BYTES) for role in missing}
        write_json(path, passwords)
    return passwords


def create_credentials(folder: DataFolder, urls: dict[str, str]) -> None:
    """Write the addresses of this start, and generate the first sign-in and API client if there is none yet."""
    known = read_json(folder.credentials)
    admin = known.get("admin") or {"email": ADMIN_EMAIL, "password": secrets.token_urlsafe(15)}
    api_client = known.get("api_client") or {
        "client_id": f"cc_{secrets.token_hex(12)}",
        "client_secret": secrets.token_urlsafe(KEY_BYTES),
    }
    write_json(folder.credentials, known | {"urls": urls, "admin": admin, "api_client": api_client})


def _once(path: Path, generate: Callable[[], bytes]) -> None:
    if not path.exists():
        write_private(path, generate())


def _pem(key: ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
