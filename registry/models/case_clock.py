"""How a case gets its deadlines: from the laws of its operator and the operator's own policy, as of the day it was received."""

from django.db import models
from django.utils.translation import gettext as _

from registry.choices import RequestKind
from registry.rules.cases import SURVEY, TRIGGERS
from registry.rules.deadlines import day_of, strictest

from .case_parts import CaseDeadline
from .deadline import DeadlineRule, working_days
from .operator import OperatorTerm

# A survey is a request of a state body with a trigger of its own; the operator's promise to answer the body covers both.
SURVEY_TRIGGERS = ("authority_survey",)


class CaseClock(models.Model):
    """The deadlines of a case: one of each law and promise that applies; the one that ends first binds."""

    class Meta:
        abstract = True

    def starts_anew(self, stored):
        """Whether what the deadlines are counted from has changed."""
        names = ("kind", "received_at", "answer_by_on")
        return any(getattr(self, name, None) != getattr(stored, name, None) for name in names)

    def counted(self):
        """Deadlines of the rules of the day of receipt, counted and not yet saved; the case takes the one that ends first."""
        deadlines = self.applicable()
        for deadline in deadlines:
            deadline.count(self.calendar_of(deadline), asked_on=getattr(self, "answer_by_on", None))
        self.take_first(deadlines)
        return deadlines

    def take_first(self, deadlines):
        """Marks the deadline that binds, and repeats it on the case. Whether that changed the case."""
        first = strictest([each.due for each in deadlines])
        for place, deadline in enumerate(deadlines):
            deadline.is_binding = place == first
        before = self.due_on, self.due_at
        self.due_on, self.due_at = (
            (deadlines[first].due_on, deadlines[first].due_at) if first is not None else (None, None)
        )
        return before != (self.due_on, self.due_at)

    def keep(self, deadlines):
        """Saves what was counted over what is stored. Terms that no longer apply are removed; their history stays."""
        stored = {deadline.source: deadline for deadline in self.deadlines.all()}
        for new in deadlines:
            deadline = stored.pop(new.source, new)
            for name, value in self.as_parent.items():
                setattr(deadline, name, value)
            deadline.take(new)
            deadline.save()
        for deadline in stored.values():
            deadline.delete()
        if any(
            deadline.is_extended for deadline in self.deadlines.all()
        ):  # an extension stays, also where the case is sorted anew
            self.recount()

    def recount(self):
        """Counts the terms of the case by the calendar as it is now: a day was moved by decision, or a term was extended.

        The version of each rule stays.
        """
        deadlines = list(self.deadlines.order_by("pk"))
        for deadline in deadlines:
            deadline.count(self.calendar_of(deadline), asked_on=getattr(self, "answer_by_on", None))
        changed = self.take_first(deadlines)
        for deadline in deadlines:
            deadline.save()
        if changed:
            self.save()

    def applicable(self):
        """Unsaved deadlines of the rules in force on the day of receipt, and of what the operator's own policy promises."""
        received_on = day_of(self.received_at)
        triggers = SURVEY_TRIGGERS if self.kind == SURVEY else TRIGGERS[self.kind]
        laws = self.operator.laws.values("law")
        rules = DeadlineRule.objects.in_force(received_on).filter(law__in=laws, trigger__in=triggers)
        found = [CaseDeadline.of_rule(self, rule) for rule in rules.select_related("law", "norm__law")]
        kind = RequestKind.AUTHORITY if self.kind == SURVEY else self.kind
        if kind not in (RequestKind.UNSORTED, RequestKind.OTHER):
            terms = OperatorTerm.objects.filter(operator=self.operator_id, request_kind=kind).select_related("clause")
            found += [CaseDeadline.of_promise(self, term) for term in terms]
        return found

    def calendar_of(self, deadline):
        """The calendar of the deadline's law; of the operator's country where the law has none, or it is a promise."""
        country = deadline.law.calendar_country if deadline.law_id else ""
        return working_days(country or self.operator.country or "KZ")

    @property
    def without_term(self):
        """What is said where neither a law nor the policy sets a term."""
        return _("Neither a law of the operator nor its policy sets a term for this. Answer without delay.")
