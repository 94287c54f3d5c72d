"""One look for free times for those who wait, from a schedule and whenever a time was freed."""

from temporalio import workflow

with workflow.unsafe.imports_passed_through():
    from activities.waiting import WaitlistActivities
    from workflows import policies
    from workflows.contracts import MatchResult, WatchRequest


@workflow.defn(name="WaitlistMatching")
class WaitlistMatching:
    """One look. Its id is that of its schedule and the time: `matching-{tenant uuid}-{instant}`."""

    @workflow.run
    async def run(self, request: WatchRequest) -> MatchResult:
        """Offer what suits to the first in line."""
        return await workflow.execute_activity_method(
            WaitlistActivities.match, request, summary="free times for those who wait", **policies.MATCHING
        )
