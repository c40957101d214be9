"""Lists of any length: a page costs the same at the beginning of a million rows and at their end."""

from django.contrib.admin import FieldListFilter
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ORDER_VAR, PAGE_VAR, ChangeList
from django.core.exceptions import ValidationError
from django.core.paginator import InvalidPage, Paginator
from django.db.models import F, Q
from django.db.models.fields.tuple_lookups import Tuple, TupleGreaterThan, TupleLessThan
from django.db.models.lookups import GreaterThan, LessThan

from .lookups import check_lookups, storable

COUNTED = 10_000  # as far as rows are counted, and as far as one list has pages
AFTER_VAR = "after"
BETWEEN = "~"


class Behind(TupleLessThan):
    """(a, b) < (x, y), which an index finds. Django spells it out with OR on SQLite, which none does."""

    def as_sqlite(self, compiler, connection):
        return LessThan.as_sql(self, compiler, connection)


class Beyond(TupleGreaterThan):
    def as_sqlite(self, compiler, connection):
        return GreaterThan.as_sql(self, compiler, connection)


class CountedPaginator(Paginator):
    """Pages of a query whose rows were counted before."""

    def __init__(self, keys, per_page, count):
        super().__init__(keys, per_page)
        self.count = count


class LongList:
    """A list that grows with the people, in the order of its own columns."""

    def rows_of_page(self, changelist, keys):
        """By their keys alone: SQLite, asked for the operator's among them, would walk through all of the operator's."""
        rows = changelist.apply_select_related(self.model.objects.filter(pk__in=keys))
        return rows.order_by(*changelist.queryset.query.order_by)


class BoundedChangeList(ChangeList):
    """Counts COUNTED rows at most, then reads the keys of one page, then its rows.

    What lies behind them is reached by going on from the last: `after` holds its place in the list's own order. Columns
    sort a list that was counted to its end; a longer one is narrowed by a filter first.
    """

    more = too_long_to_sort = False

    def get_filters_params(self, params=None):
        asked = super().get_filters_params(params)
        asked.pop(AFTER_VAR, None)
        return asked

    def get_filters(self, request):
        try:
            found = super().get_filters(request)
        except (OverflowError, ValueError):  # a date hierarchy has years beyond the calendar, too
            raise IncorrectLookupParameters from None
        specs, _has_filters, others, *_more = found
        chosen = (spec.used_parameters for spec in specs if isinstance(spec, FieldListFilter))
        for lookups in (others, *chosen):
            check_lookups(self.model, lookups)
        return found

    def get_query_string(self, new_params=None, remove=None):
        """Pages belong to the place they began at; every other link begins anew."""
        new_params = new_params or {}
        if PAGE_VAR not in new_params:
            new_params = {AFTER_VAR: None} | new_params
        return super().get_query_string(new_params, remove)

    def get_results(self, request):
        place = self.params.pop(AFTER_VAR, "")
        order = list(self.model_admin.get_ordering(request) or self._get_default_ordering())
        named = {name.lstrip("-") for name in order}
        if "pk" not in named and not self.model_admin.unique_in_a_list.issuperset(named):
            order = list(dict.fromkeys(self._get_deterministic_ordering(order)))
        names = [name.lstrip("-") for name in order]
        values = self.values_at(place, order, names) if place else None
        listed = self.queryset.order_by(*order)
        if values:
            listed = listed.filter(behind(order, names, values))
        # What no index finds is looked for in a part of the list only; it ends at this place.
        listed, end = self.model_admin.part_of_list(request, self, listed, values)
        # Whether it is too long to be counted is asked first, but for a part, which is not.
        around = [] if end else list(listed.values_list(*names)[COUNTED - 1 : COUNTED + 1])
        self.more = len(around) > 1
        count = COUNTED if self.more else listed.values(*names)[:COUNTED].count()
        if self.more and self.walkable(order, names):
            end = around[0]
        self.read_to_its_end = not self.more and end is None
        if self.params.get(ORDER_VAR):
            self.too_long_to_sort = not self.read_to_its_end or bool(place)
        if self.too_long_to_sort:
            self.queryset = self.queryset.order_by(*order)  # all of the list all the same: an export takes it
        is_sorted = self.params.get(ORDER_VAR) and not self.too_long_to_sort
        shown = listed.order_by(*self.queryset.query.order_by) if is_sorted else listed
        self.started, self.go_on = bool(place), self.link_behind(end) if end else ""
        self.show(shown.values_list("pk", flat=True)[:COUNTED], count)

    def show(self, keys, count):
        """What Django's templates ask a change list for; no count of the whole table among it."""
        self.paginator = CountedPaginator(keys, self.list_per_page, count)
        self.result_count = count
        self.full_result_count, self.show_full_result_count = None, False
        self.show_admin_actions = True
        self.multi_page = self.result_count > self.list_per_page
        self.can_show_all = self.read_to_its_end and not self.started and count <= self.list_max_show_all
        is_whole = not self.multi_page or (self.show_all and self.can_show_all)
        try:
            page = keys if is_whole else self.paginator.page(self.page_num).object_list
        except InvalidPage:
            raise IncorrectLookupParameters from None
        self.result_list = self.model_admin.rows_of_page(self, list(page))

    # Places in the list's own order

    def walkable(self, order, names):
        """Whether one comparison finds the rows behind a place: fields of the row itself, all in one direction."""
        columns = {field.name for field in self.lookup_opts.concrete_fields} | {"pk"}
        return columns.issuperset(names) and len({name.startswith("-") for name in order}) == 1

    def link_behind(self, values):
        parts = ("" if value is None else str(value) for value in values)
        return self.get_query_string({PAGE_VAR: None, AFTER_VAR: BETWEEN.join(parts)})

    def values_at(self, place, order, names):
        if not self.walkable(order, names):
            raise IncorrectLookupParameters
        fields = [self.lookup_opts.pk if name == "pk" else self.lookup_opts.get_field(name) for name in names]
        try:
            parts = zip(fields, place.split(BETWEEN), strict=True)
            return tuple(
                None if field.null and not value else storable(field, field.clean(value, None))
                for field, value in parts
            )
        except (ValidationError, ValueError, OverflowError):
            raise IncorrectLookupParameters from None


def behind(order, names, values):
    """The rows behind a place. A column that is empty there is empty in all of the list: a filter on days shows those that have
    one, or those that have none.
    """
    places = dict(zip(names, values, strict=True))
    empty = {f"{name}__isnull": True for name, value in places.items() if value is None}
    filled = {name: value for name, value in places.items() if value is not None}
    compare = Behind if order[0].startswith("-") else Beyond
    return Q(compare(Tuple(*map(F, filled)), tuple(filled.values())), **empty)
