"""Reading the project's TOML files strictly: every key known, every value of the kind its field holds."""

import datetime as dt
import tomllib
from pathlib import Path

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.exports.register_file import HEAD, key_of, without_empty
from registry.exports.stream import TRAILER
from registry.models.fields import CodesField

from .inspection import FileRefused

# Registers are texts of lawyers: ours have 40 kB.
MAX_BYTES = 5_000_000

KINDS = (
    (CodesField, list, gettext_lazy('a list of texts, as in ["a", "b"]')),
    (models.BooleanField, bool, gettext_lazy("true or false")),
    (models.IntegerField, int, gettext_lazy("a whole number")),
    (models.DateField, dt.date, gettext_lazy("a date, as in 2026-01-31")),
    (models.Field, str, gettext_lazy("a text in quotes")),
)


class TablesRefused(FileRefused):
    """Everything that is wrong with the file, a sentence each."""

    def __init__(self, problems):
        super().__init__("\n".join(problems))
        self.problems = problems


def read_toml(path) -> dict:
    """The file's tables. Raises TablesRefused where it is not a TOML file."""
    path = Path(path)
    said = {"file": path.name, "limit": MAX_BYTES // 1_000_000}
    raw = _content(path, said)
    try:
        text = raw.decode("utf-8-sig")
        _refuse_if_cut(text, said)
        return tomllib.loads(text)
    except UnicodeDecodeError as error:
        said["byte"] = error.start + 1
        raise TablesRefused([_("%(file)s is not UTF-8 text (byte %(byte)s). Save it as UTF-8.") % said]) from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        said["why"] = error
        raise TablesRefused([_("%(file)s is not correct TOML: %(why)s. Correct that place.") % said]) from None


def _refuse_if_cut(text, said):
    """A dump that ends between two tables is correct TOML; loaded over the register it came from it would delete the rest."""
    lines = text.splitlines()
    if lines[:1] == [HEAD] and not any(line.startswith(TRAILER) for line in lines):
        told = _(
            "%(file)s ends before its last line, %(end)s: it was cut off on its way. Write or copy it again; if it is meant "
            "to hold this much only, delete its first line."
        )
        raise TablesRefused([told % {**said, "end": TRAILER}])


def _content(path, said):
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
    except OSError as error:
        said["why"] = error.strerror
        raise TablesRefused([_("%(file)s cannot be read: %(why)s.") % said]) from None
    if len(raw) > MAX_BYTES:
        raise TablesRefused([_("%(file)s is larger than %(limit)s MB, which no register is. Check the file.") % said])
    return raw


class Reading:
    """Turns the tables of one file into records, path by path, and notes every problem on the way."""

    def __init__(self, path, tables):
        self.file = Path(path).name
        self.tables = tables
        self.records = {}
        self.problems = []
        for name, content in read_toml(path).items():
            if name in tables:
                self.read_table(name, tables[name], content, ())
            else:
                said = {"name": name, "known": ", ".join(tables)}
                self.note(
                    (), _("there is no table “%(name)s”. Correct or delete it; the tables are: %(known)s.") % said
                )

    def refuse_if_faulty(self):
        if self.problems:
            raise TablesRefused(self.problems)

    def note(self, path, sentence, field=""):
        place = [self.file, *(called(step) for step in path), field]
        self.problems.append(": ".join([", ".join(filter(None, place)), sentence]))

    def fill(self, record, table, fields, find=None):
        """Sets every field the file may carry; what it does not say becomes empty or the default."""
        for field in table.fields:
            value = fields.get(field.name, field.get_default())
            if field.is_relation and value:
                value = find(field.related_model, value)
            elif isinstance(field, CodesField):
                value = " ".join(value or ())
            setattr(record, field.name, value)

    def save(self, record, path):
        """Saves what passes all checks of its model; else raises TablesRefused with every message."""
        try:
            record.full_clean()
            record.save()
        except ValidationError as error:
            self.refuse(path, error)

    def refuse(self, path, error):
        by_field = error.message_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.messages}
        for name, messages in by_field.items():
            for message in messages:
                self.note(path, message, "" if name == NON_FIELD_ERRORS else name)
        raise TablesRefused(self.problems) from None

    def read_table(self, name, table, content, above):
        if not isinstance(content, dict if table.is_single else list):
            full_name = ".".join([*(step[0] for step in above), name])
            written = f"[{name}]" if table.is_single else f"[[{full_name}]]"
            self.note((*above, (name, ())), _("this table is written as %s. Correct its heading.") % written)
            return
        for number, row in enumerate([content] if table.is_single else content, start=1):
            if table.is_link and isinstance(row, str):
                row = {table.key[0]: row}
            if not isinstance(row, dict):
                self.note((*above, (name, (str(number),))), _("a table is expected here, not “%s”.") % row)
                continue
            self.read_record(name, table, row, number, above)

    def read_record(self, name, table, row, number, above):
        fields = {field.name: field for field in table.fields}
        nested = {key: value for key, value in row.items() if key in table.children}
        row = {key: value for key, value in row.items() if key not in nested}
        key = row.get(table.key[0])
        place = (*above, (name, (str(key or number),)))
        values = {}
        for key, value in row.items():
            if key not in fields:
                said = {"name": key, "known": ", ".join([*fields, *table.children])}
                self.note(place, _("there is no such key. Correct or delete it; the keys are: %(known)s.") % said, key)
            elif (problem := problem_of(fields[key], value)) is not None:
                self.note(place, problem, key)
            else:
                values[key] = listed(fields[key], value)
        values = without_empty(table, values)
        path = (*above, (name, key_of(table, values)))
        if table.key[0] not in values:
            self.note(place, _("the record has no “%s”. Give it one; records are told apart by it.") % table.key[0])
        elif path in self.records:
            self.note(path, _("the file has this record twice. Delete one of them."))
        self.records[path] = values
        for child, content in nested.items():
            self.read_table(child, table.children[child], content, path)


def called(step):
    """A record as a person finds it in the file: purpose “email-information”."""
    name, key = step
    said = " / ".join(str(part) for part in key if part)
    return f"{name} “{said}”" if said else name


def problem_of(field, value):
    kind, expected = next((kind, expected) for model_field, kind, expected in KINDS if isinstance(field, model_field))
    fits = isinstance(value, kind) and (kind is not int or not isinstance(value, bool))
    if kind is dt.date:
        fits = type(value) is dt.date
    if kind is list:
        fits = fits and all(isinstance(each, str) for each in value)
    if not fits:
        return _("“%(value)s” is not %(expected)s.") % {"value": value, "expected": expected}
    if isinstance(value, str) and "\x00" in value:
        return _("the text has a NUL character. Delete it.")
    return None


def listed(field, value):
    """Codes in the order of their list, as they are stored."""
    return field.to_python(list(dict.fromkeys(value))).split() if isinstance(field, CodesField) else value
