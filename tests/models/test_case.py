"""Cases: numbered, dated by the clock, answered only to whom they concern, closed only when done."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError

from registry.journal import unit_of_work
from registry.models import SubjectRequest
from registry.rules.dates import HOME_ZONE
from tests.factories import make_norm, make_request, make_rule, make_subject

pytestmark = pytest.mark.django_db


def moment(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=HOME_ZONE)


@pytest.fixture
def office(lapp):
    make_rule("KZ-INFO")
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    make_rule("KZ-RECTIFY", trigger="rectification_request", amount=1)
    return lapp


def test_request_gets_number_and_due_date_by_itself(office):
    """Nobody types a due date: three working days from Friday 20 March 2026, Nauryz skipped, end on 30 March."""
    request = make_request(office, received_at=moment("2026-03-20 10:00"))
    assert (request.number, request.due_on) == ("R-2026-0001", dt.date(2026, 3, 30))
    [deadline] = request.deadlines.all()
    assert (deadline.source, deadline.is_binding) == ("KZ-INFO", True)
    assert make_request(office, received_at=moment("2026-04-01 10:00")).number == "R-2026-0002"


def test_case_keeps_the_rule_of_its_day(office):
    """A rule changed later leaves the case as it was, also when it is counted anew."""
    request = make_request(office, received_at=moment("2026-04-01 10:00"))  # Wednesday: 2, 3, 6 April
    rule = request.deadlines.get().norm.deadline_rules.get()
    with unit_of_work(by=None, role="system"):
        rule.amount = 1
        rule.save()
        request.recount()
    assert request.due_on == dt.date(2026, 4, 6)


def test_sorted_request_is_counted_from_the_same_receipt(office):
    """An unsorted request has the shortest term of all; sorted, it has its own, from the day it was received."""
    request = make_request(office, kind="unsorted", received_at=moment("2026-04-01 10:00"))
    assert request.due_on == dt.date(2026, 4, 2)
    with unit_of_work(by=None, role="system"):
        request.sort("withdrawal", by=None, at=moment("2026-04-02 10:00"))
    assert request.due_on == dt.date(2026, 4, 22)  # 15 working days: 2, 3, 6–10, 13–17, 20, 21, 22 April
    assert [step.act for step in request.casesteps.all()] == ["sorted"]


def test_answer_to_a_stranger_is_refused(office, dpo):
    """Nothing is said about a person before it is known who asks."""
    request = make_request(office, received_at=moment("2026-04-01 10:00"))
    with unit_of_work(by=dpo), pytest.raises(ValidationError, match="Check the identity first"):
        request.draft("answer", by=dpo, at=moment("2026-04-01 12:00"), text="We hold your name.")


def test_answered_request_is_closed_and_stays_as_it_is(office, dpo):
    """Linked, identified, answered, closed; then nothing of it changes, and opened again it is a new case."""
    request, at = make_request(office, received_at=moment("2026-04-01 10:00")), moment("2026-04-01 12:00")
    with unit_of_work(by=dpo):
        request.link_person(make_subject(office), by=dpo, at=at)
        request.identify("document", by=dpo, at=at)
        letter = request.draft("answer", by=dpo, at=at, text="We hold your name.")
        with pytest.raises(ValidationError, match="No answer was sent"):
            request.close(by=dpo, at=at)
        letter.sign(by=dpo, at=at)
        letter.mark_sent(by=dpo, at=at, way="handed")
        request.close(by=dpo, at=at)
    request = SubjectRequest.objects.get()
    assert request.outcome == "met"
    with unit_of_work(by=dpo), pytest.raises(ValidationError, match="closed and stays as it is"):
        request.demand = "more"
        request.save()
    with unit_of_work(by=dpo):
        again = request.open_again(by=dpo, at=at)
    assert (again.number, again.follows, again.closed_at) == ("R-2026-0002", request, None)


def test_refusal_names_its_norm(office, dpo):
    """A refusal without a norm is not written."""
    request, at = make_request(office, received_at=moment("2026-04-01 10:00")), moment("2026-04-01 12:00")
    with unit_of_work(by=dpo):
        request.link_person(make_subject(office), by=dpo, at=at)
        request.identify("document", by=dpo, at=at)
        with pytest.raises(ValidationError, match="A refusal rests on a norm"):
            request.draft("refusal", by=dpo, at=at, text="No.")
        assert request.draft("refusal", by=dpo, at=at, text="No.", norm=make_norm("KZ-94-V/8(2)")).pk


@pytest.mark.parametrize(
    ("asked", "sentence"), [("2026-04-14 12:00", None), ("2026-04-16 12:00", "The term has ended")]
)
def test_extension_needs_a_notice_before_the_term_ends(asked, sentence, office, dpo):
    """One extension, by a notice sent before the term ends: 10 working days from 1 April end on the 15th, 5 more on the 22nd."""
    from registry.models import DeadlineRule

    with unit_of_work(by=None, role="system"):
        DeadlineRule.objects.get(code="KZ-INFO").delete()
    make_rule("RU-INFO", amount=10, extension=5)
    request, at = make_request(office, received_at=moment("2026-04-01 10:00")), moment(asked)
    assert request.due_on == dt.date(2026, 4, 15)
    with unit_of_work(by=dpo):
        if sentence:
            with pytest.raises(ValidationError, match=sentence):
                request.draft("extension", by=dpo, at=at, text="Archives are searched.")
            return
        letter = request.draft("extension", by=dpo, at=at, text="Archives are searched.")
        letter.sign(by=dpo, at=at)
        letter.mark_sent(by=dpo, at=at, way="post")
        assert request.due_on == dt.date(2026, 4, 22)
        with pytest.raises(ValidationError, match="a second time no law allows"):
            request.draft("extension", by=dpo, at=at, text="Once more.")
