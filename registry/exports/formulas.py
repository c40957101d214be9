"""Text that a spreadsheet would run is written with an apostrophe before it, and read back without it."""

import re

# The full-width signs count too: East Asian spreadsheets fold them to the plain ones.
RISKY = "=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20"
NEEDS_APOSTROPHE = re.compile(f"'*[{RISKY}]")
HAS_APOSTROPHE = re.compile(f"'+[{RISKY}]")
PHONE = re.compile(r"\+\d[\d ()-]{5,20}", re.ASCII)


def escape(value, *, phone: bool = False) -> str:
    """The cell as text that stays text in a spreadsheet. In a column of phones (`phone`) a number like +7 701 … is left as it is.

    A text that already begins with apostrophes before a risky sign gets one more, so `unescape` always gives the value back.
    """
    text = "" if value is None else str(value)
    if not NEEDS_APOSTROPHE.match(text) or (phone and PHONE.fullmatch(text)):
        return text
    return "'" + text


def unescape(text: str) -> str:
    """The value that `escape` was given; a text without our apostrophe comes back unchanged."""
    return text[1:] if HAS_APOSTROPHE.match(text) else text
