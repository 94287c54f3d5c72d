"""Holds a process before, during and after each call to the card gateway, where a test has marked the payment.

Python imports this module by itself in every process whose path begins with this folder. A mark is an empty file
`{payment}.{call}.{moment}` in the folder that `HELD_AT` names. Who comes by waits there, and says so with a second
file, until the process is killed: `before` the call is sent, `during` it (the gateway has done its part, and nobody has
heard of it), and `after` it was written down here and before the workflow hears of it. Nothing is held any more once
the file `open` is there.
"""

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType
from typing import Any

_HELD_AT = Path(os.environ.get("HELD_AT", "/nowhere"))
_GATEWAY = "services.payments.gateways.sandbox.processor"
_COLLECTION = "services.payments.collection"
_FOREVER = 3600
Step = Callable[..., Awaitable[Any]]


async def hold(reference: object, call: str, moment: str) -> None:
    """Wait here for the end, if there is a mark."""
    mark = _HELD_AT / f"{reference}.{call}.{moment}"
    if mark.exists() and not (_HELD_AT / "open").exists():
        mark.with_name(f"{mark.name}.reached").touch()
        await asyncio.sleep(_FOREVER)


def _outside(step: Step, call: str) -> Step:
    async def held(gateway: Any, what: Any, *rest: Any, **named: Any) -> Any:
        reference = getattr(what, "reference", what)
        await hold(reference, call, "before")
        try:
            return await step(gateway, what, *rest, **named)
        finally:
            await hold(reference, call, "during")

    return held


def _inside(step: Step, call: str) -> Step:
    async def held(till: Any, what: Any, *rest: Any, **named: Any) -> Any:
        try:
            return await step(till, what, *rest, **named)
        finally:
            await hold(getattr(what, "id", what), call, "after")

    return held


def _change_gateway(module: ModuleType) -> None:
    for call in ("authorise", "keep", "renew", "capture", "void", "refund"):
        setattr(module.SandboxGateway, call, _outside(getattr(module.SandboxGateway, call), call))


def _change(call: str, name: str) -> Callable[[ModuleType], None]:
    return lambda module: setattr(module, name, _inside(getattr(module, name), call))


def _hurry(module: ModuleType) -> None:
    """Let reservations be made anew after seconds rather than days."""
    module.RENEW_AFTER = timedelta(seconds=float(os.environ["RENEWED_AFTER"]))  # type: ignore[attr-defined]


def _hold_shortly(module: ModuleType) -> None:
    """Let a time be held for a form for seconds rather than minutes."""
    module.HoldWanted.model_fields["hold_seconds"].default = int(os.environ["HELD_FOR"])
    module.HoldWanted.model_rebuild(force=True)


_CHANGES = {
    "workflows.contracts.holding": _hold_shortly,
    "workflows.policies": _hurry,
    _GATEWAY: _change_gateway,
    f"{_COLLECTION}.authorisation": _change("authorise", "authorise"),
    f"{_COLLECTION}.capture": lambda module: [
        _change("capture", "capture")(module),
        _change("void", "let_go")(module),
    ],
    f"{_COLLECTION}.keeping": lambda module: [
        _change("keep", "keep")(module),
        _change("renew", "renew")(module),
    ],
    f"{_COLLECTION}.refund": _change("refund", "finish"),
}


class Finder(MetaPathFinder):
    """Finds the modules that are changed, and changes them when they have been loaded."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find one of them as Python does."""
        change = _CHANGES.get(fullname)
        found = PathFinder.find_spec(fullname, path, target) if change else None
        if change is None or found is None or found.loader is None:
            return None
        load = found.loader.exec_module

        def exec_module(module: ModuleType) -> None:
            load(module)
            change(module)

        found.loader.exec_module = exec_module  # type: ignore[method-assign]
        return found


if _HELD_AT.is_dir():
    sys.meta_path.insert(0, Finder())
