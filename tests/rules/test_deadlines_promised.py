"""What operators promise in their own policies, each date worked out by hand from the calendar of Kazakhstan, where they are."""

import pytest

from .law_files import due_of, promises_of

OPERATORS = ("alfa-lab", "almaenergy", "kazger", "lapp", "site")
# Counted from a consent, not from a request (Almaenergy 5.8.2); its days are those of RU-DISTR-PUBLISH.
OF_NO_REQUEST = {("almaenergy", "distribution-conditions")}

# operator, term, event (noon in Almaty, or the time said), due
DATED = [
    # 10 days: 12 March, a Thursday
    ("kazger", "authority-answer", "2026-03-02", "2026-03-12"),
    # 23 March, Nauryz: 23–25 off, 26
    ("kazger", "authority-answer", "2026-03-13", "2026-03-26"),
    # 7 January, Orthodox Christmas: 8
    ("kazger", "authority-answer", "2026-12-28", "2027-01-08"),
    # At once, in the last second of a Sunday
    ("kazger", "opt-out", "2026-03-22T23:59:59", "2026-03-22T18:59:59Z"),
    # Saturday 28 February: Monday 2 March
    ("lapp", "authority-answer", "2026-02-18", "2026-03-02"),
    # The leap day, a Thursday
    ("lapp", "authority-answer", "2024-02-19", "2024-02-29"),
    # The last second of 14 April: Friday the 24th
    ("lapp", "authority-answer", "2026-04-14T18:59:59Z", "2026-04-24"),
    # Midnight: Saturday the 25th, so Monday the 27th
    ("lapp", "authority-answer", "2026-04-14T19:00:00Z", "2026-04-27"),
    # 30 days: 31 December, a Thursday, worked in Kazakhstan (in Russia it is off)
    ("almaenergy", "authority-answer", "2026-12-01", "2026-12-31"),
    # Over the new year: 30 January, a Friday
    ("almaenergy", "authority-answer", "2025-12-31", "2026-01-30"),
    # 9 March, off for Sunday the 8th: 10
    ("almaenergy", "authority-answer", "2026-02-07", "2026-03-10"),
    # 30 working days: 3–6 (4), 9–13 (9), 16–20 (14), 23–27 (19), 2–6 March (24), 9 off, 10–13 (28), 16, 17 (30)
    ("alfa-lab", "claim-answer", "2026-02-02", "2026-03-17"),
    # 30 (1), 1–4 (5), 7–11 (10), 14, 15 (12), 16 off, 17, 18 (14), 21–25 (19), 28–31 (23), 1, 4 off, 5, 6 (25), 7 off, 8 (26), 11–14
    ("alfa-lab", "claim-answer", "2026-11-27", "2027-01-14"),
    # 17 (1), 20–24 (6), 27–30 (10), 1 off, 4–6 (13), 7 off, 8 (14), 11 off, 12–15 (18), 18–22 (23), 25, 26 (25), 27 off, 28, 29 (27), 1–3
    ("alfa-lab", "claim-answer", "2026-04-16", "2026-06-03"),
]


@pytest.mark.parametrize(("operator", "code", "event", "expected"), DATED)
def test_promise_of_a_policy_ends_on_its_day(operator, code, event, expected):
    """A term that the policy promises ends on the day that counting on the operator's own calendar gives."""
    assert due_of(promises_of(operator)[code], event, "KZ") == expected


def test_every_promise_is_dated():
    """No term of a policy comes into a register without a date worked out by hand."""
    promised = {(operator, code) for operator in OPERATORS for code in promises_of(operator)}
    assert {(operator, code) for operator, code, *_ in DATED} == promised - OF_NO_REQUEST
    assert len(DATED) >= 10
