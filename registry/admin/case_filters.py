"""How the lists of cases are narrowed and ordered: by state, with what is due first on top."""

import datetime as dt

from django.contrib import admin
from django.db.models import Case, DateField, DateTimeField, Value, When
from django.db.models.functions import Coalesce, TruncDate
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

FAR_ON = dt.date(9999, 1, 1)
FAR_AT = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)


def with_urgency(cases):
    """Open cases get the day and the moment they are due, as CaseQuerySet.by_urgency orders them; closed ones come last."""
    on = Coalesce(TruncDate("due_at"), "due_on", Value(FAR_ON), output_field=DateField())
    at = Coalesce("due_at", Value(FAR_AT), output_field=DateTimeField())
    is_open = {"closed_at__isnull": True}
    return cases.annotate(
        urgent_on=Case(When(**is_open, then=on), default=Value(dt.date.max), output_field=DateField()),
        urgent_at=Case(When(**is_open, then=at), default=Value(FAR_AT), output_field=DateTimeField()),
    )


URGENT_FIRST = ["urgent_on", "urgent_at", "-received_at", "-pk"]
NEWEST_FIRST = ["-received_at", "-pk"]


class StandingFilter(admin.SimpleListFilter):
    title, parameter_name = _("state"), "is"

    def lookups(self, request, model_admin):
        return [("open", _("open")), ("overdue", _("overdue")), ("closed", _("closed"))]

    def queryset(self, request, queryset):
        match self.value():
            case "open":
                return queryset.open()
            case "overdue":
                return queryset.overdue(timezone.now())
            case "closed":
                return queryset.filter(closed_at__isnull=False)
        return queryset


class WithoutCaseFilter(admin.SimpleListFilter):
    """Messages nobody has made a case of."""

    title, parameter_name = _("case"), "case"

    def lookups(self, request, model_admin):
        return [("none", _("without a case")), ("with", _("with a case"))]

    def queryset(self, request, queryset):
        return queryset.filter(request__isnull=self.value() == "none") if self.value() else queryset
