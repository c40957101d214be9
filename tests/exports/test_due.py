"""What is due on a day, of an office of thirty cases (office.py), worked out by hand."""

import datetime as dt
import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from registry.exports.due import due_cases, due_counts
from registry.models import JournalEntry
from tests.factories import make_request, make_rule, make_user

from .office import make_office, moment

pytestmark = pytest.mark.django_db

DAY = "2026-04-02"
KZ, RU, EU = "KZ-94-V", "RU-152-FZ", "EU-GDPR"
KZ_ONE_DAY = "KZ-94-V art. 25(2)(8)"
KZ_THREE_DAYS = "KZ-94-V art. 25(2)(6)"
KZ_OBJECTION = "KZ-94-V art. 19-1 (secondary source)"
KZ_WITHDRAWAL = "KZ-94-V art. 8(7) (secondary source)"

# case, kind, person, received, due (a day, or a moment of Almaty), law, norm, overdue; the most urgent first.
NORTH = [
    # 20 March + 1 working day: 21 and 22 are the week-end, 23–25 Nauryz; 26 March
    ("R-2026-0007", "unblocking", "asel", "2026-03-20 16:00", "2026-03-26", KZ, KZ_ONE_DAY, True),
    # 19 March + 3: 20, 26, 27 March
    ("R-2026-0001", "information", "asel", "2026-03-19 10:00", "2026-03-27", KZ, KZ_THREE_DAYS, True),
    # 20 March + 10 calendar days of the policy = Monday 30 March; the letter names no day
    ("A-2026-0002", "authority", None, "2026-03-20 10:00", "2026-03-30", None, "policy, clause 3.2", True),
    # 1 April 09:00 + 24 hours of the policy; 94-V would give until 22 April
    ("R-2026-0012", "opt_out", "asel", "2026-04-01 09:00", "2026-04-02 09:00", None, "policy, clause 4.1", True),
    # 30 March + 3: 31 March, 1, 2 April; due on the day itself is not late
    ("R-2026-0003", "information", None, "2026-03-30 11:00", "2026-04-02", KZ, KZ_THREE_DAYS, False),
    ("R-2026-0013", "automated_objection", "boris", "2026-03-30 18:00", "2026-04-02", KZ, KZ_OBJECTION, False),
    # 1 April + 1 = 2 April
    ("R-2026-0014", "stop_distribution", None, "2026-04-01 08:00", "2026-04-02", KZ, "KZ-94-V art. 6", False),
    # Not sorted: the shortest term of any request, 1 working day
    ("R-2026-0018", "unsorted", None, "2026-04-01 15:00", "2026-04-02", KZ, KZ_ONE_DAY, False),
    # 23:30 in Almaty is still 1 April
    ("R-2026-0005", "rectification", "asel", "2026-04-01 23:30", "2026-04-02", KZ, KZ_ONE_DAY, False),
    # 2 April 10:00 + 24 hours; a moment stands before the day it lies in
    ("R-2026-0011", "opt_out", "boris", "2026-04-02 10:00", "2026-04-03 10:00", None, "policy, clause 4.1", False),
    # 30 working days: 4 to 20 February, 5 to the 27th, 5 to 6 March, 4 to the 13th (9 March off), 5 to the 20th = 23;
    # 26, 27 March = 25; 30, 31 March, 1, 2, 3 April = 30
    ("R-2026-0016", "claim", None, "2026-02-16 09:00", "2026-04-03", None, "policy, clause 5.2", False),
    # The letter names Sunday 5 April: the last working day before, Friday; 10 days of the policy would end on Monday 6 April
    ("A-2026-0003", "survey", None, "2026-03-25 10:00", "2026-04-03", KZ, "KZ-94-V art. 22(1)(4)", False),
    # 31 March + 3: 1, 2, 3 April; closed on 3 April, so open on the 2nd
    ("R-2026-0004", "information", "boris", "2026-03-31 12:00", "2026-04-03", KZ, KZ_THREE_DAYS, False),
    # 2 April 00:15 in Almaty + 1 = 3 April; in Greenwich it was 1 April
    ("R-2026-0006", "blocking", None, "2026-04-02 00:15", "2026-04-03", KZ, KZ_ONE_DAY, False),
    ("R-2026-0008", "destruction", "boris", "2026-04-02 23:59", "2026-04-03", KZ, KZ_ONE_DAY, False),
    # The letter names Monday 6 April; 10 days of the policy would end on 9 April
    ("A-2026-0001", "authority", None, "2026-03-30 10:00", "2026-04-06", KZ,
     "KZ-94-V art. 25(2)(3-1) (secondary source)", False),
    # 15 working days: 13, 16–20 March = 6; 26, 27 = 8; 30, 31 = 10; 1, 2, 3 April = 13; 6, 7 = 15
    ("R-2026-0009", "withdrawal", "asel", "2026-03-12 10:00", "2026-04-07", KZ, KZ_WITHDRAWAL, False),
    # 2, 3 April = 2; 6–10 = 7; 13–17 = 12; 20, 21, 22 = 15
    ("R-2026-0010", "stop_processing", None, "2026-04-01 10:00", "2026-04-22", KZ, KZ_WITHDRAWAL, False),
    # No term of law or policy
    ("R-2026-0015", "complaint", "asel", "2026-03-16 14:00", None, None, None, False),
    ("R-2026-0017", "other", None, "2026-04-02 09:00", None, None, None, False),
]  # fmt: skip
VOLGA = [
    # One month: 28 March is a Saturday, moved to Monday
    ("R-2026-0005", "automated_objection", None, "2026-02-28 10:00", "2026-03-30", EU, "EU-GDPR art. 12(3)", True),
    # 17 March + 10: 18, 19, 20 = 3; 23–27 = 8; 30, 31 = 10 (no Nauryz in Russia)
    ("A-2026-0001", "authority", None, "2026-03-17 10:00", "2026-03-31", RU,
     "RU-152-FZ art. 20(4) (unverified)", True),
    # 18 March + 10: 19, 20 = 2; 23–27 = 7; 30, 31 March, 1 April = 10
    ("R-2026-0002", "information", None, "2026-03-18 12:00", "2026-04-01", RU, "RU-152-FZ art. 20(1)", True),
    # At once: it was due when it came
    ("R-2026-0003", "blocking", "vera", "2026-04-02 11:00", "2026-04-02 11:00", RU, "RU-152-FZ art. 21(1)", True),
    # 2 March + one month; 152-FZ has no term for it
    ("R-2026-0004", "unblocking", "vera", "2026-03-02 10:00", "2026-04-02", EU, "EU-GDPR art. 12(3)", False),
    # 3 March + 30 calendar days: 28 to the 31st, 2 April; a month would end on 3 April
    ("R-2026-0006", "withdrawal", "vera", "2026-03-03 10:00", "2026-04-02", RU, "RU-152-FZ art. 21(5)", False),
    # As R-2026-0002, and 5 more by the notice of 31 March: 2, 3 = 12; 6, 7, 8 April = 15
    ("R-2026-0001", "information", "vera", "2026-03-18 10:00", "2026-04-08", RU, "RU-152-FZ art. 20(1)", False),
]  # fmt: skip


def expected(rows, people):
    for case, kind, person, received, due, law, norm, overdue in rows:
        said = {"case": case, "kind": kind, "person": person and str(people[person].uid)}
        said["received_at"] = f"{received.replace(' ', 'T')}:00+05:00"
        said |= {"due_at": f"{due.replace(' ', 'T')}:00+05:00"} if due and " " in due else {"due_on": due}
        yield said | {"law": law, "norm": norm, "overdue": overdue}


def run(**options):
    out = StringIO()
    call_command("due", stdout=out, **options)
    return out.getvalue()


@pytest.fixture
def office(db):
    return make_office()


def test_due_on_a_day_is_what_was_worked_out_by_hand(office):
    """Thirty cases, one received later, two closed by then: twenty-seven are listed, the most urgent first."""
    *_operators, people = office
    for code, rows in (("north", NORTH), ("volga", VOLGA)):
        assert json.loads(run(operator=code, on=DAY, json=True)) == list(expected(rows, people))


def test_due_of_all_operators_is_one_list(office):
    """Without an operator the lists are merged by urgency, and each case bears its operator: numbers repeat."""
    *_operators, people = office
    rows = json.loads(run(on=DAY, json=True))
    assert len(rows) == 27
    for code, own in (("north", NORTH), ("volga", VOLGA)):
        of_operator = [{"operator": code} | row for row in expected(own, people)]
        assert [row for row in rows if row["operator"] == code] == of_operator
    days = [(row.get("due_on") or row.get("due_at", "9999"))[:10] for row in rows]
    assert days == sorted(days)


def test_counts_are_those_of_the_list(office):
    """The desk counts what the command lists."""
    north, volga, _people = office
    at = moment("2026-04-02 23:59")
    # 3 working days after 2 April: 3, 6, 7 April
    assert due_counts(north, at)._asdict() == {
        "open": 20, "overdue": 4, "today": 5, "soon": 8, "later": 1, "without_term": 2, "unsorted": 1,
    }  # fmt: skip
    assert due_counts(volga, at)._asdict() == {
        "open": 7, "overdue": 4, "today": 2, "soon": 0, "later": 1, "without_term": 0, "unsorted": 0,
    }  # fmt: skip
    first = [due.case.pk for due in due_cases(north, at, limit=6)]
    assert first == [due.case.pk for due in due_cases(north, at)[:6]]


def test_table_says_the_same(office):
    """On a terminal the cases stand in aligned columns, and are counted below."""
    lines = run(operator="volga", on=DAY).splitlines()
    assert lines[0].split("  ")[0] == "Case"
    due = lines[0].index("Due")
    assert [line[due : due + 16].strip() for line in lines[1:8]] == [
        "30.03.2026", "31.03.2026", "01.04.2026", "02.04.2026 11:00", "02.04.2026", "02.04.2026", "08.04.2026",
    ]  # fmt: skip
    assert lines[8] == (
        "7 open cases: 4 overdue, 2 due today, 0 within 3 working days, 1 later, 0 without a term. Not sorted yet: 0."
    )
    assert run(operator="north", on="2026-01-31").startswith("0 open cases: 0 overdue")
    assert [line.split()[0] for line in run(on=DAY).splitlines()[1:5]] == ["north", "north", "volga", "north"]


@pytest.mark.parametrize(
    ("now", "standing"),
    [
        (
            "2026-03-27 23:59",
            "soon",
        ),  # 30, 31 March, 1 April are the three working days after Friday; the 1st is the last
        ("2026-03-26 12:00", "later"),
        ("2026-04-01 23:59", "today"),
        ("2026-04-02 00:00", "overdue"),
    ],
)
def test_case_is_overdue_when_its_day_is_over(now, standing, lapp):
    """The whole of the last day still counts; soon is what three working days bring."""
    make_rule("KZ-INFO", amount=1, unit="month")
    make_request(
        lapp, received_at=moment("2026-02-28 10:00"), kind="information"
    )  # 28 March, Saturday: Monday 30 March
    [due] = due_cases(lapp, moment("2026-03-28 10:00"))
    assert due.due_on == dt.date(2026, 3, 30)
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=1, unit="month")
    make_request(lapp, received_at=moment("2026-03-01 10:00"), kind="withdrawal")
    [due] = [each for each in due_cases(lapp, moment(now)) if each.kind == "withdrawal"]
    assert due.due_on == dt.date(2026, 4, 1)
    assert due.standing == standing
    assert due.is_overdue == due.case.is_overdue(moment(now)) == (standing == "overdue")


def test_reading_the_list_is_an_entry(office):
    """Who lists the cases of people is told with the people, and for each operator apart."""
    north, _volga, people = office
    user = make_user("auditor", north)
    run(operator="north", on=DAY, by=user.username)
    entry = JournalEntry.objects.latest("seq")
    assert (entry.action, entry.actor, entry.operator) == ("list", user.pk, "north")
    said = json.loads(entry.body)
    assert (said["count"], said["role"]) == (20, "auditor")
    assert set(said["uids"]) == {str(people["asel"].uid), str(people["boris"].uid)}
    with pytest.raises(CommandError, match=f"“{user.username}” may not do this for volga"):
        run(operator="volga", by=user.username)
    with pytest.raises(CommandError, match="may not do this for every operator"):
        run(by=user.username)


@pytest.mark.parametrize("text", ["02.04.2026", "2026-02-30", "tomorrow", "9999-12-31"])
def test_day_that_is_none_is_refused(text, lapp):
    """What is no day is said, with how to write one."""
    with pytest.raises(CommandError, match=f"“{text}” is no day. Write it as 2026-01-31."):
        run(on=text)
