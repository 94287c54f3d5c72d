"""What a run says: a line per step, and at the end a table or JSON of what there is and how long it took."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

Say = Callable[[str], None]


@dataclass
class Step:
    """One step: how many records it wrote or found missing, and how many seconds it took."""

    name: str
    count: int = 0
    seconds: float = 0.0


@dataclass
class Report:
    """The steps of a run, in their order."""

    say: Say
    steps: list[Step] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Measure a step; whoever does it says how many records there were."""
        step, began = Step(name), time.perf_counter()
        yield step
        step.seconds = time.perf_counter() - began
        self.steps.append(step)
        self.say(f"{step.name}: {step.count:,} in {step.seconds:.1f} s")

    def add(self, name: str, count: int) -> None:
        """Count records that a step wrote beside its own."""
        self.steps.append(Step(name, count))

    def table(self) -> str:
        """Give the closing table."""
        lines = [f"  {step.name:<24}{step.count:>12,}{_seconds(step.seconds):>9}" for step in self.steps]
        total = f"  {'altogether':<24}{'':>12}{_seconds(time.perf_counter() - self.began):>9}"
        return "\n".join([f"  {'':<24}{'written':>12}{'seconds':>9}", *lines, total])

    def said(self) -> dict[str, object]:
        """Give the same for a program."""
        counts = {step.name: step.count for step in self.steps}
        seconds = {step.name: round(step.seconds, 3) for step in self.steps if step.seconds}
        return {"written": counts, "seconds": seconds, "altogether": round(time.perf_counter() - self.began, 3)}


def _seconds(duration: float) -> str:
    return f"{duration:.1f}" if duration else ""
