"""Whether a file writes 01/02/2003 with the day or the month first: told by its other dates, or asked for."""

from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import DateOrder
from registry.rules.dates import DMY, MDY, parse_date, readings

from .inspection import FileAsks, FileRefused

DATE_FIELDS = ("birth_date", "consent_given_on", "consent_expires_on", "agreement_on")
# So many rows decide; a later one that contradicts is a row with an error.
ROWS_LOOKED_AT = 10_000
SAMPLES = 3


class Found(NamedTuple):
    """orders: field → order of its open dates. asked: samples of dates that nothing decides. told: fields decided by others."""

    orders: dict
    asked: list
    told: dict


def date_orders(columns, rows, *, said="", remembered=False):
    """(field → order, sentences for the run). FileAsks where dates can be read two ways and nothing decides, and where an
    order that is only remembered is another than the rows prove.
    """
    if said and said not in DateOrder.values:
        raise FileRefused(_("The order of dates is one of dmy, mdy, ymd."), quoting=_("Said was “%s”.") % said)
    if said and not remembered:
        return dict.fromkeys(DATE_FIELDS, said), []
    places = {field: at for field, at in columns.places.items() if columns.reads(field)}
    found = look(places, rows, remembered=said)
    if found.asked:
        samples = ", ".join(f"“{text}”" for text in found.asked)
        raise FileAsks(_question(said), quoting=_("For example: %(samples)s.") % {"samples": samples})
    return found.orders, [_told(columns, found)] if found.told else []


def _question(remembered):
    if not remembered:
        return _(
            "Its dates can be read with the day first and with the month first. Say which it is (in a command: --date-order "
            "dmy, or --date-order mdy)."
        )
    return _(
        "The dates of its source are remembered as “%(order)s”, but dates of this file can only be read otherwise. Say which "
        "it is (in a command: --date-order dmy, or --date-order mdy)."
    ) % {"order": DateOrder(remembered).label}


def look(places, rows, *, remembered="") -> Found:
    """What the first rows tell of the order of open dates, column by column; what one column tells holds for the others.

    remembered: the order of all of them, unless a column has dates that prove another and none that proves this one.
    """
    places = {field: places[field] for field in DATE_FIELDS if field in places}
    orders, samples = {field: {} for field in places}, {}
    for row in islice(rows, ROWS_LOOKED_AT) if places else ():
        if row.problem:
            continue
        for field, place in places.items():
            text = row.cells[place].strip()
            if text[1:2] in _SIGNS or text[2:3] in _SIGNS:
                _note(readings(text), text, orders[field], samples.setdefault(field, []))
    if remembered:
        against = [shown for shown in orders.values() if shown and remembered not in shown]
        return Found(dict.fromkeys(DATE_FIELDS, remembered), [text for shown in against for text in shown.values()], {})
    return _decide(orders, {field: texts for field, texts in samples.items() if texts})


_SIGNS = frozenset("/-")


def _note(possible, text, orders, samples):
    if len(possible) == 1:
        orders.setdefault(possible[0], text)
    if possible and text not in samples and len(samples) < SAMPLES and (len(possible) > 1 or not samples):
        samples.append(text)


def _decide(orders, samples):
    decided = {field: next(iter(found)) for field, found in orders.items() if len(found) == 1}
    open_fields = [field for field in samples if field not in decided]
    everywhere = set(decided.values())
    torn = [field for field in open_fields if orders[field]]
    if open_fields and (torn or len(everywhere) != 1):
        return Found(decided, [text for field in open_fields for text in samples[field]][:SAMPLES], {})
    order = everywhere.pop() if len(everywhere) == 1 else ""
    told = decided | dict.fromkeys(open_fields, order)
    return Found(told, [], told)


def both_readings(text, today):
    """[(order, the day it would be)] of an open date, for the question."""
    days = [(order, parse_date(text, today=today, future=True, order=order).value) for order in (DMY, MDY)]
    return [(order, day) for order, day in days if day]


def _told(columns, found):
    names = ", ".join(f"“{columns.label(field)}”" for field in found.told)
    if DMY in found.told.values() and MDY in found.told.values():
        return _(
            "Dates such as 01/02/2003 are read in the order that the other dates of their column show: %(columns)s."
        ) % {"columns": names}
    if MDY in found.told.values():
        return _(
            "Dates such as 01/02/2003 are read with the month first, as other dates of the file show: %(columns)s."
        ) % {"columns": names}
    return _("Dates such as 01/02/2003 are read with the day first, as other dates of the file show: %(columns)s.") % {
        "columns": names
    }
