"""Undo of an import. What a run did is taken back by new history; what changed since is listed and left."""

import datetime as dt
import json

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry.imports import storage
from registry.imports.apply import AlreadyTaken, cancel
from registry.imports.undo import take as take_for_undo
from registry.imports.undo import undo
from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.models import (
    Consent,
    DataSubject,
    ImportRun,
    JournalEntry,
    SubjectCategory,
    SubjectInCategory,
    Suppression,
)
from tests import factories

from .crm import consent, csv_of, person
from .test_races import an_officer_meanwhile, change_the_phone, record_a_consent
from .undoing import (
    LEFT,
    RENEWED,
    by_an_officer,
    change_phone,
    give_the_consent_to_another,
    left,
    of,
    register,
    tally,
    undone,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chunks_of_two")]


KNOWN = [
    person(1),
    person(2, **consent()),
    person(3, **consent(consent_expires_on="")),
    person(4, agreement_number="A-4"),
    person(5),
    person(6, **consent()),
]
NEXT_WEEK = [
    person(1, phone="87020000001", surname="Иванова", patronymic="Мұратқызы"),
    person(2, **RENEWED),
    person(3, **consent()),
    person(4, agreement_number="A-4", agreement_on="11.09.2024"),
    person(5, agreement_number="A-5", agreement_on="11.09.2024", **consent()),
    person(6, **consent()),
    person(7, agreement_number="A-7", **consent()),
    person(8, email="x"),
    person(9, **consent()),
]


def test_everything_a_run_did_is_taken_back(crm):
    """New people, changed fields, a renewal with the end it brought, consents and agreements: as if it had not been."""
    crm.load(KNOWN)
    before, histories = register(), DataSubject.history.count()
    run = crm.load(NEXT_WEEK)
    assert crm.counts(run) == {"new": 2, "changed": 5, "same": 1, "rejected": 1}
    assert register() != before
    undone(crm, run)
    assert register() == before
    assert tally(run) == ("undone", 7, 7, 0)
    assert (run.rows_expected, run.undone_at is not None, run.undone_by) == (7, True, None)
    assert DataSubject.history.count() == histories + 2 * 3  # two made and deleted, one changed and changed back
    assert list(findings()) == []


def test_undo_is_new_history_with_its_reason(crm):
    """Nothing that was recorded goes away: the way back is recorded after it, by whom and why."""
    run = crm.load([person(1, **consent())])
    entries = list(JournalEntry.objects.order_by("seq").values())
    undone(crm, run, reason="the wrong file")
    assert list(JournalEntry.objects.order_by("seq").values())[: len(entries)] == entries
    added = JournalEntry.objects.filter(seq__gt=entries[-1]["seq"]).order_by("seq")
    assert list(added.values_list("action", "object_type", "run")) == [
        ("delete", "consent", run.pk),
        ("delete", "datasubject", run.pk),
        ("import.undo", "importrun", run.pk),
    ]
    assert json.loads(added.last().body)["count"] == 1
    rows = DataSubject.history.order_by("history_id").values_list("history_type", "history_change_reason")
    assert list(rows) == [("+", f"CRM import #{run.pk}"), ("-", "the wrong file")]


def test_reason_given_at_the_beginning_is_that_of_whoever_goes_on(crm):
    """After a crash nobody has to give it again; without one the number of the import stands there."""
    run = crm.load([person(1)])
    undo(take_for_undo(run, **crm.acting, reason="the wrong file"), **crm.acting)
    other = crm.load([person(1)])
    undone(crm, other)
    reasons = (
        DataSubject.history.filter(history_type="-").order_by("pk").values_list("history_change_reason", flat=True)
    )
    assert list(reasons) == ["the wrong file", f"Undo of CRM import #{other.pk}"]
    assert not storage.plan_of(run).exists()


def test_opt_out_that_a_run_recorded_goes_with_it(crm):
    """“Email Opt Out” of a file that should not have been imported does not stay behind."""
    crm.load([person(1)])
    before = register()
    rows = [person(number, email_opt_out="yes") for number in (1, 2)]
    run = crm.load(csv_of(rows, header=["crm_id", "surname", "email_opt_out"]))
    assert Suppression.objects.count() == 2
    undone(crm, run)
    assert (register() == before, tally(run)) == (True, ("undone", 2, 2, 0))


def change_and_change_back():
    subject = of(2)
    by_an_officer(subject, phone="+77050000003")
    by_an_officer(subject, phone="+77010000002")


def withdraw():
    with unit_of_work(by=7, role="dpo", operator="lapp"):
        Consent.objects.get(subject=of(2)).withdraw(by=None, at=timezone.now())


def put_into_a_category():
    category = factories.save(SubjectCategory(operator=of(2).operator, code="customer", name_en="Customers"))
    by_an_officer(SubjectInCategory(subject=of(2), category=category, operator=category.operator))


def record_an_opt_out():
    by_an_officer(Suppression(subject=of(2), channel="email", since_on=dt.date(2025, 1, 1)))


@pytest.mark.parametrize(
    "act",
    [
        change_phone,
        change_and_change_back,
        withdraw,
        put_into_a_category,
        record_an_opt_out,
        give_the_consent_to_another,
    ],
)
def test_person_changed_since_is_left_and_listed(crm, act):
    """Whoever an officer dealt with after the import stays as the officer left them, with all that is theirs."""
    run = crm.load([person(number, **consent()) for number in range(1, 6)])
    act()
    subject = DataSubject.objects.filter(crm_id="C0000002").values().get()
    undone(crm, run)
    assert tally(run) == ("undone", 5, 4, 1)
    assert DataSubject.objects.filter(crm_id__lt="C0000009").values().get() == subject
    assert Consent.objects.count() == 1
    assert left(run) == [(0, "C0000002", [LEFT])]
    assert run.expires_at is not None
    assert list(findings()) == []


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("act", [change_the_phone, record_a_consent])
def test_change_that_is_not_committed_yet_is_not_taken_back(crm, act):
    """An officer is in the middle of a change when the undo comes to that person: it waits, sees, and leaves the person."""
    run = crm.load([person(1), person(2)])
    take_for_undo(run, **crm.acting)
    with an_officer_meanwhile(act):
        undo(run, **crm.acting)
    assert (tally(run), left(run)) == (("undone", 2, 1, 1), [(0, "C0000001", [LEFT])])
    assert JournalEntry.objects.filter(actor=7).exists()


def test_left_person_stands_in_the_columns_of_the_file(crm):
    """The list can go back to the CRM: its own header, the id in its own place."""
    run = crm.load("Фамилия;Телефон;ID\nИванова;87010000001;C0000002\n".encode())
    change_phone()
    undone(crm, run)
    assert run.listed_rows.get(kind="left").cells == ["", "", "C0000002"]


def test_person_gone_since_is_listed_too(crm):
    """Somebody deleted the person by hand meanwhile: there is nothing to put back, and it is said."""
    crm.load([person(1), person(2)])
    run = crm.load([person(1, phone="87020000001"), person(2, phone="87020000002")])
    with unit_of_work(by=7, role="dpo", operator="lapp"):
        of(2).delete()
    undone(crm, run)
    assert tally(run) == ("undone", 2, 1, 1)
    assert left(run) == [(0, "", ["the person is no longer in the register: there is nothing to put back"])]
    assert of(1).phone == "+77010000001"


def test_person_who_was_only_looked_at_is_put_back(crm):
    """Reading changes nothing."""
    from registry.journal import record

    run = crm.load([person(1)])
    with unit_of_work(by=7, role="dpo", operator="lapp"):
        record("view", object_type="datasubject", uid=of(1).uid, subjects=[of(1).uid])
    undone(crm, run)
    assert (tally(run), DataSubject.objects.count()) == (("undone", 1, 1, 0), 0)


def test_lists_that_had_their_time_do_not_come_back(crm):
    """Weeks after the import nothing is kept of its lists: undoing it has nothing to keep, but whom it leaves."""
    crm.load([person(1), person(2)])
    run = crm.load([person(1, phone="87020000001")])
    storage.purge_expired(run.expires_at)
    run = undone(crm, ImportRun.objects.get(pk=run.pk))
    assert (run.missing, run.state, run.expires_at) == (1, "undone", None)


def test_plan_cannot_be_undone(crm):
    """A plan, also one that was given up, wrote nothing."""
    run = crm.plan([person(1)])
    with pytest.raises(AlreadyTaken):
        take_for_undo(run, **crm.acting)
    cancel(run, **crm.acting)
    with pytest.raises(AlreadyTaken):
        take_for_undo(run, **crm.acting)


def test_run_that_changed_nothing_is_undone_at_once(crm):
    """The same file a second time did nothing: undoing it does nothing either."""
    crm.load([person(1)])
    run = crm.load([person(1)])
    undone(crm, run)
    assert (tally(run), DataSubject.objects.count()) == (("undone", 0, 0, 0), 1)


def test_only_the_owner_or_a_dpo_undoes(crm, lapp, kazger):
    """Another registrar's import is not mine to undo; a DPO's word is enough."""
    owner, other = (factories.make_user("registrar", lapp, username=name) for name in ("aigul", "serik"))
    run = crm.load([person(1)])
    ImportRun.objects.filter(pk=run.pk).update(owner=owner)
    run.refresh_from_db()
    for by, role in ((other, "registrar"), (None, "system")):
        with pytest.raises(PermissionDenied):
            take_for_undo(run, by=by, role=role)
    assert ImportRun.objects.get(pk=run.pk).state == "applied"
    dpo = factories.make_user("dpo", lapp)
    undo(take_for_undo(run, by=dpo, role="dpo"), by=dpo, role="dpo")
    assert (run.state, run.undone_by, run.step_by, run.step_role) == ("undone", dpo, dpo, "dpo")
    assert {entry.actor for entry in JournalEntry.objects.filter(run=run.pk, action="delete")} == {dpo.pk}


cells = st.fixed_dictionaries(
    {"phone": st.sampled_from(["87010000001", "87020000002"]), "surname": st.sampled_from(["Қасымова", "Ким"])},
    optional={
        "patronymic": st.sampled_from(["", "Мұратқызы"]),
        "agreement": st.sampled_from(["11.09.2024", "12.09.2024", ""]),
        "consent": st.sampled_from(["11.09.2024", "12.09.2024", "01.03.2023"]),
        "publication": st.sampled_from(["да", "нет", ""]),
        "email": st.sampled_from(["", "a@b.kz", "x"]),
    },
)


def row(number, given):
    more = {name: given[name] for name in ("phone", "surname", "patronymic", "email") if name in given}
    if "agreement" in given:
        more |= {"agreement_number": "A", "agreement_on": given["agreement"]}
    if "consent" in given:
        more |= consent(
            consent_given_on=given["consent"], consent_expires_on="", publication=given.get("publication", "")
        )
    return person(number, **more)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(files=st.lists(st.dictionaries(st.integers(1, 6), cells, min_size=1), min_size=1, max_size=3))
def test_undo_of_any_files_leads_back_step_by_step(crm, files):
    """Whatever the register holds and the files say: undone in turn from the last on, each undo gives what was before."""
    runs = [crm.load([row(number, given) for number, given in files[0].items()])]
    states = []
    for file in files[1:]:
        states.append(register())
        runs.append(crm.load([row(number, given) for number, given in file.items()]))
    for run in reversed(runs[1:]):
        undone(crm, run)
        assert (run.left, register() == states.pop()) == (0, True)
    undone(crm, runs[0])
    assert DataSubject.objects.count() == 0
    assert list(findings()) == []
