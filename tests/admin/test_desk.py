"""The desk: an office sees first what is due, how much of it, and what nobody has looked at."""

import datetime as dt
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.admin import desk, nav
from registry.journal import unit_of_work
from registry.models import (
    AuthorityRequest,
    Consent,
    Disclosure,
    JournalEntry,
    Obligation,
    OperatorTerm,
    SubjectRequest,
)
from registry.rules.deadlines import day_of
from tests.disclosing import make_activity, make_consented, make_disclosure, make_recipient
from tests.factories import make_purpose, make_request, make_rule, make_subject, make_user, save

from .case_pages import address, closed, moment
from .list_pages import plans

pytestmark = pytest.mark.django_db
DESK = "/admin/"


@pytest.fixture
def office(lapp):
    make_rule("KZ-INFO")
    save(OperatorTerm(operator=lapp, code="authority", request_kind="authority", amount=100, unit="day"))
    return lapp


@pytest.fixture
def late(office):
    return make_request(office, received_at=moment("2026-03-20 10:00"))


def late_notice(operator, code="sales"):
    """A disclosure whose person should have been told by yesterday."""
    operator.bin = "241040012133"
    activity = make_activity(save(operator), code)
    given = make_disclosure(make_consented(activity), activity, make_recipient(operator, code), on=dt.date(2026, 3, 2))
    late = {"notice_is_condition": True, "notice_due_on": timezone.localdate() - dt.timedelta(days=1)}
    Disclosure.objects.filter(pk=given.pk).update(**late)
    return given


def desk_of(client):
    return client.get(DESK).context["desk"]


def test_desk_shows_what_is_due_next(office, late, client_of_dpo, dpo):
    """The most urgent first, requests of people and of state bodies together, with what is known of each."""
    body = save(AuthorityRequest(operator=office, body="Ministry", body_number="17-3", received_at=timezone.now()))
    unsorted = make_request(office, kind="unsorted", received_at=moment("2026-03-21 10:00"))
    closed(make_request(office, received_at=moment("2026-03-22 10:00")), dpo)
    due = desk_of(client_of_dpo)["due"]
    assert [(row["number"], row["url"]) for row in due["rows"]] == [
        (each.number, address(each)) for each in sorted((late, unsorted), key=lambda each: each.due_on)
    ] + [(body.number, address(body))]
    assert "overdue" in due["rows"][0]["due"]
    assert (due["counts"].open, due["counts"].overdue, due["counts"].unsorted) == (3, 2, 1)


def test_words_that_are_owed_stand_among_what_is_due(office, late, dpo, client_of_dpo):
    """By their day among the cases, counted by kind and day, with the way to the list; done, they are gone, and nobody is named."""
    day = {"first": late.due_on - dt.timedelta(days=1), "last": timezone.localdate() + dt.timedelta(days=9)}
    person = make_subject(office, surname="Қасымова")
    for recipient in (make_recipient(office, "one"), make_recipient(office, "two")):
        save(Obligation(operator=office, subject=person, recipient=recipient, what="stop", due_on=day["first"]))
    inform = save(Obligation(operator=office, subject=person, recipient=recipient, what="inform", due_on=day["last"]))
    page = client_of_dpo.get(DESK)
    rows = page.context["desk"]["due"]["rows"]
    assert [(row["number"], row["label"]) for row in rows] == [
        ("2 to be told", "Tell the recipient to stop"),
        (late.number, rows[1]["label"]),
        ("1 to be told", "Tell the person"),
    ]
    assert "overdue" in rows[0]["due"] and "in 9 days" in rows[2]["due"]
    assert len(client_of_dpo.get(rows[0]["url"]).context["cl"].result_list) == 2
    assert "Қасымова" not in page.content.decode()
    with unit_of_work(by=dpo):
        inform.fulfil(by=dpo, at=timezone.now(), how="letter")
    assert len(desk_of(client_of_dpo)["due"]["rows"]) == 2


def test_desk_counts_and_says_what_is_wanted_today(late, client_of_dpo):
    """One sentence and one tile tell how the day begins."""
    desk = desk_of(client_of_dpo)
    assert desk["headline"].startswith("1 case needs you today.")
    assert (desk["cards"][0]["value"], desk["cards"][0]["note"], desk["cards"][0]["tone"]) == (1, "1 overdue", "bad")


def test_desk_without_cases_offers_the_first_step(office, client_of_dpo):
    """Nothing is due: that is said, and where a request is taken in."""
    text = client_of_dpo.get(DESK).content.decode()
    assert desk_of(client_of_dpo)["headline"].startswith("No case is due today.")
    assert reverse("admin:registry_subjectrequest_add") in text


def test_headline_names_the_next_working_day(office, client_of_dpo, monkeypatch):
    """On a Saturday the office reads when work begins again: 21–25 March 2026 are off, the 26th is a working day."""
    saturday = moment("2026-03-21 09:00")
    monkeypatch.setattr("registry.admin.case_due.timezone.now", lambda: saturday)
    assert "The next working day is Thursday, 26 March." in desk_of(client_of_dpo)["headline"]


def test_who_was_not_told_in_time_is_counted_as_overdue(office, client_of_dpo):
    """What is owed since yesterday is late, what is due today is not; one click leads to it, and the tile says so."""
    today, subject = timezone.localdate(), make_subject(office)
    for due_on in (today - dt.timedelta(days=1), today, None):
        save(Obligation(operator=office, subject=subject, what="inform", due_on=due_on))
    desk = desk_of(client_of_dpo)
    assert (desk["due"]["to_tell"], desk["due"]["untold"]) == (3, 1)
    assert (desk["cards"][0]["note"], desk["cards"][0]["tone"]) == ("1 not told in time", "bad")
    assert f"{reverse('admin:registry_obligation_changelist')}?is=overdue" in client_of_dpo.get(DESK).content.decode()


def test_notice_that_was_not_given_in_time_is_overdue(office, client_of_dpo):
    """Of a disclosure whose notice is a condition: the tile says so though no case is due, and one click leads to it."""
    given = late_notice(office)
    page = client_of_dpo.get(DESK)
    assert page.context["desk"]["due"]["unnotified"] == 1
    tile = page.context["desk"]["cards"][0]
    assert (tile["note"], tile["tone"]) == ("1 not told in time what left", "bad")
    way = f"{reverse('admin:registry_disclosure_changelist')}?notice=overdue"
    assert f'<a class="bad" href="{way}"><b>1</b> not told in time what left</a>' in page.content.decode()
    assert list(client_of_dpo.get(way).context["cl"].result_list) == [given]
    Disclosure.objects.update(notice_due_on=timezone.localdate())
    tile = desk_of(client_of_dpo)["cards"][0]
    assert (tile["note"], tile["tone"]) == ("nothing is pressing", "ok")


@pytest.mark.parametrize(("counted_to", "said"), [(3, "3"), (2, "2+")])
def test_what_there_may_be_as_much_of_as_people_is_counted_only_so_far(
    office, client_of_dpo, monkeypatch, counted_to, said
):
    """As in the sidebar: who is to be told, who was not told in time, also of what left, and whose conditions are to be published."""
    monkeypatch.setattr(nav, "COUNTED", counted_to)
    late, purpose = timezone.localdate() - dt.timedelta(days=1), make_purpose(office)
    for number in range(3):
        subject = make_subject(office, crm_id=str(number))
        save(Obligation(operator=office, subject=subject, what="inform", due_on=late))
        consent = save(Consent(subject=subject, purpose=purpose, given_on=late))
        Consent.objects.filter(pk=consent.pk).update(publication_due_on=late)
        late_notice(office, f"activity-{number}")
    with CaptureQueriesContext(connection) as queries:
        page = client_of_dpo.get(DESK)
    desk = page.context["desk"]
    assert desk["due"]["shown"] == dict.fromkeys(("to_tell", "untold", "unnotified", "to_publish"), said)
    assert desk["due"]["rows"][0]["number"] == f"{said} to be told"
    late = ("not told in time", "not told in time what left", "not published in time")
    assert desk["cards"][0]["note"] == " · ".join(f"{said} {words}" for words in late)
    for words in ("to be told<", "not told in time<", "not told in time what left<", "with conditions to publish"):
        assert f"<b>{said}</b> {words}" in page.content.decode()
    asked = [
        query["sql"] for query in queries if re.search('FROM "registry_obligation"|publication_due_on', query["sql"])
    ]
    assert asked and all(f"LIMIT {counted_to + 1}" in sql or "LIMIT 1" in sql for sql in asked)
    assert any('"notice_due_on" <' in query["sql"] and f"LIMIT {counted_to + 1}" in query["sql"] for query in queries)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many rows there are")
def test_notices_are_found_by_their_index(office, client_of_dpo):
    """Those that are late, and all that are to be given, among a million disclosures that nobody waits for."""
    with CaptureQueriesContext(connection) as queries:
        client_of_dpo.get(DESK)
    found = [*plans(queries, 'WHERE ("registry_disclosure"."notice_is_condition"')]
    assert len(found) == 3
    assert all("disclosure_to_tell" in plan for plan in found)


def test_desk_names_nobody(office, client_of_dpo):
    """Numbers, kinds and dates: reading the desk reads no person, and tells the journal nothing."""
    make_request(office, applicant_name="Қасымова", applicant_contact="asem@example.kz")
    before = JournalEntry.objects.count()
    text = client_of_dpo.get(DESK).content.decode()
    assert "Қасымова" not in text and "asem@" not in text
    assert JournalEntry.objects.count() == before


def test_desk_of_an_auditor_and_of_an_administrator(late, lapp, browser_client):
    """The auditor sees what is due; the administrator, who sees no cases, does not."""
    assert len(desk_of(browser_client(make_user("auditor", lapp)))["due"]["rows"]) == 1
    assert desk_of(browser_client(make_user("administrator")))["due"] is None


def test_cases_of_another_operator_are_not_counted(kazger, lapp, client_of_dpo):
    """Every number is of the current operator."""
    make_request(kazger, received_at=moment("2026-03-20 10:00"))
    desk = desk_of(client_of_dpo)
    assert (desk["due"]["rows"], desk["due"]["counts"].open) == ([], 0)


def test_sidebar_counts_what_waits(office, late, dpo, client_of_dpo):
    """Overdue, due today and unsorted ones wait; what is due later and what is closed does not."""
    make_request(office, kind="unsorted", received_at=timezone.now())
    make_request(office, kind="complaint")
    for _number in range(3):
        closed(make_request(office, received_at=moment("2026-03-20 10:00")), dpo)
    groups = client_of_dpo.get(DESK).context["registry_nav"]
    cases = next(group for group in groups if str(group["label"]) == "Cases")
    counts = {item["label"]: item["count"] for item in cases["items"]}
    assert counts | {"Calendar feeds": ""} == {
        "Requests": "2", "Authority requests": "", "To be told": "", "Messages": "", "Calendar feeds": "",
    }  # fmt: skip


def test_waiting_on_the_day_a_case_is_due(office):
    """The day before it does not wait yet, on its day and after it does."""
    case = make_request(office, received_at=moment("2026-04-01 10:00"))  # Wednesday: 2, 3, 6 April
    assert day_of(case.received_at) + dt.timedelta(days=5) == case.due_on
    for at, waits in (("2026-04-05 23:59", False), ("2026-04-06 00:00", True), ("2026-04-07 00:00", True)):
        assert SubjectRequest.objects.waiting(moment(at)).exists() == waits, at


def people_on(client):
    [card] = [card for card in desk_of(client)["cards"] if card["label"] == "People in the register"]
    return card["value"], card["note"]


def test_people_are_counted_for_everybody_who_comes(lapp, subject, client_of_dpo):
    """A register of the usual size is counted each time."""
    assert people_on(client_of_dpo) == (1, "data subjects")
    make_subject(lapp, crm_id="2")
    assert people_on(client_of_dpo) == (2, "data subjects")


def test_a_count_that_takes_long_is_kept_and_says_so(lapp, kazger, subject, client_of_dpo, browser_client, monkeypatch):
    """A million is counted for one of those who come; the next see when. Another operator's count is its own."""
    monkeypatch.setattr(desk, "LONG_SECONDS", 0)
    monkeypatch.setattr(desk, "KEPT_TIMES", 1_000_000)
    assert people_on(client_of_dpo) == (1, "data subjects")
    make_subject(lapp, crm_id="2")
    count, note = people_on(client_of_dpo)
    assert count == 1
    assert re.fullmatch(r"data subjects; counted at \d.*", note)
    assert people_on(browser_client(make_user("dpo", kazger, username="theirs"))) == (0, "data subjects")
