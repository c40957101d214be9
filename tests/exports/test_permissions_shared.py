"""What holds for a CRM id because of somebody else: opt-outs go with the address, a block with the IIN."""

import datetime as dt

import pytest
from django.utils import timezone

from registry.exports import permissions
from registry.journal import unit_of_work
from registry.models import ActivityPurpose, ProcessingActivity, Suppression
from registry.operations.blocking import block
from tests.factories import make_law, make_operator, make_purpose, make_subject, save
from tests.imports.crm import CRM, consent, csv_of
from tests.imports.crm import person as crm_row
from tests.imports.undoing import list_data_of

from .test_permissions import exported, office, operator_purpose, person  # noqa: F401 -- office is a fixture

pytestmark = pytest.mark.django_db

IIN, DAY = "061211600012", dt.date(2026, 3, 2)
ADDRESSES = {"iin": IIN, "email": "asem@example.kz", "phone": "+77010000001"}
CHANNELS = ("email", "call", "message")


def having(operator, crm_id, **addresses):
    """Somebody with a live consent and no address but these."""
    given = person(operator, crm_id, third_parties=True).subject
    return changed(given, **addresses)


def changed(record, **values):
    with unit_of_work(by=None, role="system"):
        for name, value in values.items():
            setattr(record, name, value)
        record.save()
    return record


def opt_out(subject, *channels, since_on=DAY, **values):
    return [save(Suppression(subject=subject, channel=channel, since_on=since_on, **values)) for channel in channels]


def may(row):
    return [channel for channel, said in zip(CHANNELS, row, strict=False) if said == "yes"]


def blocked(subject, activity=None):
    with unit_of_work(by=None, role="system"):
        block(subject, activity=activity, law=make_law(), cause="other", why="said so", by=None, at=timezone.now())


def deleted(*records):
    with unit_of_work(by=None, role="system"):
        for record in records:
            record.delete()


@pytest.mark.parametrize(
    ("shared", "left"),
    [
        (["email"], ["call", "message"]),
        (["phone"], ["email"]),
        (["iin"], []),
        (["email", "phone"], []),
        ([], [*CHANNELS]),
    ],
)
def test_opt_out_holds_for_its_address(office, shared, left):  # noqa: F811
    """A mailbox carries the opt-out of e-mail, a phone those of calls and messages, an IIN, which tells the person, all of them."""
    opt_out(having(office, "C1", **ADDRESSES), *CHANNELS)
    having(office, "C2", **{field: ADDRESSES[field] for field in shared})
    row = exported(office)["C2"]
    assert may(row) == left
    assert row[3:] == (
        ["yes", "no", "no", DAY.isoformat(), "opted_out_elsewhere"]
        if shared
        else ["yes", "no", "no", "2026-01-01", "consent"]
    )


def test_only_what_the_other_opted_out_of_is_stopped(office):  # noqa: F811
    """Nothing of a mailbox follows from a call, nor of calls from messages."""
    opt_out(having(office, "C1", **ADDRESSES), "call")
    having(office, "C2", email=ADDRESSES["email"], phone=ADDRESSES["phone"])
    assert may(exported(office)["C2"]) == ["email", "message"]


def test_mailbox_is_the_same_in_capitals(office):  # noqa: F811
    """A CRM that writes an address otherwise gets no other answer."""
    opt_out(having(office, "C1", email="Asem@Example.kz"), "email")
    having(office, "C2", email="asem@example.kz")
    assert may(exported(office)["C2"]) == ["call", "message"]


def test_own_opt_out_is_the_reason_that_is_told(office):  # noqa: F811
    """Whoever opted out is not told by the other's day; what else the other opted out of is stopped all the same."""
    opt_out(having(office, "C1", **ADDRESSES), "email", "call")
    opt_out(having(office, "C2", **ADDRESSES), "email", since_on=DAY + dt.timedelta(days=1))
    assert exported(office)["C2"] == ["no", "no", "yes", "yes", "no", "no", "2026-03-03", "opted_out"]


def test_the_earliest_of_several_is_told(office):  # noqa: F811
    """Of others at one address, and of several addresses, the day is the one since which it holds."""
    for number, day in ((1, 3), (2, 1), (3, 2)):
        opt_out(having(office, f"C{number}", email="asem@example.kz"), "email", since_on=dt.date(2026, 3, day))
    opt_out(having(office, "C4", iin=IIN), "email", since_on=dt.date(2026, 2, 27))
    having(office, "C5", email="asem@example.kz", iin=IIN)
    having(office, "C6", email="asem@example.kz")
    rows = exported(office)
    assert [rows[crm_id][-2:] for crm_id in ("C5", "C6")] == [
        ["2026-02-27", "opted_out_elsewhere"],
        ["2026-03-01", "opted_out_elsewhere"],
    ]


def test_somebody_without_an_id_is_heard_too(office):  # noqa: F811
    """An opt-out taken by letter of somebody whom the CRM does not have holds for whoever it has at that address."""
    opt_out(make_subject(office, crm_id="", email="asem@example.kz"), "email")
    having(office, "C1", email="asem@example.kz")
    assert may(exported(office)["C1"]) == ["call", "message"]


def test_empty_addresses_are_not_the_same(office):  # noqa: F811
    """People without an e-mail or an IIN have nothing in common."""
    opt_out(having(office, "C1"), *CHANNELS)
    blocked(having(office, "C2"))
    having(office, "C3")
    assert exported(office)["C3"][-1] == "consent"


def test_other_operators_people_do_not_count(office):  # noqa: F811
    """Who does not want letters of one company said nothing of another; a block is one company's, too."""
    other = make_operator("lapp", bin="241040012133")
    make_purpose(other)
    elsewhere = having(other, "C1", **ADDRESSES)
    opt_out(elsewhere, *CHANNELS)
    blocked(elsewhere)
    having(office, "C1", **ADDRESSES)
    assert exported(office)["C1"][-1] == "consent"


def test_person_of_a_blocked_iin_is_blocked_under_any_id(office):  # noqa: F811
    """The CRM entered the same person anew: stored only. A phone or a mailbox may be a family's, and blocks nobody."""
    blocked(having(office, "C1", **ADDRESSES))
    having(office, "C2", iin=IIN)
    having(office, "C3", email=ADDRESSES["email"], phone=ADDRESSES["phone"])
    today = timezone.localdate().isoformat()
    assert exported(office) == {
        "C1": ["no", "no", "no", "no", "yes", "no", today, "blocked"],
        "C2": ["no", "no", "no", "no", "yes", "no", today, "blocked_elsewhere"],
        "C3": ["yes", "yes", "yes", "yes", "no", "no", "2026-01-01", "consent"],
    }


def test_block_of_an_activity_goes_with_the_iin(office):  # noqa: F811
    """What it serves is not served under the other id either; where nothing else is left that one is blocked, too."""
    activity = save(ProcessingActivity(operator=office, code="mailing", name_en="Mailing"))
    save(ActivityPurpose(activity=activity, purpose=operator_purpose(office)))
    blocked(having(office, "C1", iin=IIN), activity=activity)
    having(office, "C2", iin=IIN)
    today = timezone.localdate().isoformat()
    assert exported(office)["C2"] == ["no", "no", "no", "no", "yes", "no", today, "blocked_elsewhere"]


def test_lost_id_of_a_blocked_iin_is_not_removed(office):  # noqa: F811
    """One record and its old id in one file say the same: stored only."""
    blocked(having(office, "C1", iin=IIN))
    other = having(office, "C2", iin=IIN)
    exported(office)
    changed(other, crm_id="C3")
    rows = exported(office)
    assert rows["C2"] == rows["C3"]
    assert rows["C2"][4:6] + rows["C2"][7:] == ["yes", "no", "blocked_elsewhere"]


def test_first_file_by_other_rules_is_whole(office, monkeypatch):  # noqa: F811
    """Nothing changed in the register, and the answer did: the CRM would go by the last one."""
    having(office, "C1", email="asem@example.kz")
    monkeypatch.setattr(permissions, "RULES", permissions.RULES - 1)
    exported(office)
    monkeypatch.undo()
    assert list(exported(office)) == ["C1"]
    assert exported(office) == {}


def test_blocked_iin_is_not_removed_from_the_crm(office):  # noqa: F811
    """Without any ground the twin would be taken out; what is blocked is not destroyed."""
    blocked(having(office, "C1", iin=IIN))
    make_subject(office, crm_id="C2", iin=IIN)
    assert exported(office)["C2"][4:6] == ["yes", "no"]


def opts_out(other, _stopped):
    opt_out(other, "email", since_on=timezone.localdate())


def ends_it(_other, stopped):
    changed(stopped, ended_on=timezone.localdate() - dt.timedelta(days=1))


def takes_the_address(_other, stopped):
    changed(stopped.subject, email="asem@example.kz")


def leaves_the_address(_other, stopped):
    changed(stopped.subject, email="other@example.kz")


def is_deleted(_other, stopped):
    deleted(*stopped.subject.consents.all(), stopped, stopped.subject)


def is_blocked(other, _stopped):
    blocked(other)


@pytest.mark.parametrize(
    ("had", "act", "before", "after"),
    [
        ("asem@example.kz", opts_out, "opted_out_elsewhere", "opted_out_elsewhere"),
        ("far@example.kz", opts_out, "consent", "opted_out_elsewhere"),
        ("asem@example.kz", ends_it, "opted_out_elsewhere", "consent"),
        ("far@example.kz", takes_the_address, "consent", "opted_out_elsewhere"),
        ("asem@example.kz", leaves_the_address, "opted_out_elsewhere", "consent"),
        ("asem@example.kz", is_deleted, "opted_out_elsewhere", "consent"),
        ("far@example.kz", is_blocked, "consent", "blocked_elsewhere"),
    ],
)
def test_next_file_tells_whoever_shares_the_address(office, had, act, before, after):  # noqa: F811
    """Nobody touched the person, and the answer is another one: as the whole file has it."""
    other = having(office, "C1", email="asem@example.kz", iin=IIN)
    [stopped] = opt_out(having(office, "C2", email=had), "email")
    having(office, "C3", email="asem@example.kz", iin=IIN)
    having(office, "C4", email="nobody@example.kz")
    assert exported(office)["C3"][-1] == before
    act(other, stopped)
    rows = exported(office)
    assert rows["C3"][-1] == after
    assert "C4" not in rows
    assert rows["C3"] == exported(office, whole=True)["C3"]


def test_opt_out_of_another_that_ended_by_the_calendar_is_a_change(office):  # noqa: F811
    """Nobody did anything: the last day of the other's opt-out has passed."""
    today = timezone.localdate()
    opt_out(having(office, "C1", email="asem@example.kz"), "email", ended_on=today)
    having(office, "C2", email="asem@example.kz")
    assert may(exported(office)["C2"]) == ["call", "message"]
    later = exported(office, at=timezone.now() + dt.timedelta(days=1))
    assert {crm_id: may(row) for crm_id, row in later.items()} == {"C1": [*CHANNELS], "C2": [*CHANNELS]}


def test_crm_that_has_somebody_twice_gets_one_answer(office):  # noqa: F811
    """Of two rows of one file with the same mailbox one says “Email Opt Out”: neither is written to."""
    list_data_of(operator_purpose(office))
    rows = [
        crm_row(number, email="asem@example.kz", email_opt_out=said, **consent())
        for number, said in ((1, "yes"), (2, ""))
    ]
    CRM(office).load(csv_of(rows, header=[*rows[0]]))
    told = exported(office)
    assert {crm_id: (may(row), row[-1]) for crm_id, row in told.items()} == {
        "C0000001": (["call", "message"], "opted_out"),
        "C0000002": (["call", "message"], "opted_out_elsewhere"),
    }
