import datetime as dt

import pytest

from registry.rules.identifiers import check_bin, check_iin, control_digit, has_control_digit, iin_birth_date

TODAY = dt.date(2026, 11, 22)


@pytest.mark.parametrize("number", ["791028302728", "061211600012"])
def test_iin_of_a_published_sample_is_right(number):
    """Published sample numbers pass without a word."""
    assert check_iin(number, today=TODAY) == (number, "", "")


@pytest.mark.parametrize(
    ("head", "digit"),
    [("79102830272", 8), ("16024001749", 9), ("24104001213", 3), ("90010130080", None)],
)
def test_control_digit(head, digit):
    """The control digit takes two rounds of weights; where both give 10 the number is never issued."""
    assert control_digit(head) == digit


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("83092161", "an IIN has 12 digits, this one has 8: correct it or leave it empty"),
        ("8309216120001", "an IIN has 12 digits, this one has 13: correct it or leave it empty"),
        ("830921612", "an IIN has 12 digits, this one has 9: were leading zeros lost by a spreadsheet?"),
        ("1028302728", "an IIN has 12 digits, this one has 10: were leading zeros lost by a spreadsheet?"),
        ("91028302728", "an IIN has 12 digits, this one has 11: was a leading zero lost by a spreadsheet?"),
        ("7,91028E+11", "a spreadsheet has rounded this number, its digits are lost: export it as text"),
        ("7.91028E+11", "a spreadsheet has rounded this number, its digits are lost: export it as text"),
        ("7910283O2728", "an IIN has digits only: correct it or leave it empty"),
        ("٧٩١٠٢٨٣٠٢٧٢٨", "an IIN has digits only: correct it or leave it empty"),
        ("241040012133", "this is a BIN, the number of an organisation: give the IIN of the person"),
        ("791028702728", "the seventh digit of an IIN is 0 to 6: compare it with the identity document"),
        (
            "791328302728",
            "the first six digits of an IIN are a birth date, these are not: compare it with the identity document",
        ),
        ("270101500000", "the IIN says the birth date 2027-01-01, which is in the future: correct the IIN"),
    ],
)
def test_iin_of_wrong_format_is_refused(text, reason):
    """A number that cannot be an IIN is refused, and the sentence says why."""
    assert check_iin(text, today=TODAY).error == reason


def test_iin_with_wrong_control_digit_is_worth_a_warning():
    """A wrong control digit is reported and does not stop: such numbers are in use."""
    checked = check_iin("791028302729")
    assert checked.error == ""
    assert checked.warning == "the last digit does not match the others: compare the number with the document"
    assert "is ever issued" in check_iin("900101300805").warning


def test_iin_is_compared_with_the_birth_date():
    """An IIN that says another birth date than the one given is refused; the day itself passes."""
    assert check_iin("791028302728", dt.date(1979, 10, 28)).error == ""
    assert (
        check_iin("791028302728", dt.date(1979, 10, 29)).error
        == "the IIN says the birth date 1979-10-28, the birth date given is another: correct one of them"
    )


def test_iin_of_a_foreigner_gives_no_century():
    """A seventh digit 0 occurs on numbers of foreigners: day and month are compared, the century is not."""
    assert iin_birth_date("791028002721") is None
    assert check_iin("791028002721", dt.date(1979, 10, 28)).error == ""
    assert check_iin("791028002721", dt.date(1979, 10, 27)).error.startswith("the IIN says the birth date 79-10-28")


def test_iin_is_kept_as_text_without_blanks():
    """Blanks and a spreadsheet's apostrophe are no part of the number; leading zeros are."""
    assert check_iin("'061211 600012").value == "061211600012"
    assert check_iin("  ") == ("", "", "")


@pytest.mark.parametrize(
    ("text", "error", "warning"),
    [
        ("241040012133", "", ""),
        ("160240017492", "", "the last digit does not match the others: compare the number with the document"),
        ("791028302728", "this is an IIN, the number of a person: give the BIN of the organisation", ""),
        (
            "241340012133",
            "a BIN begins with year and month, then 4, 5 or 6, then 0 to 3: compare it with the registration document",
            "",
        ),
        ("2410400121", "a BIN has 12 digits, this one has 10: were leading zeros lost by a spreadsheet?", ""),
    ],
)
def test_bin(text, error, warning):
    """A BIN is told from an IIN by its fifth digit; its control digit is only worth a warning."""
    assert check_bin(text) == (text, error, warning)


def test_short_way_to_the_control_digit_says_what_the_long_one_says():
    """A control digit is right by the first round, by the second one where the first gives 10, or never."""
    assert has_control_digit("791028302728")
    assert not has_control_digit("791028302727")
    for head in range(90010130000, 90010130400):
        text = f"{head:011d}"
        digit = control_digit(text)
        said = [last for last in range(10) if has_control_digit(f"{text}{last}")]
        assert said == ([] if digit is None else [digit])
