"""The operator: who it is, which laws it is under, what its own policy promises, and who answers for personal data."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.choices import DeadlineUnit, Language, RequestKind
from registry.journal import History
from registry.rules.deadlines import WITHOUT_AMOUNT, Term, term_in_words
from registry.rules.identifiers import check_bin

from .base import Listed, OperatorOwned, Tracked, field_classes
from .fields import CountryField, LanguageNames, clause_field, not_before, overlap
from .gate import KeepsGate, refuse
from .law import Law
from .moves import MovesGrounds, SettlesTransfers


class Operator(SettlesTransfers, MovesGrounds, LanguageNames, Tracked):
    """Who determines the purposes and carries out processing. All but the code may be unknown: then it stays empty."""

    code = models.SlugField(_("code"), max_length=40, unique=True)
    legal_form = models.CharField(_("legal form"), max_length=120, blank=True)
    bin = models.CharField(_("BIN"), max_length=12, blank=True)
    country = CountryField(_("country"))
    address = models.CharField(_("address"), max_length=400, blank=True)
    email = models.EmailField(_("mailbox"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    only_protecting_states = models.BooleanField(
        _("transfers only to protecting states"), null=True, blank=True,
        help_text=_("Its policy is stricter than the law: no consent opens a country that does not ensure protection."),
    )  # fmt: skip
    excludes_special = models.BooleanField(
        _("special categories are not processed"), null=True, blank=True,
        help_text=_("As its policy declares. No data category is marked as special or biometric then."),
    )  # fmt: skip
    sites = models.CharField(_("sites"), max_length=400, blank=True, help_text=_("Domains, with blanks between them."))

    history = History()
    FIELD_CLASSES = field_classes(
        none="code name_en name_ru name_kk legal_form bin country sites only_protecting_states excludes_special",
        contact="address email phone",
    )

    class Meta:
        verbose_name = _("operator")
        verbose_name_plural = _("operators")
        ordering = ["code"]
        default_permissions = ("view", "change")

    def __str__(self):
        return self.name or self.code

    def journal_operator(self):
        return self.code

    @property
    def warnings(self):
        """What is doubtful but stored: a control digit that does not match."""
        warning = check_bin(self.bin).warning
        return [_("BIN: %s.") % warning] if warning else []

    @property
    def operator_id(self):
        """An operator belongs to its own scope."""
        return self.pk

    def clean(self):
        if self.bin and (problem := check_bin(self.bin).error):
            raise ValidationError({"bin": problem})
        stored = self.stored()
        if stored and stored.code != self.code:
            raise ValidationError(
                {"code": _("The code is written in the journal and cannot change. Keep “%s”.") % stored.code}
            )
        if self.excludes_special and stored and not stored.excludes_special:
            from .categories import special_kept  # categories ask the operator

            refuse(special_kept(self), operator=self)

    def save(self, **kwargs):
        # A category marked as special at the same moment waits here, or this declaration for it.
        self.take_turns(self.pk)
        super().save(**kwargs)

    @classmethod
    def take_turns(cls, pk):
        """Whoever numbers, appoints or declares something of an operator waits here for the other, to the end of the transaction.

        Who only writes a record that refers to the operator does not wait: it would, at its commit, hold the journal meanwhile.
        """
        list(cls.objects.select_for_update(no_key=True).filter(pk=pk).values_list("pk"))


class OperatorLaw(SettlesTransfers, MovesGrounds, KeepsGate, OperatorOwned):
    """A law the operator is under, or cites."""

    operator = models.ForeignKey(Operator, models.PROTECT, verbose_name=_("operator"), related_name="laws")
    law = models.ForeignKey(Law, models.PROTECT, verbose_name=_("law"), related_name="+")
    note = models.CharField(_("why"), max_length=400, blank=True)

    history = History()
    FIELD_CLASSES = field_classes(none="law note")

    class Meta:
        verbose_name = _("law of the operator")
        verbose_name_plural = _("laws of the operator")
        ordering = ["law__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "law"],
                name="operator_law_once",
                violation_error_message=_("This law is already on the operator’s list."),
            )
        ]

    def __str__(self):
        return str(self.law)


class OperatorTerm(OperatorOwned):
    """A term the operator's own policy promises, beside the law's."""

    code = models.SlugField(_("code"), max_length=60)
    request_kind = models.CharField(_("request"), max_length=24, choices=RequestKind)
    amount = models.PositiveSmallIntegerField(_("term"), default=0)
    unit = models.CharField(_("unit"), max_length=20, choices=DeadlineUnit)
    clause = clause_field()
    note = models.CharField(_("note"), max_length=400, blank=True)

    history = History()
    FIELD_CLASSES = field_classes(none="code request_kind amount unit clause note")

    class Meta:
        verbose_name = _("term of the operator")
        verbose_name_plural = _("terms of the operator")
        ordering = ["code"]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "code"],
                name="operator_term_code",
                violation_error_message=_("There is a term of this code already. Choose another code."),
            )
        ]

    def __str__(self):
        return f"{self.get_request_kind_display()}: {term_in_words(self.term)}"

    @property
    def term(self):
        return Term(self.amount, self.unit)

    def clean(self):
        super().clean()
        if not self.amount and self.unit not in WITHOUT_AMOUNT:
            raise ValidationError({"amount": _("Say how long the term is: an amount of 1 or more.")})


class ResponsiblePersonQuerySet(models.QuerySet):
    def in_office(self, on):
        return self.filter(
            models.Q(appointed_on__isnull=True) | models.Q(appointed_on__lte=on),
            models.Q(dismissed_on__isnull=True) | models.Q(dismissed_on__gte=on),
        )


class ResponsiblePerson(KeepsGate, Listed):
    """The person responsible for organising the processing of personal data, or a deputy, as the operator publishes them.

    Files tell entries apart by name and day of appointment. `clean` refuses a second entry of both under the lock of `save`,
    which every route passes, as it refuses two in office at once; a unique index would add nothing but an upgrade that stops
    where two such entries are stored already. Those are mended on their page, and no file leaves without one of them.
    """

    operator = models.ForeignKey(
        Operator, models.PROTECT, verbose_name=_("operator"), related_name="responsible_persons"
    )
    name = models.CharField(_("name"), max_length=200)
    position = models.CharField(_("position"), max_length=200, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    phone = models.CharField(_("phone"), max_length=40, blank=True)
    user = models.ForeignKey(
        "registry.User", models.PROTECT, verbose_name=_("user"), related_name="+", null=True, blank=True
    )
    is_deputy = models.BooleanField(_("deputy"), default=False)
    language = models.CharField(
        _("language"), max_length=2, choices=Language, blank=True, help_text=_("Of reminders. Empty: English.")
    )
    order_number = models.CharField(_("order number"), max_length=60, blank=True)
    appointed_on = models.DateField(_("appointed on"), null=True, blank=True)
    dismissed_on = models.DateField(_("last day in office"), null=True, blank=True)

    history = History()
    objects = ResponsiblePersonQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="user is_deputy language order_number appointed_on dismissed_on", contact="name position email phone"
    )

    class Meta:
        verbose_name = _("responsible person")
        verbose_name_plural = _("responsible persons")
        ordering = ["is_deputy", "-appointed_on", "name"]
        constraints = [
            not_before(
                "appointed_on",
                "dismissed_on",
                name="responsible_person_period",
                message=_("Nobody leaves office before being appointed. Check the two dates."),
            )
        ]

    def __str__(self):
        return self.name

    def save(self, **kwargs):
        # Two appointments at once: the second waits here and then meets the first.
        Operator.take_turns(self.operator_id)
        super().save(**kwargs)

    def is_in_office(self, on):
        """Whether this person is in office on that day, first and last day included."""
        return (self.appointed_on or on) <= on <= (self.dismissed_on or on)

    def clean(self):
        super().clean()
        if self.operator_id is None:
            return
        others = type(self).objects.filter(operator=self.operator_id).exclude(pk=self.pk)
        self._refuse_second(others)
        if not self.is_deputy:
            self._refuse_overlap(others)

    def _refuse_second(self, others):
        if not others.filter(name=self.name, appointed_on=self.appointed_on).exists():
            return
        stored = self.stored()
        if stored and (stored.name, stored.appointed_on) == (self.name, self.appointed_on):
            return  # what stands there twice already hinders no other change
        sentence = _(
            "%(name)s is entered already, without a day of appointment. Change that entry, or give this one its day."
        )
        if self.appointed_on:
            sentence = _(
                "%(name)s is entered already, appointed on %(day)s. Change that entry, or correct the day here."
            )
        raise ValidationError({"appointed_on": sentence % {"name": self.name, "day": self.appointed_on}})

    def _refuse_overlap(self, others):
        for other in others.filter(is_deputy=False):
            if overlap(self.appointed_on, self.dismissed_on, other.appointed_on, other.dismissed_on):
                raise ValidationError(
                    {
                        "appointed_on": _("%(name)s is in office then. Give their last day first, or appoint a deputy.")
                        % {"name": other}
                    }
                )
