"""The journal in the admin: read and filtered, never written."""

import datetime as dt
import json
from uuid import UUID

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import PAGE_VAR, SEARCH_VAR
from django.contrib.auth import get_user_model
from django.core.exceptions import FieldError
from django.db.models import Case, OuterRef, Q, Subquery, When
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from registry import scope
from registry.journal.actions import Action
from registry.journal.history import ACTIONS
from registry.models import JournalEntry, JournalSubject, Membership

from .base import RegistryModelAdmin
from .labels import action_label, actor_label, object_label
from .list_search import SearchedWithoutNames
from .paging import AFTER_VAR, COUNTED, LongList

ACTORS_OFFERED = 100
EXAMINED = 10_000
LOOKED_AT = 32  # numbers at once
EARLIEST = dt.date(1900, 1, 1)
ROW_ACTIONS = frozenset(ACTIONS.values())  # they have a history row and no index: imports write them by the million


class ActorFilter(admin.SimpleListFilter):
    title, parameter_name = _("actor"), "actor"

    def lookups(self, request, model_admin):
        """Whoever is or was a member of the operator: the entries themselves are too many to be asked."""
        users = get_user_model().objects.all()
        if request.operator:
            members = Membership.history.filter(operator_id=request.operator.pk).values("user_id")
            users = users.filter(pk__in=members)
        return [("0", _("system")), *((str(user.pk), user.get_full_name()) for user in users[:ACTORS_OFFERED])]

    def queryset(self, request, queryset):
        if self.value() == "0":
            return queryset.filter(actor=None)
        return queryset.filter(actor=self.value()) if is_number(self.value()) else queryset


class ActionFilter(admin.SimpleListFilter):
    title, parameter_name = _("action"), "action"

    def lookups(self, request, model_admin):
        return Action.choices

    def queryset(self, request, queryset):
        if not self.value():
            return queryset
        entries = queryset.filter(action=self.value())
        by_index = self.value() not in ROW_ACTIONS and uid_asked_for(request) is None
        return entries.filter(history_id=None) if by_index else entries  # as the index says


class ObjectFilter(admin.SimpleListFilter):
    title, parameter_name = _("object"), "object"

    OPERATORS = (
        scope.REGISTER
        | scope.PEOPLE
        | scope.CASES
        | scope.PAPERS
        | scope.FEEDS
        | scope.SOURCES
        | scope.RUNS
        | {"membership", "user"}  # logins and passwords of the operator's staff
    )
    NOBODYS = scope.LIBRARY | {"user", "membership", "exportrun"}

    def lookups(self, request, model_admin):
        names = self.OPERATORS if request.operator else self.NOBODYS
        return sorted(((name, object_label(name)) for name in names), key=lambda choice: str(choice[1]))

    def queryset(self, request, queryset):
        return queryset.filter(object_type=self.value()) if self.value() else queryset


class PeriodFilter(admin.ListFilter):
    """From one day to another, both included, as days are counted in Almaty."""

    title, template = _("date"), "admin/period_filter.html"
    ENDS = ("from", "until")
    numbers = None, None  # of an operator's entries: the first of the period, and the first behind it

    def __init__(self, request, params, model, model_admin):
        super().__init__(request, params, model, model_admin)
        for name in self.ENDS:
            if name in params:
                value = params.pop(name)
                self.used_parameters[name] = value[-1] if isinstance(value, list) else value
        self.others = [
            (name, value) for name, value in request.GET.items() if name not in (*self.ENDS, PAGE_VAR, AFTER_VAR)
        ]

    def has_output(self):
        return True

    def expected_parameters(self):
        return list(self.ENDS)

    def day(self, name):
        try:
            day = parse_date(self.used_parameters.get(name, ""))
        except ValueError:
            return None
        return day if day and EARLIEST <= day < dt.date.max else None

    def choices(self, changelist):
        return [{"name": name, "value": self.day(name)} for name in self.ENDS]

    def queryset(self, request, queryset):
        """An operator's entries are numbered in the order of time: the period becomes a range of numbers, as the list is."""
        if not request.operator:
            names = zip(("at__gte", "at__lt"), self.moments(), strict=True)
            return queryset.filter(**{name: moment for name, moment in names if moment})
        self.numbers = [moment and first_number(request.operator.code, moment) for moment in self.moments()]
        names = zip(("n__gte", "n__lt"), self.numbers, strict=True)
        return queryset.filter(**{name: number for name, number in names if number is not None})

    def moments(self):
        """The first of the period and the first behind it, where they are chosen."""
        start, end = self.day("from"), self.day("until")
        return midnight(start) if start else None, midnight(end + dt.timedelta(days=1)) if end else None


def first_number(code, moment):
    """The number from which on an operator's entries are of that moment or later: four looks into an index for a million."""
    entries = JournalEntry.objects.filter(operator=code).exclude(operator="")
    low, high = 1, (entries.order_by("-n").values_list("n", flat=True).first() or 0) + 1
    while low < high:
        numbers = range(low, high, max((high - low) // LOOKED_AT, 1))
        looked_at = entries.filter(n__in=numbers).order_by("n").values_list("n", "at")
        earlier = [n for n, at in looked_at if at < moment]
        later = [n for n, at in looked_at if at >= moment]
        if not (earlier or later):  # somebody took entries away: verification tells, here the others are shown
            found = entries.filter(n__gte=low, n__lt=high, at__gte=moment).order_by("n")
            return found.values_list("n", flat=True).first() or high
        low, high = max(earlier, default=low - 1) + 1, min(later, default=high)
    return low


def uid_asked_for(request):
    try:
        return UUID(request.GET.get("q", "").strip())
    except ValueError:
        return None


def touching(uid):
    """Places of the entries about a record or a person, one query for each of the two indexes."""
    about = JournalEntry.objects.filter(object_uid=uid).order_by().values_list("seq", flat=True)
    named = JournalSubject.objects.filter(uid=uid).order_by().values_list("entry", flat=True)
    return about, named


def first_place(moment):
    """The place in the whole journal from which on entries are of that moment or later: of one moment the first."""
    found = JournalEntry.objects.filter(at__gte=moment).order_by("at", "seq").values_list("seq", flat=True).first()
    return found if found is not None else (JournalEntry.objects.values_list("seq", flat=True).first() or 0) + 1


def parts_touching(uid, period, below=None):
    """The places of a uid in a period from the last down, as many at once as a list counts, and where more follow the last of
    them. Each index is asked by itself: for both together PostgreSQL would read the journal."""
    low, high = (moment and first_place(moment) for moment in period.moments())
    high = high if below is None else below
    while True:
        found = set()
        for places, name in zip(touching(uid), ("seq", "entry"), strict=True):
            ends = {f"{name}__gte": low, f"{name}__lt": high}
            within = places.filter(**{end: place for end, place in ends.items() if place is not None})
            found.update(within.order_by(f"-{name}")[: COUNTED + 1])
        newest = sorted(found, reverse=True)
        high = newest[COUNTED - 1] if len(newest) > COUNTED else None
        yield newest[:COUNTED], high
        if high is None:
            return


def period_of(changelist):
    return next(spec for spec in changelist.filter_specs if isinstance(spec, PeriodFilter))


def history_of(entry, request):
    """The history page of the record an entry is about, while it exists and has one."""
    try:
        model = apps.get_model("registry", entry.object_type)
        record = scope.in_scope(model._base_manager.filter(uid=entry.object_uid), request.user).first()
        return reverse(f"admin:registry_{entry.object_type}_history", args=[record.pk]) if record else None
    except (LookupError, ValueError, FieldError, NoReverseMatch):
        return None


def is_number(text):
    """Whether a database takes it for one: "²" is a digit, too."""
    return bool(text) and text.isascii() and text.isdigit() and len(text) < 19


def midnight(day):
    return timezone.make_aware(dt.datetime.combine(day, dt.time.min))


@admin.register(JournalEntry)
class JournalEntryAdmin(SearchedWithoutNames, LongList, RegistryModelAdmin):
    list_display = ["number", "at", "who", "did", "what", "reference"]
    list_display_links = ["number"]
    unique_in_a_list = frozenset({"n"})
    list_filter = [PeriodFilter, ActorFilter, ActionFilter, ObjectFilter]
    search_fields = ["seq"]  # opens the field; what it finds is below
    search_help_text = _("A number, or the uid of a record or a person.")
    search_pattern = r"\s*([0-9]*|([0-9A-Fa-f]-?){32})\s*"
    search_refusal = _("Only numbers and whole uids are looked for here.")
    exclude = ()
    fields = ["number", "place", "at", "who", "did", "what", "uid", "history_id", "run", "hash", "body_shown"]
    readonly_fields = ["number", "place", "who", "did", "what", "uid", "body_shown"]

    def get_queryset(self, request):
        """As the index of the operator's numbers says. Asked for the places of a uid, SQLite would walk through that index."""
        entries = self.with_names(super().get_queryset(request))
        return entries.exclude(operator="") if request.operator and not uid_asked_for(request) else entries

    def rows_of_page(self, changelist, keys):
        return self.with_names(super().rows_of_page(changelist, keys))

    def with_names(self, entries):
        users = get_user_model().objects.filter(pk=OuterRef("actor"))
        named = users.annotate(name=Case(When(full_name="", then="username"), default="full_name"))
        return entries.annotate(actor_name=Subquery(named.values("name")[:1]))

    def get_ordering(self, request):
        """An operator's entries have numbers of their own, and an index by them; what a uid touches has places only."""
        return ["-n"] if request.operator and not uid_asked_for(request) else ["-seq"]

    def part_of_list(self, request, changelist, listed, behind):
        """What no index has in the order of the list is shown in parts."""
        period = period_of(changelist)
        if uid := uid_asked_for(request):
            places, end = next(parts_touching(uid, period, below=behind[0] if behind else None))
            return listed.filter(pk__in=places), (end,) if end else None
        if is_number(request.GET.get(SEARCH_VAR, "").strip()):  # two entries at most, found by their numbers
            return listed, None
        asked = {name for name in ("actor", "object", "action") if request.GET.get(name)}
        by_index = asked == {"action"} and request.GET["action"] not in ROW_ACTIONS
        if not request.operator or not asked or by_index:
            return listed, None
        return self.part_examined(request, period, listed, behind)

    def parts_of_list(self, request, shown):
        uid = uid_asked_for(request)
        if uid is None:
            return super().parts_of_list(request, shown)
        return (Q(pk__in=places) for places, _end in parts_touching(uid, period_of(shown)))

    def part_examined(self, request, period, listed, behind):
        """Entries of one actor, or about one kind of record, are in no index: it would cost each of a million written.

        So the page looks through EXAMINED numbers and ends there, or where the period begins.
        """
        start, end = period.numbers
        if behind:
            top = behind[0] - 1
        else:
            latest = scope.in_scope(JournalEntry.objects.exclude(operator=""), request.user).order_by("-n")
            ends = [end - 1] if end else []
            top = min([latest.values_list("n", flat=True).first() or 0, *ends])
        bottom = start - 1 if start else 0
        floor = max(top - EXAMINED, bottom)
        return listed.filter(n__gt=floor, n__lte=top), (floor + 1,) if floor > bottom else None

    def get_search_results(self, request, queryset, search_term):
        """By number, or by the uid of a record or of a person: then everything that touches them."""
        term = search_term.strip()
        if not term:
            return queryset, False
        if is_number(term):
            return self.numbered(request, queryset, int(term)), False
        uid = uid_asked_for(request)
        if uid is None:
            return queryset.none(), False
        about, named = touching(uid)
        return queryset.filter(pk__in=about.union(named)), False

    def numbered(self, request, queryset, number):
        """The entry of this place in the whole journal, and that of this number. An operator's are asked for by their own
        numbers, in whose order the list is: SQLite, asked for places in that order, would walk through all of the operator's."""
        if request.operator is None:
            numbered = queryset.filter(n=number).order_by().values_list("pk", flat=True)
            return queryset.filter(pk__in={number, *numbered})
        entries = JournalEntry.objects.filter(pk=number, operator=request.operator.code)
        return queryset.filter(n__in={number, *entries.order_by().values_list("n", flat=True)})

    def changelist_view(self, request, extra_context=None):
        intro = _(
            "Entries cannot be changed or deleted. They hold no personal values: what was written lies in the history."
        )
        return super().changelist_view(request, {"list_intro": intro} | (extra_context or {}))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        entry = self.get_object(request, object_id)
        url = history_of(entry, request) if entry else None
        return super().change_view(request, object_id, form_url, {"history_url": url} | (extra_context or {}))

    @admin.display(description=_("number"), ordering="seq")
    def number(self, entry):
        return f"№ {entry.n or entry.seq}"

    @admin.display(description=_("number in the whole journal"))
    def place(self, entry):
        return entry.seq

    @admin.display(description=_("who"))
    def who(self, entry):
        return entry.actor_name or actor_label(entry, {})

    @admin.display(description=_("action"), ordering="action")
    def did(self, entry):
        return action_label(entry.action)

    @admin.display(description=_("object"))
    def what(self, entry):
        return object_label(entry.object_type)

    @admin.display(description=_("reference"))
    def reference(self, entry):
        if not entry.object_uid:
            return ""
        return format_html('<a class="nowrap" href="?q={}">…{}</a>', entry.object_uid, entry.object_uid.hex[-8:])

    @admin.display(description=_("uid"))
    def uid(self, entry):
        if not entry.object_uid:
            return ""
        url = reverse("admin:registry_journalentry_changelist")
        return format_html('<a href="{}?q={}">{}</a>', url, entry.object_uid, entry.object_uid)

    @admin.display(description=_("body, as hashed"))
    def body_shown(self, entry):
        return format_html(
            '<pre class="body">{}</pre>', json.dumps(json.loads(entry.body), ensure_ascii=False, indent=1)
        )
