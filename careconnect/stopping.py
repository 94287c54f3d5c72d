"""Whether this process is about to stop: answers that would go on for ever end themselves then."""

import threading

_stopping = threading.Event()


def announce() -> None:
    """Say that the process is about to stop; a signal handler may call this."""
    _stopping.set()


def announced() -> bool:
    """Tell whether it was said."""
    return _stopping.is_set()


def forget() -> None:
    """Begin anew, where one process serves twice."""
    _stopping.clear()
