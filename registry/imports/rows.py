"""One row of text becomes cleaned values, or sentences saying what is wrong with which cell."""

import datetime as dt
import unicodedata
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.exports.formulas import unescape
from registry.rules.full_names import split_full_name, words_left_out
from registry.rules.identifiers import birth_date_error
from registry.rules.names import lost_letters

from .cells import NAMES, WORDS, Cells, clean_id, is_damaged, not_kept, several
from .columns import Columns
from .consent_cells import AGAINST, WITHDRAWN
from .headers import AGREEMENT_FIELDS, CONSENT_FIELDS, KEY, SEVERAL
from .reader import Row

__all__ = ["NAMES", "WORDS", "CleanRow", "Problem", "RowCleaner", "clean_id"]

# Cells that an import may empty in the register where it was told so.
CLEARABLE = {
    "surname": "",
    "given_name": "",
    "patronymic": "",
    "iin": "",
    "email": "",
    "phone": "",
    "birth_date": None,
    "language": "",
}

# How much of a value a sentence tells, and how many values of those that are not kept.
VALUE_TOLD, FURTHER_TOLD = 80, 20


class Problem(NamedTuple):
    """What is wrong with one cell: the column as the CRM calls it, the value, why and what to do.

    further: of what a row that is taken holds and the register does not get, the sentence with the value, for the list of those.
    """

    column: str
    value: str
    reason: str
    further: str = ""

    def __str__(self):
        return f"{self.column}: {self.reason}" if self.column else self.reason

    def with_value(self):
        """For the importer's eyes: with the value that is wrong."""
        return f"{self.column} “{self.value[:VALUE_TOLD]}”: {self.reason}" if self.value else str(self)


def in_part(column, value, reason):
    """A warning of a row that is taken in part: with the value it stands in the list of those."""
    problem = Problem(column, value, str(reason))
    return problem._replace(further=problem.with_value())


def left_out(column, values):
    """For the importer's eyes: the values of a row that are not kept beside the first valid one."""
    if not values:
        return ""
    told = ", ".join(value[:VALUE_TOLD] for value in islice(values, FURTHER_TOLD))
    more = " …" if len(values) > FURTHER_TOLD else ""
    return _("%(column)s: not kept: %(values)s") % {"column": column, "values": told + more}


@dataclass(slots=True)
class CleanRow:
    """values: field -> what would be stored; a field whose cell is blank is absent, or empty where blank cells clear.
    damaged: names that lost letters. guessed: nothing but their order says which word of the name is which.
    """

    line: int
    cells: list
    crm_id: str
    values: dict
    errors: list
    warnings: list
    damaged: list
    guessed: bool = False


class RowCleaner:
    """Cleans the rows of one file. today: the day the plan was made, so that a plan stays the same overnight.

    orders: field → order of its open dates. Sound cells take the short way: `quick` gives their value at once, or None.
    """

    def __init__(self, columns: Columns, *, today: dt.date, orders=(), blank_clears=False, may_hold_controls=True):
        self.columns, self.today, self.blank_clears = columns, today, blank_clears
        self.may_hold_controls = may_hold_controls
        self.kinds = Cells(today, dict(orders))
        self.label = columns.label
        self.takes_consents = columns.takes_consents
        present = set(filter(columns.reads, (*columns.places, *columns.defaults)))
        mapped = [field for field in self.kinds.fields if field in present]
        self.several = [field for field in SEVERAL if field in columns.several]
        self.steps = [self._step(field) for field in mapped if field in columns.places and field not in self.several]
        self.filled = [field for field in mapped if field not in columns.places]
        self.full = next((field for field in ("full_name", "full_name_given_first") if field in columns.places), "")
        self.has_agreements = not present.isdisjoint(AGREEMENT_FIELDS)
        self.against = [field for field in AGAINST if field in columns.places]
        self.about_consent = {columns.label(field) for field in CONSENT_FIELDS if field in columns.places}

    def clean(self, row: Row) -> CleanRow:
        if row.problem:
            return self._unreadable(row)
        cells, values, errors, warnings, damaged = row.cells, {}, [], [], []
        if self.may_hold_controls and not "".join(cells).isprintable():
            cells = self._without_controls(cells, errors)
        for field, place, quick, slow, blank in self.steps:
            if text := cells[place]:
                value = quick(text)
                if value is None:
                    slow(text, values, errors, warnings, damaged)
                else:
                    values[field] = value
            elif blank:
                slow(text, values, errors, warnings, damaged)
        guessed = False
        if self.filled or self.several or self.full:
            guessed = self._beside(cells, values, errors, warnings, damaged)
        self._across(cells, values, errors, warnings)
        return CleanRow(row.line, row.cells, values.get(KEY, ""), values, errors, warnings, damaged, guessed)

    def _step(self, field):
        """(field, place, quick, slow, whether a blank cell says something) of one column."""
        says = field in self.columns.defaults or (self.blank_clears and field in CLEARABLE)

        def slow(text, values, errors, warnings, damaged):
            self.judge(field, text, values, errors, warnings, damaged)

        return field, self.columns.places[field], self.kinds.quick[field], slow, says

    def judge(self, field, text, values, errors, warnings, damaged):
        """The whole way of one cell: blanks and defaults, rules, sentences."""
        text = text.strip() or self.columns.defaults.get(field, "")
        if not text:
            self._clear(field, values)
            return
        value, error, warning = self.kinds.full[field](text)
        if error:
            errors.append(Problem(self.label(field), text, error))
            return
        if value in (None, ""):
            self._clear(field, values)
        else:
            values[field] = value
        if warning:
            others = several(field, text)[1] if field in SEVERAL else ()
            warnings.append(Problem(self.label(field), text, warning, left_out(self.label(field), others)))
        if field in NAMES and is_damaged(value):
            damaged.append(self._lost(field, value))

    def _clear(self, field, values):
        if self.blank_clears and field in CLEARABLE:
            values[field] = CLEARABLE[field]

    def _beside(self, cells, values, errors, warnings, damaged):
        """What is no cell of its own column: defaults of missing columns, one of several columns, a name in one cell. Whether that
        was guessed."""
        for field in self.filled:
            self.judge(field, "", values, errors, warnings, damaged)
        for field in self.several:
            self._first_valid(field, cells, values, errors, warnings)
        return bool(self.full) and self._split(cells[self.columns.places[self.full]], values, errors, warnings, damaged)

    def _first_valid(self, field, cells, values, errors, warnings):
        """The first valid value of several columns is kept; the others are warnings, and what they are is for a list."""
        full, faults, others = self.kinds.full[field], [], {}
        for place in self.columns.several[field]:
            text = cells[place].strip()
            if not text:
                continue
            value, error, warning = full(text)
            if error:
                faults.append(Problem(self.columns.name(place), text, error))
                continue
            if not value:
                continue
            more = several(field, text)[1] if warning else ()
            if warning and not more and field not in values:
                warnings.append(Problem(self.columns.name(place), text, warning))
            values.setdefault(field, value)
            others |= dict.fromkeys((value, *more))
        others.pop(values.get(field), None)
        if field not in values and faults:
            errors.extend(faults)
        elif field not in values:
            self.judge(field, "", values, errors, warnings, [])
        else:
            warnings.extend(fault._replace(further=fault.with_value()) for fault in faults)
        if others:
            said = left_out(self.label(field), others)
            warnings.append(Problem(self.label(field), "", not_kept(field, len(others)), said))

    def _split(self, text, values, errors, warnings, damaged):
        """A full name fills what columns of their own leave open. What is only guessed to be missing from it clears nothing."""
        text, known = text.strip(), [values.get(field, "") for field in NAMES]
        surname, given_name, _patronymic = known
        if not text:
            for field in () if surname and given_name else NAMES:
                if field not in values:
                    self._clear(field, values)
            return False
        if all(known) or (given_name and text == " ".join(filter(None, known))):
            return False
        given_first = self.full == "full_name_given_first"
        name = split_full_name(text, surname=surname, given_name=given_name, given_first=given_first)
        before, quick = len(errors), self.kinds.quick["surname"]
        for field, part in zip(NAMES, name, strict=False):
            # What is missing may stand in the cell of the given name, too.
            if values.get(field) or (not part and (name.guessed or given_name)):
                continue
            if value := quick(part):
                values[field] = value
            else:
                self.judge(field, part, values, errors, warnings, damaged)
        if len(errors) == before:
            kept = [values.get(field, "") for field in NAMES]
            self._doubts(text, name.guessed, any(known) and words_left_out(unescape(text), kept), warnings)
        return name.guessed

    def _doubts(self, text, guessed, has_left_out, warnings):
        if guessed:
            reason = _("which word is which was guessed by the order surname, given name, patronymic: look at it")
            warnings.append(Problem(self.label(self.full), text, reason))
        if has_left_out:
            reason = _(
                "some words of it are not kept, for the columns of surname, given name or patronymic say otherwise: correct "
                "whichever is wrong"
            )
            warnings.append(Problem(self.label(self.full), text, reason))

    def _unreadable(self, row):
        place = self.columns.places[KEY]
        crm_id = clean_id(row.cells[place]) if place < len(row.cells) else ""
        return CleanRow(row.line, row.cells, crm_id, {}, [Problem("", "", str(row.problem))], [], [])

    def _without_controls(self, cells, errors):
        """Cells as they are, those with control characters emptied and reported. Line breaks inside a cell are text."""
        kept = list(cells)
        for place, field in enumerate(self.columns.fields):
            if not field or cells[place].isprintable():
                continue
            found = next(
                (mark for mark in cells[place] if unicodedata.category(mark) == "Cc" and mark not in "\t\r\n"), ""
            )
            if found:
                kept[place] = ""
                reason = _("the cell holds the control character U+%(code)04X, which is no text: type it again") % {
                    "code": ord(found)
                }
                errors.append(Problem(self.columns.name(place), cells[place].replace(found, ""), reason))
        return kept

    def _across(self, cells, values, errors, warnings):
        """Rules over two cells or more of the row."""
        if KEY not in values and not any(problem.column == self.label(KEY) for problem in errors):
            reason = _("the id of the person in the CRM is empty: fill it in")
            errors.append(Problem(self.label(KEY), "", reason))
        iin, born = values.get("iin"), values.get("birth_date")
        if iin and born and self.kinds.born.get(iin[:7]) != born and (error := birth_date_error(iin, born)):
            errors.append(Problem(self.label("iin"), iin, error))
        if self.blank_clears and values.get("surname") == values.get("given_name") == "":
            reason = _("a person has a surname or a given name: fill one in, or keep empty cells from clearing")
            errors.append(Problem(self.label("surname"), "", reason))
        denied = self.against and self._denied(cells, values, errors, warnings)
        if self.takes_consents and not denied:
            self._consent(cells, values, errors, warnings)
        if self.has_agreements and "agreement_on" in values and "agreement_number" not in values:
            reason = _("an agreement has a date but no number: give its number or leave the date empty")
            errors.append(Problem(self.label("agreement_number"), "", reason))

    def _consent(self, cells, values, errors, warnings):
        given_on, expires_on = values.get("consent_given_on"), values.get("consent_expires_on")
        if not (given_on and "consent_purpose" in values):
            self._half_a_consent(cells, values, errors, warnings)
        if given_on and expires_on and expires_on < given_on:
            reason = _("the consent expires before it is given (%(given_on)s): correct one of the dates")
            errors.append(Problem(self.label("consent_expires_on"), str(expires_on), reason % {"given_on": given_on}))

    def _denied(self, cells, values, errors, warnings):
        """Whether a cell speaks against the consent that the row has: then nothing of it is taken, nor held against the row."""
        problem = self._against(cells)
        if problem is None:
            return False
        faults = [each for each in errors if each.column in self.about_consent]
        if not (faults or values.get("consent_given_on") or problem.reason == WITHDRAWN):
            return False
        errors[:] = [each for each in errors if each not in faults]
        for field in CONSENT_FIELDS:
            values.pop(field, None)
        warnings.append(problem)
        return True

    def _against(self, cells):
        for field in self.against:
            text = cells[self.columns.places[field]].strip()
            if text and (reason := AGAINST[field](text, self.today)):
                return Problem(self.label(field), text, str(reason))
        return None

    def _half_a_consent(self, cells, values, errors, warnings):
        """A row that lacks a part of a consent."""
        given_on = values.get("consent_given_on")
        if given_on is None and "consent_purpose" in values and self._is_filled(cells, "consent_purpose"):
            if not any(problem.column == self.label("consent_given_on") for problem in errors):
                reason = _("a consent has a purpose but no date: give the date, or leave the purpose empty")
                errors.append(Problem(self.label("consent_given_on"), "", reason))
            del values["consent_purpose"]
        elif given_on and "consent_purpose" not in values:
            reason = _(
                "a consent has a date but no purpose: give the purpose's code, here or with --default consent_purpose="
            )
            errors.append(Problem(self.label("consent_purpose"), "", reason))
        elif given_on is None:
            values.pop("consent_purpose", None)  # said for the whole file, of the rows that have a consent
            if self._is_filled(cells, "consent_channel") or values.get("consent_expires_on"):
                reason = _("without a date and a purpose this is no consent: its other cells are left out")
                warnings.append(Problem(self.label("consent_given_on"), "", reason))

    def _is_filled(self, cells, field):
        """Whether the row itself says something, whatever was said for the whole file."""
        place = self.columns.places.get(field)
        return place is not None and bool(cells[place].strip())

    def _lost(self, field, name):
        reason = _("a letter of the name was lost on the way (“?”): export in UTF-8, or accept damaged names")
        if not lost_letters(name):
            reason = _(
                "the name was written in one encoding and read in another: export in UTF-8, or accept damaged names"
            )
        return Problem(self.label(field), name, reason)
