"""What a consent must say to be a ground (94-V art. 8(4)); a missing item makes it incomplete."""

import datetime as dt
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker
from registry.rules.grounds import DISTRIBUTION


class ConsentFacts(NamedTuple):
    """The items as recorded; None where the consent does not say."""

    operator_name: str
    operator_bin: str
    subject_name: str
    has_term: bool
    third_parties: bool | None
    cross_border: bool | None
    publication: bool | None
    data_list: str


class MissingItem(NamedTuple):
    """`item` is the sub-paragraph of art. 8(4) that the item stands in."""

    item: int
    message: str
    field: str


class Term(NamedTuple):
    """When a consent stands: from given_on to expires_on, both included; on the day of its withdrawal no longer."""

    given_on: dt.date
    expires_on: dt.date | None
    withdrawn_on: dt.date | None

    def stands_on(self, day: dt.date) -> bool:
        expired = self.expires_on is not None and self.expires_on < day
        withdrawn = self.withdrawn_on is not None and self.withdrawn_on <= day
        return self.given_on <= day and not expired and not withdrawn


def ends_by_renewal(terms: list[Term]) -> list[dt.date | None]:
    """The last day of each consent that a later one took the place of, None for the others; in the order given.

    The consents are all those of one person, purpose and kind: the one given next ends the one that still stands on that day.
    """
    ends = []
    for term in terms:
        later = min((other.given_on for other in terms if other.given_on > term.given_on), default=None)
        ends.append(later - dt.timedelta(days=1) if later and term.stands_on(later) else None)
    return ends


def missing_items(facts: ConsentFacts) -> list[MissingItem]:
    """Items of art. 8(4)(1)–(7) that the consent lacks, in the law's order. The eighth is the operator's own and optional."""
    asked = (
        (1, facts.operator_name and facts.operator_bin, _("the operator’s name and BIN"), "operator"),
        (2, facts.subject_name, _("the data subject’s name"), "subject"),
        (3, facts.has_term, _("the term of the consent"), "expires_on"),
        (4, facts.third_parties is not None, _("whether data may be passed to third parties"), "third_parties"),
        (5, facts.cross_border is not None, _("whether data cross the border"), "cross_border"),
        (6, facts.publication is not None, _("whether data are published"), "publication"),
        (7, facts.data_list, _("the list of data collected"), "data_list"),
    )
    return [MissingItem(item, message, field) for item, present, message, field in asked if not present]


def standing_withdrawal(given_on: dt.date, withdrawn: list[dt.date | None]) -> dt.date | None:
    """The last withdrawal that came on or after the day of this yes: it stands, and the yes does not count."""
    return max((day for day in withdrawn if day and day >= given_on), default=None)


def meant_too(given_on: dt.date, known: Term | None, withdrew_on: dt.date | None) -> bool:
    """Whether a withdrawal also ended a yes of which the register learns afterwards: one given until that day, unless the register
    knows it (`known`) and it went on. 94-V art. 8(7): who takes consent back need not know what of it was recorded.
    """
    return withdrew_on is not None and given_on <= withdrew_on and not (known and known.stands_on(withdrew_on))


def reaches_into(term: Term, others: list[Term]) -> dt.date | None:
    """The day of the later consent that a consent recorded afterwards overlaps by its own last day; None for a renewal.

    One without a last day lasted until the later one took its place: it is recorded as the past it is.
    """
    if term.expires_on is None:
        return None
    return min((each.given_on for each in others if term.given_on < each.given_on <= term.expires_on), default=None)


def recording_blockers(term: Term, kind: str, is_separate: bool | None, others: list[Term]) -> list[Blocker]:
    """Why a consent cannot be recorded so. `others` are those of the same person, purpose and kind, where it is new."""
    found = []
    if term.withdrawn_on is not None and term.withdrawn_on < term.given_on:
        message = _("The withdrawal of %(at)s comes before the consent of %(given)s. Check the date.")
        said = {"at": term.withdrawn_on.isoformat(), "given": term.given_on.isoformat()}
        found.append(Blocker("withdrawn-first", message % said, NormTopic.WITHDRAWAL, "given_on"))
    if kind == DISTRIBUTION and not is_separate:
        message = _(
            "A consent to distribution is given apart from every other consent; bundled it is none. "
            "Ask for one, or record what was given as another kind."
        )
        found.append(Blocker("bundled", message, NormTopic.DISTRIBUTION, "is_separate"))
    if day := reaches_into(term, others):
        message = _(
            "A later consent of %s stands already, and this one would reach into it. Enter the last day before, or leave it empty."
        )
        found.append(Blocker("overlaps", message % day.isoformat(), NormTopic.CONSENT_ITEMS, "expires_on"))
    return found


def condition_blockers(kind: str, is_prohibited: bool, conditions: str) -> list[Blocker]:
    """Why nothing can be noted of a category of data beside this consent."""
    if kind != DISTRIBUTION:
        message = _("Only a consent to distribution says what may be made public. Record one of that kind first.")
        return [Blocker("no-distribution", message, NormTopic.DISTRIBUTION, "consent")]
    if not is_prohibited and not conditions.strip():
        message = _(
            "Say that it may not be distributed, or under which conditions it may. Else leave the category out."
        )
        return [Blocker("says-nothing", message, NormTopic.DISTRIBUTION, "conditions")]
    return []


def publication_blockers(kind: str, term: Term, *, on: dt.date | None, today: dt.date, url: str) -> list[Blocker]:
    """Why the publication of conditions cannot be recorded so (152-FZ art. 10.1(10)). One that came late can."""
    topic, found = NormTopic.DISTRIBUTION, []
    if kind != DISTRIBUTION:
        message = _("Only the conditions of a consent to distribution are published.")
        return [Blocker("no-distribution", message, topic)]
    if on is None:
        found.append(Blocker("no-day", _("Enter the day from which everybody can read them."), topic, "on"))
    elif on > today:
        message = _("%s is in the future: nothing is published yet. Correct the date.") % on.isoformat()
        found.append(Blocker("future", message, topic, "on"))
    elif on < term.given_on:
        said = {"on": on.isoformat(), "given": term.given_on.isoformat()}
        message = _("%(on)s is before the consent of %(given)s. Check the date.") % said
        found.append(Blocker("before-consent", message, topic, "on"))
    if not url.strip():
        found.append(Blocker("no-url", _("Enter the address of the page where everybody can read them."), topic, "url"))
    return found
