"""A card processor of our own making. It behaves as one outside does: own books, own commits, own list, own events."""

from services.payments.gateways.sandbox.processor import SandboxGateway

__all__ = ["SandboxGateway"]
