"""Text that a spreadsheet would run is written with an apostrophe before it, and read back without it.

Where the spreadsheet takes a semicolon or a tab for the delimiter, as it does in Russian and Kazakh, a cell of its own begins behind
each, and behind each line end: what stands there is guarded as well.
"""

import re

# The full-width signs count too: East Asian spreadsheets fold them to the plain ones.
SIGNS = "=+\\-@\uff1d\uff0b\uff0d\uff20"
RISKY = f"{SIGNS}\t\r\n"
FIRST_SIGNS = frozenset("'=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")
RISKY_START = re.compile(f"'*[{RISKY}]")
APOSTROPHE = re.compile(f"'+[{RISKY}]")
# With hyphens Excel computes it (+7-777-807-95-83 is -1755), with blanks or brackets some spreadsheets show an error.
PHONE = re.compile(r"\+\d{6,21}", re.ASCII)
# A number in a line of contacts is no formula; a quote in the middle of what is read as a cell quotes nothing.
_BEHIND, _NUMBER = r"([;\t\r\n] *)", r"\+[0-9 ()-]+(?:[;\t\r\n]|\Z)"
RISKY_INSIDE = re.compile(f"{_BEHIND}(?!{_NUMBER})(['\"]*[{SIGNS}])")
APOSTROPHE_INSIDE = re.compile(f"{_BEHIND}'(['\"]*[{SIGNS}])")


class Phone(str):
    """The value of a field that holds a telephone number: +7701… stays as it is, for there is nothing to compute in it."""


def escape(value) -> str:
    """The cell as text that stays text in a spreadsheet.

    A text that already has apostrophes before a risky sign gets one more, so `unescape` always gives the value back.
    """
    text = "" if value is None else str(value)
    if not text.isalnum():
        text = RISKY_INSIDE.sub(r"\1'\2", text)
    if text[:1] not in FIRST_SIGNS or not RISKY_START.match(text):
        return text
    if isinstance(value, Phone) and PHONE.fullmatch(text):
        return text
    return "'" + text


def unescape(text: str) -> str:
    """The value that `escape` was given; a text without our apostrophe comes back unchanged."""
    if "'" not in text:
        return text
    return APOSTROPHE_INSIDE.sub(r"\1\2", text[1:] if APOSTROPHE.match(text) else text)
