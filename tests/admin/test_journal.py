import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.admin import journal
from registry.models import JournalEntry
from tests.factories import PASSWORD, make_subject, make_user
from tests.forms import last_entry, post

pytestmark = pytest.mark.django_db


def test_journal_is_searched_by_number_and_by_uid(client_of_dpo, lapp, subject):
    """An entry is found by its number, and all that touches a person by the person's uid, lists included."""
    journal_page = reverse("admin:registry_journalentry_changelist")
    client_of_dpo.get(reverse("admin:registry_datasubject_changelist"))
    listed = last_entry("list")[0]
    found = client_of_dpo.get(journal_page, {"q": str(subject.uid)}).context["cl"].result_list
    assert {entry.action for entry in found} == {"create", "list"}
    assert list(client_of_dpo.get(journal_page, {"q": str(listed.n)}).context["cl"].result_list)


@pytest.mark.parametrize("asked", [{"action": "change"}, {"object": "datasubject"}, {"actor": "0"}])
def test_journal_is_filtered(client_of_dpo, subject, asked):
    """By action, by kind of record, by actor (0 is the system)."""
    post(client_of_dpo, subject, phone="+77010000001")
    name, value = next(iter(asked.items()))
    column = {"action": "action", "object": "object_type", "actor": "actor"}[name]
    page = client_of_dpo.get(reverse("admin:registry_journalentry_changelist"), asked)
    expected = {None} if value == "0" else {value}
    assert {getattr(entry, column) for entry in page.context["cl"].result_list} == expected


def test_filter_offers_the_records_that_the_journal_is_about(client_of_dpo, lapp, browser_client):
    """An operator's are all of its own, promises and decisions among them; the administrator's are accounts, laws and exports."""

    def offered(client):
        page = client.get(reverse("admin:registry_journalentry_changelist"))
        [objects] = [each for each in page.context["cl"].filter_specs if isinstance(each, journal.ObjectFilter)]
        return {name for name, _label in objects.lookup_choices}

    assert {"grounddecision", "undertaking", "membership", "datasubject", "importrun"} <= offered(client_of_dpo)
    make_subject(lapp)
    accounts = offered(browser_client(make_user("administrator", username="root")))
    assert {"user", "membership", "norm"} <= accounts and "datasubject" not in accounts


def test_logins_of_the_staff_are_among_what_is_offered(client, dpo):
    """Whatever kind of record stands in the operator's list can be chosen; of users these are logins and passwords."""
    client.post("/admin/login/", {"username": dpo.username, "password": PASSWORD})
    page = reverse("admin:registry_journalentry_changelist")
    changelist = client.get(page).context["cl"]
    [objects] = [each for each in changelist.filter_specs if isinstance(each, journal.ObjectFilter)]
    listed = {entry.object_type for entry in changelist.result_list} - {""}
    assert "user" in listed <= {name for name, _label in objects.lookup_choices}
    assert [entry.action for entry in client.get(page, {"object": "user"}).context["cl"].result_list] == ["login"]


def test_journal_of_a_period(client_of_dpo, subject):
    """From one day to another, both included; what is no date filters nothing."""
    page = reverse("admin:registry_journalentry_changelist")
    today = timezone.localdate().isoformat()
    shown = client_of_dpo.get(page, {"from": today, "until": today}).context["cl"]
    assert shown.result_count == JournalEntry.objects.filter(operator="lapp").count()
    yesterday = str(timezone.localdate() - dt.timedelta(days=1))
    tomorrow = str(timezone.localdate() + dt.timedelta(days=1))
    assert not client_of_dpo.get(page, {"from": yesterday, "until": yesterday}).context["cl"].result_count
    assert not client_of_dpo.get(page, {"from": tomorrow}).context["cl"].result_count
    assert client_of_dpo.get(page, {"until": today, "actor": "0"}).context["cl"].result_count
    assert not client_of_dpo.get(page, {"until": "2020-03-31"}).context["cl"].result_count
    assert client_of_dpo.get(page, {"from": "31.02.2026"}).context["cl"].result_count


@pytest.mark.parametrize("gone", [(), range(5, 30), range(1, 40)], ids=["whole", "a part taken away", "nothing left"])
def test_first_number_of_a_moment(gone, monkeypatch):
    """Few numbers are looked at, and each moment's is found; also of a journal that somebody has taken entries out of."""
    monkeypatch.setattr(journal, "LOOKED_AT", 3)
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    at = {n: start + dt.timedelta(hours=n - n % 4) for n in range(1, 40) if n not in gone}  # four of each moment
    entries = [JournalEntry(seq=1000 + n, n=n, at=when, operator="told", action="view") for n, when in at.items()]
    JournalEntry.objects.bulk_create(entries)
    end = max(at, default=0) + 1
    for hour in range(42):
        moment = start + dt.timedelta(hours=hour)
        assert journal.first_number("told", moment) in at.keys() | {end}
        shown = [n for n in at if n >= journal.first_number("told", moment)]
        assert shown == [n for n in at if at[n] >= moment]


def test_number_and_uid_are_found_by_the_numbers_of_the_operator(client_of_dpo, lapp, kazger, subject):
    """The same number is one in the whole journal and one of the operator's: both are found, no other operator's."""
    make_subject(kazger)
    mine = JournalEntry.objects.filter(operator="lapp").order_by("n")
    assert {entry.n for entry in mine} != {entry.seq for entry in mine}
    for number in range(1, JournalEntry.objects.latest("seq").seq + 1):
        with CaptureQueriesContext(connection) as queries:
            page = client_of_dpo.get(reverse("admin:registry_journalentry_changelist"), {"q": str(number)})
        shown = {entry.pk for entry in page.context["cl"].result_list}
        assert shown == {entry.pk for entry in mine if number in (entry.n, entry.seq)}
        listed = [query["sql"] for query in queries if "OFFSET" in query["sql"]]
        assert listed and all('"n" IN' in sql and '"seq" IN' not in sql for sql in listed)
