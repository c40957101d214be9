"""The gates of cases on plain values: what stands in the way of an act, and what does not."""

import datetime as dt

import pytest

from registry.choices import CaseAct, RequestKind, Trigger
from registry.rules.cases import (
    ASKED_ACTS,
    SUBJECT_KINDS,
    SURVEY,
    TRIGGERS,
    WITHOUT_IDENTITY,
    WITHOUT_PERSON,
    CaseFacts,
    DemandFacts,
    ExtensionFacts,
    act_blockers,
    answer_blockers,
    closing_blockers,
    demand_blockers,
    extension_blockers,
    identity_blockers,
    intake_blockers,
    open_blockers,
    person_blockers,
    refusal_blockers,
    withdrawal_blockers,
)

from .law_files import moment, rules_of

LAWS = ("KZ-94-V", "RU-152-FZ", "EU-GDPR")
RECEIVED, NOW = moment("2026-04-01"), moment("2026-04-02")
# A request for information of a known person, identified, that is not answered yet.
FACTS = CaseFacts("information", NOW, RECEIVED, has_subject=True, is_identified=True)
CLOSED = "The case is closed and stays as it is. Open it again: that makes a new case which follows this one."
UNSORTED = "Nobody has said yet what is asked for. Sort the case first."
STRANGER = "It is not established who asks. Check the identity first: an answer to a stranger is a breach."
NO_AUTHORITY = "The representative’s authority was not valid when the request came. Ask for the document."
NOT_ANSWERED = "No answer was sent. Send one, or a refusal with its norm."


def told(blockers):
    return [(blocker.message, blocker.field) for blocker in blockers]


# What sets a term running


def test_every_kind_of_request_says_what_it_sets_running():
    """No kind of request is without an entry, be it that no law gives it a term; a survey has its own."""
    assert set(TRIGGERS) == {*RequestKind.values, SURVEY}


def test_every_trigger_of_a_request_has_a_rule_in_some_law():
    """What a request sets running is a term of a law, so no request waits for a rule that nobody wrote."""
    ruled = {rule["trigger"] for law in LAWS for rule in rules_of(law).values()}
    assert {trigger for triggers in TRIGGERS.values() for trigger in triggers} <= ruled


# Terms of what the operator does or finds by itself; the records of that count them.
OF_NO_REQUEST = {
    "storage_end", "distribution_consent", "distribution_enforced", "third_party_transfer", "cross_border_notice",
    "security_breach", "security_breach_inquiry", "destruction_impossible", "destruction_act", "processing_start",
    "processing_stop", "processing_ended", "registered_data_changed",
}  # fmt: skip


def test_every_rule_of_a_law_is_set_running_by_a_request_or_by_no_request_at_all():
    """A rule nobody asks for would never be counted: its trigger is one of a request, or named here."""
    asked = {trigger for triggers in TRIGGERS.values() for trigger in triggers}
    assert asked.isdisjoint(OF_NO_REQUEST)
    assert {rule["trigger"] for law in LAWS for rule in rules_of(law).values()} == asked | OF_NO_REQUEST == set(Trigger)


def test_unsorted_request_sets_everything_running_that_a_person_can_ask():
    """Until somebody says what is asked for, the shortest term of any request of a person counts; none of a state body."""
    every = {trigger for kind in SUBJECT_KINDS for trigger in TRIGGERS[kind]}
    assert set(TRIGGERS["unsorted"]) == every
    assert len(TRIGGERS["unsorted"]) == len(every)
    assert not every & {Trigger.AUTHORITY_REQUEST, Trigger.AUTHORITY_SURVEY}


# Intake


@pytest.mark.parametrize(
    ("received", "number", "told_of"),
    [
        ("2026-04-02T12:00", None, []),  # this very moment
        ("2026-04-02T12:00:01", None, [("It cannot have been received in the future. Correct “received”.", "received_at")]),
        ("2026-04-01", "17-3/5", []),
        (
            "2026-04-01", "  ",
            [("A request of a state body has a number. Enter it, or “б/н” where the letter bears none.", "body_number")],
        ),
    ],
)  # fmt: skip
def test_intake(received, number, told_of):
    """Nothing is received in the future, and the letter of a state body has a number."""
    assert told(intake_blockers(FACTS._replace(received_at=moment(received)), number=number)) == told_of


# A closed case, and who the person is


@pytest.mark.parametrize("gate", [open_blockers, person_blockers, identity_blockers, answer_blockers, closing_blockers])
def test_closed_case_is_not_changed(gate):
    """Whatever is asked of a closed case is refused by the same sentence; an open one hears nothing of it."""
    assert (CLOSED, "") in told(gate(FACTS._replace(is_closed=True)))
    assert (CLOSED, "") not in told(gate(FACTS))


def test_records_of_a_person_wait_for_the_person():
    """Nothing is done to the records of somebody who is not found yet."""
    assert told(person_blockers(FACTS)) == []
    assert told(person_blockers(FACTS._replace(has_subject=False))) == [("Find the person first.", "subject")]


@pytest.mark.parametrize("kind", RequestKind.values)
def test_identity_is_that_of_the_person_found(kind):
    """An identity is checked against the person on record; only who may be unknown to the register is asked for without one."""
    facts = FACTS._replace(kind=kind, has_subject=False)
    expected = (
        [] if kind in WITHOUT_PERSON else [("Find the person first: it is their identity that is checked.", "subject")]
    )
    assert told(identity_blockers(facts)) == expected
    assert told(identity_blockers(facts._replace(has_subject=True))) == []


# Answer and refusal


@pytest.mark.parametrize("kind", [*RequestKind.values, SURVEY])
def test_answer_goes_only_to_whom_is_known(kind):
    """Who asks for data, or for something done to them, proves who they are; who complains or opts out, or is a state body, need not."""
    facts = FACTS._replace(kind=kind, is_identified=False)
    if kind == "unsorted":
        expected = [(UNSORTED, "kind")]
    elif kind in WITHOUT_IDENTITY or kind in ("authority", SURVEY):
        expected = []
    else:
        expected = [(STRANGER, "identity_method")]
    assert told(answer_blockers(facts)) == expected
    assert told(answer_blockers(facts._replace(is_identified=True))) == (
        [(UNSORTED, "kind")] if kind == "unsorted" else []
    )


def test_kinds_without_identity():
    """By hand, so that a slip shows: nothing about a person is told to whoever asks one of these."""
    assert set(WITHOUT_IDENTITY) == {"opt_out", "complaint", "claim", "other"}


@pytest.mark.parametrize(
    ("has_representative", "has_authority", "told_of"),
    [(False, False, []), (True, True, []), (True, False, [(NO_AUTHORITY, "representative")])],
)
def test_representative_has_authority(has_representative, has_authority, told_of):
    """Who speaks for another shows a document that was valid when the request came."""
    facts = FACTS._replace(has_representative=has_representative, has_authority=has_authority)
    assert told(answer_blockers(facts)) == told_of


@pytest.mark.parametrize(
    ("has_norm", "text", "told_of"),
    [
        (True, "The archive is closed by law.", []),
        (False, "We would rather not.", [("A refusal rests on a norm. Choose the one that allows it.", "norm")]),
        (True, " \n", [("A refusal gives its reasons. Write them.", "text")]),
    ],
)
def test_refusal_has_a_norm_and_reasons(has_norm, text, told_of):
    """A refusal names the norm that allows it and says why it applies."""
    assert told(refusal_blockers(FACTS, has_norm=has_norm, text=text)) == told_of


def test_stranger_is_not_refused_either():
    """A refusal, too, says that the person is on record: it waits for the identity like an answer."""
    stranger = FACTS._replace(is_identified=False)
    assert told(refusal_blockers(stranger, has_norm=True, text="No.")) == [(STRANGER, "identity_method")]


# Extension

ENDS = moment("2026-04-15T19:00:00Z")
EXTENDABLE = ExtensionFacts((ENDS,), False, "Archives are searched.")


@pytest.mark.parametrize(
    ("now", "changes", "told_of"),
    [
        ("2026-04-15T18:59:59Z", {}, []),  # the last second of the term
        (
            "2026-04-15T19:00:00Z", {},
            [("The term has ended. A notice of extension is sent before it does; answer now.", "")],
        ),
        ("2026-04-15T19:00:00Z", {"ends_at": (ENDS, ENDS + dt.timedelta(days=1))}, []),  # the longer one still runs
        ("2026-04-02", {"ends_at": ()}, [("None of the terms of this case can be extended.", "")]),
        ("2026-04-02", {"was_extended": True}, [("The term was extended once; a second time no law allows.", "")]),
        ("2026-04-02", {"was_extended": True, "ends_at": ()}, [("The term was extended once; a second time no law allows.", "")]),
        ("2026-04-02", {"reasons": " "}, [("The notice gives the reasons. Write them.", "text")]),
    ],
)  # fmt: skip
def test_extension(now, changes, told_of):
    """A term is extended once, by a reasoned notice sent before it ends."""
    assert told(extension_blockers(FACTS._replace(now=moment(now)), EXTENDABLE._replace(**changes))) == told_of


def test_closed_case_is_not_extended():
    """A closed case has no term that could be longer."""
    assert told(extension_blockers(FACTS._replace(is_closed=True), EXTENDABLE)) == [(CLOSED, "")]


# Closing

NOT_DONE = {
    "rectification": "data changed or added",
    "blocking": "data blocked",
    "unblocking": "data unblocked",
    "destruction": "data destroyed",
    "withdrawal": "withdrawal of consent carried out",
    "stop_processing": "processing stopped",
    "opt_out": "messages stopped",
    "automated_objection": "decision reviewed by a person",
    "stop_distribution": "removed from public sources",
    SURVEY: "survey carried out",
}


@pytest.mark.parametrize("kind", [*RequestKind.values, SURVEY])
def test_case_is_closed_when_the_applicant_was_told(kind):
    """Without an answer or a refusal no case is closed as met; one that nobody has sorted not at all."""
    acts = frozenset(CaseAct.values)
    waiting = told(closing_blockers(FACTS._replace(kind=kind, acts=acts)))
    assert waiting == ([(UNSORTED, "kind")] if kind == "unsorted" else [(NOT_ANSWERED, "")])
    answered = told(closing_blockers(FACTS._replace(kind=kind, acts=acts, answered=True)))
    assert answered == ([(UNSORTED, "kind")] if kind == "unsorted" else [])


@pytest.mark.parametrize("kind", NOT_DONE)
def test_case_is_closed_when_what_it_asks_for_has_happened(kind):
    """An answer is not enough where something was to be done: the act is recorded, whatever else was done."""
    others = frozenset(set(CaseAct.values) - set(ASKED_ACTS[kind]))
    facts = FACTS._replace(kind=kind, answered=True, acts=others)
    message = f"What is asked for has not happened: “{NOT_DONE[kind]}” is not recorded."
    assert told(closing_blockers(facts)) == [(message, "")]
    for act in ASKED_ACTS[kind]:
        assert closing_blockers(facts._replace(acts=frozenset((act,)))) == []


def test_every_kind_that_asks_for_an_act_is_tried():
    """The table above is whole: information, complaints, claims and requests of state bodies are met by the answer."""
    assert set(NOT_DONE) == set(ASKED_ACTS)


def test_data_that_cannot_be_changed_are_destroyed():
    """A request to change is met by destruction, too, where a change is impossible (94-V art. 25(2)(8))."""
    assert ASKED_ACTS["rectification"] == ("rectified", "destroyed")


def test_refused_case_needs_no_act():
    """What was refused with reasons need not happen; what the register still says against it does not matter."""
    facts = FACTS._replace(kind="withdrawal", refused=True, undone="Consents of the person are still in force.")
    assert closing_blockers(facts) == []
    assert told(closing_blockers(facts._replace(refused=False, answered=True))) == [
        ("Consents of the person are still in force.", "")
    ]


def test_what_the_register_says_counts_more_than_a_step():
    """A step “carried out” does not close a withdrawal while consents are in force."""
    done = FACTS._replace(kind="withdrawal", answered=True, acts=frozenset(("withdrawn",)))
    assert closing_blockers(done) == []
    assert told(closing_blockers(done._replace(undone="Consents are in force."))) == [("Consents are in force.", "")]


# A demand to stop distribution

WHOLE = DemandFacts("Kasymova Asem", "+77077356312", "phone, e-mail", "5.8.3")


@pytest.mark.parametrize(
    ("demand", "lacking"),
    [
        (None, []),  # no law of the operator asks for it
        (WHOLE, []),
        (WHOLE._replace(name="Asem"), [("no-full-name", "applicant_name")]),
        (WHOLE._replace(contact=" "), [("no-contact", "applicant_contact")]),
        (WHOLE._replace(data_list=""), [("no-data-list", "demand")]),
        (
            DemandFacts("", "", ""),
            [("no-full-name", "applicant_name"), ("no-contact", "applicant_contact"), ("no-data-list", "demand")],
        ),
    ],
)
def test_demand_to_stop_distribution_names_person_contact_and_data(demand, lacking):
    """What it lacks stands in the way of carrying it out, with the law and the clause; of a note it does not."""
    facts = FACTS._replace(kind="stop_distribution", demand=demand)
    for found in (demand_blockers(facts), withdrawal_blockers(facts), act_blockers(facts, "removed")):
        assert [(blocker.code, blocker.field) for blocker in found] == lacking
        assert {blocker.law for blocker in found} <= {"RU-152-FZ"}
        assert all(blocker.clause == demand.clause for blocker in found)
    assert act_blockers(facts, "note") == []
