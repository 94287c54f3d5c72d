"""The embedded runtime: Postgres, the Temporal server, the edge and the worker on one machine, from one folder."""
