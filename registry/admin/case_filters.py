"""How the lists of cases are narrowed and ordered: by state, with what is due first on top."""

import datetime as dt

from django.contrib import admin
from django.db.models import Case, DateField, DateTimeField, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from registry.models.case import FAR_AT


def with_urgency(cases):
    """Open cases as CaseQuerySet.by_urgency orders them; closed ones come last."""
    is_open, late, far = Q(closed_at__isnull=True), Value(dt.date.max), Value(FAR_AT)
    return cases.with_urgency().annotate(
        urgent_on=Case(When(is_open, then="urgent_on"), default=late, output_field=DateField()),
        urgent_at=Case(When(is_open, then="urgent_at"), default=far, output_field=DateTimeField()),
    )


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
