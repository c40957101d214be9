"""What may be done with a case, and when it may be closed. Gates take plain values and return what stands in the way."""

import datetime as dt
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import CaseAct, NormTopic, RequestKind, Trigger
from registry.rules.blockers import Blocker

SURVEY = "survey"
RU_LAW = "RU-152-FZ"

# Which terms a request sets running when it is received. What the law counts from a finding of the operator (inaccuracy or unlawful
# processing confirmed) is counted from receipt, too: the operator could have found out on that day, and no day is later than that.
TRIGGERS = {
    RequestKind.INFORMATION: (Trigger.INFORMATION_REQUEST, Trigger.INFORMATION_REFUSAL, Trigger.RIGHTS_REQUEST),
    RequestKind.RECTIFICATION: (Trigger.RECTIFICATION_REQUEST, Trigger.INACCURACY_CONFIRMED, Trigger.RIGHTS_REQUEST),
    RequestKind.BLOCKING: (Trigger.BREACH_REPORTED, Trigger.RIGHTS_REQUEST),
    RequestKind.UNBLOCKING: (Trigger.BREACH_NOT_CONFIRMED, Trigger.RIGHTS_REQUEST),
    RequestKind.DESTRUCTION: (Trigger.UNLAWFUL_CONFIRMED, Trigger.ONLINE_DELETION, Trigger.RIGHTS_REQUEST),
    RequestKind.WITHDRAWAL: (Trigger.WITHDRAWAL, Trigger.RIGHTS_REQUEST),
    RequestKind.STOP_PROCESSING: (Trigger.STOP_DEMAND, Trigger.WITHDRAWAL, Trigger.RIGHTS_REQUEST),
    RequestKind.OPT_OUT: (Trigger.MARKETING_STOP, Trigger.WITHDRAWAL, Trigger.RIGHTS_REQUEST),
    RequestKind.AUTOMATED_OBJECTION: (Trigger.AUTOMATED_OBJECTION, Trigger.RIGHTS_REQUEST),
    RequestKind.STOP_DISTRIBUTION: (
        Trigger.DISTRIBUTION_STOP,
        Trigger.PUBLICATION_REMOVAL,
        Trigger.RIGHTS_REQUEST,
    ),
    RequestKind.COMPLAINT: (),
    RequestKind.CLAIM: (),
    RequestKind.OTHER: (),
    RequestKind.AUTHORITY: (Trigger.AUTHORITY_REQUEST,),
    SURVEY: (Trigger.AUTHORITY_SURVEY,),
}
SUBJECT_KINDS = tuple(kind for kind in RequestKind if kind != RequestKind.AUTHORITY)
# Nobody knows yet what it asks for: until it is sorted the shortest term of any request counts.
TRIGGERS[RequestKind.UNSORTED] = tuple(
    dict.fromkeys(trigger for kind in SUBJECT_KINDS for trigger in TRIGGERS.get(kind, ()))
)

# One of these must have happened before a request of the kind is closed as met.
ASKED_ACTS = {
    RequestKind.RECTIFICATION: (CaseAct.RECTIFIED, CaseAct.DESTROYED),
    RequestKind.BLOCKING: (CaseAct.BLOCKED,),
    RequestKind.UNBLOCKING: (CaseAct.UNBLOCKED,),
    RequestKind.DESTRUCTION: (CaseAct.DESTROYED,),
    RequestKind.WITHDRAWAL: (CaseAct.WITHDRAWN,),
    RequestKind.STOP_PROCESSING: (CaseAct.STOPPED,),
    RequestKind.OPT_OUT: (CaseAct.OPTED_OUT,),
    RequestKind.AUTOMATED_OBJECTION: (CaseAct.REVIEWED,),
    RequestKind.STOP_DISTRIBUTION: (CaseAct.REMOVED,),
    SURVEY: (CaseAct.SURVEYED,),
}
# Whoever asks to be left in peace, or complains, need not prove who they are: nothing about a person is given to them.
WITHOUT_IDENTITY = (RequestKind.OPT_OUT, RequestKind.COMPLAINT, RequestKind.CLAIM, RequestKind.OTHER)
# Whoever asks one of these may be somebody whom the register does not hold: the answer then is that nothing is held.
WITHOUT_PERSON = (RequestKind.INFORMATION, RequestKind.COMPLAINT, RequestKind.CLAIM, RequestKind.OTHER)


# Done on a demand to stop distribution.
STOPPING = (CaseAct.WITHDRAWN, CaseAct.REMOVED)


class DemandFacts(NamedTuple):
    """What a demand to stop distribution must name (152-FZ art. 10.1(12)), as it says it or the register knows it of the person."""

    name: str
    contact: str
    data_list: str
    clause: str = ""


class CaseFacts(NamedTuple):
    """A case as the gates see it.

    `acts` are those done since it was received; `undone` says what of the register still stands against it (consents in force after
    a withdrawal, say). `answered` and `refused`: a letter of that kind was sent. `owed`: recipients still to be told. `demand`: where
    a law of the operator says what it must name.
    """

    kind: str
    now: dt.datetime
    received_at: dt.datetime
    is_closed: bool = False
    has_subject: bool = False
    is_identified: bool = False
    has_representative: bool = False
    has_authority: bool = False
    answered: bool = False
    refused: bool = False
    acts: frozenset[str] = frozenset()
    undone: str = ""
    owed: tuple[str, ...] = ()
    demand: DemandFacts | None = None


def intake_blockers(facts: CaseFacts, *, number: str | None = None) -> list[Blocker]:
    """Why a case cannot be recorded as it stands. `number` is that of an authorised body's request; None for others."""
    found = []
    if facts.received_at > facts.now:
        found.append(Blocker("received-in-future", _("It cannot have been received in the future. Correct “received”."),
                             NormTopic.SUBJECT_RIGHTS, "received_at"))  # fmt: skip
    if number is not None and not number.strip():
        message = _("A request of a state body has a number. Enter it, or “б/н” where the letter bears none.")
        found.append(Blocker("no-number", message, NormTopic.SUBJECT_RIGHTS, "body_number"))
    return found


def open_blockers(facts: CaseFacts) -> list[Blocker]:
    """A closed case is not changed any more."""
    if not facts.is_closed:
        return []
    message = _("The case is closed and stays as it is. Open it again: that makes a new case which follows this one.")
    return [Blocker("closed", message, NormTopic.SUBJECT_RIGHTS)]


def person_blockers(facts: CaseFacts) -> list[Blocker]:
    """What is done to the records of a person waits until it is known whose they are."""
    found = open_blockers(facts)
    if not facts.has_subject:
        found.append(Blocker("no-person", _("Find the person first."), NormTopic.SUBJECT_RIGHTS, "subject"))
    return found


def act_blockers(facts: CaseFacts, act: str) -> list[Blocker]:
    """Whether an act may be recorded in the case."""
    return [*open_blockers(facts), *(demand_blockers(facts) if act in STOPPING else [])]


def withdrawal_blockers(facts: CaseFacts) -> list[Blocker]:
    """Consents of a known person are withdrawn, on a demand that names what the law asks of it."""
    return [*person_blockers(facts), *demand_blockers(facts)]


def demand_blockers(facts: CaseFacts) -> list[Blocker]:
    """What a demand to stop distribution lacks to be carried out (152-FZ art. 10.1(12)). Whoever is identified need not say again
    who they are: the register knows."""
    if facts.demand is None:
        return []
    asked = (
        (
            "no-full-name",
            len(facts.demand.name.split()) > 1,
            _("The demand does not say the surname and the given name. Find the person, or ask the applicant."),
            "applicant_name",
        ),
        (
            "no-contact",
            facts.demand.contact.strip(),
            _("The demand names no phone, e-mail or postal address. Enter the one it came from, or ask the applicant."),
            "applicant_contact",
        ),
        (
            "no-data-list",
            facts.demand.data_list.strip(),
            _(
                "It is not recorded which data must no longer be distributed. Enter them as what is asked for, or ask the applicant."
            ),
            "demand",
        ),
    )
    return [
        Blocker(code, message, NormTopic.DISTRIBUTION, field, RU_LAW, facts.demand.clause)
        for code, is_named, message, field in asked
        if not is_named
    ]


def identity_blockers(facts: CaseFacts) -> list[Blocker]:
    """An identity is checked against the person of the register, where the request is about one."""
    found = open_blockers(facts)
    if not facts.has_subject and facts.kind not in WITHOUT_PERSON:
        message = _("Find the person first: it is their identity that is checked.")
        found.append(Blocker("no-person", message, NormTopic.SUBJECT_RIGHTS, "subject"))
    return found


def answer_blockers(facts: CaseFacts) -> list[Blocker]:
    """What must be known before an answer or a refusal may leave (94-V art. 25(2)(6)–(7), 152-FZ art. 14, GDPR art. 12)."""
    found = open_blockers(facts)
    if facts.kind == RequestKind.UNSORTED:
        found.append(Blocker("unsorted", _("Nobody has said yet what is asked for. Sort the case first."),
                             NormTopic.SUBJECT_RIGHTS, "kind"))  # fmt: skip
    if facts.kind in (RequestKind.AUTHORITY, SURVEY, RequestKind.UNSORTED, *WITHOUT_IDENTITY):
        return found
    if not facts.is_identified:
        message = _("It is not established who asks. Check the identity first: an answer to a stranger is a breach.")
        found.append(Blocker("no-identity", message, NormTopic.SUBJECT_RIGHTS, "identity_method"))
    if facts.has_representative and not facts.has_authority:
        message = _("The representative’s authority was not valid when the request came. Ask for the document.")
        found.append(Blocker("no-authority", message, NormTopic.SUBJECT_RIGHTS, "representative"))
    return found


def refusal_blockers(facts: CaseFacts, *, has_norm: bool, text: str) -> list[Blocker]:
    """A refusal names its norm and its reasons (94-V art. 25(2)(7), 152-FZ art. 20(2), GDPR art. 12(4))."""
    found = answer_blockers(facts)
    if not has_norm:
        message = _("A refusal rests on a norm. Choose the one that allows it.")
        found.append(Blocker("no-norm", message, NormTopic.SUBJECT_RIGHTS, "norm"))
    if not text.strip():
        message = _("A refusal gives its reasons. Write them.")
        found.append(Blocker("no-reasons", message, NormTopic.SUBJECT_RIGHTS, "text"))
    return found


class ExtensionFacts(NamedTuple):
    """ends_at: the first moments too late of the terms that can be extended and are not yet."""

    ends_at: tuple[dt.datetime, ...]
    was_extended: bool
    reasons: str


def extension_blockers(facts: CaseFacts, extension: ExtensionFacts) -> list[Blocker]:
    """One extension, by a reasoned notice sent before the term ends (152-FZ arts 14(3), 20; GDPR art. 12(3)); 94-V knows none."""
    found, topic = open_blockers(facts), NormTopic.SUBJECT_RIGHTS
    if extension.was_extended:
        found.append(Blocker("extended", _("The term was extended once; a second time no law allows."), topic))
    elif not extension.ends_at:
        found.append(Blocker("not-extendable", _("None of the terms of this case can be extended."), topic))
    elif max(extension.ends_at) <= facts.now:
        message = _("The term has ended. A notice of extension is sent before it does; answer now.")
        found.append(Blocker("expired", message, topic))
    if not extension.reasons.strip():
        found.append(Blocker("no-reasons", _("The notice gives the reasons. Write them."), topic, "text"))
    return found


def closing_blockers(facts: CaseFacts) -> list[Blocker]:
    """A case is closed when what it asks for has happened, or was refused with reasons, and the applicant was told."""
    found, topic = open_blockers(facts), NormTopic.SUBJECT_RIGHTS
    if facts.kind == RequestKind.UNSORTED:
        found.append(
            Blocker("unsorted", _("Nobody has said yet what is asked for. Sort the case first."), topic, "kind")
        )
        return found
    if not (facts.answered or facts.refused):
        message = _("No answer was sent. Send one, or a refusal with its norm.")
        found.append(Blocker("not-answered", message, topic))
    if facts.owed:
        message = _("Still to be told: %(who)s. Tell them, and record how.") % {"who": ", ".join(facts.owed)}
        found.append(Blocker("owed", message, NormTopic.WITHDRAWAL))
    asked = ASKED_ACTS.get(facts.kind, ())
    if facts.refused or not asked:
        return found
    if facts.undone:
        found.append(Blocker("undone", facts.undone, topic))
    elif not facts.acts.intersection(asked):
        message = _("What is asked for has not happened: “%s” is not recorded.") % CaseAct(asked[0]).label
        found.append(Blocker("not-done", message, topic))
    return found
