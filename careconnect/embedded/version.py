"""What wrote a data folder: the product's version, the migrations that were applied, and whether it was seeded."""

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from careconnect.config import SERVICES
from careconnect.embedded.errors import WrongVersion
from careconnect.embedded.folder import DataFolder, read_json, write_json

PRODUCT = "care-connect"


class Stamp(BaseModel):
    """The content of version.json."""

    model_config = ConfigDict(frozen=True)

    product: str = ""
    migrations: frozenset[str] = frozenset()
    seed: Literal["done", "declined"] | None = None

    @classmethod
    def read(cls, folder: DataFolder) -> "Stamp":
        """Read a folder's stamp; an empty one when the folder is new.

        Raises `WrongVersion` when the folder has migrations that this version does not know.
        """
        stamp = cls.model_validate(read_json(folder.version))
        unknown = stamp.migrations - known_migrations()
        if unknown:
            raise WrongVersion(
                f"{folder.root} was written by Care-Connect {stamp.product}, which is newer than this {product()}: "
                "start it with that version, or choose another folder with --data DIR."
            )
        return stamp

    def write(self, folder: DataFolder) -> None:
        """Write the stamp."""
        write_json(folder.version, self.model_dump(mode="json"))


def product() -> str:
    """Give the version of this product."""
    return importlib.metadata.version(PRODUCT)


def known_migrations() -> frozenset[str]:
    """Name every migration of every service, as `service/file`."""
    return frozenset(
        f"{service}/{file.stem}" for service in SERVICES for file in _package(service).glob("migrations/versions/*.py")
    )


def _package(service: str) -> Path:
    spec = importlib.util.find_spec("services")
    roots = spec.submodule_search_locations if spec else None
    return Path(next(iter(roots or ["services"]))) / service
