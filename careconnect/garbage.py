"""When Python looks for garbage: seldom, and not among what was loaded at the start."""

import gc

_NEW, _YOUNG, _OLD = 25_000, 20, 50


def calm() -> None:
    """Set what is loaded by now aside and collect less often; called once a process is ready to work.

    Modules, models and routes live as long as the process. With the thresholds of a small script, Python went through
    them again and again in a burst of requests, which took a fifteenth of the worker's time.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(_NEW, _YOUNG, _OLD)
