"""How far an import is, in words, and how many rows a file may have before it is read."""

import pytest

from registry.imports import progress


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ((0, 1_000_000, 0), "0 of 1 000 000 rows"),
        ((12_400, 1_000_000, 2), "12 400 of 1 000 000 rows, 6 200 a second, 3 min left"),
        ((999_000, 1_000_000, 100), "999 000 of 1 000 000 rows, 9 990 a second, 1 s left"),
        ((1_000_000, 1_000_000, 100), "1 000 000 of 1 000 000 rows, 10 000 a second"),
        ((7_200, 1_000_000, 3_600), "7 200 of 1 000 000 rows, 2 a second, 137 h 53 min left"),
        ((11, 10, 1), "11 of 11 rows, 11 a second"),
        ((1, 1, 1), "1 of 1 row, 1 a second"),
    ],
)
def test_progress_in_words(given, said):
    """Rows, rate, time left; line breaks inside cells and the like never make it more than all."""
    assert progress.in_words(*given).replace("\u00a0", " ") == said


def test_rate_after_going_on_is_that_of_now():
    """What was done before the kill counts as done, not as fast."""
    text = progress.in_words(5_500, 10_000, 5, before=5_000, people=True).replace("\u00a0", " ")
    assert text == "5 500 of 10 000 people, 100 a second, 45 s left"
    assert progress.in_words(0, 1, 0, people=True) == "0 of 1 person"


@pytest.mark.parametrize(
    ("content", "rows"), [(b"a;b\n1;2\n3;4\n", 2), (b"a\r\n1\r\n2\r\n3", 2), (b"a\r1\r2\r", 2), (b"", 1), (b"a", 1)]
)
def test_expected_rows_are_the_line_ends(tmp_path, content, rows):
    """About as many rows as line ends; never none, for something is to be divided by it."""
    file = tmp_path / "people.csv"
    file.write_bytes(content)
    assert progress.expected_rows(file) == rows
