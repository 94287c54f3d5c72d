"""A refusal on its way through a workflow."""

from typing import Any

from pydantic import BaseModel

from careconnect.errors import Refusal


class Refused(BaseModel):
    """A refusal as a value: an answer that says no, which is not a failure of the workflow."""

    code: str
    status: int
    title: str
    detail: str
    extra: dict[str, Any] = {}

    @classmethod
    def of(cls, refusal: Refusal) -> "Refused":
        """Take over a refusal."""
        problem = refusal.problem()
        errors = {"errors": problem["errors"]} if "errors" in problem else {}
        return cls(
            code=refusal.code,
            status=refusal.status,
            title=problem["title"],
            detail=problem["detail"],
            extra=refusal.extra | errors,
        )

    def refusal(self) -> Refusal:
        """Make the refusal again, of its own class."""
        return Refusal.from_problem({**self.extra, **self.model_dump(exclude={"extra"})})
