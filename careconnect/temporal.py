"""The way to the workflow engine: pydantic payloads, encrypted, failures included."""

import base64
import functools
import os
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from temporalio.api.common.v1 import Payload
from temporalio.client import Client
from temporalio.contrib.pydantic import PydanticPayloadConverter
from temporalio.converter import DataConverter, DefaultFailureConverterWithEncodedAttributes, PayloadCodec
from temporalio.envconfig import ClientConfig
from temporalio.runtime import LoggingConfig, LoggingFormat, PrometheusConfig, Runtime, TelemetryConfig, TelemetryFilter

from careconnect.config import Settings
from careconnect.crypto import key_id
from careconnect.propagation import Propagation

_ENCODING = b"binary/encrypted"
_NONCE = 12


class EncryptionCodec(PayloadCodec):
    """AES-256-GCM over whole payloads, bound to the namespace and the key; older keys still decrypt."""

    def __init__(self, keys: Sequence[str], namespace: str) -> None:
        raw = [base64.urlsafe_b64decode(key) for key in keys]
        self._ciphers = {key_id(key).hex().encode(): AESGCM(key) for key in raw}
        self._current = next(iter(self._ciphers))
        self._namespace = namespace.encode()

    async def encode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Encrypt each payload, its metadata included."""
        return [self._seal(payload) for payload in payloads]

    async def decode(self, payloads: Iterable[Payload]) -> list[Payload]:
        """Decrypt what we encrypted; any other encoding passes unchanged."""
        return [self._open(one) if one.metadata.get("encoding") == _ENCODING else one for one in payloads]

    def _seal(self, payload: Payload) -> Payload:
        nonce = os.urandom(_NONCE)
        cipher = self._ciphers[self._current].encrypt(nonce, payload.SerializeToString(), self._bound(self._current))
        return Payload(metadata={"encoding": _ENCODING, "key-id": self._current}, data=nonce + cipher)

    def _open(self, payload: Payload) -> Payload:
        key = payload.metadata.get("key-id", b"")
        try:
            plain = self._ciphers[key].decrypt(payload.data[:_NONCE], payload.data[_NONCE:], self._bound(key))
        except (KeyError, InvalidTag) as error:
            message = f"no codec key opens this payload (key id {key.decode(errors='replace')})"
            raise ValueError(message) from error
        return Payload.FromString(plain)

    def _bound(self, key: bytes) -> bytes:
        return self._namespace + b"\x1f" + key


class SharedPayloads(PydanticPayloadConverter):
    """The pydantic converter, made once a process.

    The engine's library makes one for each workflow, and each begins without the adapters of the types that it meets.
    """

    _shared: ClassVar[Any] = None

    def __new__(cls) -> Self:
        """Give the one there is."""
        if cls._shared is None:
            made = super().__new__(cls)
            PydanticPayloadConverter.__init__(made)
            cls._shared = made
        shared: Self = cls._shared
        return shared

    def __init__(self) -> None:
        """Leave the one there is as it is."""


def data_converter(settings: Settings) -> DataConverter:
    """Make the converter that clients and workers share."""
    return DataConverter(
        payload_converter_class=SharedPayloads,
        payload_codec=EncryptionCodec(settings.codec_keys, settings.temporal.namespace),
        failure_converter_class=DefaultFailureConverterWithEncodedAttributes,
    )


async def connect(settings: Settings, *, metrics_address: str | None = None, lazy: bool = False) -> Client:
    """Connect to the engine; TLS and API keys come from Temporal's own configuration (a profile, or `TEMPORAL_*`)."""
    profile: dict[str, Any] = {}
    if settings.temporal.profile:
        profile = dict(ClientConfig.load_client_connect_config(profile=settings.temporal.profile))
    profile.setdefault("target_host", settings.temporal.address)
    profile.setdefault("namespace", settings.temporal.namespace)
    return await Client.connect(
        **profile,
        data_converter=data_converter(settings),
        interceptors=[Propagation()],
        runtime=_runtime(metrics_address),
        lazy=lazy,
    )


@functools.cache
def _runtime(metrics_address: str | None) -> Runtime:
    """Make the library's runtime, once a process: its log lines are JSON like ours."""
    logs = LoggingConfig(TelemetryFilter(core_level="WARN", other_level="ERROR"), format=LoggingFormat.JSON)
    metrics = metrics_address and PrometheusConfig(
        bind_address=metrics_address, counters_total_suffix=True, unit_suffix=True, durations_as_seconds=True
    )
    return Runtime(telemetry=TelemetryConfig(logging=logs, metrics=metrics or None))
