"""An office of thirty cases for two operators, for a Thursday, 2 April 2026: what is due of it is worked out in test_due.py.

Days off, Kazakhstan: Monday 9 March (8 March was a Sunday), Nauryz 21–23 March with 24 and 25 March for its week-end days.
Days off, Russia: Monday 23 February, Monday 9 March.
"""

import datetime as dt

from registry.imports.laws import load_laws
from registry.journal import unit_of_work
from registry.models import AuthorityRequest, Clause, OperatorTerm, Policy
from registry.rules.dates import HOME_ZONE
from tests.factories import make_operator, make_request, make_subject, save

REASONS = "Archives are searched."


def moment(text):
    """A time in Almaty."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=HOME_ZONE)


def make_office():
    """The operators north (94-V and its own terms) and volga (152-FZ and GDPR, in Russia), and their people by name."""
    load_laws()
    north = make_operator("north")
    volga = make_operator("volga", laws=("RU-152-FZ", "EU-GDPR"), country="RU")
    promise(north)
    people = {name: make_subject(operator) for name, operator in (("asel", north), ("boris", north), ("vera", volga))}
    cases_of_north(north, people["asel"], people["boris"])
    cases_of_volga(volga, people["vera"])
    return north, volga, people


def promise(north):
    """Its policy: claims in 30 working days, state bodies in 10 days, messages stopped within 24 hours."""
    policy = save(Policy(operator=north, version="1", title="Policy", effective_on=dt.date(2024, 1, 1)))
    for number, kind, amount, unit in (
        ("3.2", "authority", 10, "day"),
        ("4.1", "opt_out", 24, "hour"),
        ("5.2", "claim", 30, "working_day"),
    ):
        clause = save(Clause(operator=north, policy=policy, number=number, obliges="Answer.", behaviours="B10"))
        term = {"request_kind": kind, "amount": amount, "unit": unit, "clause": clause}
        save(OperatorTerm(operator=north, code=kind.replace("_", "-"), **term))


def cases_of_north(north, asel, boris):
    def request(kind, channel, received, subject=None):
        return make_request(north, kind=kind, channel=channel, received_at=moment(received), subject=subject)

    request("information", "mail", "2026-03-19 10:00", asel)  # R-2026-0001
    answered = request("information", "desk", "2026-03-20 09:30", boris)  # 2, closed on 30 March
    request("information", "post", "2026-03-30 11:00")  # 3
    waiting = request(
        "information", "portal", "2026-03-31 12:00", boris
    )  # 4, closed on 3 April, a day too late to be missing
    request("rectification", "self_service", "2026-04-01 23:30", asel)  # 5: still 1 April in Almaty
    request("blocking", "phone", "2026-04-02 00:15")  # 6: 2 April in Almaty, 1 April in Greenwich
    request("unblocking", "mail", "2026-03-20 16:00", asel)  # 7
    request("destruction", "desk", "2026-04-02 23:59", boris)  # 8
    request("withdrawal", "mail", "2026-03-12 10:00", asel)  # 9
    request("stop_processing", "post", "2026-04-01 10:00")  # 10
    request("opt_out", "mail", "2026-04-02 10:00", boris)  # 11
    request("opt_out", "self_service", "2026-04-01 09:00", asel)  # 12
    request("automated_objection", "portal", "2026-03-30 18:00", boris)  # 13
    request("stop_distribution", "mail", "2026-04-01 08:00")  # 14
    request("complaint", "phone", "2026-03-16 14:00", asel)  # 15
    request("claim", "post", "2026-02-16 09:00")  # 16
    request("other", "mail", "2026-04-02 09:00")  # 17
    request("unsorted", "mail", "2026-04-01 15:00")  # 18
    request("information", "mail", "2026-04-03 09:00")  # 19, received a day too late
    letter(north, "authority", "Ministry", "17-1/55", "2026-03-30 10:00", dt.date(2026, 4, 6))  # A-2026-0001
    letter(north, "authority", "Prosecutor", "2-07/8", "2026-03-20 10:00")  # 2, names no day
    letter(
        north, "survey", "State technical service", "9", "2026-03-25 10:00", dt.date(2026, 4, 5)
    )  # 3, names a Sunday
    with unit_of_work(by=None, role="system"):
        close(answered, "2026-03-30 17:00")
        close(waiting, "2026-04-03 12:00")


def cases_of_volga(volga, vera):
    def request(kind, channel, received, subject=None):
        return make_request(volga, kind=kind, channel=channel, received_at=moment(received), subject=subject)

    extended = request("information", "mail", "2026-03-18 10:00", vera)  # R-2026-0001, extended on 31 March
    request("information", "desk", "2026-03-18 12:00")  # 2
    request("blocking", "mail", "2026-04-02 11:00", vera)  # 3
    request("unblocking", "post", "2026-03-02 10:00", vera)  # 4
    request("automated_objection", "phone", "2026-02-28 10:00")  # 5
    request("withdrawal", "mail", "2026-03-03 10:00", vera)  # 6
    double = request("stop_distribution", "mail", "2026-04-01 16:00")  # 7, closed on 2 April
    letter(volga, "authority", "Roskomnadzor", "08-1", "2026-03-17 10:00")  # A-2026-0001
    with unit_of_work(by=None, role="system"):
        extended.extend(by=None, at=moment("2026-03-31 12:00"), reasons=REASONS)
        close(double, "2026-04-02 09:00")


def letter(operator, kind, body, number, received, answer_by=None):
    about = {"body": body, "body_number": number, "answer_by_on": answer_by}
    return save(AuthorityRequest(operator=operator, kind=kind, received_at=moment(received), **about))


def close(case, at):
    case.close_as("taken_back", by=None, at=moment(at), note="Written on the phone.")
