"""The table of roles keeps what the domain says of them."""

import pytest

from services.identity.roles import ALL, EVERYBODY, ROLES, STAFF_ROLES, Role, scopes_of


def test_no_role_holds_a_scope_that_nobody_knows() -> None:
    assert frozenset[str]().union(*ROLES.values()) == ALL


def test_only_owner_and_admin_manage_staff() -> None:
    assert {role for role, scopes in ROLES.items() if "staff:manage" in scopes} == {"owner", "admin"}


def test_only_the_owner_operates_the_console() -> None:
    assert {role for role, scopes in ROLES.items() if "console:operate" in scopes} == {"owner"}


def test_the_auditor_reads_and_changes_nothing() -> None:
    assert {scope.partition(":")[2] for scope in ROLES["auditor"]} == {"read"}
    assert "audit:read" in ROLES["auditor"]


@pytest.mark.parametrize("role", ["front_desk", "billing", "auditor"])
def test_clinical_notes_are_not_for(role: Role) -> None:
    assert "patients:clinical" not in ROLES[role]


def test_only_a_clinician_sees_no_more_than_their_own() -> None:
    assert {role for role in STAFF_ROLES if EVERYBODY not in ROLES[role]} == {"clinician"}
    assert EVERYBODY in scopes_of(["clinician", "front_desk"])


def test_a_program_never_gets_what_manages_or_audits_people() -> None:
    assert not ROLES["integration"] & {"staff:manage", "audit:read", "console:operate"}


def test_somebody_with_two_roles_may_do_what_either_may() -> None:
    assert scopes_of(["billing", "clinician"]) == ROLES["billing"] | ROLES["clinician"]
    assert scopes_of([]) == frozenset()
