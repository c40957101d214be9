"""Calendar feeds: made and revoked by their own user; read by a calendar program at a secret address, outside the login."""

import secrets

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from registry import journal, scope
from registry.exports.calendar import calendar_file
from registry.exports.due import due_cases
from registry.exports.due_tellings import due_tellings
from registry.models import CalendarFeed, ResponsiblePerson
from registry.rules.deadlines import day_of
from registry.templatetags.registry_ui import pill

from . import errors
from .acts import OtherOperator, or_unavailable
from .base import RegistryModelAdmin

TOKEN_BYTES = 32


@admin.register(CalendarFeed)
class CalendarFeedAdmin(RegistryModelAdmin):
    list_display = ["number", "made_at", "state"]
    list_display_links = ["number"]
    fields = ["made_at", "state", "revoked_at"]
    readonly_fields = fields
    empty_text = gettext_lazy("Due dates in your own calendar program: numbers and kinds of requests, nobody’s name.")

    def get_urls(self):
        view = self.admin_site.admin_view(self.revoke_view)
        return [path("<int:object_id>/revoke/", view, name="registry_calendarfeed_revoke"), *super().get_urls()]

    def has_add_permission(self, request):
        return request.operator is not None and request.user.has_perm("registry.add_calendarfeed")

    def offer_other_operator(self, request, object_id):
        """One's own feed only: of a colleague's nobody is told."""
        try:
            super().offer_other_operator(request, object_id)
        except OtherOperator:
            if CalendarFeed.objects.filter(pk=object_id, user=request.user).exists():
                raise

    @admin.display(description=gettext_lazy("number"), ordering="pk")
    def number(self, feed):
        return f"№ {feed.pk}"

    @admin.display(description=gettext_lazy("state"), ordering="revoked_at")
    def state(self, feed):
        return pill(_("revoked"), "quiet") if feed.revoked_at else pill(_("open"), "ok")

    def form_context(self, request, feed):
        acts = []
        if feed is not None and feed.revoked_at is None and request.user.has_perm("registry.change_calendarfeed", feed):
            url = reverse("admin:registry_calendarfeed_revoke", args=[feed.pk])
            acts = [{"label": _("Revoke"), "url": url}]
        heading = {"heading": self.number(feed)} if feed else {}
        return super().form_context(request, feed) | {"acts": acts} | heading

    def add_view(self, request, form_url="", extra_context=None):
        """Makes a feed. Its address is shown in this answer and kept nowhere: only its digest is stored."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method != "POST":
            return self.page(request, "make", _("Make a calendar feed"))
        if request.POST.get("_seen", "") != self.seen(request, None):
            return self.seen_otherwise(request, None)
        feed, token = make_feed(request.user, request.operator, at=timezone.now())
        address = request.build_absolute_uri(reverse("calendar_feed", args=[token]))
        return self.page(request, "make", _("Calendar feed"), object=feed, address=address)

    def revoke_view(self, request, object_id):
        feed = self.get_object(request, str(object_id))
        if feed is None:
            raise Http404
        if not request.user.has_perm("registry.change_calendarfeed", feed):
            raise PermissionDenied
        if request.method != "POST":
            return self.page(request, "revoke", _("Revoke the calendar feed"), object=feed)
        feed.revoke(by=request.user, at=timezone.now())
        messages.success(request, _("The feed is revoked: its address opens nothing any more."))
        return HttpResponseRedirect(reverse("admin:registry_calendarfeed_changelist"))

    def page(self, request, name, title, **context):
        context = self.admin_site.each_context(request) | self.form_context(request, None) | context
        context |= {"title": title, "opts": self.opts, "operator_code": request.operator.code}
        return TemplateResponse(request, f"admin/registry/calendarfeed/{name}.html", context)


def make_feed(user, operator, *, at):
    """A feed for this user, and the token that opens it, which nobody can find again."""
    token = secrets.token_urlsafe(TOKEN_BYTES)
    digest = CalendarFeed.digest_of(token)
    feed = CalendarFeed(operator=operator, user=user, token_digest=digest, made_at=at, made_by=user)
    feed.full_clean()
    feed.save()
    return feed, token


@require_GET
def calendar_feed(request, token):
    """The calendar at its address. Whoever may not open it learns what a stranger learns: that there is no such page."""
    response = or_unavailable(_calendar, request, token)
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex"
    return response


def _calendar(request, token):
    feed = open_feed(token)
    if feed is None:
        return errors.not_found(request)
    at = timezone.now()
    found = [due for due in due_cases(feed.operator, at) if due.due_on or due.due_at]
    tellings = [due for due in due_tellings(feed.operator, day_of(at)) if due.due_on]
    with journal.unit_of_work(by=feed.user, role=scope.role_for(feed.user, feed.operator), operator=feed.operator):
        journal.record("view", object_type="calendarfeed", uid=feed.uid, count=len(found) + len(tellings))
    content = calendar_file(feed.operator, found, tellings, at=at, language=language_of(feed, day_of(at)))
    response = HttpResponse(content, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'inline; filename="{feed.operator.code}.ics"'
    return response


def open_feed(token):
    """The feed that this token opens; None where there is none, it was revoked, or its user may no longer read cases.

    It is looked up by the digest: how long that takes tells nothing about tokens.
    """
    digest = CalendarFeed.digest_of(token)
    feed = CalendarFeed.objects.select_related("user", "operator").filter(token_digest=digest).first()
    if feed is None or not constant_time_compare(feed.token_digest, digest):
        return None
    role = scope.role_for(feed.user, feed.operator)
    may_read = feed.user.is_active and scope.granted(role, "view_calendarfeed")
    return feed if may_read and feed.revoked_at is None else None


def language_of(feed, day):
    """That of the user's reminders; English for who gets none."""
    people = ResponsiblePerson.objects.in_office(day).filter(operator=feed.operator, user=feed.user)
    return people.exclude(language="").values_list("language", flat=True).first() or "en"
