"""Settings, from the environment: prefix `CARECONNECT_`, groups joined by `__` (`CARECONNECT_WEB__PORT=8080`)."""

from functools import cached_property
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from uuid import UUID

from pydantic import BaseModel, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

SERVICES = ("patients", "consultants", "appointments", "payments", "reports", "notifications", "identity")
DATABASES = {
    "patients": "careconnect_patient_db",
    "consultants": "careconnect_consultant_db",
    "appointments": "careconnect_appointment_db",
    "payments": "careconnect_billing_db",
    "reports": "careconnect_reports_db",
    "notifications": "careconnect_notification_db",
    "identity": "careconnect_identity_db",
}


class DatabaseSettings(BaseModel):
    """One Postgres address per service (`postgresql+asyncpg://role:password@host:port/name`), and two for operators."""

    patients: str = ""
    consultants: str = ""
    appointments: str = ""
    payments: str = ""
    reports: str = ""
    notifications: str = ""
    identity: str = ""
    owner: str = Field("", description="the role that owns the tables, without a database name; migrations use it")
    auditor: str = Field("", description="reads everything, changes nothing, without a database name; verify uses it")
    pool_size: int = Field(8, ge=1, description="connections kept per service and process")
    pool_overflow: int = Field(16, ge=0, description="connections opened beyond the pool when it is busy")

    def url(self, service: str) -> str:
        """Give the address of a service's database.

        Raises:
            ValueError: it is not set; the message says which variable to set.
        """
        found: str = getattr(self, service)
        if not found:
            message = f"Set CARECONNECT_DATABASE__{service.upper()} to the address of its Postgres database."
            raise ValueError(message)
        return found


class TemporalSettings(BaseModel):
    """Where the workflow engine is, and how its payloads are encrypted."""

    address: str = "127.0.0.1:7233"
    namespace: str = "careconnect"
    profile: str | None = Field(None, description="a profile of Temporal's own client configuration (TLS, API key)")
    ui_url: str = Field("", description="the console behind the edge's /console")
    console_tenant: UUID | None = Field(
        None, description="the organisation whose operators use the console, which shows the processes of all"
    )
    codec_key_file: Path | None = Field(None, description="32 bytes, URL-safe base64; older keys on further lines")
    rpc_timeout_seconds: float = Field(12, gt=0, description="how long a request waits for a workflow's outcome")


class SecuritySettings(BaseModel):
    """Key files; each is created by `careconnect up` in the embedded mode and mounted as a secret elsewhere."""

    master_key_file: Path | None = Field(None, description="32 bytes, URL-safe base64: wraps the tenants' data keys")
    internal_key_file: Path | None = Field(None, description="Ed25519 private key, PEM: signs tokens between services")
    oauth_key_file: Path | None = Field(None, description="RSA private key, PEM: signs access tokens of API clients")


class WebSettings(BaseModel):
    """The edge."""

    host: str = "127.0.0.1"
    port: int = 8080
    public_url: str = Field("http://127.0.0.1:8080", description="as people and API clients type it")
    requests_per_second: int = Field(100, ge=1, description="what one API client or one person may send")
    body_limit_bytes: int = Field(1_000_000, ge=1_000)
    failed_sign_ins: int = Field(
        50, ge=0, description="how often one address may fail to sign in within 15 minutes; 0: a proxy hides addresses"
    )


class MailSettings(BaseModel):
    """How messages leave."""

    smtp_host: str = "127.0.0.1"
    smtp_port: int = 1025
    smtp_username: str = ""
    smtp_password: str = ""
    smtp_tls: Literal["none", "starttls", "tls"] = "none"
    sender: str = "Care-Connect <no-reply@clinic.example>"
    mailbox: Path | None = Field(None, description="folder of the local mailbox; set only in the embedded mode")


class GatewaySettings(BaseModel):
    """How card gateways are reached; which one a tenant uses, and with which keys, is kept with the tenant."""

    stripe_api_base: str = Field("https://api.stripe.com", description="plain http is accepted on loopback alone")
    timeout_seconds: float = Field(12, gt=0, description="how long a call may take before its outcome is unknown")

    @field_validator("stripe_api_base")
    @classmethod
    def _keys_travel_sealed(cls, address: str) -> str:
        parts = urlsplit(address)
        if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in {"127.0.0.1", "::1", "localhost"}):
            return address.rstrip("/")
        message = "Set CARECONNECT_GATEWAYS__STRIPE_API_BASE to an https address: secret keys are sent there."
        raise ValueError(message)


class WorkerSettings(BaseModel):
    """The Temporal worker."""

    health_port: int = Field(0, description="serves /healthz, /readyz and /metrics; 0 means none")
    engine_metrics_port: int = Field(0, description="serves the engine library's own metrics; 0 means none")
    workflow_slots: int = Field(16, ge=2)
    activity_slots: int = Field(40, ge=2)
    dashboard_interval_seconds: int = Field(60, ge=5, description="how often the dashboard's snapshot is made")
    waitlist_interval_seconds: int = Field(60, ge=1, description="how often free times are sought for who waits")
    gateway_faults: int = Field(3, ge=1, description="after how many faults in a row a card gateway is left alone")
    money_check_interval_seconds: int = Field(3600, ge=60, description="how often the money is checked by itself")


class TelemetrySettings(BaseModel):
    """Traces and logs."""

    otlp_endpoint: str = Field("", description="an OpenTelemetry collector, such as http://collector:4318; empty: off")
    log_level: Literal["debug", "info", "warning", "error"] = "info"


class Settings(BaseSettings):
    """Everything that differs from one installation to the next."""

    model_config = SettingsConfigDict(env_prefix="CARECONNECT_", env_nested_delimiter="__", extra="ignore")

    environment: Literal["embedded", "split", "test"] = "split"
    data_dir: Path = Path(".careconnect")
    database: DatabaseSettings = DatabaseSettings()
    temporal: TemporalSettings = TemporalSettings()
    security: SecuritySettings = SecuritySettings()
    web: WebSettings = WebSettings()
    mail: MailSettings = MailSettings()
    gateways: GatewaySettings = GatewaySettings()
    worker: WorkerSettings = WorkerSettings()
    telemetry: TelemetrySettings = TelemetrySettings()
    services: dict[str, str] = Field(
        default_factory=dict,
        description="addresses of services that run on their own: CARECONNECT_SERVICES__PATIENTS=http://patients:8000",
    )
    default_country: str = Field("LK", description="for telephone numbers written without a country code")

    @model_validator(mode="after")
    def _refuse_plain_http(self) -> Self:
        if self.environment == "split" and not self.security.internal_key_file:
            message = (
                "Set CARECONNECT_SECURITY__INTERNAL_KEY_FILE to an Ed25519 private key (PEM); "
                "services do not trust unsigned calls."
            )
            raise ValueError(message)
        return self

    @cached_property
    def internal_key(self) -> bytes:
        """The PEM that signs internal tokens."""
        return _required(self.security.internal_key_file, "CARECONNECT_SECURITY__INTERNAL_KEY_FILE").read_bytes()

    @cached_property
    def master_keys(self) -> list[str]:
        """The master keys, the one in use first."""
        return _required(self.security.master_key_file, "CARECONNECT_SECURITY__MASTER_KEY_FILE").read_text().split()

    @cached_property
    def codec_keys(self) -> list[str]:
        """The keys of workflow payloads, the one in use first."""
        return _required(self.temporal.codec_key_file, "CARECONNECT_TEMPORAL__CODEC_KEY_FILE").read_text().split()


def _required(path: Path | None, variable: str) -> Path:
    if path is None or not path.is_file():
        message = f"Set {variable} to the path of a key file; {path or 'nothing'} is not one."
        raise ValueError(message)
    return path
