import pytest

from careconnect.config import DATABASES, Settings
from careconnect.embedded import databases, environment
from careconnect.embedded.environment import InstancePorts
from careconnect.embedded.errors import CannotStart
from careconnect.embedded.folder import DataFolder
from careconnect.embedded.keys import create_credentials, create_keys, database_passwords

PORTS = InstancePorts(
    web=8080,
    temporal=7233,
    temporal_http=7234,
    temporal_ui=8233,
    temporal_metrics=7235,
    postgres=5432,
    smtp=1025,
    worker_health=9000,
    worker_2_health=9001,
)


def built(folder: DataFolder, caller: dict[str, str] | None = None) -> dict[str, str]:
    """Build the settings of an instance in a folder."""
    return environment.build(folder, PORTS, database_passwords(folder, databases.ROLES), caller or {})


def external() -> dict[str, str]:
    """Give what a caller sets who brings a Postgres."""
    return dict.fromkeys(environment.DATABASE_KEYS, "postgresql+asyncpg://elsewhere")


def test_the_product_reads_every_setting_that_an_instance_writes(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    create_keys(folder)
    for key, value in built(folder).items():
        monkeypatch.setenv(key, value)
    settings = Settings()
    assert settings.environment == "embedded"
    assert all(settings.database.url(service).endswith(f":5432/{name}") for service, name in DATABASES.items())
    assert settings.temporal.address == "127.0.0.1:7233"
    assert settings.web.port == 8080
    assert settings.mail.mailbox == folder.mailbox
    assert len(settings.master_keys) == len(settings.codec_keys) == 1
    assert b"PRIVATE KEY" in settings.internal_key


def test_an_external_postgres_is_left_as_the_caller_named_it(folder: DataFolder) -> None:
    assert environment.postgres_is_external(external())
    assert built(folder, external())["CARECONNECT_DATABASE__OWNER"] == "postgresql+asyncpg://elsewhere"


def test_half_an_external_postgres_is_refused_with_the_missing_names() -> None:
    caller = external()
    del caller["CARECONNECT_DATABASE__OWNER"]
    with pytest.raises(CannotStart, match="set also CARECONNECT_DATABASE__OWNER"):
        environment.postgres_is_external(caller)


def test_a_pool_size_alone_is_not_an_external_postgres() -> None:
    assert not environment.postgres_is_external({"CARECONNECT_DATABASE__POOL_SIZE": "4"})


def test_an_external_engine_is_left_as_the_caller_named_it(folder: DataFolder) -> None:
    caller = {"CARECONNECT_TEMPORAL__ADDRESS": "engine.example:7233"}
    assert built(folder, caller)["CARECONNECT_TEMPORAL__ADDRESS"] == "engine.example:7233"
    assert "CARECONNECT_TEMPORAL__UI_URL" not in built(folder, caller)


def test_a_folder_is_never_mistaken_for_the_callers_own(folder: DataFolder) -> None:
    caller = {"CARECONNECT_DATA_DIR": "/elsewhere", "CARECONNECT_WEB__PORT": "1"}
    settings = built(folder, caller)
    assert settings["CARECONNECT_DATA_DIR"] == str(folder.root)
    assert settings["CARECONNECT_WEB__PORT"] == "8080"


def test_a_command_beside_an_instance_gets_its_settings(folder: DataFolder) -> None:
    environment.save(folder, built(folder))
    assert environment.load(folder).items() >= built(folder).items()


def test_a_command_on_an_empty_folder_says_how_to_start(folder: DataFolder) -> None:
    with pytest.raises(CannotStart, match="careconnect up --data"):
        environment.load(folder)


def test_keys_passwords_and_credentials_are_made_once_and_private(folder: DataFolder) -> None:
    def make() -> dict[str, bytes]:
        create_keys(folder)
        database_passwords(folder, databases.ROLES)
        create_credentials(folder, {"web": "http://127.0.0.1:8080"})
        return {file.name: file.read_bytes() for file in (*folder.keys.iterdir(), folder.credentials)}

    assert make() == make()
    assert all(file.stat().st_mode & 0o777 == 0o600 for file in (*folder.keys.iterdir(), folder.credentials))
