"""Deciding to rely on a ground that no law of the operator knows: where it is wanted, and the act on the page of the basis."""

from django import forms
from django.contrib import messages
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _

from registry.models import GroundDecision
from registry.models.grounding import bases_of
from registry.rules.activity import activation_blockers
from registry.rules.grounds import BY_CONSENT, PROCESSING, GroundFacts, ground_blockers

from .acts import reason_of
from .labels import Citations

NORMS = "lawful_basis"
DECLARED_ONLY = "declared-only"


def decide_url(basis_pk):
    return reverse("admin:registry_legalbasis_decide", args=[basis_pk])


def way_to(basis_pk, user):
    """What a blocker links to, for whoever may decide."""
    return {"url": decide_url(basis_pk), "way": _("Decide")} if may_decide(user) else {}


def may_decide(user):
    return user.has_perm("registry.add_grounddecision")


def undecided(purpose, user):
    """What the gate says of the purpose’s bases that no law knows and nobody decided about, with the way to decide."""
    facts = GroundFacts(str(purpose), PROCESSING, (), bases_of(purpose, timezone.localdate()))
    return [each for each in missing_grounds(facts, Citations(purpose.operator), user) if each["code"] == DECLARED_ONLY]


def missing_grounds(facts, citations, user):
    """What the basis gate says, with its norms; what a decision would lift, with the way to decide."""
    lacking = (basis for basis in facts.bases if not basis.holds and basis.kind not in BY_CONSENT)
    return [
        citations.described(each) | (way_to(next(lacking).pk, user) if each.code == DECLARED_ONLY else {})
        for each in ground_blockers(facts)
    ]


def decisions_wanted(activity, user):
    """Where to decide about the bases of an activity that no law knows, by the sentence that its gate says of them."""
    stored = activity.with_stored_links()
    facts = stored.facts(timezone.localdate(), stored)
    lacking = [
        link.basis_id
        for link, purpose in zip(stored.purposes.all(), facts.purposes, strict=True)
        if purpose.has_basis and not purpose.basis_known and purpose.decided_until is None
    ]
    said = [blocker.message for blocker in activation_blockers(facts) if blocker.code == "basis-unknown"]
    return {message: way_to(basis, user) for message, basis in zip(said, lacking, strict=True)}


def cited(operator, topic):
    return "; ".join(Citations(operator).by_topic.get(topic, [])[: Citations.SHOWN])


class DecisionForm(forms.Form):
    """Until when, by which document, and why: the reasons stay with the decision."""

    valid_from = forms.DateField(label=_("Valid from"), widget=AdminDateWidget)
    valid_until = forms.DateField(
        label=_("Valid until"),
        widget=AdminDateWidget,
        help_text=_("Last day. From the next one on nothing rests on it."),
    )
    document = forms.CharField(label=_("Document"), max_length=250, help_text=_("Order or minutes, number and date."))
    _reason = forms.CharField(
        label=_("Reasons"),
        max_length=500,
        widget=forms.Textarea,
        help_text=_("Why the operator relies on it all the same."),
    )


class DecidesGrounds:
    """Adds to the page of a basis the act by which the officer decides to rely on it."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.decide_view)
        return [path("<int:pk>/decide/", view, name="registry_legalbasis_decide"), *super().get_urls()]

    def form_context(self, request, record):
        context = super().form_context(request, record)
        if record is None or record.kind in BY_CONSENT or record.known_to_law:
            return context
        today = timezone.localdate()
        standing = record.decisions.live(today).order_by("-valid_until").first()
        if standing:
            said = _t("No law of the operator knows it. Relied on by decision until %s.")
            blocker = {
                "message": said % date_format(standing.valid_until, "DATE_FORMAT"),
                "url": reverse("admin:registry_grounddecision_change", args=[standing.pk]),
            }
        else:
            blocker = {"message": _t("No law of the operator knows it as a ground, and no decision stands.")}
        blocker |= {"code": "declared-only", "norm": cited(record.operator, NORMS), "field": "norm"}
        acts = []
        if standing is None and may_decide(request.user):
            acts = [{"label": _t("Decide"), "url": decide_url(record.pk)}]
        return context | {"blockers": [blocker], "blockers_title": _t("Declared by the policy only"), "acts": acts}

    def decide_view(self, request, pk):
        basis = self.get_object(request, str(pk))
        if basis is None:
            raise Http404
        if not request.user.has_perm("registry.add_grounddecision", basis):
            raise PermissionDenied
        form = DecisionForm(request.POST or None, initial={"valid_from": timezone.localdate()})
        if request.method == "POST" and form.is_valid():
            try:
                self.decide(request, basis, form.cleaned_data)
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
            else:
                messages.success(request, _t("The decision is recorded. It lifts the blocker until its last day."))
                return HttpResponseRedirect(reverse("admin:registry_legalbasis_change", args=[basis.pk]))
        context = self.admin_site.each_context(request) | {
            "title": _t("Decide to rely on it"),
            "what": _t(
                "No law of the operator knows “%s” as a ground. Whoever relies on it all the same says why and until when, and "
                "answers for it."
            )
            % basis,
            "norm": cited(basis.operator, NORMS),
            "opts": self.opts,
            "object": basis,
            "form": form,
            "media": self.media + form.media,
            "button": _t("Decide"),
            "back": reverse("admin:registry_legalbasis_change", args=[basis.pk]),
        }
        return TemplateResponse(request, "admin/registry/act.html", context)

    def decide(self, request, basis, said):
        decision = GroundDecision(
            operator=basis.operator, basis=basis, why=reason_of(request), document=said["document"],
            valid_from=said["valid_from"], valid_until=said["valid_until"], decided_at=timezone.now(), decided_by=request.user,
        )  # fmt: skip
        decision.full_clean()
        decision.save()
