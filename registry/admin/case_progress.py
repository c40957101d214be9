"""How far a case has come and what is next: read off the gates, which alone know what a kind of request needs."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import CaseAct, RequestKind
from registry.models import SubjectRequest
from registry.rules.cases import ASKED_ACTS, answer_blockers, closing_blockers

ACTS_OF_THEIR_OWN = {RequestKind.WITHDRAWAL: "withdraw", RequestKind.OPT_OUT: "opt-out"}


class Stage(NamedTuple):
    """`act` leads to it; `hint` says why it is next."""

    label: str
    done: bool
    act: str
    hint: str


def codes(blockers):
    return {blocker.code for blocker in blockers}


def stages(case, facts):
    """The stages of this case, in order."""
    opened = facts._replace(is_closed=False)
    if isinstance(case, SubjectRequest):
        yield Stage(
            _("Sorted"), case.kind != RequestKind.UNSORTED, "sort",
            _("Say what is asked for. Until then the shortest term of all counts."),
        )  # fmt: skip
        yield from stages_of_person(case, opened)
    yield from stages_of_demand(case, opened)
    yield Stage(
        _("Answered"), facts.answered or facts.refused, "answer",
        _("Write the answer or a refusal; it is signed off and sent."),
    )  # fmt: skip
    yield Stage(_("Closed"), facts.is_closed, "close", _("Everything is done: close the case."))


def stages_of_person(case, facts):
    needs_identity = "no-identity" in codes(answer_blockers(facts._replace(is_identified=False)))
    if needs_identity or ASKED_ACTS.get(case.kind):
        hint = _("Find the person in the register: nothing is said or changed before.")
        yield Stage(_("Person found"), facts.has_subject or facts.is_identified, "person", hint)
    if needs_identity:
        hint = _("Check who asks. An answer to a stranger is a breach.")
        yield Stage(_("Identity checked"), facts.is_identified, "identify", hint)


def stages_of_demand(case, facts):
    """What is asked for itself; a refusal takes its place."""
    asked = ASKED_ACTS.get(case.kind)
    if not asked:
        return
    missing = codes(closing_blockers(facts)) & {"not-done", "undone"}
    act, hint = (
        ACTS_OF_THEIR_OWN.get(case.kind, "record"),
        _("Do what is asked for, and record it: “%s”.") % CaseAct(asked[0]).label,
    )
    if case.kind == RequestKind.STOP_DISTRIBUTION and facts.undone:
        act, hint = "withdraw", facts.undone
    label = str(CaseAct(asked[0]).label)
    yield Stage(label[:1].upper() + label[1:], not missing, act, hint)
    if isinstance(case, SubjectRequest) and case.obligations.exists():
        hint = _("Tell those who received the data, and record how: %s.") % ", ".join(facts.owed)
        yield Stage(_("Recipients told"), not facts.owed, "tell", hint)


def progress(case, facts):
    """(stages, the one that is next or None)."""
    found = list(stages(case, facts))
    return found, None if facts.is_closed else next((stage for stage in found if not stage.done), None)
