"""Acts on the letters of a case: written, edited, signed off, sent."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import Truncator
from django.utils.translation import get_language
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.choices import Language, RequestKind
from registry.exports.answer_pack import issue_pack
from registry.exports.letter_texts import extended, letter_text
from registry.models import CaseLetter, Norm
from registry.operations.mailing import send_letter
from registry.rules.cases import answer_blockers, extension_blockers
from registry.rules.contacts import normalise_email
from registry.rules.deadlines import day_of

from .case_act_forms import ActForm

Kind, Way = CaseLetter.Kind, CaseLetter.Way
LETTER_ROWS = 18


class NormField(forms.ModelChoiceField):
    def label_from_instance(self, norm):
        return f"{norm.citation}: {Truncator(norm.text_in(get_language())).chars(90)}"


def norms_of(case):
    """What a refusal can rest on: norms of the operator's laws on the day the request came."""
    laws = case.operator.laws.values("law")
    return Norm.objects.in_force(day_of(case.received_at)).filter(law__in=laws).select_related("law")


def text_field():
    return forms.CharField(label=_("Text"), widget=forms.Textarea(attrs={"rows": LETTER_ROWS, "class": "letter"}))


def norm_field():
    return NormField(
        queryset=Norm.objects.none(),
        label=_("Norm"),
        help_text=_("The one that allows the refusal. It is cited in the letter."),
        error_messages={"required": _("A refusal rests on a norm. Choose the one that allows it.")},
    )


class DraftForm(ActForm):
    """The text comes ready in the language of the case; “Text anew” gives it in the language and with the norm chosen."""

    button = _("Keep the draft")
    done = _("The draft is kept. It is signed off before it is sent.")
    again = _("Text anew")
    kind = ""
    group = "letters"

    language = forms.ChoiceField(label=_("Language"), choices=Language)
    text = text_field()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if "norm" in self.fields:
            self.fields["norm"].queryset = norms_of(self.case)
        self.initial.setdefault("language", self.case.language)
        if not self.is_bound:
            said = (
                {"norm": self.norms().filter(pk=self.initial.get("norm")).first()} if self.initial.get("norm") else {}
            )
            self.initial["text"] = letter_text(self.case, self.kind, self.initial["language"], **said)

    def norms(self):
        return self.fields["norm"].queryset if "norm" in self.fields else Norm.objects.none()

    @classmethod
    def chosen(cls, data):
        """What “Text anew” starts from."""
        language, norm = data.get("language", ""), data.get("norm", "")
        return ({"language": language} if language in Language.values else {}) | (
            {"norm": norm} if norm.isdigit() else {}
        )

    def norm_of_letter(self):
        return self.cleaned_data.get("norm")

    def perform(self, *, by, at):
        given = self.cleaned_data
        return self.case.draft(
            self.kind, by=by, at=at, text=given["text"], language=given["language"], norm=self.norm_of_letter()
        )


class AskIdentityForm(DraftForm):
    label, kind = _("Ask for proof of identity"), Kind.IDENTITY
    lead = _("The applicant is asked to prove who they are. Copies of documents are not collected.")

    @classmethod
    def is_offered(cls, case, facts, letter=None):
        stranger = any(blocker.code == "no-identity" for blocker in answer_blockers(facts))
        return super().is_offered(case, facts) and stranger


class AnswerForm(DraftForm):
    label, kind = _("Draft the answer"), Kind.ANSWER
    lead = _(
        "Look through the text and fill in what only you know. While a place in […] is open, it is not signed off."
    )

    @classmethod
    def blockers(cls, case, facts, letter=None):
        return answer_blockers(facts)


class RefusalForm(DraftForm):
    label, kind = _("Draft a refusal"), Kind.REFUSAL
    lead = _("A refusal names its norm and gives its reasons; the letter says where to complain.")

    norm = norm_field()
    field_order = ["norm", "language", "text"]

    @classmethod
    def blockers(cls, case, facts, letter=None):
        return answer_blockers(facts)


class ExtendForm(DraftForm):
    label, kind = _("Extend the term"), Kind.EXTENSION
    lead = _(
        "Once, by a reasoned notice that is sent before the term ends. A term whose law knows no extension stays as it is."
    )

    @classmethod
    def blockers(cls, case, facts, letter=None):
        return extension_blockers(facts, case.extension_facts(cls.kind))

    def norm_of_letter(self):
        return extended(self.case)[2]


def brings_pack(letter):
    """Whether what the register holds of the person goes with the letter: it is what was asked for."""
    return letter.kind == Kind.ANSWER and letter.case.kind == RequestKind.INFORMATION


class LetterForm(ActForm):
    @classmethod
    def is_offered(cls, case, facts, letter=None):
        return super().is_offered(case, facts) and letter is not None and letter.sent_at is None


class EditForm(LetterForm):
    label, button = _("Edit"), _("Keep the draft")
    lead = _("A draft is edited until it is signed off.")
    done = _("The draft is kept.")

    language = forms.ChoiceField(label=_("Language"), choices=Language)
    norm = norm_field()
    text = text_field()

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["norm"].queryset = norms_of(self.case)
        if self.letter.kind != Kind.REFUSAL:
            del self.fields["norm"]
        self.initial |= {name: self.letter.serializable_value(name) for name in self.fields}

    @classmethod
    def is_offered(cls, case, facts, letter=None):
        return super().is_offered(case, facts, letter) and letter.signed_at is None

    def perform(self, *, by, at):
        for name, value in self.cleaned_data.items():
            setattr(self.letter, name, value)
        self.letter.full_clean()
        self.letter.save()
        return self.letter


class SignForm(LetterForm):
    label, button = _("Sign off"), _("Sign off")
    lead = _("What is signed off is what is sent: from here on the letter stays as it is.")
    done = _("The letter is signed off. It can be sent.")
    permission = "registry.sign_caseletter"

    with_pack = forms.BooleanField(
        label=_("With everything the register holds of the person"),
        required=False,
        initial=True,
        help_text=_("A document of its own that goes with the letter, as the register is at this moment."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        if self.letter.pack_id or not brings_pack(self.letter):
            del self.fields["with_pack"]

    @classmethod
    def is_offered(cls, case, facts, letter=None):
        return super().is_offered(case, facts, letter) and not letter.is_signed

    @classmethod
    def blockers(cls, case, facts, letter=None):
        return letter.signing_blockers(facts.now)

    def perform(self, *, by, at):
        if self.cleaned_data.get("with_pack"):
            issue_pack(self.letter, by=by, role=scope.role_of(by), reason=self.case.number)
        self.letter.sign(by=by, at=at)
        return self.letter


class SendForm(LetterForm):
    label, button = _("Send"), _("Send it")
    lead = _(
        "By e-mail it leaves at once. What is posted, handed over or put on the portal is recorded here when it has left."
    )
    done = _("It is recorded that the letter has left.")

    way = forms.ChoiceField(label=_("How"), choices=[("", "—"), *Way.choices])
    address = forms.CharField(
        label=_("Address"), max_length=254, required=False, help_text=_("For e-mail it is needed; for post it is kept.")
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        contact = getattr(self.case, "applicant_contact", "")
        by_mail = bool(contact) and not normalise_email(contact).error
        self.initial |= {"address": contact, "way": Way.MAIL if by_mail else ""}

    @classmethod
    def is_offered(cls, case, facts, letter=None):
        return super().is_offered(case, facts, letter) and letter.is_signed

    def clean(self):
        given = super().clean()
        if given.get("way") == Way.MAIL and not given.get("address"):
            self.add_error("address", ValidationError(_t("A letter by e-mail needs an address. Enter it.")))
        return given

    def perform(self, *, by, at):
        way, address = self.cleaned_data["way"], self.cleaned_data["address"]
        if way == Way.MAIL:
            send_letter(self.letter, address=address, by=by, at=at)
            self.done = _t("The letter is given to the mailer. Its page says when it has left.")
        else:
            self.letter.address = address if way == Way.POST else ""
            self.letter.mark_sent(by=by, at=at, way=way)
        return self.letter
