"""Acts on a case and its letters, each on a page of its own: what will happen, what stands in its way, and the act by POST."""

from django import forms
from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.models import CaseLetter

from .case_act_forms import (
    CloseForm,
    CloseWithoutAnswerForm,
    IdentifyForm,
    OpenAgainForm,
    OptOutForm,
    RecordForm,
    SortForm,
    WithdrawForm,
)
from .case_letter_forms import AnswerForm, AskIdentityForm, EditForm, ExtendForm, RefusalForm, SendForm, SignForm
from .conflict import who_saved
from .entered import entered_in, reason_entered
from .labels import Citations

ON_ANY_CASE = {
    "record": RecordForm,
    "answer": AnswerForm,
    "refuse": RefusalForm,
    "extend": ExtendForm,
    "close": CloseForm,
    "close-without-answer": CloseWithoutAnswerForm,
    "open-again": OpenAgainForm,
}
REQUEST_ACTS = {
    "sort": SortForm,
    "identify": IdentifyForm,
    "withdraw": WithdrawForm,
    "opt-out": OptOutForm,
    "ask-identity": AskIdentityForm,
} | ON_ANY_CASE
AUTHORITY_ACTS = ON_ANY_CASE
LETTER_ACTS = {"edit": EditForm, "sign": SignForm, "send": SendForm}


class ActPages:
    """`acts` of the class are the forms of what can be done, by the word in the address."""

    acts = {}

    def get_urls(self):
        name = self.opts.model_name
        view = self.admin_site.admin_view(self.act_view)
        return [
            path("<int:pk>/act/<slug:act>/", view, name=f"registry_{name}_act"),
            path("<int:pk>/letter/<int:letter>/act/<slug:act>/", view, name=f"registry_{name}_letter_act"),
            *super().get_urls(),
        ]

    def act_view(self, request, pk, act, letter=None):
        posted = request.method == "POST"
        case = self.case_or_404(request, pk, lock=posted)
        letter = letter and get_object_or_404(CaseLetter, pk=letter, **case.as_parent)
        kind = (LETTER_ACTS if letter else self.acts).get(act)
        if kind is None:
            raise Http404
        if not self.may(request, kind, case, letter):
            raise PermissionDenied
        if posted and request.POST.get("_seen", "") != self.seen(request, case):
            return self.seen_otherwise(request, case, written(request, kind(request.POST, case=case, letter=letter)))
        facts = case.facts(timezone.now())
        form, refusals = self.form_of(request, kind, case, letter), []
        if not kind.is_offered(case, facts, letter):
            return self.act_page(request, form, refusals=[self.why_not_offered(kind, case, facts, letter)])
        if blockers := kind.blockers(case, facts, letter):
            return self.act_page(request, form, blockers=blockers)
        if form.is_valid():
            try:
                with transaction.atomic():
                    made = form.perform(by=request.user, at=facts.now)
            except ValidationError as refusal:
                refusals = refusal.messages
                case.refresh_from_db()
            else:
                messages.success(request, form.done)
                return HttpResponseRedirect(self.address_of(made or case))
        return self.act_page(request, form, refusals=refusals, possible=True)

    def act_page(self, request, form, *, refusals=(), blockers=(), possible=False):
        """The form, or why there is none; what an act refused stands above the form, with what was typed in it."""
        case, letter = form.case, form.letter
        self.tell_opened(request, case)
        context = self.admin_site.each_context(request) | {
            "title": form.label,
            "opts": self.opts,
            "case": case,
            "case_url": self.address_of(case),
            "letter": letter,
            "back": self.address_of(letter or case),
            "form": form,
            "seen": self.seen(request, case),
            "act_reason": request.POST.get("_reason", case.number if form.names_case else ""),
            "media": self.media + form.media,
            "refusals": refusals,
            "blockers": [Citations(case.operator).described(blocker) for blocker in blockers],
            "possible": possible,
        }
        status = 409 if request.method == "POST" and (refusals or blockers) else 200
        return TemplateResponse(request, "admin/registry/subjectrequest/act.html", context, status=status)

    def may(self, request, kind, case, letter=None):
        """Whether the role may do it at all."""
        may = self.has_change_permission(request, case)
        return may and (not kind.permission or request.user.has_perm(kind.permission, letter or case))

    def form_of(self, request, kind, case, letter):
        """Bound to what was posted, but for “Text anew”: that starts from what was chosen."""
        if request.method != "POST":
            return kind(case=case, letter=letter)
        if "again" in request.POST and hasattr(kind, "chosen"):
            return kind(case=case, letter=letter, initial=kind.chosen(request.POST))
        return kind(request.POST, case=case, letter=letter)

    def why_not_offered(self, kind, case, facts, letter):
        """The gate's own sentence, where it has one: a closed case, say."""
        found = kind.blockers(case, facts, letter)
        if found:
            return found[0].message
        if letter is not None:
            said = {"act": kind.label, "state": self.letter_state_word(letter)}
            return _("“%(act)s” is not possible: the letter is %(state)s.") % said
        return _("“%s” is not needed in this case as it stands.") % kind.label

    def address_of(self, thing):
        """The page of a case, or of a letter of one."""
        if isinstance(thing, CaseLetter):
            case = thing.case
            return reverse(f"admin:registry_{case._meta.model_name}_letter", args=[case.pk, thing.pk])
        return reverse(f"admin:registry_{thing._meta.model_name}_change", args=[thing.pk])

    def conflict(self, request, record, entered):
        """Somebody, or the same person with the same click, was at the case after this page was drawn."""
        context = self.admin_site.each_context(request) | {
            "title": _("The case has changed since"),
            "case": record,
            "url": self.address_of(record),
            **entered,
            **who_saved(record, self.linked_models()),
        }
        return TemplateResponse(request, "admin/registry/subjectrequest/changed.html", context, status=409)


def written(request, form):
    """What had been typed for an act, to be used again; of what is only ticked or chosen nothing is worth keeping."""
    texts = [name for name, field in form.fields.items() if isinstance(field, forms.CharField)]
    filled = [each for each in entered_in(form, texts) if each["value"].strip()]
    return {"entered": [*filled, *reason_entered(request, usual=form.case.number)]}
