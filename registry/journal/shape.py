"""What rows of one tracked model become, thousands at a time: rows of tables, history rows, commitments.

One record at a time this is canonical.py's and history.py's. Here, what is the same for many rows is worked out once: which
fields are spoken of depends only on the class of each value and on whether it is empty.
"""

import datetime as dt
from functools import cache
from operator import itemgetter
from typing import Any, NamedTuple
from uuid import UUID

import orjson
from django.db import models

from . import copying
from .canonical import PLAIN_TEXT, UNCOMMITTED, plain_value

HISTORY_COLUMNS = (
    "history_id",
    "history_date",
    "history_type",
    "history_user_id",
    "history_change_reason",
    "salt",
)
# Values of these classes are canonical as they stand, in fields of these types and no others.
AS_IT_STANDS = {models.DateField: dt.date, models.BooleanField: bool, models.UUIDField: UUID}
AS_IT_STANDS |= dict.fromkeys(PLAIN_TEXT, str)


class Recipe(NamedTuple):
    """What is done with rows whose values are of the same classes, with the same ones empty."""

    stored: list  # (place, conversion) for the tables
    spoken: list  # (place, conversion) for canonical text; mostly none
    public: tuple  # names in order, and how to get their values
    personal: tuple
    fields: str  # of the entry of a new row, as its body has them


class Shape:
    """A tracked model as the bulk path needs it. A row is the tuple of its values by `attnames`, without the id."""

    def __init__(self, model):
        self.model, self.history, self.name = model, model.history.model, model._meta.model_name
        self.fields = [field for field in model._meta.concrete_fields if not field.primary_key]
        self.attnames = [field.attname for field in self.fields]
        self.row_of = _getter(self.attnames)
        self.uid = self.attnames.index("uid")
        self.new_uid = self.fields[self.uid].get_default
        tracked = [field.attname for field in self.history.tracked_fields if not field.primary_key]
        self.tracked = [place for place, name in enumerate(self.attnames) if name in tracked]
        self.tracked_of = _getter(self.tracked)
        pk = model._meta.pk.attname
        self.table_columns = [pk, *self.attnames]
        self.history_columns = [pk, *(self.attnames[place] for place in self.tracked), *HISTORY_COLUMNS]
        self.recipes = {}

    def recipe(self, row, has_user, has_reason) -> Recipe:
        kinds = tuple([_kind(value) if not value else value.__class__ for value in row])
        key = kinds, has_user, has_reason
        return self.recipes.get(key) or self._remember(key)

    def _remember(self, key):
        if len(self.recipes) > 1000:  # kinds are few; a model whose rows are all unlike is not worth the room
            self.recipes.clear()
        return self.recipes.setdefault(key, self._worked_out(*key))

    def _worked_out(self, kinds, has_user, has_reason):
        given = [place for place in self.tracked if kinds[place] is not None]
        classes, public, personal = self.model.FIELD_CLASSES, {}, {}
        for place in given:
            field = self.fields[place]
            if field.name not in UNCOMMITTED:
                (personal if classes.get(field.name) == "personal" else public)[field.name] = place
        end = len(self.attnames)  # where history_date, history_type, history_user and the reason follow
        public |= {"history_date": end, "history_type": end + 1}
        public |= {"history_user": end + 2} if has_user else {}
        personal |= {"reason": end + 3} if has_reason else {}
        return Recipe(
            stored=[
                (place, convert)
                for place, field in enumerate(self.fields)
                if place != self.uid and (convert := copying.conversion(field, kinds[place]))
            ],
            spoken=[
                (place, _plain(self.fields[place])) for place in given if not _stands(self.fields[place], kinds[place])
            ],
            public=_spoken(public),
            personal=_spoken(personal),
            fields=fields_text(sorted(self.fields[place].name for place in given)),
        )

    def changed(self, before, row):
        """The names that an entry of the change gives, sorted, and the places that are to be written."""
        places = [place for place, (was, now) in enumerate(zip(before, row, strict=True)) if was != now]
        named = [
            self.fields[place].name
            for place in places
            if place in self.tracked
            and plain_value(self.fields[place], before[place]) != plain_value(self.fields[place], row[place])
        ]
        return sorted(named), places


@cache
def shape_of(model) -> Shape:
    return Shape(model)


def canonical_of(spoken, values):
    """Canonical text of the values that a recipe speaks of: its names are in order, and none is empty."""
    names, of = spoken
    return orjson.dumps(dict(zip(names, of(values), strict=True)))


def fields_text(names):
    """The names of fields as they stand in a body."""
    return f',"fields":{orjson.dumps(names).decode()}' if names else ""


def _kind(value):
    return None if value is None or value == "" else value.__class__


def _stands(field, kind):
    return (
        isinstance(field, models.ForeignKey | models.IntegerField)
        and kind is int
        or (AS_IT_STANDS.get(type(field)) is kind)
    )


def _plain(field):
    return lambda value: plain_value(field, value)


def _spoken(places):
    names = sorted(places)
    return tuple(names), _getter([places[name] for name in names])


def _getter(keys) -> Any:
    """itemgetter that gives a tuple also of one and of none."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda values: tuple(values[key] for key in keys)
