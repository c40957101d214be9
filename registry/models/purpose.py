"""Purposes of processing and the grounds an operator declares for them."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from registry.journal import History
from registry.rules.compatibility import Incompatible

from .base import Listed, OperatorOwned, field_classes
from .fields import LanguageNames, clause_field
from .gate import KeepsGate
from .law import Norm
from .moves import MovesGrounds


class Coded(LanguageNames, Listed):
    """A named entry of an operator's vocabulary, referred to by its code."""

    code = models.SlugField(_("code"), max_length=60)

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(
                fields=["operator", "code"],
                name="%(class)s_code_once",
                violation_error_message=_("There is an entry of this code already. Choose another code."),
            )
        ]

    def __str__(self):
        return self.name or self.code


class Purpose(MovesGrounds, Coded):
    """A specific, lawful purpose, defined before processing starts."""

    is_marketing = models.BooleanField(
        _("marketing"), default=False, help_text=_("Promotion of goods, works or services: needs a consent of its own.")
    )
    clause = clause_field()

    history = History()
    FIELD_CLASSES = field_classes(none="code name_en name_ru name_kk is_marketing clause")

    class Meta(Coded.Meta):
        verbose_name = _("purpose")
        verbose_name_plural = _("purposes")
        ordering = ["code"]


class IncompatiblePurposes(OperatorOwned):
    """Two purposes whose databases are never merged: 94-V art. 14, policies 5.3 and 6.3."""

    PARENT = "purpose"

    purpose = models.ForeignKey(Purpose, models.PROTECT, verbose_name=_("purpose"), related_name="incompatible_with")
    other = models.ForeignKey(Purpose, models.PROTECT, verbose_name=_("incompatible purpose"), related_name="+")
    why = models.CharField(_("why"), max_length=300, blank=True)
    clause = clause_field()

    history = History()
    FIELD_CLASSES = field_classes(none="purpose other why clause")

    class Meta:
        verbose_name = _("incompatible purposes")
        verbose_name_plural = _("incompatible purposes")
        ordering = ["purpose__code", "other__code"]
        constraints = [
            models.UniqueConstraint(
                fields=["purpose", "other"],
                name="incompatible_purposes_once",
                violation_error_message=_("These two are on the list already."),
            ),
            models.CheckConstraint(
                condition=~models.Q(purpose=models.F("other")),
                name="incompatible_purposes_differ",
                violation_error_message=_("A purpose is compatible with itself. Choose another one."),
            ),
        ]

    def __str__(self):
        return f"{self.purpose.code} ≠ {self.other.code}"

    def as_pair(self):
        clause = self.clause.number if self.clause else ""
        return Incompatible(self.purpose_id, self.other_id, str(self.purpose), str(self.other), clause)

    @property
    def warnings(self):
        """Declaring it separates nothing by itself."""
        from .compatibility import shared_by  # it asks for databases and activities, which refer to purposes

        if names := ", ".join(f"“{each}”" for each in shared_by(self)):
            said = {"one": self.purpose, "other": self.other, "databases": names}
            yield (
                _("“%(one)s” and “%(other)s” are kept together in %(databases)s. Move the data of one elsewhere.")
                % said
            )


class LegalBasis(MovesGrounds, KeepsGate, Coded):
    """A ground for processing as the policy declares it. Whether a law knows it is another question: see `known_to_law`."""

    class Kind(models.TextChoices):
        CONSENT = "consent", _("consent of the data subject")
        LAW = "law", _("a law")
        TREATY = "treaty", _("an international treaty")
        JUSTICE = "justice", _("administration of justice")
        CONTRACT = "contract", _("a contract with the data subject")
        LEGITIMATE_INTEREST = "legitimate_interest", _("rights and legitimate interests")
        MADE_PUBLIC = "made_public", _("made public by the data subject")
        PUBLICATION_DUTY = "publication_duty", _("publication or disclosure required by law")
        INTERNAL_DOCUMENT = "internal_document", _("a document of the operator")
        IMPLIED_CONSENT = "implied_consent", _("use of the site, taken for consent")
        OTHER = "other", _("other")

    kind = models.CharField(_("kind"), max_length=24, choices=Kind)
    norm = models.ForeignKey(
        Norm, models.PROTECT, verbose_name=_("norm"), related_name="+", null=True, blank=True,
        help_text=_("The norm that knows this ground. Without one it is declared by the policy only."),
    )  # fmt: skip
    document = models.CharField(
        _("document"), max_length=300, blank=True, help_text=_("Contract or act, number and date.")
    )
    clause = clause_field()

    history = History()
    FIELD_CLASSES = field_classes(none="code name_en name_ru name_kk kind norm document clause")

    class Meta(Coded.Meta):
        verbose_name = _("legal basis")
        verbose_name_plural = _("legal bases")
        ordering = ["code"]

    @property
    def known_to_law(self):
        """Whether the basis rests on a norm that is a ground for processing under a law of the operator."""
        return self.known_under({each.law_id for each in self.operator.laws.all()})

    def known_under(self, laws):
        """`laws`: ids of the laws of the operator."""
        return bool(self.norm_id and self.norm.is_ground and self.norm.law_id in laws)
