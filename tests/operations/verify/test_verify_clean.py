"""What the services write themselves keeps every law, and the command says so."""

from operations.verify import report
from operations.verify.__main__ import verify
from operations.verify.laws import LAWS
from tests.operations.verify.clinic import Clinic


async def test_a_clinic_that_was_used_by_its_own_doors_keeps_every_law(clinic: Clinic) -> None:
    verdicts = await verify(clinic.instance.settings)
    assert [(one.law.number, one.finding.violations, one.unreadable) for one in verdicts] == [
        (law.number, [], None) for law in LAWS
    ]
    assert [one.law.number for one in verdicts if one.finding.skipped] == []
    assert [one.law.number for one in verdicts if not one.finding.checked] == [3], "no hold is open, all else is there"
    assert report.exit_code(verdicts) == 0
