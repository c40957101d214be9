"""Deadlines of cases: every term that applies, the strictest binding, each by its calendar and the rule of its day."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from registry.journal import unit_of_work
from registry.models import AuthorityRequest, CaseDeadline, DayOverride, DeadlineRule, OperatorTerm
from registry.models.deadline import working_days
from tests.factories import make_norm, make_operator, make_request, make_rule, save
from tests.rules.law_files import moment

pytestmark = pytest.mark.django_db

DECREE = "Decree 12 of 03.04.2026"


def date(text):
    return dt.date.fromisoformat(text)


def terms(case):
    """Source → (due, binds) of a case as it is stored."""
    return {
        each.source: (str(each.due_on or each.due_at or ""), each.is_binding)
        for each in CaseDeadline.objects.filter(**{case.PART_FIELD: case})
    }


def ask_authority(operator, received="2026-04-01", **fields):
    given = {"body": "Ministry", "body_number": "17-3/5", "received_at": moment(received)}
    return save(AuthorityRequest(operator=operator, **given | fields))


def extend(case, dpo, at):
    with unit_of_work(by=dpo):
        letter = case.draft("extension", by=dpo, at=moment(at), text="Archives are searched.")
        letter.sign(by=dpo, at=moment(at))
        letter.mark_sent(by=dpo, at=moment(at), way="post")


def sort(case, kind):
    with unit_of_work(by=None, role="system"):
        case.sort(kind, by=None, at=moment("2026-04-03"))


@pytest.fixture
def kz_and_ru(db):
    """An operator under two laws, like Almaenergy."""
    return make_operator("almaenergy", laws=("KZ-94-V", "RU-152-FZ"))


# What applies, and what binds


def test_every_law_and_promise_is_shown_and_the_strictest_binds(kz_and_ru):
    """A withdrawal runs by both laws: 15 working days of Kazakhstan end before 30 days; both stand in the case."""
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    make_rule("RU-WITHDRAW", law="RU-152-FZ", trigger="withdrawal", amount=30, unit="day")
    save(OperatorTerm(operator=kz_and_ru, code="withdrawal", request_kind="withdrawal", amount=20, unit="day"))
    case = make_request(kz_and_ru, kind="withdrawal", received_at=moment("2026-06-01"))
    # KZ: 2–5 (4), 8–12 (9), 15–19 (14), 22 (15). RU: 1 July, a Wednesday. Own: Sunday the 21st, so Monday the 22nd.
    assert terms(case) == {
        "KZ-WITHDRAW": ("2026-06-22", True),
        "RU-WITHDRAW": ("2026-07-01", False),
        "withdrawal": ("2026-06-22", False),
    }
    assert case.due_on == date("2026-06-22")


def test_each_law_counts_by_its_own_calendar(kz_and_ru):
    """From 30 December 2025: three days of Kazakhstan are 31, 5, 6; of Russia, where 31 and 1–9 are off, 12, 13, 14."""
    make_rule("KZ-INFO")
    make_rule("RU-INFO", law="RU-152-FZ")
    case = make_request(kz_and_ru, received_at=moment("2025-12-30"))
    assert terms(case) == {"KZ-INFO": ("2026-01-06", True), "RU-INFO": ("2026-01-14", False)}


@pytest.mark.parametrize(("country", "due"), [("KZ", "2026-01-05"), ("RU", "2026-01-12"), ("", "2026-01-05")])
def test_law_without_a_calendar_counts_by_the_operators_country(country, due):
    """The GDPR and an operator's own promise go by the days off of the operator's country; of Kazakhstan where it is not known."""
    operator = make_operator("lapp", country=country, laws=("EU-GDPR",))
    make_rule("EU-DSAR", law="EU-GDPR", trigger="rights_request", amount=1, unit="month")
    save(OperatorTerm(operator=operator, code="own", request_kind="information", amount=31, unit="day"))
    case = make_request(operator, received_at=moment("2025-12-01"))  # 1 January
    assert terms(case) == {"EU-DSAR": (due, True), "own": (due, False)}


def test_law_of_another_operator_does_not_count(kz_and_ru, lapp):
    """A law the operator is not under, and a promise of somebody else, set no term."""
    make_rule("RU-INFO", law="RU-152-FZ")
    save(OperatorTerm(operator=kz_and_ru, code="own", request_kind="information", amount=1, unit="day"))
    case = make_request(lapp, received_at=moment("2026-04-01"))
    assert terms(case) == {} and (case.due_on, case.due_at) == (None, None)
    assert (
        case.without_term == "Neither a law of the operator nor its policy sets a term for this. Answer without delay."
    )


def test_what_is_due_at_once_is_due_when_received(kz_and_ru):
    """“At once” binds before any day: at the moment of receipt, and a second later it is late."""
    make_rule("RU-MARKETING-STOP", law="RU-152-FZ", trigger="marketing_stop", amount=0, unit="at_once")
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    received_at = moment("2026-04-04T21:30")
    case = make_request(kz_and_ru, kind="opt_out", received_at=received_at)
    assert (case.due_on, case.due_at) == (None, received_at)
    assert not case.is_overdue(received_at) and case.is_overdue(received_at + dt.timedelta(seconds=1))


def test_body_that_names_no_day_is_answered_as_the_policy_promises(lapp):
    """The law leaves the term to the request; without one the 10 days of the policy bind, and a nearer day that is named does."""
    make_rule("KZ-BODY-REQ", trigger="authority_request", amount=0, unit="as_requested")
    save(OperatorTerm(operator=lapp, code="authority-answer", request_kind="authority", amount=10, unit="day"))
    case = ask_authority(lapp)  # Saturday 11 April: Monday the 13th
    assert terms(case) == {"KZ-BODY-REQ": ("", False), "authority-answer": ("2026-04-13", True)}
    with unit_of_work(by=None, role="system"):
        case.answer_by_on = date("2026-04-12")  # Sunday: Friday before
        case.save()
    assert case.due_on == date("2026-04-10")
    assert terms(case) == {"KZ-BODY-REQ": ("2026-04-10", True), "authority-answer": ("2026-04-13", False)}


def test_survey_has_a_trigger_of_its_own_and_the_promise_to_the_body(lapp):
    """A survey is not a request for information, but the body is promised an answer all the same."""
    make_rule("KZ-BODY-REQ", trigger="authority_request", amount=0, unit="as_requested")
    make_rule("KZ-SURVEY", trigger="authority_survey", amount=0, unit="as_requested")
    save(OperatorTerm(operator=lapp, code="authority-answer", request_kind="authority", amount=10, unit="day"))
    assert terms(ask_authority(lapp, kind="survey", answer_by_on=date("2026-04-24"))) == {
        "KZ-SURVEY": ("2026-04-24", False),
        "authority-answer": ("2026-04-13", True),
    }


def test_promise_for_other_requests_is_no_term_of_an_unsorted_one(lapp):
    """What is promised for one kind is not counted while nobody knows the kind, nor for a request of no kind."""
    save(OperatorTerm(operator=lapp, code="claim-answer", request_kind="claim", amount=30, unit="working_day"))
    save(OperatorTerm(operator=lapp, code="conditions", request_kind="other", amount=3, unit="working_day"))
    for kind in ("unsorted", "other"):
        assert terms(make_request(lapp, kind=kind, received_at=moment("2026-04-01"))) == {}
    assert terms(make_request(lapp, kind="claim", received_at=moment("2026-04-16"))) == {
        "claim-answer": ("2026-06-03", True)
    }


def test_unsorted_request_binds_by_the_shortest_term_of_any(lapp):
    """Nobody knows yet what is asked for: the working day of a rectification counts until somebody says."""
    make_rule("KZ-RECTIFY", trigger="rectification_request", amount=1)
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    case = make_request(lapp, kind="unsorted", received_at=moment("2026-04-01"))
    assert case.due_on == date("2026-04-02")
    sort(case, "withdrawal")
    assert terms(case) == {"KZ-WITHDRAW": ("2026-04-22", True)}
    assert case.due_on == date("2026-04-22")


def test_wrong_moment_of_receipt_is_corrected(lapp):
    """A corrected moment of receipt moves every date with it, and no term is doubled."""
    make_rule("KZ-INFO")
    case = make_request(lapp, received_at=moment("2026-04-02T00:00"))  # Thursday: 3, 6, 7
    assert case.due_on == date("2026-04-07")
    with unit_of_work(by=None, role="system"):
        case.received_at -= dt.timedelta(seconds=1)  # Wednesday: 2, 3, 6
        case.save()
    assert terms(case) == {"KZ-INFO": ("2026-04-06", True)}


# Versions


@pytest.fixture
def two_editions(kz_and_ru):
    make_rule("RU-INFO", law="RU-152-FZ", amount=10, extension=5, valid_from=date("2022-09-01"))
    make_rule("RU-INFO-2022", law="RU-152-FZ", amount=30, unit="day", valid_until=date("2022-08-31"))
    return kz_and_ru


@pytest.mark.parametrize(
    ("received", "found"),
    [
        ("2022-08-31T17:59:59Z", {"RU-INFO-2022": ("2022-09-30", True)}),  # 23:59:59 in Almaty, UTC+6 then
        ("2022-08-31T18:00:00Z", {"RU-INFO": ("2022-09-15", True)}),  # 1 September
    ],
)
def test_edition_is_that_of_the_day_of_receipt(received, found, two_editions):
    """A request of the last second of August 2022 has 30 days; one of the next second 10 working days."""
    assert terms(make_request(two_editions, received_at=moment(received))) == found


def test_new_edition_does_not_touch_yesterdays_case(two_editions):
    """The law is changed today: yesterday's case keeps its term, also sorted anew; today's has the new one."""
    before = make_request(two_editions, kind="unsorted", received_at=moment("2026-04-01"))
    with unit_of_work(by=None, role="system"):
        old = DeadlineRule.objects.get(code="RU-INFO")
        old.valid_until = date("2026-04-01")
        old.save()
    make_rule("RU-INFO-2026", law="RU-152-FZ", amount=3, valid_from=date("2026-04-02"))
    sort(before, "information")
    assert terms(before) == {"RU-INFO": ("2026-04-15", True)}
    assert terms(make_request(two_editions, received_at=moment("2026-04-02"))) == {"RU-INFO-2026": ("2026-04-07", True)}


def test_rule_edited_in_place_leaves_yesterdays_case_as_it_was(two_editions):
    """A rule changed today changes no case of yesterday: not counted anew, nor sorted, nor with its receipt corrected."""
    case = make_request(two_editions, kind="unsorted", received_at=moment("2026-04-01"))
    rule = DeadlineRule.objects.get(code="RU-INFO")
    with unit_of_work(by=None, role="system"):
        rule.amount, rule.extension = 1, None
        rule.save()
        case.recount()
    assert rule.history.count() == 2
    sort(case, "information")
    with unit_of_work(by=None, role="system"):
        case.received_at = moment("2026-03-31")
        case.save()
    deadline = case.deadlines.get()
    assert (deadline.amount, deadline.extension, deadline.due_on) == (10, 5, date("2026-04-14"))
    today = make_request(two_editions, received_at=moment("2026-04-02"))
    assert terms(today) == {"RU-INFO": ("2026-04-03", True)}


# Extension


@pytest.fixture
def extendable(kz_and_ru):
    for code, trigger in (("RU-INFO", "information_request"), ("RU-STOP", "stop_demand")):
        make_rule(code, law="RU-152-FZ", trigger=trigger, amount=10, extension=5)
    make_rule("KZ-RECTIFY", trigger="rectification_request", amount=1)
    return kz_and_ru


def test_extension_stays_where_the_case_is_sorted_anew(extendable, dpo):
    """The applicant was told that it takes longer: that holds for what the request turns out to ask, there and back again."""
    case = make_request(extendable, received_at=moment("2026-04-01"))  # 2, 3, 6–10, 13–15
    extend(case, dpo, "2026-04-14")
    assert terms(case) == {"RU-INFO": ("2026-04-22", True)}
    sort(case, "stop_processing")
    assert terms(case) == {"RU-STOP": ("2026-04-22", True)}
    sort(case, "rectification")  # has no term that could be extended
    assert terms(case) == {"KZ-RECTIFY": ("2026-04-02", True)}
    sort(case, "information")
    assert terms(case) == {"RU-INFO": ("2026-04-22", True)}
    assert case.due_on == date("2026-04-22")
    with unit_of_work(by=dpo), pytest.raises(ValidationError, match="a second time no law allows"):
        case.draft("extension", by=dpo, at=moment("2026-04-15"), text="Once more.")


def test_extension_does_not_revive_a_term_that_had_ended(extendable, dpo):
    """The letter came five days earlier than was thought: the notice was sent after the term, and extends nothing."""
    case = make_request(extendable, received_at=moment("2026-04-01"))
    extend(case, dpo, "2026-04-14")
    with unit_of_work(by=None, role="system"):
        case.received_at = moment("2026-03-27")  # Friday: 30, 31, 1–3, 6–10
        case.save()
    assert terms(case) == {"RU-INFO": ("2026-04-10", True)}
    assert not case.deadlines.get().is_extended


def test_extension_is_counted_by_a_day_that_is_moved_later(extendable, dpo):
    """A day made off afterwards moves the extended term, not the one before it."""
    case = make_request(extendable, received_at=moment("2026-04-01"))
    extend(case, dpo, "2026-04-14")
    save(DayOverride(country="RU", day_on=date("2026-04-20"), is_working=False, source=DECREE))
    with unit_of_work(by=None, role="system"):
        case.recount()
    assert terms(case) == {"RU-INFO": ("2026-04-23", True)}
    assert case.deadlines.get().arithmetic(working_days("RU")).count("20.04.2026 (moved day off)") == 1


# Counting anew


def test_counting_anew_without_a_change_writes_nothing(kz_and_ru):
    """Where no day was moved, counting anew leaves no trace: neither in the case nor in which of two equal terms binds."""
    for code, law in (("RU-INFO", "RU-152-FZ"), ("KZ-INFO", "KZ-94-V")):
        make_rule(code, law=law)
    make_rule("RU-WITHDRAW", law="RU-152-FZ", trigger="withdrawal", amount=30)
    case = make_request(kz_and_ru, kind="withdrawal", received_at=moment("2026-04-01"))
    sort(case, "information")
    before = CaseDeadline.history.count(), type(case).history.count()
    assert terms(case) == {"KZ-INFO": ("2026-04-06", True), "RU-INFO": ("2026-04-06", False)}
    with unit_of_work(by=None, role="system"):
        case.recount()
    assert (CaseDeadline.history.count(), type(case).history.count()) == before


def test_day_moved_by_decision_counts_from_then_on(lapp):
    """Decisions on record count beside the published calendar, for their country alone."""
    save(DayOverride(country="KZ", day_on=date("2026-04-02"), is_working=False, source=DECREE))
    save(DayOverride(country="RU", day_on=date("2026-04-03"), is_working=False, source=DECREE))
    make_rule("KZ-INFO")
    case = make_request(lapp, received_at=moment("2026-04-01"))  # 3, 6, 7
    assert case.due_on == date("2026-04-07")


# The lists


def test_day_is_moved_once(db):
    """Of two decisions on the same day of a country one is wrong."""
    save(DayOverride(country="KZ", day_on=date("2026-04-02"), is_working=False, source=DECREE))
    with pytest.raises(ValidationError, match="This day is on the list already."):
        save(DayOverride(country="KZ", day_on=date("2026-04-02"), is_working=True, source=DECREE))


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        ({"amount": 0}, "__all__", "Say how long the term is: an amount of 1 or more."),
        ({"amount": 3, "unit": "at_once"}, "amount", "A term that is at once has no length. Leave it out."),
        ({"amount": 32, "unit": "day_of_next_month"}, "amount", "No month has a day 32. Correct it."),
        ({"amount": 0, "unit": "at_once", "extension": 5}, "extension", "A term that is at once is not extended."),
        (
            {"amount": 15, "unit": "day_of_next_month", "extension": 5},
            "extension",
            "A term that is day of the next month is not extended.",
        ),
        (
            {"valid_from": date("2026-04-02"), "valid_until": date("2026-04-01")},
            "__all__",
            "A rule cannot end before it begins.",
        ),
    ],
)
def test_rule_that_cannot_be_is_refused(db, fields, field, sentence):
    """A rule has a length that fits its unit, an extension only where it runs for a time, and ends after it begins."""
    with pytest.raises(ValidationError) as refusal:
        make_rule(**fields)
    assert refusal.value.message_dict[field] == [sentence]


def test_rule_rests_on_a_norm_of_its_law(db):
    """A term of one law is not proved by an article of another."""
    norm = make_norm("RU-152-FZ/20(1)", law="RU-152-FZ")
    rule = DeadlineRule(
        law=make_norm().law, code="KZ-INFO", trigger="information_request", amount=3, unit="day", norm=norm
    )
    with pytest.raises(ValidationError) as refusal:
        save(rule)
    assert refusal.value.message_dict["norm"] == ["“RU-152-FZ/20(1)” is a norm of another law. Choose one of this law."]


def test_rule_without_a_length_is_refused_by_the_database(db):
    """Past every form, a term of no days cannot be stored."""
    rule = make_rule()
    with pytest.raises(IntegrityError), transaction.atomic():
        DeadlineRule.objects.filter(pk=rule.pk).update(amount=0)
