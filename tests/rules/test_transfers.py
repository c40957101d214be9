"""The gate of a cross-border transfer on plain values, without a database."""

import datetime as dt
import itertools

import pytest

from registry.rules.localisation import DatabaseFacts
from registry.rules.transfers import (
    PolicyClauses,
    Protection,
    TransferFacts,
    checklist,
    resume_blockers,
    suspend_blockers,
    suspension,
    transfer_blockers,
)


def day(number):
    return dt.date(2026, 3, number)


TODAY = day(20)
KZ = Protection("KZ-94-V")
NOWHERE = TransferFacts(
    on=TODAY,
    today=TODAY,
    country="",
    own_country="KZ",
    protections=(KZ,),
    only_protecting_states=False,
    mechanism="",
    document="",
    databases=(),
    clauses=PolicyClauses(notice="10.1", information="10.2", protection="10.4", consent="10.3"),
)
# What each step records, and on which the start leans. KazGer: its policy asks for a notice, the law does not.
STEPS = {
    "place": {"country": "TR"},
    "mechanism": {"mechanism": "consent"},
    "base at home": {"databases": (DatabaseFacts("CRM", "KZ"),)},
    "information": {"information_received_on": day(2)},
    "notice": {"authority_notified_on": day(3)},
    "start": {"started_on": day(4)},
}
READY = NOWHERE._replace(**{name: value for step in list(STEPS.values())[:-1] for name, value in step.items()})
STARTED = READY._replace(started_on=day(4))


def codes(found):
    return [each.code for each in found]


def is_right(order):
    """Information before notice, and the start after everything."""
    return order[-1] == "start" and order.index("information") < order.index("notice")


def refused_steps(order):
    """The steps that are refused when they are entered one by one in that order; what is refused is not recorded."""
    facts, refused = NOWHERE, []
    for step in order:
        tried = facts._replace(**STEPS[step])
        if found := transfer_blockers(tried):
            assert all(each.topic or each.clause for each in found), found
            refused.append(step)
        else:
            facts = tried
    return refused


def test_every_order_of_the_steps_but_the_right_one_is_refused():
    """Of all 720 orders, those pass that have information before notice and the start last; each refusal names what it rests on."""
    passed = {order for order in itertools.permutations(STEPS) if not refused_steps(order)}
    assert passed == {order for order in itertools.permutations(STEPS) if is_right(order)}
    assert len(passed) == 60  # 5! ÷ 2


@pytest.mark.parametrize(
    ("changes", "code", "sentence", "clause"),
    [
        ({"country": ""}, "no-country", "The country is not known. Enter where the data go.", ""),
        (
            {"mechanism": ""},
            "no-mechanism",
            "TR is not known to ensure protection under KZ-94-V, and nothing recorded opens it. "
            "Record the consent, the treaty or the law that does.",
            "10.3",
        ),
        (
            {"mechanism": "treaty"},
            "no-document",
            "The mechanism has no document. Name it, with number and date.",
            "10.3",
        ),
        ({"mechanism": "contract", "document": "7"}, "no-mechanism", None, "10.3"),
        ({"mechanism": "protecting_state"}, "no-mechanism", None, "10.3"),
        (
            {"databases": (DatabaseFacts("Copy", "DE"),)},
            "no-local-database",
            "None of the databases lies in Kazakhstan. Add the base to the databases of the activity.",
            "",
        ),
        (
            {"information_received_on": None, "authority_notified_on": None},
            "no-information",
            "The recipient has not told how it protects the data. Ask for it; enter the day it came.",
            "10.2",
        ),
        (
            {"authority_notified_on": None},
            "no-notice",
            "The authorised body has not been notified. Send the notice; enter its day and number.",
            "10.1",
        ),
        (
            {"information_received_on": day(4), "started_on": day(5)},
            "notice-before-information",
            "The recipient’s information comes before the notice. Obtain it first, then notify.",
            "10.1",
        ),
        (
            {"authority_notified_on": day(4)},
            "start-before-notice",
            "A transfer starts after the day of the notice, 04.03.2026. Check the two dates.",
            "10.1",
        ),
        (
            {"prohibited_on": day(4), "on": day(4)},
            "prohibited",
            "The authorised body prohibited it on 04.03.2026. It may start when the prohibition is lifted: clear the day then.",
            "",
        ),
    ],
)
def test_start_is_refused_while_a_step_is_missing(changes, code, sentence, clause):
    """Each missing step is named, with the clause of the policy that asks for it."""
    found = transfer_blockers(STARTED._replace(**changes))
    assert found[0].code == code and found[0].clause == clause
    assert sentence in (None, found[0].message)


def test_right_order_is_open():
    """Empty means open."""
    assert transfer_blockers(STARTED) == []


def test_law_of_kazakhstan_asks_for_no_notice():
    """Under 94-V alone, with a policy that asks for nothing, a transfer starts without information and notice."""
    plain = STARTED._replace(clauses=PolicyClauses(), information_received_on=None, authority_notified_on=None)
    assert transfer_blockers(plain) == []
    assert [step.state for step in checklist(plain) if step.code in ("information", "notice")] == ["not_asked"] * 2


FINDING = {"mechanism": "protecting_state", "document": "Finding 3 of 01.03.2026"}
NOT_PROTECTING = {"protections": (Protection("KZ-94-V", False, "order 1"),)}


@pytest.mark.parametrize(
    ("changes", "kazger", "lapp"),
    [
        ({}, [], ["only-protecting"]),
        (NOT_PROTECTING, [], ["only-protecting"]),
        (NOT_PROTECTING | FINDING, ["no-mechanism"], ["only-protecting"]),
        (FINDING, [], []),
        ({"protections": (Protection("KZ-94-V", True, "order 1"),), "mechanism": ""}, [], []),
    ],
    ids=[
        "unknown, consent",
        "not protecting, consent",
        "not protecting, own finding",
        "unknown, own finding",
        "protecting",
    ],
)
def test_lapp_is_stricter_than_the_law(changes, kazger, lapp):
    """Consent opens a state without protection for KazGer and never for Lapp (10.4); both may find what no list says."""
    assert codes(transfer_blockers(STARTED._replace(**changes))) == kazger
    strict = transfer_blockers(STARTED._replace(**changes, only_protecting_states=True))
    assert codes(strict) == lapp
    assert all(each.clause == "10.4" for each in strict)


RUSSIAN = STARTED._replace(
    protections=(KZ, Protection("RU-152-FZ")),
    clauses=PolicyClauses(),
    notice_laws=("RU-152-FZ",),
    waits=(("RU-152-FZ", day(17)),),
    started_on=day(18),
    on=day(18),
)


@pytest.mark.parametrize(("start", "found"), [(16, ["waiting"]), (17, ["waiting"]), (18, [])])
def test_152_fz_waits_after_the_notice(start, found):
    """To a state without protection nothing goes while the body may object: refused on the last day of the wait, open the day after."""
    blockers = transfer_blockers(RUSSIAN._replace(started_on=day(start), on=day(start)))
    assert codes(blockers) == found
    assert all((each.law, each.topic) == ("RU-152-FZ", "cross_border") for each in blockers)


def test_152_fz_does_not_wait_where_the_state_protects():
    """The wait is for states without protection."""
    protecting = (KZ, Protection("RU-152-FZ", True, "list"))
    assert transfer_blockers(RUSSIAN._replace(protections=protecting, started_on=day(4), on=day(4))) == []


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({}, ""),
        (NOT_PROTECTING, ""),  # consent carries it
        (NOT_PROTECTING | FINDING, "country"),
        (NOT_PROTECTING | FINDING | {"ended_on": day(19)}, ""),
        (NOT_PROTECTING | FINDING | {"ended_on": TODAY}, "country"),
        (NOT_PROTECTING | FINDING | {"started_on": None}, ""),
        ({"prohibited_on": TODAY}, "prohibited"),
        ({"prohibited_on": TODAY + dt.timedelta(days=1)}, ""),
        ({"databases": ()}, ""),  # a finding, but not about the state
    ],
)
def test_running_transfer_is_suspended_when_its_ground_goes(changes, why):
    """By the country where it leaned on its protection, by a prohibition from its day on; only while it runs."""
    assert suspension(STARTED._replace(**changes)) == why


def test_checklist_is_in_the_order_of_the_law():
    """Place, protection under each law, mechanism, base at home, information, notice, wait, start."""
    labels = [step.label for step in checklist(RUSSIAN)]
    assert labels == [
        "Place", "Protection under KZ-94-V", "Protection under RU-152-FZ", "Mechanism", "Base at home",
        "Information from the recipient", "Notice to the authorised body", "Wait and prohibition", "Start",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "protection", "mechanism"),
    [
        (NOT_PROTECTING, "not_asked", "done"),
        (NOT_PROTECTING | FINDING, "refused", "refused"),
        ({}, "not_asked", "done"),
        ({"mechanism": ""}, "open", "refused"),
        (FINDING, "done", "not_asked"),
    ],
    ids=["opened by consent", "no list agrees", "unknown, opened by consent", "unknown", "own finding"],
)
def test_protection_and_mechanism_stand_in_for_each_other(changes, protection, mechanism):
    """One of the two is enough; what the other opened is not shown as missing."""
    states = {step.label: step.state for step in checklist(READY._replace(**changes))}
    assert (states["Protection under KZ-94-V"], states["Mechanism"]) == (protection, mechanism)


@pytest.mark.parametrize("field", ["information_received_on", "authority_notified_on", "started_on"])
def test_step_of_a_day_to_come_is_refused(field):
    """A step is entered when it was taken: today, and not tomorrow."""
    plain = NOWHERE._replace(**STEPS["place"], **STEPS["mechanism"], **STEPS["base at home"], clauses=PolicyClauses())
    assert transfer_blockers(plain._replace(**{field: TODAY})) == []
    [found] = transfer_blockers(plain._replace(**{field: TODAY + dt.timedelta(days=1)}))
    assert (found.field, found.message) == (field, "21.03.2026 is still to come. Enter the day when it has come.")


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, []),
        ({"ended_on": TODAY}, []),
        ({"started_on": None}, ["not-started"]),
        ({"ended_on": day(19)}, ["ended"]),
    ],
    ids=["runs", "last day", "not started", "ended"],
)
def test_only_what_runs_is_suspended_by_hand(fields, found):
    """Up to its last day; before the start and after the end there is nothing to suspend."""
    assert codes(suspend_blockers(STARTED._replace(**fields))) == found


@pytest.mark.parametrize(
    ("suspended", "fields", "found"),
    [
        ("officer", {}, []),
        ("", {}, ["not-suspended"]),
        ("", {"started_on": None}, ["not-suspended"]),
        ("country", {}, ["country"]),
        ("prohibited", {}, ["prohibited"]),
        ("officer", {"ended_on": day(19)}, ["ended"]),
        ("officer", {"mechanism": ""}, ["no-mechanism"]),
        ("officer", {"prohibited_on": TODAY}, ["prohibited"]),
        ("officer", {"databases": (DatabaseFacts("Copy", "DE"),)}, ["no-local-database"]),
    ],
)
def test_what_was_suspended_by_hand_is_taken_up_when_every_step_stands(suspended, fields, found):
    """As on the day it is asked; what the law suspended is not for an officer to take up."""
    blockers = resume_blockers(STARTED._replace(**fields), suspended)
    assert codes(blockers) == found
    assert all(each.topic or each.clause for each in blockers)
