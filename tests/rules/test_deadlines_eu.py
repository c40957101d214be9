"""The terms of the GDPR, each date worked out by hand. It has no calendar: days off are those of the operator's country."""

import pytest

from .law_files import due_by_law, rules_of

RULES = rules_of("EU-GDPR")

# rule (“+”: extended), event (noon in Almaty, or the time said), the operator's country, due
DATED = [
    # Saturday 14 February: Monday
    ("EU-DSAR", "2026-01-14", "KZ", "2026-02-16"),
    # February has no 31st: the 28th, a Saturday: Monday 2 March
    ("EU-DSAR", "2026-01-31", "KZ", "2026-03-02"),
    # … in a leap year the 29th, a Thursday
    ("EU-DSAR", "2024-01-31", "KZ", "2024-02-29"),
    # 29 January in a common year: 28 February, a Tuesday
    ("EU-DSAR", "2023-01-29", "KZ", "2023-02-28"),
    # From the leap day: 29 March, not the end of the month
    ("EU-DSAR", "2024-02-29", "KZ", "2024-03-29"),
    # 21 March is Saturday and Nauryz: over 21–25 to Thursday the 26th
    ("EU-DSAR", "2026-02-21", "KZ", "2026-03-26"),
    # 1 January: 1 off, 2, 3 week-end, 4 off for Saturday the 2nd, 5
    ("EU-DSAR", "2026-12-01", "KZ", "2027-01-05"),
    # The same in Russia: 1–8 off, 9, 10 week-end, 11
    ("EU-DSAR", "2026-12-01", "RU", "2027-01-11"),
    # … and in Germany: 1 off, 2, 3 week-end, 4
    ("EU-DSAR", "2026-12-01", "DE", "2027-01-04"),
    # The last second of March: the 31st of April is the 30th, a Thursday
    ("EU-DSAR", "2026-03-31T18:59:59Z", "KZ", "2026-04-30"),
    # Midnight, 1 April: 1 May off, 2, 3 week-end, 4
    ("EU-DSAR", "2026-03-31T19:00:00Z", "KZ", "2026-05-04"),
    # One month and two: 30 December, a Wednesday
    ("EU-DSAR+", "2026-09-30", "KZ", "2026-12-30"),
    # 30 November + 3 months: Sunday 28 February, Monday 1 March
    ("EU-DSAR+", "2026-11-30", "KZ", "2027-03-01"),
    # … in a leap year the 29th, a Thursday
    ("EU-DSAR+", "2023-11-30", "KZ", "2024-02-29"),
    # 16 December, Independence Day: the 17th
    ("EU-DSAR+", "2025-09-16", "KZ", "2025-12-17"),
    # 1 January: the 5th, as above
    ("EU-DSAR+", "2026-10-01", "KZ", "2027-01-05"),
    # 72 hours from the first second of the year
    ("EU-BREACH", "2026-01-01T00:00", "KZ", "2026-01-03T19:00:00Z"),
    # From Friday over Nauryz: hours know no days off; 16:30 in Almaty is 11:30 UTC
    ("EU-BREACH", "2026-03-20T16:30", "KZ", "2026-03-23T11:30:00Z"),
    # 28 February 2024, 10:00 at UTC+6, is 04:00 UTC; over the leap day to 2 March
    ("EU-BREACH", "2024-02-28T10:00", "KZ", "2024-03-02T04:00:00Z"),
]


@pytest.mark.parametrize(("code", "event", "country", "expected"), DATED)
def test_term_of_the_gdpr_ends_on_its_day(code, event, country, expected):
    """A month ends on the same day of the next, or its last; over days off of the operator's country."""
    assert due_by_law(RULES, code, event, country) == expected


def test_every_rule_of_the_gdpr_is_dated():
    """No rule, and no extension of one, comes into the file of the law without a date worked out by hand."""
    extended = {f"{code}+" for code, rule in RULES.items() if "extension" in rule}
    assert {code for code, *_ in DATED} == set(RULES) | extended
