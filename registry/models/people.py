"""Data subjects. A person is shown by label, made by permission; `__str__` never contains a name."""

import datetime as dt

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.choices import HandlingAct, Language
from registry.journal import History
from registry.rules.contacts import normalise_email, normalise_phone
from registry.rules.identifiers import check_iin
from registry.rules.names import clean_id, clean_name, search_key
from registry.rules.representation import authority_blockers

from .base import OperatorOwned, field_classes, indexed_operator
from .gate import refuse
from .held import HeldByBlocks, HeldQuerySet, hold
from .policy import clause_about

OTHERS_DATA = "B08"  # as clauses name what carries them out

NAME_FIELDS = ("surname", "given_name", "patronymic")


class PeopleQuerySet(HeldQuerySet):
    SUBJECT = "pk"

    def act_of(self, names):
        """The state follows from the blocks, or says that nobody can be told any more."""
        return HandlingAct.DEPERSONALISE if "state" in names else super().act_of(names)


class DataSubject(HeldByBlocks, OperatorOwned):
    """A natural person whom the operator's personal data concern."""

    class State(models.TextChoices):
        ACTIVE = "active", _("active")
        BLOCKED = "blocked", _("blocked")
        DEPERSONALISED = "depersonalised", _("depersonalised")

    Language = Language

    operator = indexed_operator()
    crm_id = models.CharField(_("CRM id"), max_length=64, blank=True, null=True)
    surname = models.CharField(_("surname"), max_length=200, blank=True)
    given_name = models.CharField(_("given name"), max_length=200, blank=True)
    patronymic = models.CharField(_("patronymic"), max_length=200, blank=True)
    iin = models.CharField(_("IIN"), max_length=12, blank=True)
    email = models.CharField(_("e-mail"), max_length=254, blank=True)
    phone = models.CharField(_("phone"), max_length=20, blank=True)
    birth_date = models.DateField(_("birth date"), null=True, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language, blank=True)
    source = models.CharField(_("source of data"), max_length=200, blank=True)
    confirmed_on = models.DateField(_("data confirmed on"), null=True, blank=True)
    state = models.CharField(_("state"), max_length=16, choices=State, default=State.ACTIVE, editable=False)
    # Folded names, e-mail, phone digits, IIN and CRM id: what the people search reads, on both databases alike.
    search_key = models.TextField(editable=False, default="")

    history = History(excluded_fields=["search_key"])
    objects = PeopleQuerySet.as_manager()
    FIELD_CLASSES = field_classes(
        none="crm_id language state confirmed_on",
        personal="surname given_name patronymic iin email phone birth_date source",
    )

    class Meta:
        verbose_name = _("data subject")
        verbose_name_plural = _("data subjects")
        ordering = ["-pk"]
        permissions = [
            ("view_personal_datasubject", "Can see personal values"),
            ("import_datasubject", "Can import people"),
            ("export_datasubject", "Can export people"),
        ]
        indexes = [
            models.Index(
                fields=["operator", "-id"], name="subject_list"
            ),  # the list, newest first; the newest searched
            models.Index(fields=["operator", "language", "-id"], name="subject_list_language"),  # its filters
            models.Index(
                fields=["operator", "state", "-id"], name="subject_list_state", condition=~models.Q(state="active")
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "crm_id"],
                name="subject_crm_id_once",
                violation_error_message=_(
                    "A person of this CRM id is in the register already. Open that record instead."
                ),
            ),
            models.CheckConstraint(
                condition=models.Q(crm_id__isnull=True) | ~models.Q(crm_id=""),
                name="subject_crm_id_null_not_empty",
                violation_error_message=_("A CRM id is not an empty text. Enter the id, or leave it out."),
            ),
            models.CheckConstraint(
                condition=models.Q(state="depersonalised") | ~models.Q(surname="", given_name=""),
                name="subject_has_a_name",
                violation_error_message=_("A person needs a surname or a given name. Enter one."),
            ),
        ]

    def __str__(self):
        return _("Subject …%s") % self.uid.hex[-8:]

    def journal_subjects(self):
        return [self.uid]

    @property
    def full_name(self):
        return " ".join(filter(None, (self.surname, self.given_name, self.patronymic)))

    def label(self, personal):
        """What pickers and lists show: the name for those who may see it, else the uid. Showing it is a read."""
        return self.full_name or str(self) if personal else str(self)

    def listed_label(self, personal):
        """The label in lists and among what a search found: a blocked person is read for a reason, and a list gives none."""
        return self.label(personal and self.state != self.State.BLOCKED)

    def make_search_key(self):
        return search_key(
            surname=self.surname, given_name=self.given_name, patronymic=self.patronymic,
            email=self.email, phone=self.phone, iin=self.iin, crm_id=self.crm_id or "",
        )  # fmt: skip

    def derived(self):
        return {"search_key": self.make_search_key()}

    def save(self, **kwargs):
        if self.pk is not None:
            hold([self.pk])  # before the state is read off the blocks
        self.crm_id = self.crm_id or None
        self.search_key = self.make_search_key()
        self.state = self.state_by_blocks()
        super().save(**kwargs)

    def state_by_blocks(self):
        """Nobody sets the state by hand: it follows from the blocks that stand."""
        if self.state == self.State.DEPERSONALISED or self.pk is None:
            return self.state
        blocked = self.blocks.standing().of_everything().exists()
        return self.State.BLOCKED if blocked else self.State.ACTIVE

    def held_subject_id(self):
        return self.pk

    def handling_act(self, stored):
        if self.state == self.State.DEPERSONALISED and (stored is None or stored.state != self.state):
            return HandlingAct.DEPERSONALISE
        follows = stored is not None and self.changed_fields(stored) == {"state"}
        return HandlingAct.NARROW if follows else HandlingAct.CHANGE

    def clean(self):
        super().clean()
        errors = {}
        today = timezone.localdate()
        self.crm_id = clean_id(self.crm_id or "") or None
        checked = {name: clean_name(getattr(self, name)) for name in NAME_FIELDS}
        checked["email"] = normalise_email(self.email)
        if checked["email"] != (self.email, "", "") and getattr(self.stored(), "email", None) == self.email:
            del checked["email"]  # an address that stands there already hinders no other change
        checked["phone"] = normalise_phone(self.phone)
        born = self.birth_date if isinstance(self.birth_date, dt.date) else None
        checked["iin"] = check_iin(self.iin, born, today)
        for name, result in checked.items():
            if result.error:
                errors[name] = _sentence(result.error)
            else:
                setattr(self, name, result.value)
        for name in ("birth_date", "confirmed_on"):
            value = getattr(self, name)
            if isinstance(value, dt.date) and value > today:
                errors[name] = _("%s is in the future. Correct the date.") % value.isoformat()
        if errors:
            raise ValidationError(errors)

    @property
    def warnings(self):
        """What is doubtful but stored: a control digit that does not match."""
        warning = check_iin(self.iin).warning
        return [_("IIN: %s.") % warning] if warning else []


def _sentence(text):
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "?")) else ".")


class SubjectInCategory(HeldByBlocks, OperatorOwned):
    """A category the person belongs to."""

    PARENT = "subject"

    subject = models.ForeignKey(DataSubject, models.PROTECT, verbose_name=_("data subject"), related_name="categories")
    category = models.ForeignKey(
        "registry.SubjectCategory", models.PROTECT, verbose_name=_("category"), related_name="subjects"
    )

    history = History()
    objects = HeldQuerySet.as_manager()
    FIELD_CLASSES = field_classes(none="subject category")

    class Meta:
        verbose_name = _("category of the person")
        verbose_name_plural = _("categories of the person")
        ordering = ["subject", "category__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "category"],
                name="subject_category_once",
                violation_error_message=_("The person is in this category already."),
            )
        ]

    def __str__(self):
        return str(self.category)

    def clean(self):
        super().clean()
        if self._state.adding and self.subject_id and self.category_id:
            refuse(
                authority_blockers(
                    str(self.category),
                    is_represented=bool(self.category.is_represented),
                    has_authority=self.subject.representatives.valid(timezone.localdate()).exists(),
                    clause=clause_about(self.subject.operator, OTHERS_DATA),
                ),
                operator=self.subject.operator,
            )

    def journal_subjects(self):
        return [self.subject.uid]
