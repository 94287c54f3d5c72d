class CannotStart(Exception):  # noqa: N818 - reads as a sentence where it is raised
    """A start that is refused. The message is one sentence for a person: what is wrong and what to do.

    `exit_code` is what the command line exits with.
    """

    exit_code: int = 2


class PortInUse(CannotStart):
    """Somebody else listens on a port that was asked for."""

    exit_code = 3


class WrongVersion(CannotStart):
    """The data folder was written by a version that does not fit this one."""


class MissingRight(CannotStart):
    """The account that starts the product may not do what a start needs."""


class NotReady(CannotStart):
    """A part was started, and did not become ready."""

    exit_code = 4
