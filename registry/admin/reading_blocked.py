"""Blocked people are stored only: whoever opens one says why first, and the journal keeps the reason's code."""

from django import forms
from django.core.exceptions import PermissionDenied
from django.db import models
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry import journal, scope
from registry.choices import HandlingAct
from registry.models import DataSubject

SESSION_KEY = "reads_blocked"
MOST_KEPT = 50


class ReadingReason(models.TextChoices):
    """Why blocked data are read. The codes stand in the journal."""

    REQUEST = "request", gettext_lazy("a request of the person")
    CHECK = "check", gettext_lazy("to check what the block is about")
    AUTHORITY = "authority", gettext_lazy("a request of a state body")
    CLAIM = "claim", gettext_lazy("a claim, or a court")


class ReadingForm(forms.Form):
    why = forms.ChoiceField(label=gettext_lazy("Why do you read it?"), choices=ReadingReason, widget=forms.RadioSelect)


def of_person(record):
    """Whose it is: the person on their own page, else whom the record is about."""
    return getattr(record, "subject", record)


def reason_given(request, person):
    """The code of the reason to read a blocked person that was given in this session, or an empty text; None where none is
    needed."""
    if person.state != DataSubject.State.BLOCKED:
        return None
    return request.session.get(SESSION_KEY, {}).get(str(person.pk), "")


def label_of(request, person):
    """The person's label on a page about something else: the name of a blocked one only where a reason to read it was given."""
    return person.label(scope.sees_personal(request.user) and reason_given(request, person) != "")


def held(record):
    """What keeps the person's record from being changed; asked of the same gate as every save, once a page."""
    person = of_person(record)
    if person is None or person.state != DataSubject.State.BLOCKED:
        return []
    if not hasattr(person, "_held"):
        person._held = person.held_from(HandlingAct.CHANGE)
    return person._held


class StoredWhileBlocked:
    """Rows on the page of a person, or of a record about one: while a block stands they are shown; none is removed."""

    def has_add_permission(self, request, obj=None):
        return super().has_add_permission(request, obj) and not held(obj)

    def has_change_permission(self, request, obj=None):
        return super().has_change_permission(request, obj) and not held(obj)

    def has_delete_permission(self, request, obj=None):
        is_blocked = obj is not None and of_person(obj).state == DataSubject.State.BLOCKED
        return super().has_delete_permission(request, obj) and not is_blocked


class ReadsBlocked:
    """For admin classes of records about one person."""

    def person_of(self, record):
        return record if isinstance(record, DataSubject) else record.subject

    def get_urls(self):
        name = f"registry_{self.opts.model_name}_read"
        return [path("<int:pk>/read/", self.admin_site.admin_view(self.reading_view), name=name), *super().get_urls()]

    def reason_to_read(self, request, record):
        return None if record is None else reason_given(request, self.person_of(record))

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        if request.method != "POST" and object_id is not None:
            record = self.record_or_404(request, object_id)
            if self.reason_to_read(request, record) == "":
                return self.ask(request, record, ReadingForm())
        return super().changeform_view(request, object_id, form_url, extra_context)

    def history_view(self, request, object_id, extra_context=None):
        record = self.get_object(request, object_id)
        if record is not None and self.reason_to_read(request, record) == "":
            return self.ask(request, record, ReadingForm())
        return super().history_view(request, object_id, extra_context)

    def tell_opened(self, request, record):
        if code := self.reason_to_read(request, record):
            named = {"uid": record.uid, "subjects": record.journal_subjects()}
            journal.record("view", object_type=self.opts.model_name, reason_code=code, **named)
        else:
            super().tell_opened(request, record)

    def reading_view(self, request, pk):
        """Takes the reason and opens the page; it counts for this person until the session ends."""
        record = self.get_object(request, str(pk))
        if record is None:
            raise Http404
        if not self.has_view_permission(request, record):
            raise PermissionDenied
        form = ReadingForm(request.POST or None)
        if request.method != "POST" or not form.is_valid():
            return self.ask(request, record, form)
        kept = list(request.session.get(SESSION_KEY, {}).items())[-MOST_KEPT:]
        request.session[SESSION_KEY] = dict(kept) | {str(self.person_of(record).pk): form.cleaned_data["why"]}
        return HttpResponseRedirect(reverse(f"admin:registry_{self.opts.model_name}_change", args=[record.pk]))

    def ask(self, request, record, form):
        context = self.admin_site.each_context(request) | {
            "title": _("Blocked: stored only"),
            "what": _(
                "While a block stands the data are only kept. Whoever reads them says why; the journal keeps it."
            ),
            "opts": self.opts,
            "object": record,
            "form": form,
            "media": self.media + form.media,
            "action": reverse(f"admin:registry_{self.opts.model_name}_read", args=[record.pk]),
            "button": _("Open"),
            "back": reverse(f"admin:registry_{self.opts.model_name}_changelist"),
            "blocks": self.person_of(record).blocks.standing().select_related("law", "activity"),
        }
        return TemplateResponse(request, "admin/registry/datasubject/read_blocked.html", context)
