"""The gate of a cross-border transfer: its steps in their order, what stands in the way, and when a running one is suspended.

94-V art. 16 opens a state that ensures protection, and another one by consent, treaty or law. It asks for no notice before a transfer:
152-FZ art. 12 does, and so do policies that took its words over; they bind their operator (KazGer and Lapp 10.1, 10.2). No list of
protecting states is published in Kazakhstan: where the library is silent the operator finds it, and names the document.
"""

import datetime as dt
from typing import NamedTuple

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker
from registry.rules.localisation import DatabaseFacts, localisation_blockers

CONSENT, FINDING = "consent", "protecting_state"
TREATY, LAW, CONTRACT, CLAUSES, OTHER = "treaty", "law", "contract", "standard_clauses", "other"
# What opens a state that does not ensure protection. 152-FZ art. 12 in force asks for notice and wait; consent and contract are what
# its text before March 2023 and the policies that cite it ask for.
OPENED_BY = {
    "KZ-94-V": (CONSENT, TREATY, LAW),
    "RU-152-FZ": (CONSENT, CONTRACT, TREATY, LAW),
    "EU-GDPR": (CONSENT, CONTRACT, CLAUSES, TREATY, LAW, OTHER),
}
DONE, OPEN, REFUSED, NOT_ASKED = "done", "open", "refused", "not_asked"
BY_COUNTRY, BY_PROHIBITION = "country", "prohibited"  # why a running transfer is suspended


class Protection(NamedTuple):
    """What the library says of the country under a law of the operator; `protects` is None where it says nothing."""

    law: str
    protects: bool | None = None
    source: str = ""


class PolicyClauses(NamedTuple):
    """The clauses of the operator's policy that ask for a step; empty where none does."""

    notice: str = ""
    information: str = ""
    protection: str = ""
    consent: str = ""


class TransferFacts(NamedTuple):
    """A transfer on a day. `notice_laws` ask for a notice before the start, `waits` gives the last day on which nothing goes under each
    of them; `protections` has one entry a law of the operator."""

    on: dt.date
    today: dt.date
    country: str
    own_country: str
    protections: tuple[Protection, ...]
    only_protecting_states: bool
    mechanism: str
    document: str
    databases: tuple[DatabaseFacts, ...]
    notice_laws: tuple[str, ...] = ()
    waits: tuple[tuple[str, dt.date], ...] = ()
    clauses: PolicyClauses = PolicyClauses()
    information_received_on: dt.date | None = None
    authority_notified_on: dt.date | None = None
    notice_number: str = ""
    prohibited_on: dt.date | None = None
    started_on: dt.date | None = None
    ended_on: dt.date | None = None

    @property
    def asks_notice(self):
        return bool(self.notice_laws or self.clauses.notice)

    @property
    def runs(self):
        return self.started_on is not None and self.started_on <= self.on and (self.ended_on or self.on) >= self.on

    @property
    def lacking(self):
        """The laws under which the country is not known to ensure protection."""
        found = self.mechanism == FINDING and self.document
        return tuple(each.law for each in self.protections if not (found if each.protects is None else each.protects))


class Step(NamedTuple):
    """A line of the checklist. `advice` says what to do while it is not done."""

    code: str
    label: str
    state: str
    sentence: str
    advice: str = ""
    on: dt.date | None = None
    document: str = ""
    field: str = ""
    law: str = ""
    clause: str = ""
    topic: str = NormTopic.CROSS_BORDER

    @property
    def stands_in_the_way(self):
        return self.state in (OPEN, REFUSED)

    @property
    def blocker(self):
        return Blocker(self.code, f"{self.sentence} {self.advice}", self.topic, self.field, self.law, self.clause)


def checklist(facts: TransferFacts) -> list[Step]:
    """Every step in the order of the law, the start last."""
    before = _before_start(facts)
    return [before[0], *_protection(facts), *before[1:], _start(facts, before)]


def _before_start(facts):
    return [_place(facts), _mechanism(facts), _localisation(facts), _information(facts), _notice(facts), _wait(facts)]


def _place(facts):
    label, said = _("Place"), {"country": facts.country}
    if not facts.country:
        return Step(
            "no-country", label, OPEN, _("The country is not known."), _("Enter where the data go."), field="country"
        )
    if facts.country == facts.own_country:
        sentence = _("“%(country)s” is the operator’s own country; a transfer there does not cross the border.") % said
        return Step("own-country", label, REFUSED, sentence, _("Enter another country."), field="country")
    return Step("place", label, DONE, _("The data go to %(country)s.") % said, field="country")


def _protection(facts):
    """One a law; what is missing here is the mechanism's to mend."""
    opened = not _mechanism(facts).stands_in_the_way
    for each in facts.protections if facts.country else ():
        said = {"country": facts.country, "law": each.law, "source": each.source}
        label = _("Protection under %(law)s") % said
        by = {"field": "mechanism", "law": each.law, "clause": facts.clauses.protection}
        if each.protects:
            yield Step("protection", label, DONE, _("%(country)s ensures it: %(source)s.") % said, **by)
        elif each.law not in facts.lacking:
            sentence = _("No list names %(country)s; the operator found that it ensures protection.") % said
            yield Step("protection", label, DONE, sentence, document=facts.document, **by)
        elif each.protects is not None:
            state, sentence = NOT_ASKED if opened else REFUSED, _("%(country)s does not ensure it: %(source)s.") % said
            yield Step("protection", label, state, sentence, _("The mechanism opens it.") if opened else "", **by)
        elif opened:
            sentence = _("No list names %(country)s. The mechanism opens it.") % said
            yield Step("protection", label, NOT_ASKED, sentence, **by)
        else:
            sentence = _("No list names %(country)s: the operator decides.") % said
            advice = _("If it ensures protection, choose that as the mechanism and name the document of the finding.")
            yield Step("protection", label, OPEN, sentence, advice, **by)


def _mechanism(facts):
    label, lacking = _("Mechanism"), facts.lacking
    said = {"country": facts.country, "laws": ", ".join(lacking)}
    by = {"field": "mechanism", "document": facts.document, "law": lacking[0] if len(lacking) == 1 else ""}
    if not facts.country:
        return Step("mechanism", label, NOT_ASKED, _("Known once the country is."), field="mechanism")
    if not lacking:
        return Step("mechanism", label, NOT_ASKED, _("The state ensures protection: nothing else is needed."), **by)
    if facts.only_protecting_states:
        sentence = _(
            "The operator’s policy lets data go only to states that ensure protection. %(country)s is not known to do so under %(laws)s, "
            "and no consent opens it."
        )
        sentence %= said
        advice = _("Choose a recipient in a protecting state.")
        return Step("only-protecting", label, REFUSED, sentence, advice, clause=facts.clauses.protection, **by)
    by["clause"] = facts.clauses.consent
    closed = [law for law in lacking if facts.mechanism not in OPENED_BY.get(law, (CONSENT, LAW, TREATY))]
    if closed:
        sentence = _("%(country)s is not known to ensure protection under %(laws)s, and nothing recorded opens it.")
        sentence %= said | {"laws": ", ".join(closed)}
        advice = _("Record the consent, the treaty or the law that does.")
        return Step("no-mechanism", label, REFUSED, sentence, advice, **by)
    if facts.mechanism != CONSENT and not facts.document:
        sentence = _("The mechanism has no document.")
        return Step(
            "no-document", label, OPEN, sentence, _("Name it, with number and date."), **by | {"field": "document"}
        )
    if facts.mechanism == CONSENT:
        return Step("mechanism", label, DONE, _("Each person’s consent to the transfer opens it."), **by)
    return Step("mechanism", label, DONE, _("What is recorded opens it under %(laws)s.") % said, **by)


def _localisation(facts):
    label, topic = _("Base at home"), NormTopic.LOCALISATION
    laws = tuple(each.law for each in facts.protections)
    found = localisation_blockers(laws, facts.databases)
    if missing := next((each for each in found if each.code in ("no-database", "no-local-database")), None):
        advice = _("Add the base to the databases of the activity.")
        return Step(missing.code, label, REFUSED, missing.message, advice, field="activity", topic=topic)
    return Step("localisation", label, DONE, _("The activity keeps its data where the law asks."), topic=topic)


def _asked_by(facts, clause):
    """Whose step it is: the law's that asks for a notice, else the policy's alone."""
    law = facts.notice_laws[0] if facts.notice_laws else ""
    return {"law": law, "clause": clause, "topic": NormTopic.CROSS_BORDER if law else ""}


def _information(facts):
    label, by = _("Information from the recipient"), {"field": "information_received_on"}
    received = facts.information_received_on
    if not facts.asks_notice:
        return Step("information", label, NOT_ASKED, _("Neither law nor policy asks for it."), on=received, **by)
    by |= _asked_by(facts, facts.clauses.information or facts.clauses.notice)
    if received is None:
        sentence = _("The recipient has not told how it protects the data.")
        return Step("no-information", label, OPEN, sentence, _("Ask for it; enter the day it came."), **by)
    return Step("information", label, DONE, _("The recipient told how it protects the data."), on=received, **by)


def _notice(facts):
    label, by = _("Notice to the authorised body"), {"field": "authority_notified_on"}
    sent, received = facts.authority_notified_on, facts.information_received_on
    if sent is None and not facts.asks_notice:
        return Step("notice", label, NOT_ASKED, _("Neither law nor policy asks for it."), **by)
    by |= _asked_by(facts, facts.clauses.notice) if facts.asks_notice else {}
    if sent is None:
        sentence = _("The authorised body has not been notified.")
        return Step("no-notice", label, OPEN, sentence, _("Send the notice; enter its day and number."), **by)
    if facts.asks_notice and (received is None or received > sent):
        sentence = _("The recipient’s information comes before the notice.")
        advice = _("Obtain it first, then notify.")
        return Step("notice-before-information", label, REFUSED, sentence, advice, on=sent, **by)
    return Step(
        "notice", label, DONE, _("The authorised body was notified."), on=sent, document=facts.notice_number, **by
    )


def _wait(facts):
    label = _("Wait and prohibition")
    ends = [(day, law) for law, day in facts.waits if law in facts.lacking]
    if facts.prohibited_on and facts.prohibited_on <= facts.on:
        sentence = _("The authorised body prohibited it on %(day)s.") % {"day": shown(facts.prohibited_on)}
        advice = _("It may start when the prohibition is lifted: clear the day then.")
        return Step("prohibited", label, REFUSED, sentence, advice, on=facts.prohibited_on, field="prohibited_on",
                    law=facts.notice_laws[0] if facts.notice_laws else "")  # fmt: skip
    if ends and max(ends)[0] >= facts.on:
        day, law = max(ends)
        sentence = _("Nothing goes to a state without protection until the body had time to object: last day %(day)s.")
        advice = _("Start on a later day.")
        return Step("waiting", label, OPEN, sentence % {"day": shown(day)}, advice, on=day, field="started_on", law=law)
    if ends:
        day, law = max(ends)
        return Step("wait", label, DONE, _("The term has passed, and nothing was prohibited."), on=day, law=law)
    return Step("wait", label, NOT_ASKED, _("No term runs, and nothing was prohibited."))


def _start(facts, before):
    label, by = _("Start"), {"field": "started_on", "on": facts.started_on, "topic": ""}
    if facts.started_on is not None:
        return _started_too_early(facts) or Step("start", label, DONE, _("The transfer has started."), **by)
    if any(step.stands_in_the_way for step in before):
        return Step("start", label, OPEN, _("Not yet: what stands above comes first."), **by)
    return Step("start", label, OPEN, _("Nothing stands in the way."), _("Enter the day it starts."), **by)


def _started_too_early(facts):
    """The start where it is not after the day of the notice: of one day nobody knows which came first."""
    sent = facts.authority_notified_on
    if not facts.asks_notice or sent is None or sent < facts.started_on:
        return None
    sentence = _("A transfer starts after the day of the notice, %(day)s.") % {"day": shown(sent)}
    by = {"field": "started_on", "on": facts.started_on} | _asked_by(facts, facts.clauses.notice)
    return Step("start-before-notice", _("Start"), REFUSED, sentence, _("Check the two dates."), **by)


def transfer_blockers(facts: TransferFacts) -> list[Blocker]:
    """What is out of order in what is recorded; empty means open. `facts.on` is the day of the start where there is one.

    Before the start only what contradicts the order is refused; with a start everything before it must stand.
    """
    before = _before_start(facts)
    if facts.started_on is None:
        wrong = [step for step in before if step.code in ("own-country", "notice-before-information")]
    else:
        wrong = [step for step in (*before, _started_too_early(facts)) if step and step.stands_in_the_way]
    return [*(step.blocker for step in wrong), *_days_to_come(facts)]


def _days_to_come(facts):
    """Steps are entered when they were taken."""
    for field in ("information_received_on", "authority_notified_on", "started_on"):
        day = getattr(facts, field)
        if day is not None and day > facts.today:
            message = _("%(day)s is still to come. Enter the day when it has come.") % {"day": shown(day)}
            yield Blocker("day-to-come", message, NormTopic.CROSS_BORDER, field)


def suspension(facts: TransferFacts) -> str:
    """Why the transfer, if it runs on that day, must not go on: by the country, or by the body's prohibition; else empty."""
    if not facts.runs:
        return ""
    if facts.prohibited_on and facts.prohibited_on <= facts.on:
        return BY_PROHIBITION
    return BY_COUNTRY if _mechanism(facts).stands_in_the_way else ""


def suspend_blockers(facts: TransferFacts) -> list[Blocker]:
    """Why an officer does not suspend it today; empty means open. What the law suspended already may be held by hand, too."""
    if facts.started_on is None or facts.started_on > facts.on:
        message = _(
            "The transfer has not started: there is nothing to suspend. It does not start before its day is entered."
        )
        return [Blocker("not-started", message, NormTopic.CROSS_BORDER, "started_on")]
    return [] if facts.runs else [_is_over(facts)]


def resume_blockers(facts: TransferFacts, suspended: str) -> list[Blocker]:
    """Why an officer does not take it up again today; empty means open. `suspended`: why it is suspended, empty where it is not."""
    topic = NormTopic.CROSS_BORDER
    if not facts.runs and facts.started_on is not None:
        return [_is_over(facts)]
    if not suspended:
        message = _("The transfer is not suspended: there is nothing to take up again.")
        return [Blocker("not-suspended", message, topic)]
    if suspended == BY_PROHIBITION:
        message = _(
            "The authorised body prohibited it. It goes on by itself when the prohibition is lifted: clear its day then."
        )
        return [Blocker("prohibited", message, topic, "prohibited_on")]
    if suspended == BY_COUNTRY:
        message = _(
            "The country does not ensure protection. It goes on by itself when the country does, or when a mechanism opens it."
        )
        return [Blocker("country", message, topic, "mechanism")]
    return transfer_blockers(facts)


def _is_over(facts):
    message = _("The transfer ended on %(day)s. Enter a new one if data are to go again.") % {
        "day": shown(facts.ended_on)
    }
    return Blocker("ended", message, NormTopic.CROSS_BORDER, "ended_on")


def shown(day):
    return date_format(day, "d.m.Y")
