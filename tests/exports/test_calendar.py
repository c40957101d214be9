"""Due dates in the officer's own calendar: who may read them, and what they do not say."""

import datetime as dt
import json
import logging
from uuid import UUID

import icalendar
import pytest
from django.urls import reverse
from django.utils import timezone

from config.logs import NoValues
from registry.admin.feeds import make_feed
from registry.exports.calendar import calendar_file
from registry.exports.due import due_cases
from registry.exports.due_tellings import due_tellings
from registry.journal import unit_of_work
from registry.models import (
    CalendarFeed,
    Disclosure,
    JournalEntry,
    Membership,
    Obligation,
    ResponsiblePerson,
    SubjectRequest,
)
from tests.disclosing import make_activity, make_consented, make_disclosure, make_recipient
from tests.factories import make_operator, make_request, make_rule, make_subject, make_user, save

from .office import make_office, moment
from .test_due import NORTH

pytestmark = pytest.mark.django_db

AT = moment("2026-04-02 23:59")
# One event to the byte: 3 working days from 1 April are 2, 3, 6 April.
EVENT = """BEGIN:VEVENT
SUMMARY:R-2026-0001 · Information about processing
DTSTART;VALUE=DATE:20260406
DTEND;VALUE=DATE:20260407
DTSTAMP:20260402T185900Z
UID:0195f0aa-0000-7000-8000-000000000001
DESCRIPTION:KZ-94-V art. KZ-INFO (unverified)
STATUS:CONFIRMED
TRANSP:TRANSPARENT
END:VEVENT
"""


@pytest.fixture
def case(lapp):
    make_rule("KZ-INFO")
    subject = make_subject(lapp, surname="Zhumabekova", email="zh@example.kz")
    return make_request(lapp, received_at=moment("2026-04-01 10:00"), subject=subject, applicant_name="Zhumabekova")


@pytest.fixture
def feed(dpo, lapp):
    """A feed of the DPO's, with the token that opens it."""
    with unit_of_work(by=dpo, operator=lapp):
        return make_feed(dpo, lapp, at=timezone.now())


def opened(client, token):
    return client.get(reverse("calendar_feed", args=[token]))


def events_of(content):
    return list(icalendar.Calendar.from_ical(content).walk("VEVENT"))


def test_calendar_holds_what_is_due_and_nobody(db):
    """Each case with a date is an event: the day of a term in days, the moment of one in hours; law and norm, no person."""
    north, _volga, people = make_office()
    content = calendar_file(north, due_cases(north, AT), at=AT)
    calendar = icalendar.Calendar.from_ical(content)
    assert calendar["x-wr-calname"] == "north"
    uids = {case.number: str(case.uid) for case in SubjectRequest.objects.filter(operator=north)}
    found = {event["summary"].split(" · ")[0]: event for event in events_of(content)}
    dated = {number: (due, norm) for number, _kind, _person, _received, due, _law, norm, _overdue in NORTH if due}
    assert set(found) == set(dated) and len(found) == 18
    for number, (due, norm) in dated.items():
        event, starts = found[number], dt.datetime.fromisoformat(due)
        assert event["description"] == norm
        if " " in due:
            assert event["dtstart"].dt == moment(due)
        else:
            assert (event["dtstart"].dt, event["dtend"].dt - event["dtstart"].dt) == (starts.date(), dt.timedelta(1))
        assert number not in uids or event["uid"] == uids[number]
    for person in people.values():
        for value in (person.surname, person.given_name, person.phone, person.crm_id, str(person.uid)):
            assert value.encode() not in content


def test_event_to_the_byte(case, lapp):
    """Number and kind, the whole day, law and norm with its mark; the officer is not busy on that day."""
    with unit_of_work(by=None):
        case.uid = UUID("0195f0aa-0000-7000-8000-000000000001")
        case.save()
    content = calendar_file(lapp, due_cases(lapp, AT), at=AT).decode().replace("\r\n", "\n")
    assert content[content.index("BEGIN:VEVENT") : content.index("END:VCALENDAR")] == EVENT


def test_event_keeps_its_uid_when_its_date_moves(case, lapp):
    """A case sorted otherwise is the same event on another day, not a second one."""
    [before] = events_of(calendar_file(lapp, due_cases(lapp, AT), at=AT))
    make_rule("KZ-WITHDRAW", trigger="withdrawal", amount=15)
    with unit_of_work(by=None):
        case.sort("withdrawal", by=None, at=AT)
    [after] = events_of(calendar_file(lapp, due_cases(lapp, AT), at=AT))
    assert (before["uid"], before["dtstart"].dt) == (after["uid"], dt.date(2026, 4, 6))
    assert after["dtstart"].dt == dt.date(2026, 4, 22)


@pytest.mark.parametrize(
    ("language", "summary", "norm"),
    [
        ("", "Information about processing", "KZ-94-V art. KZ-INFO (unverified)"),
        ("ru", "Информация об обработке", "KZ-94-V, ст. KZ-INFO (не проверено)"),
        ("kk", "Өңдеу туралы ақпарат", "KZ-94-V, KZ-INFO-бап (тексерілмеген)"),
    ],
)
def test_calendar_speaks_the_language_of_the_reminders(language, summary, norm, case, feed, dpo, lapp, client):
    """A responsible person reads the calendar in the language chosen for reminders."""
    save(ResponsiblePerson(operator=lapp, name="Natalia", user=dpo, language=language))
    [event] = events_of(opened(client, feed[1]).content)
    assert event["summary"] == f"R-2026-0001 · {summary}"
    assert event["description"] == norm


def test_feed_opens_without_login_and_is_told(case, feed, dpo, client):
    """Its address is enough; each fetch is an entry of its user, with the count and nothing of anybody."""
    response = opened(client, feed[1])
    assert response.status_code == 200
    assert response["Content-Type"] == "text/calendar; charset=utf-8"
    assert response["Cache-Control"] == "private, no-store"
    assert response["Referrer-Policy"] == "no-referrer"
    entry = JournalEntry.objects.latest("seq")
    assert (entry.action, entry.actor, entry.object_type, entry.object_uid) == (
        "view", dpo.pk, "calendarfeed", feed[0].uid,
    )  # fmt: skip
    said = json.loads(entry.body)
    assert (said["count"], said["role"], said["operator"]) == (1, "dpo", "lapp")
    assert "uids" not in said and not entry.subjects.exists()


def revoke(feed, dpo):
    with unit_of_work(by=dpo):
        feed.revoke(by=dpo, at=timezone.now())


def disable(feed, dpo):
    dpo.is_active = False
    dpo.save()


def expel(feed, dpo):
    with unit_of_work(by=None):
        dpo.memberships.get().delete()


def make_auditor(feed, dpo):
    dpo.memberships.update(role="auditor")


@pytest.mark.parametrize("lose", [revoke, disable, expel, make_auditor])
def test_lost_right_answers_like_an_unknown_address(lose, case, feed, dpo, client):
    """Revoked, user disabled or no longer a member, or in a role without feeds: one and the same 404, and no entry."""
    assert opened(client, feed[1]).status_code == 200
    lose(feed[0], dpo)
    told = JournalEntry.objects.count()
    refused, unknown = opened(client, feed[1]), opened(client, "A" * 43)
    assert (refused.status_code, unknown.status_code) == (404, 404)
    assert refused.content == unknown.content
    assert refused.headers == unknown.headers
    assert JournalEntry.objects.count() == told


def test_feed_shows_its_own_operator_only(case, feed, kazger, client):
    """What another operator has to do is not in it."""
    make_request(kazger, received_at=moment("2026-04-01 10:00"))
    assert len(events_of(opened(client, feed[1]).content)) == 1


@pytest.mark.parametrize("method", ["post", "head", "put", "delete"])
def test_feed_is_read_only(method, feed, client):
    """Nothing but GET; what is refused is no entry."""
    told = JournalEntry.objects.count()
    assert getattr(client, method)(reverse("calendar_feed", args=[feed[1]])).status_code == 405
    assert JournalEntry.objects.count() == told


def test_address_is_shown_once_and_only_its_digest_is_kept(dpo, browser_client):
    """Whoever made a feed sees its address in that answer; nothing that is stored opens it."""
    client, add = browser_client(dpo), reverse("admin:registry_calendarfeed_add")
    seen = client.get(add).context["seen"]
    assert not CalendarFeed.objects.exists()
    address = client.post(add, {"_seen": seen}).context["address"]
    token = address.rpartition("/")[2].removesuffix(".ics")
    feed = CalendarFeed.objects.get()
    assert feed.token_digest == CalendarFeed.digest_of(token)
    assert (feed.user, feed.made_by) == (dpo, dpo)
    for name in ("changelist", "change", "history"):
        args = [] if name == "changelist" else [feed.pk]
        page = client.get(reverse(f"admin:registry_calendarfeed_{name}", args=args))
        assert page.status_code == 200 and token not in page.content.decode()
    assert token not in "".join(JournalEntry.objects.values_list("body", flat=True))
    assert client.get(address).status_code == 200


def test_feed_is_revoked_by_its_user(feed, dpo, browser_client):
    """The list shows one's own feeds; revoked, one stays on it and opens nothing."""
    client = browser_client(dpo)
    changelist = reverse("admin:registry_calendarfeed_changelist")
    revoke_url = reverse("admin:registry_calendarfeed_revoke", args=[feed[0].pk])
    page = client.get(reverse("admin:registry_calendarfeed_change", args=[feed[0].pk]))
    assert page.context["acts"] == [{"label": "Revoke", "url": revoke_url}]
    assert client.get(revoke_url).status_code == 200
    assert opened(client, feed[1]).status_code == 200
    assert client.post(revoke_url).url == changelist
    assert opened(client, feed[1]).status_code == 404
    [listed] = client.get(changelist).context["cl"].result_list
    assert listed == feed[0] and listed.revoked_by == dpo
    assert client.get(reverse("admin:registry_calendarfeed_change", args=[feed[0].pk])).context["acts"] == []


def test_feed_of_a_colleague_does_not_exist(feed, lapp, kazger, browser_client):
    """Feeds are one's own: a colleague of the same operator neither sees nor revokes them, whichever operator they work for."""
    colleague = make_user("dpo", lapp, kazger)
    client = browser_client(colleague)
    for operator in (lapp, kazger):
        client.post(reverse("admin:switch_operator"), {"operator": operator.pk})
        assert not client.get(reverse("admin:registry_calendarfeed_changelist")).context["cl"].result_list
        for name in ("change", "revoke", "history"):
            url = reverse(f"admin:registry_calendarfeed_{name}", args=[feed[0].pk])
            response = client.post(url) if name == "revoke" else client.get(url)
            assert response.status_code == 404
    feed[0].refresh_from_db()
    assert feed[0].revoked_at is None


def test_feed_is_made_for_the_operator_that_was_shown(dpo, lapp, kazger, browser_client):
    """A page drawn for one operator and sent after a switch in another tab makes no feed."""
    save(Membership(user=dpo, operator=kazger, role="dpo"))
    client, add = browser_client(dpo), reverse("admin:registry_calendarfeed_add")
    client.post(reverse("admin:switch_operator"), {"operator": lapp.pk})
    seen = client.get(add).context["seen"]
    client.post(reverse("admin:switch_operator"), {"operator": kazger.pk})
    response = client.post(add, {"_seen": seen})
    assert response.templates[0].name == "admin/other_operator.html"
    assert not CalendarFeed.objects.exists()


def test_auditor_makes_no_feed(lapp, browser_client):
    """Feeds are for those who work on cases."""
    client = browser_client(make_user("auditor", lapp))
    assert client.get(reverse("admin:registry_calendarfeed_add")).status_code == 403


@pytest.mark.parametrize("line", ["Not Found: %s", '"GET %s HTTP/1.1" 200 812', "Method Not Allowed (HEAD): %s"])
def test_address_of_a_feed_is_not_logged(line):
    """Who reads the log could open the calendar: the key is left out of every line."""
    record = logging.LogRecord("django.request", logging.WARNING, "", 1, line, ("/calendar/Zk-3_x.ics",), None)
    NoValues().filter(record)
    assert record.getMessage() == line.replace("%s", "/calendar/…")


def test_calendar_holds_the_words_that_are_owed(lapp):
    """An event for each kind and day, with how many are to be told and on which norm, in the officer's language; nobody's name."""
    lapp.bin = "241040012133"
    save(lapp)
    rule = make_rule("KZ-STOP")
    person = make_subject(lapp, surname="Zhumabekova")
    for code in ("one", "two"):
        stop = {"what": "stop", "due_on": dt.date(2026, 4, 6), "norm": rule.norm}
        save(Obligation(operator=lapp, subject=person, recipient=make_recipient(lapp, code), **stop))
    save(Obligation(operator=lapp, subject=person, what="inform"))  # without a day
    activity = make_activity(lapp)
    notice = make_disclosure(make_consented(activity), activity, make_recipient(lapp), on=dt.date(2026, 3, 2))
    Disclosure.objects.filter(pk=notice.pk).update(notice_is_condition=True, notice_due_on=dt.date(2026, 3, 16))
    tellings = due_tellings(lapp, dt.date(2026, 4, 2))
    assert [(each.what, each.count) for each in tellings] == [("notice", 1), ("stop", 2), ("inform", 1)]
    content = calendar_file(lapp, [], tellings, at=AT, language="ru")
    found = {str(event["summary"]): event for event in events_of(content)}
    assert set(found) == {
        "Сообщить получателям: прекратить обработку · 2",
        "Уведомить людей о передаче данных третьему лицу · 1",
    }
    stop = found["Сообщить получателям: прекратить обработку · 2"]
    assert (stop["dtstart"].dt, stop["dtend"].dt) == (dt.date(2026, 4, 6), dt.date(2026, 4, 7))
    assert stop["description"] == "KZ-94-V, ст. KZ-STOP (не проверено)"
    assert b"Zhumabekova" not in content and str(person.uid).encode() not in content
    again = [event["uid"] for event in events_of(calendar_file(lapp, [], due_tellings(lapp, AT.date()), at=AT))]
    assert again == [event["uid"] for event in events_of(content)]


def test_feed_serves_the_words_that_are_owed(lapp, feed, client):
    """Beside the cases, and counted in the journal with them; another operator's are not in it."""
    for operator in (lapp, make_operator("kazger")):
        person = make_subject(operator)
        save(
            Obligation(
                operator=operator,
                subject=person,
                recipient=make_recipient(operator),
                what="stop",
                due_on=dt.date(2026, 4, 6),
            )
        )
    [event] = events_of(opened(client, feed[1]).content)
    assert event["summary"] == "Tell recipients to stop · 1"
    entry = JournalEntry.objects.filter(object_type="calendarfeed", action="view").latest("seq")
    assert json.loads(entry.body)["count"] == 1
