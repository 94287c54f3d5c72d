"""The processes that span services or outlive a request, as durable Temporal workflows."""
