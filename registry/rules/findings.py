"""What an officer should look at although nothing stops for it: promises of confidentiality, agreements and policies of recipients,
decisions about grounds that run out, operations that are not listed, data that no purpose needs. Each is a blocker that blocks nothing."""

import datetime as dt

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.choices import NormTopic
from registry.rules.blockers import Blocker
from registry.rules.disclosures import INSTRUCTED, PUBLIC, STATE_BODY, RecipientFacts, agreement_blockers

SOON = dt.timedelta(days=30)


def staff_findings(name: str, *, reads_personal: bool, has_undertaking: bool) -> list[Blocker]:
    """A member of staff who reads personal data without having promised confidentiality."""
    if not reads_personal or has_undertaking:
        return []
    message = _("“%s” reads personal data and has not promised confidentiality. Record the undertaking.")
    return [Blocker("staff-undertaking", message % name, NormTopic.CONFIDENTIALITY, "user")]


def recipient_findings(facts: RecipientFacts, on: dt.date, *, policy_url: str) -> list[Blocker]:
    """A recipient that the operator gives data to, or means to."""
    found = agreement_blockers(facts, on) if facts.kind in INSTRUCTED else []
    if not facts.has_undertaking and facts.kind not in (STATE_BODY, PUBLIC):
        message = _(
            "“%s” has not promised confidentiality: nothing of restricted access is given to it. Record the undertaking."
        )
        found.append(Blocker("recipient-undertaking", message % facts.name, NormTopic.CONFIDENTIALITY, "recipient"))
    if facts.kind == "service_provider" and not policy_url:
        message = _(
            "“%s” is an external service, and its own policy is not named. Enter its address: people are sent there."
        )
        found.append(Blocker("external-policy", message % facts.name, NormTopic.RECIPIENTS, "policy_url"))
    return found


def decision_findings(basis: str, until: dt.date, today: dt.date) -> list[Blocker]:
    """The last decision about a basis that is in use: it ran out, or will soon."""
    named = {"basis": basis, "until": until.isoformat()}
    if until < today:
        message = _("The decision to rely on “%(basis)s” ran out on %(until)s. Decide again, or name another ground.")
        return [Blocker("decision-over", message % named, NormTopic.LAWFUL_BASIS, "basis")]
    if until <= today + SOON:
        message = _(
            "The decision to rely on “%(basis)s” runs out on %(until)s. Decide again by then, or name another ground."
        )
        return [Blocker("decision-ends", message % named, NormTopic.LAWFUL_BASIS, "basis")]
    return []


# Operations that pass data on; 94-V calls all of them distribution, 152-FZ tells them apart.
PASSING_ON = frozenset({"transfer", "provision", "access", "distribution"})


def operation_findings(activity: str, operations: frozenset[str], *, publishes: bool) -> list[Blocker]:
    """An activity in whose course data were given to somebody, or made public, and which does not list that operation."""
    named = {"activity": activity}
    if publishes and "distribution" not in operations:
        message = _("“%(activity)s” made data public and does not list distribution among its operations. Add it.")
        return [Blocker("operation-not-listed", message % named, NormTopic.OPERATIONS, "operations")]
    if not operations & PASSING_ON:
        message = _(
            "“%(activity)s” gave data to others and lists no operation that passes them on. Add transfer, provision or access."
        )
        return [Blocker("operation-not-listed", message % named, NormTopic.OPERATIONS, "operations")]
    return []


def authority_findings(category: str, people: int) -> list[Blocker]:
    """People whom others represent, and for whom nobody's document is valid any more."""
    if not people:
        return []
    message = ngettext(
        "%(count)d person of “%(category)s” has no representative with a valid document. Ask for one, or stop.",
        "%(count)d people of “%(category)s” have no representative with a valid document. Ask for one each, or stop.",
        people,
    )
    named = {"count": people, "category": category}
    return [Blocker("authority-lost", message % named, NormTopic.LAWFUL_BASIS, "category")]


def excess_findings(category: str, *, activities: int) -> list[Blocker]:
    """A data category that no activity needs for any purpose."""
    if activities:
        return []
    message = _("“%s” is needed for no purpose: it is excess. Name the purpose and why it is needed, or delete it.")
    return [Blocker("excess", message % category, NormTopic.NECESSARY_DATA, "data_categories")]


def notice_findings(overdue: int, waiting: int) -> list[Blocker]:
    """Disclosures whose people must be told: how many should have been by now, and how many others wait."""
    found = []
    if overdue:
        message = _("Disclosures whose people should have been told by now: %d. Tell them, and record it.")
        found.append(Blocker("notice-overdue", message % overdue, NormTopic.RECIPIENTS, "overdue"))
    if waiting:
        message = _("Disclosures whose people are to be told: %d.")
        found.append(Blocker("notice-open", message % waiting, NormTopic.RECIPIENTS, "open"))
    return found
