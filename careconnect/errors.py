"""Refusals: answers that say no, as RFC 9457 problem details, and back into the same class at the caller."""

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from pydantic import BaseModel


class FieldError(BaseModel):
    """One field that is wrong: where, a code for machines, a sentence for people."""

    field: str
    code: str
    message: str

    @classmethod
    def of(cls, found: Mapping[str, Any], skip: int = 0) -> Self:
        """Shape what pydantic found, less the first `skip` steps of where, and the words it puts before our own."""
        place = ".".join(str(part) for part in found["loc"][skip:] or found["loc"][-1:])
        return cls(field=place, code=found["type"], message=found["msg"].removeprefix("Value error, "))


class Refusal(Exception):  # noqa: N818 - a refusal is an answer, not an error
    """An answer that says no. Each kind is a subclass with its own `code`, which is what machines read."""

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    title: ClassVar[str] = "The request was refused"
    kinds: ClassVar[dict[str, type["Refusal"]]] = {}

    def __init_subclass__(cls) -> None:
        Refusal.kinds[cls.code] = cls

    def __init__(self, detail: str = "", *, errors: list[FieldError] | None = None, **extra: Any) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or []
        self.extra = extra

    def problem(self) -> dict[str, Any]:
        """Write it as a problem details object (RFC 9457 section 3); `extra` becomes extension members."""
        body: dict[str, Any] = {
            "type": f"urn:careconnect:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
        }
        if self.errors:
            body["errors"] = [error.model_dump() for error in self.errors]
        return body | self.extra

    @classmethod
    def from_problem(cls, problem: dict[str, Any]) -> "Refusal":
        """Make the same refusal again from what went over the wire; an unknown code keeps its words and its status."""
        known = {"type", "title", "status", "detail", "code", "errors", "instance"}
        kind = cls.kinds.get(problem.get("code", ""))
        if kind is None:
            kind = _stranger(problem)
        errors = [FieldError.model_validate(error) for error in problem.get("errors", [])]
        extra = {key: value for key, value in problem.items() if key not in known}
        return kind(problem.get("detail", ""), errors=errors, **extra)


def _stranger(problem: dict[str, Any]) -> type[Refusal]:
    words = {
        "code": problem.get("code", "refused"),
        "status": int(problem.get("status", 400)),
        "title": problem.get("title", Refusal.title),
    }
    return type("UnknownRefusal", (Refusal,), words)


class NotAuthenticated(Refusal):
    """Nobody is known to ask."""

    code, status, title = "not_authenticated", 401, "Sign in or send an access token first"


class Forbidden(Refusal):
    """Somebody is known to ask, and may not."""

    code, status, title = "forbidden", 403, "Your role does not allow this"


class NotFound(Refusal):
    """There is no such record, or it is another tenant's, which looks the same."""

    code, status, title = "not_found", 404, "There is no such record"


class Conflict(Refusal):
    """The record is in a state that does not allow it."""

    code, status, title = "conflict", 409, "The record is in a state that does not allow this"


class VersionConflict(Refusal):
    """Somebody else changed the record since it was read."""

    code, status, title = "version_conflict", 409, "Somebody else changed this record; read it again"


class InvalidInput(Refusal):
    """Some fields are wrong; `errors` says which."""

    code, status, title = "invalid_input", 422, "Some fields need your attention"


class IdempotencyConflict(Refusal):
    """The same idempotency key came with another body."""

    code, status, title = "idempotency_conflict", 422, "This idempotency key was used for another request"


class TooLarge(Refusal):
    """The body is larger than any request here needs to be."""

    code, status, title = "too_large", 413, "The request is too large"


class RateLimited(Refusal):
    """Too many requests; `retry_after` says in how many seconds to come back."""

    code, status, title = "rate_limited", 429, "Too many requests; wait a moment"


class Unavailable(Refusal):
    """Something that is needed does not answer at the moment; the same request may be sent again."""

    code, status, title = "unavailable", 503, "A part of the system does not answer; try again in a moment"

    def __init__(self, detail: str = "", *, errors: list[FieldError] | None = None, **extra: Any) -> None:
        extra.setdefault("retry_after", 2)
        super().__init__(detail, errors=errors, **extra)

    @classmethod
    def of(cls, part: str) -> Self:
        """Name the part that does not answer."""
        return cls(f"{part} does not answer at the moment; try again in a moment.")
