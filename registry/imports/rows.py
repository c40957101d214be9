"""One row of text becomes cleaned values, or sentences saying what is wrong with which cell."""

import datetime as dt
import unicodedata
from functools import lru_cache
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.exports.formulas import RISKY_START, unescape
from registry.rules import names
from registry.rules.contacts import normalise_email, normalise_phone
from registry.rules.dates import parse_date
from registry.rules.identifiers import Checked, birth_date_error, check_iin
from registry.rules.names import clean_name, lost_letters

from .columns import KEY, Columns
from .reader import Row

NAMES = ("surname", "given_name", "patronymic")
CRM_ID_MAX_LENGTH = 64
AGREEMENT_NUMBER_MAX_LENGTH = 100
REMEMBERED = 65_536

WORDS = {
    True: "yes;y;true;1;да;есть;согласен;согласна;иә;ия;бар;+",
    False: "no;n;false;0;нет;не согласен;не согласна;жоқ;жок;-",
}
LANGUAGES = {
    "ru": "ru;rus;russian;русский;рус;орыс;орысша;орыс тілі",
    "kk": "kk;kaz;kz;kazakh;казахский;каз;қаз;қазақ;қазақша;қазақ тілі",
    "en": "en;eng;english;английский;англ;ағылшын;ағылшынша;ағылшын тілі",
}


class Problem(NamedTuple):
    """What is wrong with one cell: the column as the CRM calls it, the value, why and what to do."""

    column: str
    value: str
    reason: str

    def __str__(self):
        return f"{self.column}: {self.reason}" if self.column else self.reason

    def with_value(self):
        """For the importer's eyes: with the value that is wrong."""
        return f"{self.column} “{self.value[:80]}”: {self.reason}" if self.value else str(self)


class CleanRow(NamedTuple):
    """values: field -> what would be stored; a field whose cell is blank is absent. damaged: names that lost letters."""

    line: int
    cells: list
    crm_id: str
    values: dict
    errors: list
    warnings: list
    damaged: list


def _by_word(table):
    return {word: value for value, words in table.items() for word in words.split(";")}


_YES_NO, _LANGUAGE = _by_word(WORDS), _by_word(LANGUAGES)


class RowCleaner:
    """Cleans the rows of one file. today: the day the plan was made, so that a plan stays the same overnight."""

    def __init__(self, columns: Columns, *, today: dt.date):
        self.columns, self.today = columns, today
        cleaners = self._cleaners()
        fields = [field for field in cleaners if field in columns.places or field in columns.defaults]
        self.steps = [
            (field, columns.places.get(field, -1), columns.defaults.get(field, ""), cleaners[field]) for field in fields
        ]

    def clean(self, row: Row) -> CleanRow:
        if row.problem:
            place = self.columns.places[KEY]
            crm_id = clean_id(row.cells[place]) if place < len(row.cells) else ""
            return CleanRow(row.line, row.cells, crm_id, {}, [Problem("", "", row.problem)], [], [])
        values, errors, warnings = {}, [], []
        cells = row.cells
        if not "".join(cells).isprintable():
            cells = self._without_controls(cells, errors)
        for field, place, default, cleaner in self.steps:
            text = (cells[place].strip() if place >= 0 else "") or default
            if not text:
                continue
            value, error, warning = cleaner(text)
            if error:
                errors.append(Problem(self.columns.label(field), text, error))
            elif value not in (None, ""):
                values[field] = value
            if warning:
                warnings.append(Problem(self.columns.label(field), text, warning))
        self._across(values, errors, warnings)
        damaged = [self._lost(name, values[name]) for name in NAMES if name in values and lost_letters(values[name])]
        return CleanRow(row.line, row.cells, values.get(KEY, ""), values, errors, warnings, damaged)

    def _cleaners(self):
        past = lru_cache(REMEMBERED)(lambda text: parse_date(text, today=self.today))
        name, text_of = lru_cache(REMEMBERED)(_name), _text
        return {
            "crm_id": _crm_id,
            "surname": name,
            "given_name": name,
            "patronymic": name,
            "birth_date": past,
            "iin": lambda text: check_iin(text, today=self.today),
            "email": lambda text: normalise_email(unescape(text)),
            "phone": normalise_phone,
            "language": lru_cache(REMEMBERED)(_language),
            "consent_purpose": lru_cache(REMEMBERED)(lambda text: text_of(text, 100)),
            "consent_given_on": past,
            "consent_channel": lru_cache(REMEMBERED)(lambda text: text_of(text, 100)),
            "consent_expires_on": lru_cache(REMEMBERED)(lambda text: parse_date(text, today=self.today, future=True)),
            "third_parties": _yes_no,
            "cross_border": _yes_no,
            "publication": _yes_no,
            "agreement_number": lambda text: text_of(text, AGREEMENT_NUMBER_MAX_LENGTH),
            "agreement_on": past,
        }

    def _without_controls(self, cells, errors):
        """Cells as they are, those with control characters emptied and reported. Line breaks inside a cell are text."""
        kept = list(cells)
        for field, place in self.columns.places.items():
            found = next(
                (mark for mark in cells[place] if unicodedata.category(mark) == "Cc" and mark not in "\t\r\n"), ""
            )
            if found:
                kept[place] = ""
                reason = _("the cell holds the control character U+%(code)04X, which is no text: type it again") % {
                    "code": ord(found)
                }
                errors.append(Problem(self.columns.label(field), cells[place].replace(found, ""), reason))
        return kept

    def _across(self, values, errors, warnings):
        """Rules over two cells or more of the row."""
        label = self.columns.label
        if KEY not in values and not any(problem.column == label(KEY) for problem in errors):
            errors.append(Problem(label(KEY), "", _("the id of the person in the CRM is empty: fill it in")))
        if "iin" in values and "birth_date" in values:
            error = birth_date_error(values["iin"], values["birth_date"])
            if error:
                errors.append(Problem(label("iin"), values["iin"], error))
        self._consent(values, errors, warnings)
        if "agreement_on" in values and "agreement_number" not in values:
            reason = _("an agreement has a date but no number: give its number or leave the date empty")
            errors.append(Problem(label("agreement_number"), "", reason))

    def _consent(self, values, errors, warnings):
        label, columns = self.columns.label, self.columns
        given_on, expires_on = values.get("consent_given_on"), values.get("consent_expires_on")
        if "consent_purpose" in values and given_on is None:
            faulty = any(problem.column == label("consent_given_on") for problem in errors)
            said_in_row = "consent_purpose" not in columns.defaults
            if said_in_row and not faulty:
                reason = _("a consent has a purpose but no date: give the date, or leave the purpose empty")
                errors.append(Problem(label("consent_given_on"), "", reason))
            del values["consent_purpose"]
        elif given_on and "consent_purpose" not in values:
            reason = _(
                "a consent has a date but no purpose: give the purpose's code, here or with --default consent_purpose="
            )
            errors.append(Problem(label("consent_purpose"), "", reason))
        elif given_on is None and ("consent_channel" in values or expires_on):
            reason = _("without a date and a purpose this is no consent: its other cells are left out")
            warnings.append(Problem(label("consent_given_on"), "", reason))
        if given_on and expires_on and expires_on < given_on:
            reason = _("the consent expires before it is given (%(given_on)s): correct one of the dates")
            errors.append(Problem(label("consent_expires_on"), str(expires_on), reason % {"given_on": given_on}))

    def _lost(self, field, name):
        reason = _("a letter of the name was lost on the way (“?”): export in UTF-8, or accept damaged names")
        return Problem(self.columns.label(field), name, reason)


def clean_id(text):
    """The id of a person in the CRM as it is compared and stored."""
    return names.clean_id(unescape(text.strip()))


def _formula_warning(text):
    if len(text) > 1 and RISKY_START.match(text):
        return _("the cell begins like a formula: it is kept as text")
    return ""


def _name(text):
    text = unescape(text)
    checked = clean_name(text)
    return checked if checked.error else checked._replace(warning=_formula_warning(text))


def _text(text, limit):
    text = unicodedata.normalize("NFC", unescape(text))
    if len(text) > limit:
        return Checked(
            text,
            _("at most %(limit)d characters fit here, this cell has %(count)d: shorten it")
            % {"limit": limit, "count": len(text)},
        )
    if "\n" in text or "\r" in text:
        return Checked(text, _("the cell has a line break in it: put it on one line"))
    return Checked(text, "", _formula_warning(text))


def _crm_id(text):
    checked = _text(text, CRM_ID_MAX_LENGTH)
    return checked if checked.error else checked._replace(value=names.clean_id(checked.value))


def _yes_no(text):
    value = _YES_NO.get(text.casefold())
    return Checked(value, "" if value is not None else _("write yes or no (да, нет, иә, жоқ), or leave it empty"))


def _language(text):
    value = _LANGUAGE.get(text.casefold())
    return Checked(value, "" if value else _("the language is en, ru or kk: correct it or leave it empty"))
