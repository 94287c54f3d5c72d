"""What the document says of the addresses outside `/api/v1`: tokens, their public keys, and gateways' events.

They are protocols of others (RFC 6749, RFC 7517, each gateway's), so they are told here and not read from the code.
"""

from typing import Any

_ROOT = [{"url": "/"}]
_TEXT = {"type": "string"}
_TOKEN = {
    "type": "object",
    "required": ["access_token", "token_type", "expires_in", "scope"],
    "properties": {
        "access_token": _TEXT,
        "token_type": {"type": "string", "const": "Bearer"},
        "expires_in": {"type": "integer", "description": "seconds"},
        "scope": _TEXT,
    },
}
_FAULT = {"type": "object", "required": ["error"], "properties": {"error": _TEXT}}


def _json(description: str, schema: dict[str, Any], example: dict[str, Any]) -> dict[str, Any]:
    return {"description": description, "content": {"application/json": {"schema": schema, "example": example}}}


def _problem(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {"application/problem+json": {"schema": schema}}}


OUTSIDE: dict[str, Any] = {
    "/oauth/token": {
        "servers": _ROOT,
        "post": {
            "operationId": "access_token",
            "tags": ["tokens"],
            "summary": "Get an access token with a client id and secret",
            "description": "OAuth 2.0 client credentials (RFC 6749 section 4.4). Client id and secret come by HTTP "
            "Basic, or as `client_id` and `client_secret` in the form. Without `scope` the token has all that the "
            "client holds.",
            "security": [],
            "requestBody": {
                "required": True,
                "content": {
                    "application/x-www-form-urlencoded": {
                        "schema": {
                            "type": "object",
                            "required": ["grant_type"],
                            "properties": {
                                "grant_type": {"type": "string", "const": "client_credentials"},
                                "scope": {"type": "string", "description": "scopes with spaces between them"},
                                "client_id": _TEXT,
                                "client_secret": _TEXT,
                            },
                        },
                        "example": {"grant_type": "client_credentials", "scope": "appointments:read patients:read"},
                    }
                },
            },
            "responses": {
                "200": _json(
                    "the token",
                    _TOKEN,
                    {"access_token": "eyJ...", "token_type": "Bearer", "expires_in": 3600, "scope": "patients:read"},
                ),
                "400": _json(
                    "`invalid_request`, `unsupported_grant_type` or `invalid_scope`",
                    _FAULT,
                    {"error": "invalid_scope"},
                ),
                "401": _json("`invalid_client`: id or secret is wrong", _FAULT, {"error": "invalid_client"}),
                "429": _problem("`rate_limited`: too many at once; `Retry-After` says when to come again"),
            },
        },
    },
    "/.well-known/jwks.json": {
        "servers": _ROOT,
        "get": {
            "operationId": "access_token_keys",
            "tags": ["tokens"],
            "summary": "Read the public keys of access tokens",
            "description": "A JSON Web Key Set (RFC 7517), the newest key first. Before a key signs, it stands here.",
            "security": [],
            "responses": {
                "200": _json(
                    "the keys",
                    {
                        "type": "object",
                        "required": ["keys"],
                        "properties": {"keys": {"type": "array", "items": {"type": "object"}}},
                    },
                    {"keys": [{"kty": "RSA", "kid": "2026-1", "n": "0vx7...", "e": "AQAB"}]},
                )
            },
        },
    },
    "/webhooks/payments/{gateway}": {
        "servers": _ROOT,
        "post": {
            "operationId": "payments_webhook",
            "tags": ["webhooks"],
            "summary": "Take in an event of a payments gateway",
            "description": "For gateways, not for other systems: `Gateway-Signature`, or `Stripe-Signature`, over the "
            "very bytes says who asks. An event that comes twice, late or out of order is harmless. The address of an "
            "organisation's own account ends with `/{tenant_id}`.",
            "security": [],
            "parameters": [
                {
                    "name": "gateway",
                    "in": "path",
                    "required": True,
                    "schema": {"type": "string", "pattern": "^[a-z0-9_-]{1,50}$"},
                }
            ],
            "requestBody": {
                "required": True,
                "content": {
                    "application/json": {
                        "schema": {"type": "object"},
                        "example": {"id": "evt_1", "type": "charge.captured", "data": {}},
                    }
                },
            },
            "responses": {
                "200": _json("the event is kept", {"type": "object"}, {"event_id": "evt_1", "outcome": "applied"}),
                "400": _problem("`signature_invalid`: the signature is missing, wrong or old"),
                "413": _problem("`too_large`: more than 256 KiB"),
                "503": _problem("`unavailable`: send it again"),
            },
        },
    },
}
