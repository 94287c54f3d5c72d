"""The journeys of another system over REST, on an instance as a newcomer starts it."""

from tests.journeys.rest import RestJourney


class TestOneInstance(RestJourney):
    """All services live in one process."""
