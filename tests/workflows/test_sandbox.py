"""The sandbox leaves out what our converter does not hear."""

from temporalio.converter import WithSerializationContext, WorkflowSerializationContext

from careconnect import temporal
from careconnect.config import Settings


def test_our_conversion_is_the_same_in_every_context(settings: Settings) -> None:
    """Else the sandbox must answer the question that it leaves out."""
    converter = temporal.data_converter(settings)
    there = converter.with_context(WorkflowSerializationContext(namespace="clinic", workflow_id="appointment-1"))
    assert there.payload_codec is converter.payload_codec
    assert not isinstance(converter.payload_codec, WithSerializationContext)
    assert there.payload_converter is converter.payload_converter
    assert there.failure_converter is converter.failure_converter
    assert converter.external_storage is None
