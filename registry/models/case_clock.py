"""How a case gets its deadlines: from the laws of its operator and the operator's own policy, as of the day it was received."""

from operator import attrgetter

from django.db import models
from django.utils.translation import gettext as _

from registry.choices import CaseAct, RequestKind
from registry.rules.cases import SURVEY, TRIGGERS
from registry.rules.deadlines import day_of, strictest

from .case_parts import CaseDeadline
from .deadline import DeadlineRule, calendar_of
from .operator import OperatorTerm

WHAT_IS_COUNTED = attrgetter("due_on", "due_at", "days_off", "is_binding")


class CaseClock(models.Model):
    """The deadlines of a case: one of each law and promise that applies; the one that ends first binds."""

    class Meta:
        abstract = True

    def starts_anew(self, stored):
        """Whether what the deadlines are counted from has changed."""
        names = ("kind", "received_at", "answer_by_on")
        return any(getattr(self, name, None) != getattr(stored, name, None) for name in names)

    def counted(self):
        """Deadlines of the rules of the day of receipt, counted and not yet saved; the case takes the one that ends first.

        A term that runs already keeps the version of its rule. A notice of extension that was sent counts for every term of the case
        that had not ended by then, also where the case is sorted anew.
        """
        running = {each.key: each for each in self.deadlines.all()} if self.pk else {}
        deadlines = [running.get(each.key, each) for each in self.applicable()]
        noticed_at = self.extension_noticed_at()
        for deadline in deadlines:
            deadline.starts_at, deadline.is_extended = self.received_at, False
            self.count(deadline)
            if noticed_at and deadline.extension and noticed_at < deadline.due.ends_at:
                deadline.is_extended = True
                self.count(deadline)
        self.take_first(deadlines)
        return deadlines

    def count(self, deadline):
        deadline.count(self.calendar_of(deadline), asked_on=getattr(self, "answer_by_on", None))

    def extension_noticed_at(self):
        """When the notice of extension was sent, or None."""
        if not self.pk:
            return None
        noticed = self.casesteps.filter(act=CaseAct.EXTENDED).order_by("done_at")
        return noticed.values_list("done_at", flat=True).first()

    def take_first(self, deadlines):
        """Marks the deadline that binds, and repeats it on the case. Whether that changed the case."""
        first = strictest([each.due for each in deadlines])
        for place, deadline in enumerate(deadlines):
            deadline.is_binding = place == first
        before = self.due_on, self.due_at
        self.due_on, self.due_at = (None, None) if first is None else (deadlines[first].due_on, deadlines[first].due_at)
        return before != (self.due_on, self.due_at)

    def keep(self, deadlines):
        """Saves what was counted. Terms that no longer apply are removed; their history stays."""
        for deadline in deadlines:
            for name, value in self.as_parent.items():
                setattr(deadline, name, value)
            deadline.save()
        for deadline in self.deadlines.exclude(pk__in=[each.pk for each in deadlines]):
            deadline.delete()

    def recount(self):
        """Counts the terms of the case by the calendar as it is now: a day was moved by decision, or a term was extended.

        The version of each rule stays.
        """
        deadlines = {deadline: WHAT_IS_COUNTED(deadline) for deadline in self.deadlines.select_related("law")}
        for deadline in deadlines:
            self.count(deadline)
        changed = self.take_first(list(deadlines))
        for deadline, before in deadlines.items():
            if WHAT_IS_COUNTED(deadline) != before:
                deadline.save()
        if changed:
            self.save()

    def applicable(self):
        """Unsaved deadlines of the rules in force on the day of receipt, and of what the operator's own policy promises."""
        received_on = day_of(self.received_at)
        laws = self.operator.laws.values("law")
        rules = DeadlineRule.objects.in_force(received_on).filter(law__in=laws, trigger__in=TRIGGERS[self.kind])
        found = [CaseDeadline.of_rule(self, rule) for rule in rules.select_related("law", "norm__law")]
        kind = RequestKind.AUTHORITY if self.kind == SURVEY else self.kind  # the promise to answer the body covers both
        if kind not in (RequestKind.UNSORTED, RequestKind.OTHER):
            terms = OperatorTerm.objects.filter(operator=self.operator_id, request_kind=kind).select_related("clause")
            found += [CaseDeadline.of_promise(self, term) for term in terms]
        return found

    def calendar_of(self, deadline):
        return calendar_of(deadline.law if deadline.law_id else None, self.operator)

    @property
    def without_term(self):
        """What is said where neither a law nor the policy sets a term."""
        return _("Neither a law of the operator nor its policy sets a term for this. Answer without delay.")
