"""That everybody of a hand-over was told: recorded on its page in one act, shown in numbers first; how far it has come."""

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _t
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from registry import scope
from registry.models import Obligation, TellingRun
from registry.operations import telling
from registry.tasks import begin_telling
from registry.templatetags.registry_ui import grouped

from .acts import own_units
from .base import RegistryModelAdmin
from .forms import ShownFirst
from .obligation import FulfilForm
from .steps import PeopleStepPages, Rest, actor_of, address, begun_stays_begun, progress_of

State = TellingRun.State


class AllToldForm(ShownFirst, FulfilForm):
    """What is asked of the single word, asked once for all of them."""


def owed_to_people(run):
    """The word that is owed to the people of this hand-over, by its day: how many wait for it, how many were told.

    The list that the address leads to is of the whole acquirer.
    """
    query = {"recipient__id__exact": run.recipient_id, "what__exact": Obligation.What.INFORM, "is": "open"}
    return {"days": telling.by_day(run), "url": reverse("admin:registry_obligation_changelist", query=query)}


class RecordsTold:
    """Adds to the page of a hand-over the word that everybody was told."""

    def get_urls(self):
        view = self.admin_site.admin_view(self.told_view)
        return [path("<int:pk>/told/", view, name="registry_handoverrun_told"), *super().get_urls()]

    def form_context(self, request, run):
        context = super().form_context(request, run)
        if run is None or run.is_at_work:
            return context
        context |= {"tellings": list(run.tellings.select_related("begun_by")), "owed": owed_to_people(run)}
        if not may_record(request) or not any(day["waiting"] for day in context["owed"]["days"]):
            return context
        not_yet = telling.not_yet(run)
        return context | {"may_tell": not not_yet, "not_yet": not_yet}

    @own_units
    def told_view(self, request, pk):
        """Asked, then shown in numbers, from where a way leads back, then done; no transaction is held over all of it."""
        run = self.get_object(request, str(pk))
        if run is None:
            raise Http404
        if not request.user.has_perm("registry.change_obligation", run):
            raise PermissionDenied
        waiting, told = telling.counted(run)
        if not waiting:
            messages.info(request, _t("Nobody of this hand-over is still to be told."))
            return HttpResponseRedirect(address(run))
        if request.method != "POST" and (why := telling.not_yet(run)):
            messages.info(request, why)
            return HttpResponseRedirect(address(run))
        form = AllToldForm(request.POST or None)
        shown = False
        if form.is_entered():
            try:
                if form.is_confirmed:
                    return self.all_told(request, run, form.cleaned_data)
                telling.refuse_telling(run, **form.cleaned_data, at=timezone.now())
                shown = True
            except ValidationError as refusal:
                form.add_error(None, refusal.messages)
        return self.told_page(request, run, form.as_hidden() if shown else form, (waiting, told) if shown else (0, 0))

    def all_told(self, request, run, said):
        begun = begin_telling(run, **said, **actor_of(request), at=timezone.now(), around=begun_stays_begun)
        if begun.is_at_work:
            return HttpResponseRedirect(address(begun))
        messages.success(request, in_words(begun))
        return HttpResponseRedirect(address(run))

    def told_page(self, request, run, form, counts):
        waiting, told = counts
        context = self.admin_site.each_context(request) | {
            "title": _t("Record that all were told"),
            "what": _t(
                "Everybody of this hand-over who is still to be told is recorded as told, on this day and in this way. It is not taken "
                "back."
            ),
            "opts": self.opts,
            "object": run,
            "form": form,
            "shown": bool(waiting),
            "waiting": waiting,
            "told": told,
            "media": self.media + form.media,
            "button": _t("Record that all were told") if waiting else _t("Show what will happen"),
            "back": address(run),
        }
        return TemplateResponse(request, "admin/registry/handoverrun/told.html", context)


@admin.register(TellingRun)
class TellingRunAdmin(PeopleStepPages, RegistryModelAdmin):
    list_display = ["number", "handover", "told_on", "state_shown", "people", "begun_at", "by"]
    list_filter = ["state"]
    list_select_related = ["handover", "begun_by"]
    empty_text = _("That all were told is recorded on the page of a hand-over.")
    change_form_template = "admin/registry/tellingrun/change_form.html"
    moving_template = "admin/registry/progress.html"
    fields = ["handover"]
    tones = {State.TOLD: "ok", State.TELLING: "warn", State.CANCELLED: "quiet"}
    rest = Rest(
        _(
            "It stops after the people it is at. With whom it is recorded it stays recorded; record it again to take the rest."
        ),
        _("People recorded as told so far"),
        _("Not recorded"),
    )

    @admin.display(description=_("people"), ordering="rows_done")
    def people(self, run):
        return grouped(run.rows_done)

    def may_finish(self, request):
        return may_record(request)

    def give_up(self, run, **actor):
        telling.cancel(run, **actor)

    def form_context(self, request, run):
        context = super().form_context(request, run)
        if run is None:
            return context
        context |= {"run": run, "state_pill": self.state_shown(run), "may": self.may_finish(request)}
        context |= {"personal": scope.sees_personal(request.user), "said": in_words(run)}
        return context | (progress_of(request, run) if run.is_at_work else {})


def may_record(request):
    return request.user.has_perm("registry.change_obligation")


def in_words(run):
    said = {"count": grouped(run.rows_done), "day": run.told_on.isoformat()}
    return (
        ngettext(
            "%(count)s person is recorded as told on %(day)s.",
            "%(count)s people are recorded as told on %(day)s.",
            run.rows_done,
        )
        % said
    )
