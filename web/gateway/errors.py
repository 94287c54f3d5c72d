"""What the edge refuses on its own account."""

from careconnect.errors import NotFound, Refusal, Unavailable


class EngineUnavailable(Unavailable):
    """The workflow engine does not answer; nothing was started."""

    code, title = "engine_unavailable", "The workflow engine does not answer at the moment"


class StillDeciding(Refusal):
    """The process was started and is not decided yet; `workflow_id` says where to look."""

    code, status, title = "still_deciding", 202, "This is still being decided"


class PaymentAwaited(StillDeciding):
    """The time is held until `pay_until` for what is to be paid at `payment_url`; `workflow_id` says where to look."""

    code, title = "payment_awaited", "This waits to be paid"


class WorkflowNotFound(NotFound):
    """There is no such process for this tenant."""

    code, title = "workflow_not_found", "There is no such process"
