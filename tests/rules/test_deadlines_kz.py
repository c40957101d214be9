"""The terms of 94-V, each date worked out by hand from the calendar of Kazakhstan.

Days off beside the week-ends, as the library of holidays has them (2026 was compared with the published calendar; Kurban-ait on 27 May
is an estimate): 2023: 18 Dec. 2024: 1, 2 Jan, 8, 21, 22, 25 Mar, 1, 7–9 May (for 8 May Saturday the 4th is
worked), 8 Jul, 30 Aug, 25 Oct, 16 Dec. 2025: 1–3 Jan (for the 3rd Sunday the 5th is worked), 7 Jan, 10, 21, 24, 25 Mar, 1, 7, 9 May,
6 Jun, 7 Jul, 1 Sep, 27 Oct, 16 Dec. 2026: 1, 2, 7 Jan, 9, 23–25 Mar, 1, 7, 11, 27 May, 6 Jul, 26 Oct, 16 Dec; 30 August is none any more.
2027: 1, 4, 7 Jan, 8, 15, 22–24 Mar, 3, 7, 10 May.
"""

import pytest

from .law_files import due_by_law, rules_of

RULES = rules_of("KZ-94-V")

# rule, event (noon in Almaty, or the time said), due
DATED = [
    # Nauryz: 21, 22 week-end, 23–25 off; 26 (1), 27 (2), 28, 29 week-end, 30 (3)
    ("KZ-INFO", "2026-03-20", "2026-03-30"),
    # New year 2027: 1 off, 2, 3 week-end, 4 off for Saturday the 2nd; 5 (1), 6 (2), 7 Christmas, 8 (3)
    ("KZ-INFO", "2026-12-31", "2027-01-08"),
    # Orthodox Christmas: 6 (1), 7 off, 8 (2), 9 (3)
    ("KZ-INFO", "2026-01-05", "2026-01-09"),
    # 30 Apr (1), 1 May off, 2, 3 week-end, 4 (2), 5 (3)
    ("KZ-INFO", "2026-04-29", "2026-05-05"),
    # 7 off, 8 (1), 9, 10 week-end, 11 off for Saturday the 9th, 12 (2), 13 (3)
    ("KZ-INFO", "2026-05-06", "2026-05-13"),
    # Kurban-ait: 23, 24 week-end, 25 (1), 26 (2), 27 off, 28 (3)
    ("KZ-INFO", "2026-05-22", "2026-05-28"),
    # A leap day counts: 29 Feb (1), 1 Mar (2), 2, 3 week-end, 4 (3)
    ("KZ-INFO", "2024-02-28", "2024-03-04"),
    # Received on the leap day: 1 Mar (1), 2, 3 week-end, 4 (2), 5 (3)
    ("KZ-INFO", "2024-02-29", "2024-03-05"),
    # New year 2025: 1–3 off, 4 Saturday, Sunday 5 is worked (1), 6 (2), 7 Christmas, 8 (3)
    ("KZ-INFO", "2024-12-31", "2025-01-08"),
    # 3 May (1), Saturday 4 is worked (2), 5 Sunday, 6 (3)
    ("KZ-INFO", "2024-05-02", "2024-05-06"),
    # Saturday 4 is worked (1), 5 Sunday, 6 (2), 7–9 off, 10 (3)
    ("KZ-INFO", "2024-05-03", "2024-05-10"),
    # 29 Aug (1), 30, 31 week-end, 1 Sep off for Saturday the 30th, 2 (2), 3 (3)
    ("KZ-INFO", "2025-08-28", "2025-09-03"),
    # The last second of Wednesday 1 April: 2 (1), 3 (2), 4, 5 week-end, 6 (3)
    ("KZ-INFO", "2026-04-01T18:59:59Z", "2026-04-06"),
    # Midnight, so Thursday the 2nd: 3 (1), 4, 5 week-end, 6 (2), 7 (3)
    ("KZ-INFO", "2026-04-01T19:00:00Z", "2026-04-07"),
    # The last second of 2025: 1, 2 off, 3, 4 week-end, 5 (1), 6 (2), 7 Christmas, 8 (3)
    ("KZ-INFO", "2025-12-31T18:59:59Z", "2026-01-08"),
    # The first of 2026, a day off: counted from it, the same three days
    ("KZ-INFO", "2025-12-31T19:00:00Z", "2026-01-08"),
    # UTC+6 until 1 March 2024. Wednesday 31 January, 23:59:59: 1 (1), 2 (2), 3, 4 week-end, 5 (3)
    ("KZ-INFO", "2024-01-31T17:59:59Z", "2024-02-05"),
    # Thursday 1 February, 00:00: 2 (1), 3, 4 week-end, 5 (2), 6 (3)
    ("KZ-INFO", "2024-01-31T18:00:00Z", "2024-02-06"),
    # 29 February 2024 had 25 hours. Its second 23:59:59: 1 (1), 2, 3 week-end, 4 (2), 5 (3)
    ("KZ-INFO", "2024-02-29T18:59:59Z", "2024-03-05"),
    # Friday 1 March, 00:00: 2, 3 week-end, 4 (1), 5 (2), 6 (3)
    ("KZ-INFO", "2024-02-29T19:00:00Z", "2024-03-06"),
    # 7, 8 week-end, 9 off for Sunday the 8th, 10 (1), 11 (2), 12 (3)
    ("KZ-REFUSE", "2026-03-06", "2026-03-12"),
    # 23 (1), 24, 25 week-end, 26 off for Sunday the 25th, 27 (2), 28 (3)
    ("KZ-REFUSE", "2026-10-22", "2026-10-28"),
    # 15 (1), 16 Independence Day, 17 (2), 18 (3)
    ("KZ-REFUSE", "2026-12-14", "2026-12-18"),
    # Received on a Saturday: 12 Sunday, 13 (1), 14 (2), 15 (3)
    ("KZ-REFUSE", "2026-04-11", "2026-04-15"),
    # 1 off, 2, 3 week-end, 4 off, 5 (1)
    ("KZ-RECTIFY", "2026-12-31", "2027-01-05"),
    # 21–25 off, 26 (1)
    ("KZ-RECTIFY", "2026-03-20", "2026-03-26"),
    # 4, 5 week-end, 6 Capital Day, 7 (1)
    ("KZ-RECTIFY", "2026-07-03", "2026-07-07"),
    # Received on Independence Day: 17 (1)
    ("KZ-RECTIFY", "2026-12-16", "2026-12-17"),
    # Received on Friday the 3rd, off: 4 Saturday, Sunday 5 is worked instead (1)
    ("KZ-RECTIFY", "2025-01-03", "2025-01-05"),
    # Friday; Saturday 4 is worked (1)
    ("KZ-BLOCK", "2024-05-03", "2024-05-04"),
    # 7 Christmas, 8 (1)
    ("KZ-BLOCK", "2026-01-06", "2026-01-08"),
    # 1 May off, 2, 3 week-end, 4 (1)
    ("KZ-BLOCK", "2026-04-30", "2026-05-04"),
    # 27 Kurban-ait, 28 (1)
    ("KZ-UNBLOCK", "2026-05-26", "2026-05-28"),
    # Sunday, Republic Day: 26 off for it, 27 (1)
    ("KZ-UNBLOCK", "2026-10-25", "2026-10-27"),
    # 6 Kurban-ait, a Friday, 7, 8 week-end, 9 (1)
    ("KZ-DESTROY-UNLAWFUL", "2025-06-05", "2025-06-09"),
    # 30, 31 week-end, 1 Sep off, 2 (1)
    ("KZ-DESTROY-UNLAWFUL", "2025-08-29", "2025-09-02"),
    # One calendar day: 3 February, a Tuesday
    ("KZ-DESTROY-END", "2026-02-02", "2026-02-03"),
    # Ends on Saturday the 17th: moves to Monday
    ("KZ-DESTROY-END", "2026-01-16", "2026-01-19"),
    # Ends on Saturday the 21st, Nauryz: over 21–25 to Thursday the 26th
    ("KZ-DESTROY-END", "2026-03-20", "2026-03-26"),
    # Month end: 28 February, a Saturday, + 1 day is Sunday 1 March: Monday the 2nd
    ("KZ-DESTROY-END", "2026-02-28", "2026-03-02"),
    # + 1 day is the leap day, a Thursday
    ("KZ-DESTROY-END", "2024-02-28", "2024-02-29"),
    # + 1 day is 1 January: 1, 2 off, 3, 4 week-end, Monday the 5th
    ("KZ-DESTROY-END", "2025-12-31", "2026-01-05"),
    # + 1 day is 1 January: 1–3 off, 4 Saturday; Sunday the 5th is worked
    ("KZ-DESTROY-END", "2024-12-31", "2025-01-05"),
    # 26, 27 (2), 30, 31 (4), 1–3 (7), 6–10 (12), 13, 14, 15 (15)
    ("KZ-WITHDRAW", "2026-03-20", "2026-04-15"),
    # 5, 6 (2), 7 off, 8 (3), 11–15 (8), 18–22 (13), 25, 26 (15)
    ("KZ-WITHDRAW", "2026-12-31", "2027-01-26"),
    # 20–24 (5), 27–30 (9), 1 May off, 4–6 (12), 7 off, 8 (13), 11 off, 12, 13 (15)
    ("KZ-WITHDRAW", "2026-04-17", "2026-05-13"),
    # 13–16 (4), 19–23 (9), 26–30 (14), 2 June (15)
    ("KZ-WITHDRAW", "2025-05-12", "2025-06-02"),
    # 19–21 (3), 24–28 (8), 1–5 July (13), 8 off for Saturday the 6th, 9, 10 (15)
    ("KZ-WITHDRAW", "2024-06-18", "2024-07-10"),
    # 8–12 (5), 15 (6), 16 off, 17–19 (9), 22–26 (14), 29 (15)
    ("KZ-WITHDRAW", "2025-12-05", "2025-12-29"),
    # 13 (1), 16–20 (6), 23–27 (11), 2–5 March (15)
    ("KZ-WITHDRAW", "2026-02-12", "2026-03-05"),
    # 14, 15 week-end, 16 (1), 17 (2), 18 (3)
    ("KZ-AUTO-OBJECT", "2026-03-13", "2026-03-18"),
    # Constitution Day is kept in March from 2027 on: 12 (1), 13, 14 week-end, 15 off, 16 (2), 17 (3)
    ("KZ-AUTO-OBJECT", "2027-03-11", "2027-03-17"),
    # 19 (1), 20, 21 week-end, 22–24 off, 25 (2), 26 (3)
    ("KZ-AUTO-OBJECT", "2027-03-18", "2027-03-26"),
    # 3–6 (4), 9 off, 10–13 (8), 16, 17 (10)
    ("KZ-TRANSFER-NOTICE", "2026-03-02", "2026-03-17"),
    # 29, 30 (2), 1 May off, 2 (3), 5, 6 (5), 7 off, 8 (6), 9 off, 12–15 (10)
    ("KZ-TRANSFER-NOTICE", "2025-04-28", "2025-05-15"),
    # 31 (1), 1–3 off, 4 Saturday, Sunday 5 (2), 6 (3), 7 off, 8–10 (6), 13–16 (10)
    ("KZ-TRANSFER-NOTICE", "2024-12-30", "2025-01-16"),
    # Sunday 30 August is no holiday any more, so Monday is worked: 24–28 (5), 31 (6), 1–4 September (10)
    ("KZ-TRANSFER-NOTICE", "2026-08-21", "2026-09-04"),
    # The next day
    ("KZ-PUBLIC-REMOVE", "2025-02-24", "2025-02-25"),
    # 8, 9 week-end, 10 off for Saturday the 8th, 11 (1)
    ("KZ-PUBLIC-REMOVE", "2025-03-07", "2025-03-11"),
    # 16, 17 week-end, 18 off for Saturday the 16th, 19 (1)
    ("KZ-PUBLIC-REMOVE", "2023-12-15", "2023-12-19"),
    # The first day of the rule
    ("KZ-BREACH", "2024-07-01", "2024-07-02"),
    # 6, 7 week-end, 8 off for Saturday the 6th, 9 (1)
    ("KZ-BREACH", "2024-07-05", "2024-07-09"),
    # Found on Friday half an hour before midnight: 15, 16 week-end, 17 (1)
    ("KZ-BREACH", "2025-11-14T23:30", "2025-11-17"),
    # Saturday 4 July, 00:00: 5 Sunday, 6 Capital Day, 7 (1)
    ("KZ-BREACH", "2026-07-03T19:00:00Z", "2026-07-07"),
    # Starts on a Monday: Friday before
    ("KZ-START", "2026-01-12", "2026-01-09"),
    # Back over Nauryz and the week-end, 25–21, to Friday the 20th
    ("KZ-START", "2026-03-26", "2026-03-20"),
    # Back over 4, 3 week-end, 2, 1 off, into the old year
    ("KZ-START", "2026-01-05", "2025-12-31"),
    # Month end; 31 August is a Monday
    ("KZ-STOP", "2026-09-01", "2026-08-31"),
    # Back over 28, 27 February, a week-end
    ("KZ-STOP", "2027-03-01", "2027-02-26"),
    # Sunday 5 January is worked
    ("KZ-STOP", "2025-01-06", "2025-01-05"),
    # The first day of the rule, a Sunday: 27 July is a Monday
    ("KZ-DIGITAL-DELETE", "2026-07-12", "2026-07-27"),
    # 25 October is a Sunday and Republic Day, 26 off for it: 27
    ("KZ-DIGITAL-DELETE", "2026-10-10", "2026-10-27"),
    # 14 days to the year's end, so 1 January: 1 off, 2, 3 week-end, 4 off, 5
    ("KZ-DIGITAL-DELETE", "2026-12-17", "2027-01-05"),
    # September has 30 days: 16 + 15 is 1 October, a Thursday
    ("KZ-DIGITAL-DELETE", "2026-09-16", "2026-10-01"),
]

# rule, event, the day that the letter names, due
ASKED = [
    # It names none
    ("KZ-BODY-REQ", "2026-04-01", "", ""),
    # A Friday
    ("KZ-BODY-REQ", "2026-04-01", "2026-04-24", "2026-04-24"),
    # Nauryz: back over 23, 22, 21 to Friday the 20th, for nobody moves another's day later
    ("KZ-BODY-REQ", "2026-03-10", "2026-03-23", "2026-03-20"),
    # A Saturday: the day before
    ("KZ-SURVEY", "2026-07-07", "2026-07-11", "2026-07-10"),
    # 1 January: the last day of the old year
    ("KZ-SURVEY", "2026-12-01", "2027-01-01", "2026-12-31"),
    # Received on Saturday the 4th for Monday, Capital Day: no day in between is worked, so that day stays
    ("KZ-SURVEY", "2026-07-04", "2026-07-06", "2026-07-06"),
    # Received on Friday the 3rd for the same Monday: the day of receipt is the last that is worked
    ("KZ-SURVEY", "2026-07-03", "2026-07-06", "2026-07-03"),
]


@pytest.mark.parametrize(("code", "event", "expected"), DATED)
def test_term_of_94_v_ends_on_its_day(code, event, expected):
    """A term of 94-V ends on the day that counting on the calendar of Kazakhstan gives."""
    assert due_by_law(RULES, code, event, "KZ") == expected


@pytest.mark.parametrize(("code", "event", "asked", "expected"), ASKED)
def test_body_that_names_a_day_gets_its_answer_by_then(code, event, asked, expected):
    """Where the law leaves the term to the request, the day it names counts, never a later one."""
    assert due_by_law(RULES, code, event, "KZ", asked=asked) == expected


def test_every_rule_of_94_v_is_dated():
    """No rule comes into the file of the law without a date worked out by hand."""
    assert {code for code, *_ in [*DATED, *ASKED]} == set(RULES)
    assert len(DATED) + len(ASKED) >= 60
