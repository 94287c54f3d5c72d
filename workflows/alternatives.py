"""The nearest free times, as a courtesy beside the refusal of one that is taken."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.slots import SlotActivities
    from workflows import policies
    from workflows.contracts import Alternatives, AlternativesRequest, Slot
    from workflows.undo import ours

NEAREST_FREE_HELP = frozenset({"slot_taken", "no_room_free", "outside_hours"})
"""Refusals of a time to which another time is the answer."""


async def nearest_free(wanted: AlternativesRequest) -> list[Slot]:
    """Find them, or none: the refusal goes out all the same."""
    try:
        found: Alternatives = await workflow.execute_local_activity_method(
            SlotActivities.alternatives, wanted, **policies.GLANCE
        )
    except BaseException as error:
        if not ours(error):
            raise
        return []
    return found.slots
