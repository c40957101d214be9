"""Withdrawal of consents: what will happen is shown first and done then; in a case, and at the desk for a person."""

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.functional import cached_property
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.choices import Channel
from registry.models import Consent
from registry.operations.withdrawal import foreseen, in_sentences, withdraw, withdrawable
from registry.rules.deadlines import moment_on

from .labels import Citations
from .reading_blocked import label_of


class ConsentsField(forms.ModelMultipleChoiceField):
    def label_from_instance(self, consent):
        said = {"purpose": consent.purpose, "kind": consent.get_kind_display(), "day": consent.given_on.isoformat()}
        return _t("%(purpose)s · %(kind)s · given %(day)s") % said


class ConsentsForm(forms.Form):
    """Which consents are meant. What was shown for one choice does not stand for another: that is shown first."""

    consents = ConsentsField(
        queryset=Consent.objects.none(),
        label=_("Consents in force"),
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Untick what is not meant. A demand that names none means all of them."),
        error_messages={"required": _("Tick the consents that are meant.")},
    )

    def offer(self, person, consents, request=None):
        self.person, self.offered, self.request_meant = person, consents, request
        self.fields["consents"].queryset = self.fields["consents"].initial = consents

    def received_at(self):
        raise NotImplementedError

    @property
    def chosen(self):
        """As ticked; all of them before that."""
        return list(getattr(self, "cleaned_data", {}).get("consents", self.offered))

    @property
    def token(self):
        return "-".join(str(each.pk) for each in sorted(self.chosen, key=lambda each: each.pk))

    def clean(self):
        if self.cleaned_data.get("consents") and self.data.get("shown") != self.token:
            raise ValidationError(_t("What happens with this choice stands below. Look at it, then confirm."))
        return super().clean()

    @cached_property
    def foreseen(self):
        found = foreseen(self.person, self.chosen, received_at=self.received_at(), request=self.request_meant)
        return described(found, self.person.operator)


def described(found, operator):
    """What a withdrawal does, for templates; where something looks like another ground, why it is none, with its norms."""
    citations = Citations(operator)
    return {
        "stops": [
            {
                "purpose": each.purpose,
                "why": [citations.described(blocker) for blocker in each.why if blocker.code != "no-ground"],
            }
            for each in found.stops
        ],
        "stays": found.stays,
        "recipients": found.recipients,
        "channels": [Channel(each).label for each in found.channels],
        "due_on": found.due_on,
        "norm": found.rule.norm.citation if found.rule else "",
        "refusal": next((each for each in citations.by_topic.get("withdrawal", [])), ""),
    }


class DeskForm(ConsentsForm):
    """A withdrawal given at the desk: the day asked for is the day the operator heard of it."""

    received_on = forms.DateField(label=_("Received on"), widget=AdminDateWidget)
    _reason = forms.CharField(
        label=_("Reason"),
        max_length=500,
        help_text=_("How the person said so: letter, call, visit. Kept in the history."),
    )
    field_order = ["received_on", "consents", "_reason"]

    def clean_received_on(self):
        day = self.cleaned_data["received_on"]
        if day > timezone.localdate():
            raise ValidationError(_t("%s is in the future. Correct the date.") % day.isoformat())
        return day

    def received_at(self):
        """This very moment if it came today, else the first minute of that day: the consent was no ground on it any more."""
        return moment_on(getattr(self, "cleaned_data", {}).get("received_on", timezone.localdate()), timezone.now())


class WithdrawsConsents:
    """Adds to the page of a person, or of one consent, the withdrawal given at the desk."""

    def get_urls(self):
        name = f"registry_{self.opts.model_name}_withdraw"
        view = self.admin_site.admin_view(self.withdraw_view)
        return [path("<int:pk>/withdraw/", view, name=name), *super().get_urls()]

    def consents_at_stake(self, record):
        if isinstance(record, Consent):
            return Consent.objects.filter(pk=record.pk, withdrawn_at__isnull=True).select_related("purpose")
        return withdrawable(record, timezone.now())

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None or not request.user.has_perm("registry.change_consent"):
            return context
        if not self.consents_at_stake(record).exists():
            return context
        label = _t("Withdraw") if isinstance(record, Consent) else _t("Withdraw consents")
        url = reverse(f"admin:registry_{self.opts.model_name}_withdraw", args=[record.pk])
        return context | {"acts": [*context.get("acts", []), {"label": label, "url": url}]}

    def withdraw_view(self, request, pk):
        record = self.get_object(request, str(pk))
        if record is None:
            raise Http404
        if not request.user.has_perm("registry.change_consent", record):
            raise PermissionDenied
        if not self.consents_at_stake(record).exists():
            return self.nothing_to_withdraw(request, record)
        form = DeskForm(request.POST or None, initial={"received_on": timezone.localdate()})
        person = self.person_of(record)
        form.offer(person, self.consents_at_stake(record))
        if isinstance(record, Consent):  # there is nothing to choose
            del form.fields["consents"]
        if request.method == "POST" and form.is_valid():
            try:
                found = withdraw(
                    person, consents=form.chosen, by=request.user, at=timezone.now(), received_at=form.received_at()
                )
            except ValidationError as refusal:
                form.add_error("received_on", refusal)
            else:
                if not found.consents:  # a colleague was quicker
                    return self.nothing_to_withdraw(request, record)
                messages.success(request, " ".join([_t("The withdrawal is recorded."), *in_sentences(found)]))
                return HttpResponseRedirect(self.address_of(record))
        self.tell_opened(request, record)
        context = self.admin_site.each_context(request) | {
            "title": _t("Withdraw the consent") if isinstance(record, Consent) else _t("Withdraw consents"),
            "opts": self.opts,
            "object": record,
            "person": label_of(request, person),
            "form": form,
            "media": self.media + form.media,
        }
        return TemplateResponse(request, "admin/registry/consent/withdraw.html", context)

    def nothing_to_withdraw(self, request, record):
        """The page was open too long, or twice: what a colleague recorded stands, and nothing is added to it."""
        if isinstance(record, Consent):
            record.refresh_from_db(fields=["withdrawn_at"])
            day = date_format(timezone.localdate(record.withdrawn_at), "DATE_FORMAT")
            said = _t("Nothing was recorded: the consent was withdrawn before, on %s.") % day
        else:
            said = _t("Nothing was recorded: no consent stands that could be withdrawn.")
        messages.info(request, said)
        return HttpResponseRedirect(self.address_of(record))

    def address_of(self, record):
        return reverse(f"admin:registry_{self.opts.model_name}_change", args=[record.pk])
