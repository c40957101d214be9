"""The hand-over on the page of an acquirer: what, from when on and on which ground; shown in numbers; then done, or begun."""

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.choices import NormTopic
from registry.models import Disclosure, Norm, ProcessingActivity, Recipient
from registry.operations import handover
from registry.operations.handover import HandOver
from registry.tasks import begin_handover

from .acts import own_units, reason_of
from .deciding import cited
from .forms import ShownFirst
from .steps import actor_of, address, begun_stays_begun

Ground = Disclosure.Ground


class HandOverForm(ShownFirst):
    activities = forms.ModelMultipleChoiceField(
        ProcessingActivity.objects.none(), label=_("Activities"), widget=forms.CheckboxSelectMultiple
    )
    on = forms.DateField(label=_("Handed over on"), widget=AdminDateWidget)
    ground = forms.ChoiceField(
        label=_("Ground"),
        choices=[(each.value, each.label) for each in (Ground.CONSENT, Ground.NORM)],
        help_text=_("Consent: each person’s own, if it allows third parties. Without it the person is left out."),
    )
    norm = forms.ModelChoiceField(
        Norm.objects.none(), label=_("Norm"), required=False, help_text=_("Where it is the ground.")
    )
    _reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=_("Contract, number and date. Kept in the history.")
    )

    def __init__(self, *args, operator, **kwargs):
        super().__init__(*args, **kwargs)
        today = timezone.localdate()
        self.fields["activities"].queryset = ProcessingActivity.objects.filter(operator=operator).exclude(
            status="ended"
        )
        norms = Norm.objects.in_force(today).filter(is_ground=True, law__in=operator.laws.values("law"))
        self.fields["norm"].queryset = norms.select_related("law")

    def act(self, recipient):
        said = self.cleaned_data
        return HandOver(recipient, tuple(said["activities"]), said["on"], said["ground"], said["norm"])

    def confirmed(self):
        """What the confirmation names, besides the acquirer."""
        said = self.cleaned_data
        told = {name: said[name] for name in ("activities", "on", "norm")}
        return told | {"ground": Ground(said["ground"]).label, "reason": said["_reason"]}


class HandsOver:
    """Adds the act to the page of an acquirer."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.handover_view)
        return [path("<int:pk>/hand-over/", view, name="registry_recipient_handover"), *super().get_urls()]

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if (
            record is None
            or record.kind != Recipient.Kind.ACQUIRER
            or not request.user.has_perm("registry.add_disclosure")
        ):
            return context
        url = reverse("admin:registry_recipient_handover", args=[record.pk])
        return context | {"acts": [*context.get("acts", []), {"label": _t("Hand over"), "url": url}]}

    @own_units
    def handover_view(self, request, pk):
        """Asked, then shown by name and in numbers, from where a way leads back, then done; no transaction is held over all of it."""
        recipient = self.get_object(request, str(pk))
        if recipient is None or recipient.kind != Recipient.Kind.ACQUIRER:
            raise Http404
        if not request.user.has_perm("registry.add_disclosure", recipient):
            raise PermissionDenied
        form = HandOverForm(request.POST or None, operator=recipient.operator, initial={"on": timezone.localdate()})
        expected = None
        if form.is_entered():
            try:
                if form.is_confirmed:
                    return self.handed_over(request, recipient, form)
                expected = expected_of(form.act(recipient)) | {"said": form.confirmed()}
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
        return self.handover_page(request, recipient, form if expected is None else form.as_hidden(), expected)

    def handed_over(self, request, recipient, form):
        said = actor_of(request) | {"at": timezone.now(), "reason": reason_of(request)}
        run = begin_handover(form.act(recipient), **said, around=begun_stays_begun)
        return HttpResponseRedirect(address(run))

    def handover_page(self, request, recipient, form, expected):
        context = self.admin_site.each_context(request) | {
            "title": _t("Hand over to the acquirer"),
            "what": _t(
                "For each person it is recorded that the data went to the acquirer, and that the person is to be told. It is not taken "
                "back."
            ),
            "norm": cited(recipient.operator, NormTopic.RECIPIENTS),
            "opts": self.opts,
            "object": recipient,
            "form": form,
            **(expected or {}),
            "media": self.media + form.media,
            "shown": bool(expected),
            "button": _t("Hand over") if expected else _t("Show what will happen"),
            "back": reverse("admin:registry_recipient_change", args=[recipient.pk]),
        }
        return TemplateResponse(request, "admin/registry/recipient/handover.html", context)


def expected_of(said):
    """What the confirmation shows: of so many people that one waits for it, who would go; of more, only how many it concerns."""
    handover.refuse_act(said)
    concerned = handover.concerned(said).count()
    few = concerned <= handover.MOST_AT_ONCE
    return {"concerned": concerned, "counts": handover.preview(said) if few else None}
