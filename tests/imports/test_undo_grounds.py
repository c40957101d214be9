"""The purposes that an import moved or stopped: its undo takes them back, and settles them by the one rule. The blocked it leaves."""

import datetime as dt

import pytest
from django.utils import timezone

from registry.imports.outlook import outlook
from registry.imports.undo import take as take_for_undo
from registry.imports.undo import undo
from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.models import (
    ActivityPurpose,
    JournalEntry,
    LegalBasis,
    ProcessingActivity,
    SubjectPurpose,
    Suppression,
)
from registry.operations.blocking import block
from tests.factories import make_law, make_norm, make_operator, make_purpose, save

from .crm import CRM, consent, csv_of, person
from .test_races import an_officer_meanwhile
from .undoing import (
    BLOCKED,
    LEFT,
    RENEWED,
    by_an_officer,
    change_phone,
    crash,
    left,
    let_serve,
    list_data_of,
    of,
    register,
    tally,
    undone,
)

# Whether a row refers to one that is gone is asked when the transaction ends.
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("chunks_of_two")]
PEOPLE = (1, 2, 3)


@pytest.fixture
def crm():
    """Into an operator whose consents are complete: an activity lists the data of the purpose."""
    operator = make_operator("lapp", bin="241040012133")
    list_data_of(make_purpose(operator))
    return CRM(operator)


@pytest.fixture
def served(crm):
    """Three people of a file whose data serve its purpose on the consents of the file."""
    crm.load([person(number, **consent()) for number in PEOPLE])
    for number in PEOPLE:
        let_serve(number)
    return crm


def blocked(number, **which):
    with unit_of_work(by=None, role="system"):
        block(of(number), law=make_law(), cause="other", why="said so", by=None, at=timezone.now(), **which)


def days_pass(monkeypatch, days):
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + dt.timedelta(days=days))


def purposes(*names):
    return list(SubjectPurpose.objects.order_by("subject__crm_id").values_list(*names))


INCOMPLETE = RENEWED | {"publication": ""}


@pytest.mark.parametrize(("renewal", "stop"), [(RENEWED, ""), (INCOMPLETE, "expired")])
def test_purposes_that_an_import_moved_are_taken_back(served, renewal, stop):
    """On the renewal of the file they went on, or stopped where it lacks an item: undone, they rest on what was before."""
    before = register()
    run = served.load([person(number, **renewal) for number in PEOPLE])
    assert register()["SubjectPurpose"] != before["SubjectPurpose"]
    assert purposes("stop") == [(stop,)] * 3
    assert outlook(run) == (0, 3, 0, False, 3)
    undone(served, run, reason="the wrong file")
    assert register() == before
    assert tally(run) == ("undone", 3, 3, 0)
    history = SubjectPurpose.history.filter(history_change_reason="the wrong file")
    assert list(history.values_list("history_type")) == [("~",)] * 3
    entries = JournalEntry.objects.filter(object_type="subjectpurpose", action="change", seq__gt=run.last_seq)
    assert {entry.run for entry in entries} == {run.pk}
    assert [entry.subjects.get().uid for entry in entries.order_by("seq")] == [of(number).uid for number in PEOPLE]
    assert list(findings()) == []


def stop_by_an_incomplete_renewal(crm):
    """An import that stopped the purposes; then the consents before it become incomplete, too."""
    run = crm.load([person(number, **INCOMPLETE) for number in PEOPLE])
    by_an_officer(crm.operator, bin="")
    return run


def test_purposes_are_settled_on_the_day_of_the_undo(served, monkeypatch):
    """What they rested on before the import has gone meanwhile: they stop on the day of the undo, not of the import."""
    run = stop_by_an_incomplete_renewal(served)
    days_pass(monkeypatch, 2)
    undone(served, run)
    assert tally(run) == ("undone", 3, 3, 0)
    assert purposes("stop", "until_on", "consent__given_on") == [
        ("expired", timezone.localdate(), dt.date(2024, 9, 11))
    ] * 3  # fmt: skip
    assert not SubjectPurpose.objects.live(timezone.localdate()).exists()
    assert list(findings()) == []


def test_purposes_go_on_upon_another_ground_where_there_is_one(served):
    """The rule is the one that every change of a consent follows."""
    run = stop_by_an_incomplete_renewal(served)
    norm = save(LegalBasis(operator=served.operator, code="n", name_en="N", kind="law", norm=make_norm(is_ground=True)))
    by_an_officer(ActivityPurpose.objects.get(), basis=norm)
    undone(served, run)
    assert tally(run) == ("undone", 3, 3, 0)
    assert purposes("ground", "basis", "consent", "stop") == [("norm", norm.pk, None, "")] * 3


def test_whoever_was_changed_since_keeps_the_purpose_the_import_moved(served):
    """Left is left whole: the purpose rests on the renewal that stays."""
    run = served.load([person(number, **RENEWED) for number in PEOPLE])
    change_phone()
    undone(served, run)
    assert (tally(run), left(run)) == (("undone", 3, 2, 1), [(0, "C0000002", [LEFT])])
    days = dt.date(2024, 9, 11), dt.date(2025, 3, 1)
    assert purposes("consent__given_on", "stop") == [(days[number == 2], "") for number in PEOPLE]


def test_undo_cut_off_goes_on_with_the_purposes(served):
    """After a crash the purposes of whole chunks are back, and none is settled twice."""
    before = register()
    run = served.load([person(number, **RENEWED) for number in PEOPLE])
    take_for_undo(run, **served.acting)
    with pytest.raises(KeyboardInterrupt):
        undo(run, **served.acting, progress=crash)
    assert purposes("consent__given_on") == [(dt.date(2024, 9, 11),)] * 2 + [(dt.date(2025, 3, 1),)]
    undo(run, **served.acting)
    assert (register() == before, tally(run)) == (True, ("undone", 3, 3, 0))
    assert SubjectPurpose.history.count() == 3 * 3  # served, moved, moved back


def test_two_undos_lead_the_purposes_back(served):
    """The last import first, then the one before it: each purpose rests on what it rested on then."""
    states, runs = [], []
    for renewal in (RENEWED, RENEWED | {"consent_given_on": "02.03.2025", "publication": ""}):
        states.append(register())
        runs.append(served.load([person(number, **renewal) for number in PEOPLE]))
    for run in reversed(runs):
        undone(served, run)
        assert (register() == states.pop(), tally(run)) == (True, ("undone", 3, 3, 0))


def of_everything(crm):
    return {}


def of_one_activity(crm):
    return {"activity": ProcessingActivity.objects.get()}


@pytest.mark.parametrize("which", [of_everything, of_one_activity])
def test_blocked_person_is_left_and_listed(served, which):
    """Blocked before the file came, so nothing was changed since; what it brought stays: the data are stored only."""
    blocked(2, **which(served))
    header = ["crm_id", "surname", "email_opt_out"]
    rows = [person(number, email_opt_out="yes") for number in PEOPLE]
    run = served.load(csv_of(rows, header=header))
    assert served.counts(run) == {"changed": 3}
    assert outlook(run) == (0, 3, 1, False, 0)
    undone(served, run)
    assert (tally(run), left(run)) == (("undone", 3, 2, 1), [(0, "C0000002", [BLOCKED])])
    assert list(Suppression.objects.values_list("subject__crm_id")) == [("C0000002",)]


def test_block_that_is_being_set_is_waited_for(served):
    """An officer is in the middle of blocking a person when the undo comes to them: it waits, sees, and leaves the person."""
    run = served.load([person(number, phone="87020000001") for number in PEOPLE])
    take_for_undo(run, **served.acting)
    with an_officer_meanwhile(lambda: blocked(1)):
        undo(run, **served.acting)
    assert (tally(run), left(run)) == (("undone", 3, 2, 1), [(0, "C0000001", [BLOCKED])])
    assert of(1).phone == "+77020000001"
