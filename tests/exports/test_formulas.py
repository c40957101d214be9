"""No exported cell runs as a formula, and nothing is lost by it."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.exports.formulas import Phone, escape, unescape

RISKY_FIRST = "=+-@\t\r\n＝＋－＠"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("==1+1", "'==1+1"),
        ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
        ("-2+3", "'-2+3"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t'=1"),
        ("\r=1", "'\r'=1"),
        ("\n=1", "'\n'=1"),
        ("\tx", "'\tx"),
        (";=1", ";'=1"),
        ('x;"=1', "x;'\"=1"),
        ("＝1+1", "'＝1+1"),
        ("＋1", "'＋1"),
        ("－1", "'－1"),
        ("＠SUM", "'＠SUM"),
        ("'=1", "''=1"),
        ("''+1", "'''+1"),
        ("O'Neill", "O'Neill"),
        ("'quoted'", "'quoted'"),
        ("a=b", "a=b"),
        ("Қасымова", "Қасымова"),
        ("", ""),
        (None, ""),
        (12, "12"),
        (-12, "'-12"),
        ("x;=cmd|' /C calc'!A0;y", "x;'=cmd|' /C calc'!A0;y"),
        ("x; @SUM(A1)", "x; '@SUM(A1)"),
        ("x;'=1", "x;''=1"),
        ("x\t+cmd|1", "x\t'+cmd|1"),
        ("first line\r\n-2+3", "first line\r\n'-2+3"),
        ("-1;=1", "'-1;'=1"),
        ("Natalia; +7 (707) 735-63-12; n@lapp.com", "Natalia; +7 (707) 735-63-12; n@lapp.com"),
        ("x; +7-1+cmd|1", "x; '+7-1+cmd|1"),
        ("a; b = c", "a; b = c"),
    ],
)
def test_formula_is_written_as_text(value, written):
    """A cell that a spreadsheet would run gets an apostrophe before it, any other is left alone.

    With a semicolon or a tab for the delimiter, a cell begins behind each of them.
    """
    assert escape(value) == written
    assert unescape(written) == ("" if value is None else str(value))


@pytest.mark.parametrize("first", RISKY_FIRST)
def test_every_risky_sign_is_covered(first):
    """Each sign that starts a formula, plain or full-width, is covered."""
    assert escape(f"{first}1") == f"'{first}1"
    assert unescape(f"'{first}1") == f"{first}1"


@pytest.mark.parametrize(
    ("value", "in_phone_column", "elsewhere"),
    [
        ("+77077356312", "+77077356312", "'+77077356312"),
        ("+7-777-807-95-83", "'+7-777-807-95-83", "'+7-777-807-95-83"),
        ("+7 -777 -807", "'+7 -777 -807", "'+7 -777 -807"),
        ("+7-(777)-8079583", "'+7-(777)-8079583", "'+7-(777)-8079583"),
        ("+7 (707) 735-63-12", "'+7 (707) 735-63-12", "'+7 (707) 735-63-12"),
        ("+7 707 735 63 12", "'+7 707 735 63 12", "'+7 707 735 63 12"),
        ("+7+1", "'+7+1", "'+7+1"),
        ("+cmd|1", "'+cmd|1", "'+cmd|1"),
        ("=77077356312", "'=77077356312", "'=77077356312"),
        ("+7707735631२", "'+7707735631२", "'+7707735631२"),
        ("+77077356312\n", "'+77077356312\n", "'+77077356312\n"),
    ],
)
def test_phone_stays_intact(value, in_phone_column, elsewhere):
    """A plus and digits stay as they are where a phone is expected; what a spreadsheet computes, or fails to, does not."""
    assert escape(Phone(value)) == in_phone_column
    assert escape(value) == elsewhere


@given(
    st.text(alphabet=st.one_of(st.sampled_from(RISKY_FIRST + "'+7 ();\""), st.characters()), max_size=12), st.booleans()
)
def test_round_trip_loses_nothing(value, phone):
    """What was exported comes back as it was, and no written cell but a phone begins with a risky sign; nor does one that another
    delimiter makes of it, but for a number."""
    written = escape(Phone(value) if phone else value)
    assert unescape(written) == value
    pieces = [piece.strip(" ") for piece in re.split("[;\t\r\n]", written)[1:]]
    assert not [
        piece for piece in pieces if re.match('"*[=+@＝＋－＠-]', piece) and not re.fullmatch("[+][0-9 ()-]+", piece)
    ]
    assert written[:1] not in set(RISKY_FIRST) or (phone and written[0] == "+" and written[1:].isdigit())
