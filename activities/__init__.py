"""The steps of the workflows: each calls one of the services' APIs, and turns a refusal into a value."""
