"""Text that a spreadsheet would run is written with an apostrophe before it, and read back without it."""

import re

# The full-width signs count too: East Asian spreadsheets fold them to the plain ones.
RISKY = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
FIRST_SIGNS = frozenset("'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
RISKY_START = re.compile(f"'*[{RISKY}]")
APOSTROPHE = re.compile(f"'+[{RISKY}]")
# With hyphens Excel computes it (+7-777-807-95-83 is -1755), with blanks or brackets some spreadsheets show an error.
PHONE = re.compile(r"\+\d{6,21}", re.ASCII)


class Phone(str):
    """The value of a field that holds a telephone number: +7701… stays as it is, for there is nothing to compute in it."""


def escape(value) -> str:
    """The cell as text that stays text in a spreadsheet.

    A text that already begins with apostrophes before a risky sign gets one more, so `unescape` always gives the value back.
    """
    text = "" if value is None else str(value)
    if text[:1] not in FIRST_SIGNS or not RISKY_START.match(text):
        return text
    if isinstance(value, Phone) and PHONE.fullmatch(text):
        return text
    return "'" + text


def unescape(text: str) -> str:
    """The value that `escape` was given; a text without our apostrophe comes back unchanged."""
    return text[1:] if APOSTROPHE.match(text) else text
