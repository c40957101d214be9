"""Acts on a case, one form each: what it is called, what stands in its way, what is asked, and what is done."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.choices import CaseAct, Channel, NormTopic, RequestKind
from registry.models import SubjectRequest
from registry.models.case_acts import RECORDED_BY_OFFICER
from registry.operations.withdrawal import meant_by, withdraw
from registry.rules.blockers import Blocker
from registry.rules.cases import (
    ASKED_ACTS,
    SUBJECT_KINDS,
    closing_blockers,
    identity_blockers,
    open_blockers,
    person_blockers,
    withdrawal_blockers,
)

from .withdrawal import ConsentsForm


class ActForm(forms.Form):
    """An act on a case: `perform` does it, as somebody, at a time; what refuses it raises ValidationError."""

    label = button = lead = done = ""
    permission = ""  # besides that to change the case
    names_case = False  # the number of the case is the reason, unless another one is given
    group = "case"

    def __init__(self, *args, case, letter=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.case, self.letter = case, letter

    @classmethod
    def is_offered(cls, case, facts, letter=None):
        """Whether the act means anything for the case as it stands. What stands in its way is asked after that."""
        return not facts.is_closed

    @classmethod
    def blockers(cls, case, facts, letter=None):
        return open_blockers(facts)

    def perform(self, *, by, at):
        """Returns where to go from here: the case or letter that came of it, or None for the case itself."""
        raise NotImplementedError


class SortForm(ActForm):
    label, button = _("Sort"), _("Sort the case")
    lead = _("Says what is asked for. The terms are counted anew, from the same receipt.")
    done = _("The case is sorted, its terms are counted.")

    kind = forms.ChoiceField(
        label=_("What is asked for"),
        choices=[("", "—"), *((kind.value, kind.label) for kind in SUBJECT_KINDS if kind != RequestKind.UNSORTED)],
    )

    def clean_kind(self):
        if self.cleaned_data["kind"] == self.case.kind:
            raise ValidationError(_t("It is sorted so already. Choose another kind, or leave it."))
        return self.cleaned_data["kind"]

    def perform(self, *, by, at):
        self.case.sort(self.cleaned_data["kind"], by=by, at=at)


class IdentifyForm(ActForm):
    label, button = _("Check identity"), _("Record the check")
    lead = _(
        "Records that the applicant is who they say: the person, or the representative. Nobody else gets an answer."
    )
    done = _("The identity check is recorded.")

    method = forms.ChoiceField(
        label=_("How it was checked"), choices=[("", "—"), *SubjectRequest.IdentityMethod.choices]
    )
    note = forms.CharField(
        label=_("What was shown"),
        max_length=250,
        required=False,
        help_text=_("For example “identity card, number compared with the register”. No copy is needed."),
    )

    @classmethod
    def blockers(cls, case, facts, letter=None):
        return identity_blockers(facts)

    def perform(self, *, by, at):
        self.case.identify(self.cleaned_data["method"], by=by, at=at, note=self.cleaned_data["note"])


class RecordForm(ActForm):
    label, button = _("Record what was done"), _("Record it")
    group = "do"
    lead = _("For what was done outside this page: in the register, the CRM, on the site, on paper.")
    done = _("What was done is recorded.")

    act = forms.ChoiceField(label=_("What was done"))
    note = forms.CharField(
        label=_("How and where"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Which records, in which systems, by whom."),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        asked = ASKED_ACTS.get(self.case.kind, ())
        acts = dict.fromkeys([*asked, *RECORDED_BY_OFFICER])
        self.fields["act"].choices = [(act.value, CaseAct(act).label) for act in acts]

    def perform(self, *, by, at):
        self.case.step(self.cleaned_data["act"], by=by, at=at, note=self.cleaned_data["note"])


class WithdrawForm(ConsentsForm, ActForm):
    label, button = _("Withdraw consents"), _("Withdraw the consents chosen")
    group = "do"
    lead = _("They are no ground any more from the moment the request was received. This cannot be undone.")
    done = _("The withdrawal is carried out.")
    names_case = True

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.offer(self.case.subject, meant_by(self.case), self.case)

    def received_at(self):
        return self.case.received_at

    @classmethod
    def is_offered(cls, case, facts, letter=None):
        return super().is_offered(case, facts) and (case.kind == RequestKind.WITHDRAWAL or meant_by(case).exists())

    @classmethod
    def blockers(cls, case, facts, letter=None):
        found = withdrawal_blockers(facts)
        if not found and not meant_by(case).exists():
            message = _t(
                "The person has no consent that was given before and still stands. Record what was done instead."
            )
            found.append(Blocker("no-consent", message, NormTopic.SUBJECT_RIGHTS))
        return found

    def perform(self, *, by, at):
        withdraw(self.person, consents=self.chosen, by=by, at=at, request=self.case)


class OptOutForm(ActForm):
    label, button = _("Stop messages"), _("Stop the channels chosen")
    group = "do"
    lead = _("The person is left in peace on these channels from the day of receipt; no import lifts that.")
    done = _("The opt-out is recorded.")
    names_case = True

    channels = forms.MultipleChoiceField(
        label=_("Channels"),
        choices=Channel,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Tick the channels that are meant.")},
    )

    @classmethod
    def blockers(cls, case, facts, letter=None):
        return person_blockers(facts)

    def perform(self, *, by, at):
        self.case.opt_out(self.cleaned_data["channels"], by=by, at=at)


class CloseForm(ActForm):
    label, button = _("Close"), _("Close the case")
    lead = _(
        "What is asked for has happened or was refused with reasons, and the applicant was told. It stays as it is."
    )
    done = _("The case is closed.")

    @classmethod
    def blockers(cls, case, facts, letter=None):
        return closing_blockers(facts)

    def perform(self, *, by, at):
        self.case.close(by=by, at=at)


class CloseWithoutAnswerForm(ActForm):
    label, button = _("Close without an answer"), _("Close without an answer")
    lead = _("For what needs none. The case stays as it is; its reason is kept.")
    done = _("The case is closed without an answer.")

    outcome = forms.ChoiceField(label=_("It is"))
    note = forms.CharField(
        label=_("Why"),
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example the number of the case it repeats, or how it was taken back."),
        error_messages={"required": _("Say why the case is closed without an answer.")},
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        outcomes = self.case.Outcome
        unanswered = [each for each in outcomes if each not in (outcomes.MET, outcomes.REFUSED)]
        self.fields["outcome"].choices = [("", "—"), *((each.value, each.label) for each in unanswered)]

    def perform(self, *, by, at):
        self.case.close_as(self.cleaned_data["outcome"], by=by, at=at, note=self.cleaned_data["note"])


class OpenAgainForm(ActForm):
    label, button = _("Open again"), _("Open a new case")
    lead = _("A new case that follows this one, received now, with terms of its own. This one stays as it is.")
    done = _("This is the new case. It follows the closed one.")

    @classmethod
    def is_offered(cls, case, facts, letter=None):
        return facts.is_closed

    @classmethod
    def blockers(cls, case, facts, letter=None):
        if (follower := case.followed_by.first()) is None:
            return []
        message = _t("It was opened again already, as %(number)s. Go on there.") % {"number": follower.number}
        return [Blocker("opened-again", message, NormTopic.SUBJECT_RIGHTS)]

    def perform(self, *, by, at):
        return self.case.open_again(by=by, at=at)
