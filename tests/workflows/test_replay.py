"""The replay gate: the code of today goes on with every workflow that began on the code of yesterday.

Each file in `histories/` is what the engine remembers of one life in `scenarios.py`. A change of a workflow that fails
here would stop running workflows: keep the old way for them with `workflow.patched`, and record the new one beside it
(`python -m tests.workflows.record [SCENARIO ...]`). Old files stay as long as workflows of their kind may run.
"""

from pathlib import Path

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from careconnect.propagation import Propagation
from tests.workflows.office import WORKFLOWS
from tests.workflows.sandbox import sandbox
from tests.workflows.scenarios import NAMES
from workflows.absence import ConsultantAbsence
from workflows.money_check import MoneyCheck

HISTORIES = sorted((Path(__file__).parent / "histories").glob("*.json"))


def test_every_branch_has_a_history() -> None:
    assert {path.stem for path in HISTORIES} >= NAMES


@pytest.mark.parametrize("name", [path.stem for path in HISTORIES])
async def test_the_code_of_today_goes_on_with(name: str) -> None:
    await _replay(name, _read(name))


async def test_a_history_that_the_code_would_not_have_written_is_noticed() -> None:
    with pytest.raises(NondeterminismError):
        await _replay("cancelled", _read("cancelled").replace('"tell_patient"', '"tell_somebody"'))


async def _replay(name: str, history: str) -> None:
    replayer = Replayer(
        workflows=[*WORKFLOWS, MoneyCheck, ConsultantAbsence],
        workflow_runner=sandbox(),
        data_converter=pydantic_data_converter,
        interceptors=[Propagation()],
    )
    await replayer.replay_workflow(WorkflowHistory.from_json(name, history))


def _read(name: str) -> str:
    return next(path for path in HISTORIES if path.stem == name).read_text()
