"""The one way from the edge into the product: reads go to the services, processes go to the workflows."""

from web.gateway.gateway import Gateway

__all__ = ["Gateway"]
