"""Kazakhstan's twelve-digit numbers: the IIN of a person and the BIN of an organisation (Government decree 565 of 11.06.2003).

A wrong format is refused. A wrong control digit is only worth a warning: numbers with one are in official use.
"""

import datetime as dt
import re
from operator import mul
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

DIGITS = 12
FIRST_WEIGHTS = (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
SECOND_WEIGHTS = (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)
NEVER_ISSUED = 10
# The seventh digit of an IIN: odd for men, even for women, two to a century. 0 is found on numbers of some foreigners.
CENTURIES = {"1": 1800, "2": 1800, "3": 1900, "4": 1900, "5": 2000, "6": 2000}
BIN_KINDS = "456"
BIN_DIVISIONS = "0123"
# A birth date of 2000 begins with two zeros, of its first nine months with three.
ZEROS_IN_FRONT = 3

_NOISE = re.compile(r"[\s\u200b-\u200f\u2060\ufeff'-]+")
_ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.ASCII)


class Checked(NamedTuple):
    """What a rule made of a text: the value to store, or why it cannot be stored. A warning stops nothing."""

    value: Any = ""
    error: str = ""
    warning: str = ""


def rounding_error(text: str) -> str:
    """Why 1,23E+11, all that a spreadsheet leaves of a long number, is nobody's; empty for every other text."""
    if _ROUNDED.fullmatch(text):
        return _("a spreadsheet has rounded this number, its digits are lost: export it as text")
    return ""


def control_digit(first_eleven: str) -> int | None:
    """The twelfth digit of an IIN or BIN; None where both rounds give 10 and the number is never issued."""
    digits = [int(digit) for digit in first_eleven]
    for weights in (FIRST_WEIGHTS, SECOND_WEIGHTS):
        digit = sum(map(mul, weights, digits)) % 11
        if digit != NEVER_ISSUED:
            return digit
    return None


def has_control_digit(number: str) -> bool:
    """Whether twelve ASCII digits end in their control digit: the short way for sound numbers."""
    code = number.encode()
    weighted = (
        code[0] + 2 * code[1] + 3 * code[2] + 4 * code[3] + 5 * code[4] + 6 * code[5] + 7 * code[6] + 8 * code[7]
        + 9 * code[8] + 10 * code[9] + 11 * code[10] - 48 * 66
    )  # fmt: skip
    rest = weighted % 11
    return rest == code[11] - 48 if rest != NEVER_ISSUED else control_digit(number[:11]) == code[11] - 48


def check_iin(text: str, birth_date: dt.date | None = None, today: dt.date | None = None) -> Checked:
    """An IIN as twelve digits; against the birth date, and not of somebody born after today, where these are given."""
    number = _NOISE.sub("", text)
    if not number:
        return Checked()
    error = _wrong_format(number, is_bin=False)
    if error:
        return Checked(number, error)
    if number[4] in BIN_KINDS:
        return Checked(number, _("this is a BIN, the number of an organisation: give the IIN of the person"))
    if number[6] not in CENTURIES and number[6] != "0":
        return Checked(number, _("the seventh digit of an IIN is 0 to 6: compare it with the identity document"))
    error = birth_date_error(number, birth_date, today)
    if error:
        return Checked(number, error)
    return Checked(number, "", _control_warning(number))


def check_bin(text: str) -> Checked:
    """A BIN as twelve digits."""
    number = _NOISE.sub("", text)
    if not number:
        return Checked()
    error = _wrong_format(number, is_bin=True)
    if error:
        return Checked(number, error)
    if number[4] in "0123":
        return Checked(number, _("this is an IIN, the number of a person: give the BIN of the organisation"))
    if number[4] not in BIN_KINDS or number[5] not in BIN_DIVISIONS or not "01" <= number[2:4] <= "12":
        return Checked(
            number,
            _(
                "a BIN begins with year and month, then 4, 5 or 6, then 0 to 3: compare it with the registration document"
            ),
        )
    return Checked(number, "", _control_warning(number))


def iin_birth_date(number: str) -> dt.date | None:
    """The birth date an IIN says; None where its seventh digit gives no century or the six digits are no date."""
    century = CENTURIES.get(number[6])
    if century is None:
        return None
    try:
        return dt.date(century + int(number[:2]), int(number[2:4]), int(number[4:6]))
    except ValueError:
        return None


def _wrong_format(number: str, *, is_bin: bool) -> str:
    if len(number) == DIGITS and number.isascii() and number.isdigit():
        return ""
    if error := rounding_error(number):
        return error
    if not (number.isascii() and number.isdigit()):
        message = _("%(what)s has digits only: correct it or leave it empty")
    elif len(number) == DIGITS - 1:
        message = _("%(what)s has 12 digits, this one has 11: was a leading zero lost by a spreadsheet?")
    elif DIGITS - ZEROS_IN_FRONT <= len(number) < DIGITS:
        message = _("%(what)s has 12 digits, this one has %(count)d: were leading zeros lost by a spreadsheet?")
    else:
        message = _("%(what)s has 12 digits, this one has %(count)d: correct it or leave it empty")
    return message % {"what": _("a BIN") if is_bin else _("an IIN"), "count": len(number)}


def birth_date_error(number: str, birth_date: dt.date | None, today: dt.date | None = None) -> str:
    """Why the birth date in an IIN of right format cannot be: no date, another than the one given, or after today."""
    month, day = number[2:4], number[4:6]
    if number[6] == "0":
        if not ("01" <= month <= "12" and "01" <= day <= "31"):
            return _no_date()
        if birth_date and f"{birth_date:%y%m%d}" != number[:6]:
            return _other_date(f"{number[:2]}-{month}-{day}")
        return ""
    born = iin_birth_date(number)
    if born is None:
        return _no_date()
    if birth_date and born != birth_date:
        return _other_date(born.isoformat())
    if today and born > today:
        return _("the IIN says the birth date %(born)s, which is in the future: correct the IIN") % {"born": born}
    return ""


def _no_date() -> str:
    return _("the first six digits of an IIN are a birth date, these are not: compare it with the identity document")


def _other_date(born: str) -> str:
    return _("the IIN says the birth date %(born)s, the birth date given is another: correct one of them") % {
        "born": born
    }


def _control_warning(number: str) -> str:
    digit = control_digit(number[:11])
    if digit is None:
        return _("no number beginning with these eleven digits is ever issued: compare it with the document")
    if digit != int(number[11]):
        return _("the last digit does not match the others: compare the number with the document")
    return ""
