"""The preview: what is kept of it with the plan, and that it stays small."""

import json

import pytest

from registry.imports import storage
from registry.imports.preview import Plan
from registry.imports.room import html_bytes
from tests import factories

from .crm import consent, csv_of, person

pytestmark = pytest.mark.django_db


def texts(plan):
    """All that the page of a preview writes, but for its own words."""
    for row in plan.differences:
        yield row.crm_id
        for change in row.changes:
            yield from change
    for row in plan.rejected:
        yield from row.reasons
    yield from plan.run.warnings


def test_preview_is_shown_again_as_it_was(crm):
    """Whoever comes back to a plan sees the differences and the rejected rows that were shown at first."""
    factories.make_subject(crm.operator, crm_id="C0000001", phone="+77050000001")
    run = crm.plan([person(1, **consent()), person(2), person(3, email="x"), person(4, surname="?асымова")])
    plan = Plan.of(run, storage.read_plan(run)["preview"])
    assert (plan.differences, plan.rejected, plan.warning_count) == (
        crm.shown.differences,
        crm.shown.rejected,
        crm.shown.warning_count,
    )
    assert plan.shown_uids == [str(uid) for uid in crm.shown.shown_uids]
    phone = next(change for change in plan.differences[0].changes if change.label == "phone")
    assert (phone.old, phone.new) == ("+77050000001", "+77010000001")
    assert [(row.line, row.kind) for row in plan.rejected] == [(4, "rejected"), (5, "stopped")]


def test_differences_are_in_words(crm):
    """Codes and yes or no as the pages of the register show them; a new opt-out by its channel alone."""
    factories.make_subject(crm.operator, crm_id="C0000001", language="ru")
    row = person(1, language="en") | {"email_opt_out": "yes"}
    crm.plan(csv_of([row], list(row)))
    changes = {change.label: (change.old, change.new) for change in crm.shown.differences[0].changes}
    assert (changes["language"], changes["opt-out"]) == (("Russian", "English"), ("", "e-mail"))


def test_first_hundred_differences_are_kept(crm):
    """A hundred are enough to judge a file by."""
    crm.plan([person(number) for number in range(1, 160)])
    assert [row.line for row in crm.shown.differences] == list(range(2, 102))


@pytest.mark.parametrize("mark", ["x", "<", "ә", '"'])
def test_preview_stays_small_whatever_stands_in_the_cells(crm, mark):
    """Names of 200 letters, ids of 64, two hundred columns of the longest headers, a warning on every row: still one page."""
    header = ["crm_id", "surname", "given_name", "patronymic", *(mark * 9000 + str(place) for place in range(196))]
    rows = [
        {"crm_id": f"{mark * 58}{number}", "surname": f"={mark * 190}", "given_name": mark * 199, "patronymic": "Aсан"}
        for number in range(120)
    ]
    rows += [{"crm_id": mark * 80, "surname": mark * 9000, "given_name": mark * 9000} for _number in range(30)]
    run = crm.plan(csv_of(rows, header))
    assert (len(crm.shown.differences), len(crm.shown.rejected)) == (100, 20)
    assert all(row.changes for row in crm.shown.differences)
    assert sum(map(html_bytes, texts(crm.shown))) < 60_000
    assert len(json.dumps(crm.shown.kept())) < 300_000
    assert html_bytes("".join(run.warnings)) < 12_000


def test_changes_beyond_the_room_of_a_row_are_counted(crm):
    """What is not shown is told in a number."""
    long = "<" * 200
    crm.plan([person(number, surname=long, given_name=long, patronymic=long) for number in range(1, 101)])
    row = crm.shown.differences[0]
    assert (len(row.changes) + row.more, row.more > 0) == (6, True)


def test_warnings_count_with_separators():
    """Numbers of people are read at a glance; lines stay as the CRM counts them."""
    plan = Plan(None, row_warnings={("Phone", "too short"): [21589, [2877, 4136]]}, row_warning_count=21589)
    assert plan.warnings() == ["21\u00a0589 rows, Phone: too short (lines 2877, 4136 …)"]


def test_warnings_of_countless_kinds_are_counted(crm, monkeypatch):
    """The first kinds of warnings are told with their lines, the rest as a number."""
    monkeypatch.setattr("registry.imports.preview.WARNINGS_KEPT", 1)
    run = crm.plan([person(1, surname="=А", given_name="=Б"), person(2, surname="=А"), person(3, given_name="=Б")])
    assert run.warnings == [
        "2 rows, surname: the cell begins like a formula: it is kept as text (lines 2, 3)",
        "2 more warnings are not listed.",
    ]
    assert crm.shown.warning_count == 4


def test_line_is_counted_once_for_a_sentence_about_two_parts_of_one_name(crm):
    """Surname and given name stand in one cell: the cell is told of, and the row is one row."""
    for number in (1, 2):
        factories.make_subject(crm.operator, crm_id=str(number), surname="Қасымова", given_name="Әсем")
    run = crm.plan("ID;ФИО\n1;Касымова Асем\n2;Касымова Әсем\n".encode())
    assert run.warnings == [
        "2 rows, ФИО: the stored name has the letters that this one lacks: it is kept (lines 2, 3)",
    ]
    assert crm.shown.warning_count == 2


def test_trailer_that_is_no_count_is_not_told(crm):
    """The line that closes an export is a line of the file: what stands in it may be somebody's, and warnings are for all to read."""
    run = crm.plan("ID;surname\r\n1;X\r\n#end;rows;Иванов 8 701\r\n".encode())
    assert run.warnings == [
        "Line 3 closes an export of this registry and is no row. It says … rows, the file has 1: it was edited or cut."
    ]
