"""Which column of a CRM's file is which field. Unknown columns are listed; identity and state are never imported."""

import re
from typing import NamedTuple

from django.utils.translation import gettext as _

from .headers import (
    AGAINST_CONSENT,
    CONSENT_FIELDS,
    FIELDS,
    KEY,
    PERSON_FIELDS,
    READ_ONLY,
    SEVERAL,
    columns_found,
    field_of,
    folded,
    is_mobile,
    is_never_imported,
    kept_header,
    looks_like_data,
    recognised,
    shown,
)
from .inspection import FileAsks, FileRefused

__all__ = ["CONSENT_FIELDS", "FIELDS", "KEY", "PERSON_FIELDS", "Columns", "folded", "match_columns"]

FULL_NAMES = ("full_name", "full_name_given_first")
PARTS_OF_NAME = ("surname", "given_name", "patronymic")
# Fields that no default fills: whose row it is, and what is only read for the sake of other fields.
NO_DEFAULT = (KEY, *READ_ONLY)
# A column by its place, where headers are empty, the same, or somebody's data: "#3=phone".
BY_NUMBER = re.compile(r"#(\d{1,4})")


class Columns(NamedTuple):
    """The mapping of one file, its headers as they may be kept. defaults fill the empty cells of a field."""

    header: list
    places: dict  # field -> index of its column, the first to be looked at where it has several
    defaults: dict  # field -> text
    unknown: list  # headers not imported, as written
    refused: list  # headers of identity and state, never imported
    fields: list  # field of each column, empty where it is not imported
    several: dict = {}  # field -> all indexes, in the order they are looked at, of fields with two columns or more

    def label(self, field):
        """The column as the CRM calls it."""
        if field not in self.places and field in PARTS_OF_NAME:
            field = next((full for full in FULL_NAMES if full in self.places), field)
        return self.name(self.places[field]) if field in self.places else field

    def name(self, place):
        """The header of a column, its number where that is empty."""
        return self.header[place].strip() or _("column %(number)d") % {"number": place + 1}

    @property
    def takes_consents(self):
        return "consent_purpose" in self.places or "consent_purpose" in self.defaults

    def reads(self, field):
        """Whether cells of the field are looked at: those of consents are not, where nobody says what they are for."""
        return self.takes_consents or field not in CONSENT_FIELDS

    def notes(self):
        """Sentences on columns that are known and still not stored, and on what the file lacks as a whole."""
        consents = [field for field in CONSENT_FIELDS if field in self.places]
        found = []
        if self.unknown and self.places.keys().isdisjoint((*FULL_NAMES, *PARTS_OF_NAME)):
            found.append(
                _("No column is known to hold a name, so nobody new can be taken. If one does, say so on the page of the columns, or "
                  "give it as --map \"HEADER=full_name\".")
            )  # fmt: skip
        if consents and not self.takes_consents:
            names = ", ".join(f"“{self.label(field)}”" for field in consents)
            found.append(
                _("No column names the purpose of the consents, so no consent is imported (left out: %(columns)s). To import "
                  "them choose the purpose on the page of the columns, or give it as --default consent_purpose=CODE.")
                % {"columns": names}
            )  # fmt: skip
        elif self.takes_consents and (names := [self.label(each) for each in AGAINST_CONSENT if each in self.places]):
            found += [
                _("“%(column)s” is not stored: a row in which it speaks against the consent gives none.")
                % {"column": name}
                for name in names
            ]
        return found


def match_columns(header, *, mapping=(), defaults=(), numbered=(), numbered_in=()) -> Columns:
    """Columns from a header. mapping: texts "HEADER=field" ("HEADER=" leaves it out, "#3=field" is the third column); defaults:
    texts "field=value"; numbered: lines by number that were said of the header row numbered_in. FileAsks where somebody must
    say which column is which.
    """
    _ask_about_numbers(header, mapping, numbered, numbered_in)
    fields = fields_of(header, mapping, numbered, numbered_in)
    _refuse_doubles(header, fields)
    if KEY not in fields:
        raise FileAsks(
            _("No column holds the id of the person in the CRM. The first line must name the columns: say which one it is "
              "(in a command: --map \"HEADER=crm_id\"), or say the delimiter if it was not found."),
            quoting=columns_found(header),
        )  # fmt: skip
    kept = kept_header(header)
    left_out = [(own, text) for own, text, field in zip(header, kept, fields, strict=True) if not field]
    places = _places(header, fields)
    return Columns(
        header=kept,
        places={field: found[0] for field, found in places.items()},
        defaults=read_defaults(defaults),
        unknown=[text for own, text in left_out if not is_never_imported(own)],
        refused=[text for own, text in left_out if is_never_imported(own)],
        fields=fields,
        several={field: found for field, found in places.items() if len(found) > 1},
    )


def fields_of(header, mapping=(), numbered=(), numbered_in=()):
    """The field of each column: as said, else as its header tells. A field that was said is taken from there and nowhere else."""
    known = numbered if header == list(numbered_in) else ()
    fields, chosen = recognised(header), _said((*known, *mapping), header)
    said = set(filter(None, chosen.values()))
    return [chosen.get(at, "" if field in said else field) for at, field in enumerate(fields)]


def mapping_lines(header, fields):
    """The mapping that turns what the headers tell into these fields: only what differs, so that it fits next week's file, too."""
    told = recognised(header)
    differing = {field for own, field in zip(told, fields, strict=True) if own != field} - {""}
    lines = []
    for at, (own, field) in enumerate(zip(told, fields, strict=True)):
        if own != field or field in differing:
            lines.append(f"{_name_of(header, at)}={field}")
    return tuple(lines)


def read_mapping(texts):
    """[(header, field or "")] from texts "HEADER=field"; FileRefused where one is none."""
    return [_mapped(text) for text in texts]


def number_in(text):
    """The number by which a line of a mapping names its column; None where it does not."""
    number = BY_NUMBER.fullmatch(text.rpartition("=")[0].strip())
    return int(number[1]) if number else None


def read_defaults(texts):
    """{field: value} from texts "field=value"; FileRefused where one is none."""
    defaults = {}
    for text in texts:
        field, equals, value = text.partition("=")
        field = field.strip()
        if not equals or field not in FIELDS or field in NO_DEFAULT:
            raise FileRefused(
                _("A default is written field=value with one of the fields: %(fields)s.")
                % {"fields": ", ".join(name for name in FIELDS if name not in NO_DEFAULT)},
                quoting=_("“%s” is none.") % text,
            )
        if len(value.splitlines()) > 1:  # kept with a source it would be a line of its own, and say something else
            raise FileRefused(
                _("The default of “%(field)s” has a line break in it: put it on one line.") % {"field": field}
            )
        defaults[field] = value.strip()
    return defaults


def _places(header, fields):
    """{field: indexes in the order they are looked at}: mobile phones before others, else as the columns stand."""
    places = {}
    for at, field in enumerate(fields):
        if field:
            places.setdefault(field, []).append(at)
    if "phone" in places:
        places["phone"].sort(key=lambda at: not is_mobile(header[at]))
    return places


def _ask_about_numbers(header, mapping, numbered, numbered_in):
    """FileAsks where a source knows columns by their number, which tells nothing of a file with another header row."""
    if not numbered or header == list(numbered_in):
        return
    said = _said(mapping, header)
    if lines := [line for line in numbered if number_in(line) - 1 not in said]:
        raise FileAsks(
            _("The source names columns by their number (%(lines)s), which was said of another header row than this file has. "
              "Look at its columns in the browser, or say what they are (in a command: --map \"%(line)s\").")
            % {"lines": ", ".join(lines), "line": lines[0]},
            quoting=columns_found(header),
        )  # fmt: skip


def _said(mapping, header):
    """{index of column: field or ""} from texts "HEADER=field"."""
    chosen = {}
    for name, field in read_mapping(mapping):
        places = [at for at, column in enumerate(header) if folded(column) == folded(name)]
        number = BY_NUMBER.fullmatch(name.strip())
        if not places and number and 1 <= int(number[1]) <= len(header):
            places = [int(number[1]) - 1]
            _refuse_number_of_known(header, places[0], field)
        if not places:
            raise FileAsks(
                _("The file has no column of a name that was mapped. Map the columns it has."),
                quoting=_("It has no “%(name)s”.") % {"name": name} + " " + columns_found(header),
            )
        chosen |= dict.fromkeys(places, field)
    return chosen


def _refuse_number_of_known(header, at, field):
    """A header that tells what its column holds is overruled by its name, never by a number that may have been counted wrongly."""
    if field_of(header[at]) not in ("", field) and number_in(f"{_name_of(header, at)}=") is None:
        raise FileAsks(
            _("Column %(number)d was said by its number, but its header tells what it holds. Name it by its header (in a "
              "command: --map \"HEADER=%(field)s\").") % {"number": at + 1, "field": field},
            quoting=_("It is called “%s”.") % header[at],
        )  # fmt: skip


def _mapped(text):
    name, equals, field = text.rpartition("=")
    field = field.strip()
    if not equals or (field and field not in FIELDS):
        raise FileRefused(
            _("A mapping is written \"HEADER=field\" with one of the fields: %(fields)s.")
            % {"fields": ", ".join(FIELDS)},
            quoting=_("“%s” is none.") % text,
        )  # fmt: skip
    return name, field


def _name_of(header, at):
    """How a mapping names a column: by its header, by its number where that would not find it or should not be kept."""
    text = header[at]
    alike = sum(folded(other) == folded(text) for other in header)
    plain = text.strip() and alike == 1 and text.isprintable() and not BY_NUMBER.fullmatch(text.strip())
    if not plain or (kept_header(header)[at] != text) or (looks_like_data(text) and not field_of(text)):
        return f"#{at + 1}"
    return text


def _refuse_doubles(header, fields):
    for field in FIELDS:
        places = [at for at, other in enumerate(fields) if other == field]
        if len(places) > 1 and field not in SEVERAL:
            raise FileAsks(
                _("Columns %(numbers)s all hold “%(field)s”. Leave all but one out (in a command: --map \"HEADER=\"), "
                  "or rename them in the export.")
                % {"numbers": ", ".join(str(at + 1) for at in places), "field": field},
                quoting=_("They are called %(names)s.") % {"names": shown([header[at] for at in places])},
            )  # fmt: skip
