"""What hangs on a case: its deadlines, the steps taken, and the files that came with it."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from registry.choices import CaseAct, DeadlineUnit
from registry.journal import History
from registry.rules.cases import open_blockers
from registry.rules.deadlines import Due, Term, arithmetic, due, longer, term_in_words

from .base import OperatorOwned, field_classes
from .fields import clause_field
from .gate import refuse
from .law import Law, Norm


class CasePart(OperatorOwned):
    """A part of exactly one case. Of a closed one nothing is added, changed or taken away."""

    request = models.ForeignKey(
        "registry.SubjectRequest",
        models.PROTECT,
        verbose_name=_("request"),
        related_name="%(class)ss",
        null=True,
        blank=True,
    )
    authority_request = models.ForeignKey(
        "registry.AuthorityRequest", models.PROTECT, verbose_name=_("request of a state body"),
        related_name="%(class)ss", null=True, blank=True,
    )  # fmt: skip

    class Meta:
        abstract = True

    @property
    def case(self):
        return self.request or self.authority_request

    def take_operator_from_parent(self):
        if self.operator_id is None and self.case is not None:
            self.operator = self.case.operator

    def journal_subjects(self):
        return self.case.journal_subjects()

    def refuse_where_closed(self):
        stored = self.case.stored() if self.case else None
        if stored is not None:
            refuse(open_blockers(stored.facts()))

    def clean(self):
        super().clean()
        if (self.request_id is None) == (self.authority_request_id is None):
            raise ValidationError(_("This belongs to one case: a request, or a request of a state body."))
        self.refuse_where_closed()

    def delete(self, **kwargs):
        self.refuse_where_closed()
        return super().delete(**kwargs)


def of_one_case(name):
    """The constraint that a part hangs on one case."""
    return models.CheckConstraint(
        condition=models.Q(request__isnull=False, authority_request__isnull=True)
        | models.Q(request__isnull=True, authority_request__isnull=False),
        name=f"{name}_of_one_case",
        violation_error_message=_("This belongs to one case: a request, or a request of a state body."),
    )


PART = "request authority_request"


class CaseDeadline(CasePart):
    """A term that runs in a case, with the rule as it was on the day of receipt: a later edition of the rule leaves it alone."""

    law = models.ForeignKey(Law, models.PROTECT, verbose_name=_("law"), related_name="+", null=True, blank=True)
    source = models.CharField(
        _("rule"), max_length=80, help_text=_("Code of the law’s rule, or of the operator’s term.")
    )
    trigger = models.CharField(_("counted from"), max_length=24, blank=True)
    amount = models.PositiveSmallIntegerField(_("term"))
    unit = models.CharField(_("unit"), max_length=20, choices=DeadlineUnit)
    extension = models.PositiveSmallIntegerField(_("extension"), null=True, blank=True)
    norm = models.ForeignKey(Norm, models.PROTECT, verbose_name=_("norm"), related_name="+", null=True, blank=True)
    clause = clause_field()
    starts_at = models.DateTimeField(_("event"))
    due_on = models.DateField(_("due on"), null=True, blank=True)
    due_at = models.DateTimeField(_("due at"), null=True, blank=True)
    days_off = models.TextField(_("days off on the way"), blank=True)
    is_extended = models.BooleanField(_("extended"), default=False)
    is_binding = models.BooleanField(_("binds"), default=False)

    history = History()
    FIELD_CLASSES = field_classes(
        none=f"{PART} law source trigger amount unit extension norm clause starts_at due_on due_at days_off is_extended "
        "is_binding"
    )

    class Meta:
        verbose_name = _("deadline")
        verbose_name_plural = _("deadlines")
        ordering = ["-is_binding", "due_on", "pk"]
        constraints = [of_one_case("deadline")]

    def __str__(self):
        return self.source

    @classmethod
    def of_rule(cls, case, rule):
        named = ("law", "trigger", "amount", "unit", "extension", "norm")
        return cls(source=rule.code, starts_at=case.received_at, **{name: getattr(rule, name) for name in named})

    @classmethod
    def of_promise(cls, case, promise):
        named = ("amount", "unit", "clause")
        return cls(source=promise.code, starts_at=case.received_at, **{name: getattr(promise, name) for name in named})

    @property
    def citation(self):
        """What sets the term: the norm with its mark, or the clause of the operator's policy."""
        if self.norm_id:
            return self.norm.citation
        return _now("policy, clause %s") % self.clause.number if self.clause_id else _now("the operator’s policy")

    @property
    def key(self):
        """What tells the terms of a case apart: the law's rule, or the operator's own term."""
        return self.law_id, self.source

    @property
    def term(self):
        term = Term(self.amount, self.unit)
        return longer(term, self.extension) if self.is_extended else term

    @property
    def term_in_words(self):
        return term_in_words(self.term)

    @property
    def due(self):
        return Due(self.due_on, self.due_at, self.days_off_list)

    @property
    def days_off_list(self):
        to_day = self._meta.get_field("due_on").to_python
        return tuple(to_day(day) for day in self.days_off.split())

    def count(self, days, *, asked_on=None):
        """Sets the date, by that calendar."""
        found = due(self.term, self.starts_at, days, asked_on=asked_on)
        self.due_on, self.due_at = found.on, found.at
        self.days_off = " ".join(day.isoformat() for day in found.days_off)

    def arithmetic(self, days):
        return arithmetic(self.term, self.starts_at, self.due, days)


class CaseStep(CasePart):
    """Something done in a case, by whom and when. What a later act of the register does by itself links to it there."""

    act = models.CharField(_("act"), max_length=20, choices=CaseAct, default=CaseAct.NOTE)
    note = models.TextField(_("note"), blank=True)
    done_at = models.DateTimeField(_("when"))
    done_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("by"), related_name="+", null=True, blank=True
    )

    history = History()
    FIELD_CLASSES = field_classes(none=f"{PART} act done_at done_by", personal="note")

    class Meta:
        verbose_name = _("step")
        verbose_name_plural = _("steps")
        ordering = ["done_at", "pk"]
        constraints = [of_one_case("step")]

    def __str__(self):
        return self.get_act_display()


class CaseAttachment(CasePart):
    """A file of the case. It lies in private storage under a name of its own; what it was called is personal."""

    class Origin(models.TextChoices):
        MESSAGE = "message", _("came with the message")
        OFFICER = "officer", _("added by the office")
        LETTER = "letter", _("goes with a letter")

    name = models.CharField(_("name"), max_length=250, blank=True)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin, default=Origin.OFFICER)
    media_type = models.CharField(_("type"), max_length=100)
    size = models.PositiveIntegerField(_("bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    path = models.CharField(max_length=120, editable=False)
    added_at = models.DateTimeField(_("added"))
    added_by = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("added by"), related_name="+", null=True, blank=True
    )

    history = History()
    FIELD_CLASSES = field_classes(none=f"{PART} origin media_type size sha256 path added_at added_by", personal="name")

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ["pk"]
        constraints = [of_one_case("attachment")]

    def __str__(self):
        return _now("attachment %s") % self.pk
