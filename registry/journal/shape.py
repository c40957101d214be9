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
from .canonical import PLAIN_TEXT, plain_value
from .history import history_model

HISTORY_COLUMNS = (
    "history_id",
    "history_date",
    "history_type",
    "history_user_id",
    "history_change_reason",
    "salt",
)
# Values of these classes, in fields of these types and no others, are the text of canonical JSON as the tables keep them.
AS_IT_STANDS = {models.DateField: dt.date, models.UUIDField: UUID} | dict.fromkeys(PLAIN_TEXT, str)


class Recipe(NamedTuple):
    """What is done with rows whose values are of the same classes, with the same ones empty, yes or no."""

    stored: list  # (place, conversion) for the tables
    fields: str  # of the entry of a new row, as its body has them
    public: Any  # how to make canonical text of a row that is stored so; None where it has to be made value by value
    personal: Any
    texts: Any  # gets the texts that are put into it unescaped


class Shape:
    """A tracked model as the bulk path needs it. A row is the tuple of its values by `attnames`, without the id."""

    def __init__(self, model):
        self.model, self.history, self.name = model, history_model(model), model._meta.model_name
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

    def __reduce__(self):
        return shape_of, (self.model,)

    def recipe(self, row, has_user, has_reason) -> Recipe:
        kinds = [value.__class__ if value else None if value is None or value == "" else value for value in row]
        key = (has_user, has_reason, *kinds)
        return self.recipes.get(key) or self._remember(key, kinds)

    def _remember(self, key, kinds):
        if len(self.recipes) > 1000:  # kinds are few; a model whose rows are all unlike is not worth the room
            self.recipes.clear()
        return self.recipes.setdefault(key, self._worked_out(kinds, *key[:2]))

    def _worked_out(self, kinds, has_user, has_reason):
        given = [place for place in self.tracked if kinds[place] is not None]
        public, personal = {}, {}
        for place in given:
            field = self.fields[place]
            is_personal = self.model.FIELD_CLASSES.get(field.name) == "personal"
            (personal if is_personal else public)[field.name] = _spelling(field, kinds[place], place)
        public["uid"] = '"%s"', len(kinds)
        # Beside the row: uid, history_date, history_type, history_user, reason.
        public |= {"history_date": ('"%s"', len(kinds) + 1), "history_type": ('"%s"', len(kinds) + 2)}
        public |= {"history_user": ("%s", len(kinds) + 3)} if has_user else {}
        personal |= {"reason": ('"%s"', len(kinds) + 4)} if has_reason else {}
        spellings = [*public.values(), *personal.values()]
        stored = [
            (place, convert)
            for place, field in enumerate(self.fields)
            if place != self.uid and (convert := copying.conversion(field, _class(kinds[place])))
        ]
        fields = fields_text(sorted(self.fields[place].name for place in given))
        if None in spellings:
            return Recipe(stored, fields, None, None, None)
        texts = [place for text, place in spellings if text == '"%s"']
        return Recipe(stored, fields, _Template(public), _Template(personal), _getter(texts))

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


class _Template:
    """Canonical text with gaps: keys are in order and none of the values is empty."""

    def __init__(self, spelling):
        names = sorted(spelling)
        self.text = "{" + ",".join(f'"{name}":{spelling[name][0]}' for name in names) + "}"
        self.of = _getter([place for text, place in map(spelling.get, names) if "%s" in text])

    def __call__(self, values):
        return (self.text % self.of(values)).encode()


def fields_text(names):
    """The names of fields as they stand in a body."""
    return f',"fields":{orjson.dumps(names).decode()}' if names else ""


def _spelling(field, kind, place):
    """(its canonical text or a gap, the place whose value goes there); None where a value has to be looked at."""
    if type(field) is models.BooleanField and (kind is bool or kind is False):
        return ("true" if kind is bool else "false"), place
    if isinstance(field, models.ForeignKey | models.IntegerField) and kind is int:
        return "%s", place
    return ('"%s"', place) if AS_IT_STANDS.get(type(field)) is kind else None


def _class(kind):
    return kind if kind is None or isinstance(kind, type) else kind.__class__


def _getter(keys) -> Any:
    """itemgetter that gives a tuple also of one and of none."""
    if len(keys) > 1:
        return itemgetter(*keys)
    return lambda values: tuple(values[key] for key in keys)
