"""The terms of 152-FZ, each date worked out by hand from the calendar of Russia. Days turn at midnight in Almaty.

Days off beside the week-ends, as the library of holidays has them: 1–8 January every year. 2022: 9, 10 May, 13 Jun. 2023: 8 Mar, 6 Nov. 2024: 23 Feb, 8 Mar,
29, 30 Apr, 1, 9, 10 May, 30, 31 Dec (Saturdays worked: 27 Apr, 28 Dec). 2025: 1, 2, 8, 9 May, 12, 13 Jun, 3, 4 Nov (Saturday 1 Nov is
worked), 31 Dec. 2026: 9 Jan, 23 Feb, 9 Mar, 1, 11 May, 12 Jun, 4 Nov, 31 Dec. 2027: 22, 23 Feb (Saturday 20 Feb is worked), 3, 10 May,
4, 5 Nov.
"""

import pytest

from .law_files import due_by_law, rules_of

RULES = rules_of("RU-152-FZ")

# rule (“+”: extended), event (noon in Almaty, or the time said), due: a day, or a moment in UTC
DATED = [
    # 23–26 (4), 29, 30 (6), 31 and 1–9 off, 10, 11 week-end, 12–15 (10)
    ("RU-INFO", "2025-12-22", "2026-01-15"),
    # … 5 more: 16 (11), 19–22 (15)
    ("RU-INFO+", "2025-12-22", "2026-01-22"),
    # The first day of the rule, a Thursday: 2 (1), 5–9 (6), 12–15 (10)
    ("RU-INFO", "2022-09-01", "2022-09-15"),
    # The same day has begun in Almaty, UTC+6 then: 00:00
    ("RU-INFO", "2022-08-31T18:00:00Z", "2022-09-15"),
    # 21, 22 week-end, 23 off, 24–27 (4), 2–6 March (9), 7, 8 week-end, 9 off for the 8th, 10 (10)
    ("RU-INFO", "2026-02-20", "2026-03-10"),
    # 23, 24 (2), 27–30 (6), 1 May off, 4–7 (10)
    ("RU-INFO", "2026-04-22", "2026-05-07"),
    # … 8 (11), 9, 10 week-end, 11 off, 12–15 (15)
    ("RU-INFO+", "2026-04-22", "2026-05-15"),
    # 22–26 (5), Saturday 27 is worked (6), 28 Sunday, 29 Apr – 1 May off, 2, 3 (8), 6, 7 (10)
    ("RU-INFO", "2024-04-19", "2024-05-07"),
    # 18 (1), 21–25 (6), 28–30 (9), 31 and 1–8 off, 9, 10 week-end, 11 (10)
    ("RU-INFO", "2026-12-17", "2027-01-11"),
    # … 12–15 (14), 18 (15)
    ("RU-INFO+", "2026-12-17", "2027-01-18"),
    # Received on the leap day: 1 March (1), 4–7 (5), 8 off, 11–15 (10)
    ("RU-INFO", "2024-02-29", "2024-03-15"),
    # The last second of Monday the 14th: 15–18 (4), 21–25 (9), 28 (10)
    ("RU-INFO", "2026-09-14T18:59:59Z", "2026-09-28"),
    # Midnight, so the 15th: 16–18 (3), 21–25 (8), 28, 29 (10)
    ("RU-INFO", "2026-09-14T19:00:00Z", "2026-09-29"),
    # The last second of the old rule: 31 August + 30 days is 30 September, a Friday
    ("RU-INFO-2022", "2022-08-31T17:59:59Z", "2022-09-30"),
    # 13 April + 30 days is 13 May, a Friday
    ("RU-INFO-2022", "2022-04-13", "2022-05-13"),
    # 9 April + 30 days is 9 May: 9, 10 off, 11
    ("RU-INFO-2022", "2022-04-09", "2022-05-11"),
    # 13 May + 30 days is Sunday 12 June, Russia Day: 13 off for it, 14
    ("RU-INFO-2022", "2022-05-13", "2022-06-14"),
    # 13–17 (5), 20–24 (10)
    ("RU-REFUSE", "2025-10-10", "2025-10-24"),
    # 23, 24 (2), 27–31 (7), Saturday 1 November is worked (8), 2 Sunday, 3, 4 off, 5, 6 (10)
    ("RU-REFUSE", "2025-10-22", "2025-11-06"),
    # … 7 (11), 10–13 (15)
    ("RU-REFUSE+", "2025-10-22", "2025-11-13"),
    # 10–12 (3), 15–19 (8), Saturday 20 is worked (9), 21 Sunday, 22, 23 off, 24 (10)
    ("RU-REFUSE", "2027-02-09", "2027-02-24"),
    # 30 August + 30 days is 29 September, a Thursday
    ("RU-REFUSE-2022", "2022-08-30", "2022-09-29"),
    # 2 December + 30 days is 1 January: 1–8 off, 9 Sunday, 10
    ("RU-REFUSE-2022", "2021-12-02", "2022-01-10"),
    # 3–6 (4), 7, 8 week-end, 9 off, 10–12 (7)
    ("RU-RECTIFY", "2026-03-02", "2026-03-12"),
    # 30, 31 (2), Saturday 1 November (3), 3, 4 off, 5–7 (6), 10 (7)
    ("RU-RECTIFY", "2025-10-29", "2025-11-10"),
    # 25–27 (3), Saturday 28 is worked (4), 29 Sunday, 30, 31 and 1–8 off, 9, 10 (6), 13 (7)
    ("RU-RECTIFY", "2024-12-24", "2025-01-13"),
    # 8–11 (4), 12 off, 15–17 (7)
    ("RU-RECTIFY", "2026-06-05", "2026-06-17"),
    # At once, also on a day off: noon in Almaty is 07:00 UTC
    ("RU-BLOCK", "2026-02-23", "2026-02-23T07:00:00Z"),
    # The first second of the year
    ("RU-BLOCK", "2026-01-01T00:00", "2025-12-31T19:00:00Z"),
    # 1 May off, 2, 3 week-end, 4–6 (3)
    ("RU-STOP-UNLAWFUL", "2026-04-30", "2026-05-06"),
    # 29, 30 (2), 31 and 1–8 off, 9, 10 week-end, 11 (3)
    ("RU-STOP-UNLAWFUL", "2026-12-28", "2027-01-11"),
    # 31 (1), Saturday 1 November (2), 2 Sunday, 3, 4 off, 5 (3)
    ("RU-STOP-UNLAWFUL", "2025-10-30", "2025-11-05"),
    # 7, 8 (2), 11 off, 12–15 (6), 18–21 (10)
    ("RU-DESTROY-UNLAWFUL", "2026-05-06", "2026-05-21"),
    # 2–6 (5), 9–11 (8), 12, 13 off, 16, 17 (10)
    ("RU-DESTROY-UNLAWFUL", "2025-05-30", "2025-06-17"),
    # 13–16 (4), 19–22 (8), 23 off, 26, 27 (10)
    ("RU-DESTROY-UNLAWFUL", "2024-02-12", "2024-02-27"),
    # 28 days of February and 2 more: 2 March, a Monday
    ("RU-PURPOSE-END", "2026-01-31", "2026-03-02"),
    # 1 day of January and 29: the leap day, a Thursday
    ("RU-PURPOSE-END", "2024-01-30", "2024-02-29"),
    # In a common year the same day before: 1 March, a Wednesday
    ("RU-PURPOSE-END", "2023-01-30", "2023-03-01"),
    # + 30 days is 1 January: 1–8 off, 9, 10 week-end, 11
    ("RU-PURPOSE-END", "2026-12-02", "2027-01-11"),
    # + 30 days is 31 December, off in 2025: 1–9 off, 10, 11 week-end, 12
    ("RU-PURPOSE-END", "2025-12-01", "2026-01-12"),
    # + 30 days is Saturday 28 February: Monday 2 March
    ("RU-WITHDRAW", "2026-01-29", "2026-03-02"),
    # The leap day + 30 days is Saturday 30 March: Monday 1 April
    ("RU-WITHDRAW", "2024-02-29", "2024-04-01"),
    # + 30 days is 1 May, a Friday off: Monday the 4th
    ("RU-WITHDRAW", "2026-04-01", "2026-05-04"),
    # + 30 days is Saturday 9 May: 10 Sunday, 11 off for the 9th, 12
    ("RU-WITHDRAW", "2026-04-09", "2026-05-12"),
    # The last second of 1 August + 30 days is 31 August, a Monday
    ("RU-WITHDRAW", "2026-08-01T18:59:59Z", "2026-08-31"),
    # Midnight, 2 August: 1 September
    ("RU-WITHDRAW", "2026-08-01T19:00:00Z", "2026-09-01"),
    # + 30 days is 4 November: 4, 5 off (5 for 2 January), 6, 7 week-end, 8
    ("RU-WITHDRAW", "2027-10-05", "2027-11-08"),
    # 21–24 (4), 27–31 (9), and Saturday 1 November is worked (10)
    ("RU-STOP-DEMAND", "2025-10-20", "2025-11-01"),
    # … 2 Sunday, 3, 4 off, 5–7 (13), 10, 11 (15)
    ("RU-STOP-DEMAND+", "2025-10-20", "2025-11-11"),
    # 29 (1), 1–5 June (6), 8–11 (10)
    ("RU-STOP-DEMAND", "2026-05-28", "2026-06-11"),
    # … 12 off, 13, 14 week-end, 15–19 (15)
    ("RU-STOP-DEMAND+", "2026-05-28", "2026-06-19"),
    # At once, on a Saturday evening
    ("RU-MARKETING-STOP", "2026-08-15T21:30", "2026-08-15T16:30:00Z"),
    # The last second of 29 February 2024, whose last hour came twice
    ("RU-MARKETING-STOP", "2024-02-29T18:59:59Z", "2024-02-29T18:59:59Z"),
    # 31 August + 6 months: February has 28 days; Sunday the 28th moves to Monday 1 March
    ("RU-DESTROY-MAX", "2026-08-31", "2027-03-01"),
    # … or 29, a Thursday
    ("RU-DESTROY-MAX", "2023-08-31", "2024-02-29"),
    # 1 January: 1–8 off, 9, 10 week-end, 11
    ("RU-DESTROY-MAX", "2026-07-01", "2027-01-11"),
    # 26 August, a Wednesday
    ("RU-DESTROY-MAX", "2026-02-26", "2026-08-26"),
    # Sunday 31 January: Monday
    ("RU-DESTROY-MAX", "2026-07-31", "2027-02-01"),
    # The leap day + 6 months is 29 August, not its end
    ("RU-DESTROY-MAX", "2024-02-29", "2024-08-29"),
    # 24 hours over the new year: 21:15 in Almaty is 16:15 UTC
    ("RU-BREACH-1", "2026-12-31T21:15", "2027-01-01T16:15:00Z"),
    # From 28 February, 23:30 at UTC+6, into the leap day
    ("RU-BREACH-1", "2024-02-28T23:30", "2024-02-29T17:30:00Z"),
    # Noon of the leap day, UTC+6, is 06:00 UTC; 24 hours later the clocks in Almaty stand at 11:00, UTC+5
    ("RU-BREACH-1", "2024-02-29T12:00", "2024-03-01T06:00:00Z"),
    # Friday evening before Victory Day, a Saturday: hours know no days off
    ("RU-BREACH-1", "2026-05-08T18:00", "2026-05-09T13:00:00Z"),
    # 72 hours: Friday 22:00 to Monday 22:00, a holiday
    ("RU-BREACH-2", "2026-02-20T22:00", "2026-02-23T17:00:00Z"),
    # Over the new year by the second
    ("RU-BREACH-2", "2026-12-29T23:59:59", "2027-01-01T18:59:59Z"),
    # Over the end of a February of 28 days: 26 + 3 is 1 March
    ("RU-BREACH-2", "2025-02-26T10:00", "2025-03-01T05:00:00Z"),
    # 11 (1), 12 off, 13, 14 week-end, 15, 16 (3)
    ("RU-DISTR-PUBLISH", "2026-06-10", "2026-06-16"),
    # 29, 30 (2), 31 and 1–9 off, 10, 11 week-end, 12 (3)
    ("RU-DISTR-PUBLISH", "2025-12-26", "2026-01-12"),
    # At once, on Unity Day
    ("RU-DISTR-STOP", "2026-11-04T09:00", "2026-11-04T04:00:00Z"),
    # 4 off, 5, 6 (2), 7, 8 week-end, 9 (3)
    ("RU-DISTR-ENFORCE", "2026-11-03", "2026-11-09"),
    # 19 (1), Saturday 20 is worked (2), 21 Sunday, 22, 23 off, 24 (3)
    ("RU-DISTR-ENFORCE", "2027-02-18", "2027-02-24"),
    # 15, 16 (2), 19–23 (7), 26–28 (10)
    ("RU-BODY-REQ", "2026-01-14", "2026-01-28"),
    # … 29, 30 (12), 2–4 February (15)
    ("RU-BODY-REQ+", "2026-01-14", "2026-02-04"),
    # 31 August + 30 days
    ("RU-BODY-REQ-2022", "2022-08-31", "2022-09-30"),
    # 28 days of February and 2 more: 2 March, a Wednesday
    ("RU-BODY-REQ-2022", "2022-01-31", "2022-03-02"),
    # The last day of a December: 15 January of the next year, a Friday
    ("RU-NOTIFY-CHANGE", "2026-12-31", "2027-01-15"),
    # The first day of it: the same
    ("RU-NOTIFY-CHANGE", "2026-12-01", "2027-01-15"),
    # 15 February is a Sunday
    ("RU-NOTIFY-CHANGE", "2026-01-30", "2026-02-16"),
    # 15 August is a Saturday
    ("RU-NOTIFY-CHANGE", "2026-07-20", "2026-08-17"),
    # The last second of August: 15 September, a Tuesday
    ("RU-NOTIFY-CHANGE", "2026-08-31T18:59:59Z", "2026-09-15"),
    # Midnight, so September: 15 October, a Thursday
    ("RU-NOTIFY-CHANGE", "2026-08-31T19:00:00Z", "2026-10-15"),
    # From the leap day: 15 March, a Friday
    ("RU-NOTIFY-CHANGE", "2024-02-29", "2024-03-15"),
    # 27–30 (4), 1 May off, 4–8 (9), 11 off, 12 (10)
    ("RU-NOTIFY-END", "2026-04-24", "2026-05-12"),
    # 26 (1), Saturday 27 (2), 29 Apr – 1 May off, 2, 3 (4), 6–8 (7), 9, 10 off, 13–15 (10)
    ("RU-NOTIFY-END", "2024-04-25", "2024-05-15"),
    # The first day of the rule: 2, 3 (2), 6, 7 (4), 8 off, 9, 10 (6), 13–16 (10)
    ("RU-XBORDER-WAIT", "2023-03-01", "2023-03-16"),
    # 30, 31 (2), 1–3 (5), 4, 5 week-end, 6 off for Saturday the 4th, 7–10 (9), 13 (10)
    ("RU-XBORDER-WAIT", "2023-10-27", "2023-11-13"),
    # 3 years from a leap day: Sunday 28 February 2027, so Monday 1 March
    ("RU-ACT-KEEP", "2024-02-29", "2027-03-01"),
    # Sunday 1 March 2026: Monday
    ("RU-ACT-KEEP", "2023-03-01", "2026-03-02"),
    # 6 May 2027, a Thursday
    ("RU-ACT-KEEP", "2024-05-06", "2027-05-06"),
]


@pytest.mark.parametrize(("code", "event", "expected"), DATED)
def test_term_of_152_fz_ends_on_its_day(code, event, expected):
    """A term of 152-FZ ends on the day, or at the moment, that counting on the calendar of Russia gives."""
    assert due_by_law(RULES, code, event, "RU") == expected


def test_every_rule_of_152_fz_is_dated():
    """No rule, and no extension of one, comes into the file of the law without a date worked out by hand."""
    extended = {f"{code}+" for code, rule in RULES.items() if "extension" in rule}
    assert {code for code, *_ in DATED} == set(RULES) | extended
    assert len(DATED) >= 60
