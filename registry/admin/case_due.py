"""When a case is due, in words and colour: the same for lists, the page of a case and the desk."""

from django.contrib import admin
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registry.exports.due import Horizon, Standing
from registry.rules.deadlines import day_of
from registry.templatetags.registry_ui import pill

TONES = {Standing.OVERDUE: "bad", Standing.TODAY: "warn", Standing.SOON: "warn", Standing.LATER: "ok"}


def horizon_of(request):
    """Now, and what is soon, for the current operator: looked up once a page."""
    if not hasattr(request, "_horizon"):
        request._horizon = Horizon.of(request.operator, timezone.now())
    return request._horizon


def due_pill(record, horizon):
    """The date of an open case, or of one of its terms, with a word: overdue, due today, in so many days."""
    standing = horizon.standing(record.due_on, record.due_at)
    if standing == Standing.WITHOUT_TERM:
        return pill(_("no date"), "quiet")
    return pill(f"{date_shown(record)} · {due_word(record, horizon, standing)}", TONES[standing])


def date_shown(record):
    """A day, or a moment for what is counted in hours."""
    if record.due_at:
        return date_format(timezone.localtime(record.due_at), "DATETIME_FORMAT")
    return date_format(record.due_on, "DATE_FORMAT") if record.due_on else "—"


def due_word(record, horizon, standing):
    if standing == Standing.OVERDUE:
        return _("overdue")
    if standing == Standing.TODAY:
        return _("due today")
    days = ((day_of(record.due_at) if record.due_at else record.due_on) - horizon.today).days
    if days == 1:
        return _("tomorrow")
    return ngettext("in %(count)d day", "in %(count)d days", days) % {"count": days}


def due_column(request):
    """A list column. Made once a request, for admin classes are shared by all, and a list knows its columns by identity."""
    if not hasattr(request, "_due_column"):

        @admin.display(description=gettext_lazy("due"), ordering="urgent_on")
        def due(case):
            is_done = getattr(case, "closed_at", None) or getattr(case, "done_at", None)
            return date_shown(case) if is_done else due_pill(case, horizon_of(request))

        request._due_column = due
    return request._due_column
