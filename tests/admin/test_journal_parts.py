"""The journal where no index has it in the order of its list: shown in parts, looked through further, exported whole."""

import datetime as dt
import re
from itertools import chain
from urllib.parse import urlencode
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F, Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.admin import journal
from registry.models import JournalEntry, JournalSubject
from tests.admin.list_pages import PART_UNSORTED, stretches, walked
from tests.factories import make_subject, make_user, save
from tests.forms import last_entry

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/registry/datasubject/"


@pytest.fixture
def touched(lapp, kazger, client_of_dpo):
    """Somebody who was entered, shown in lists and changed, among entries about others."""
    subject = make_subject(lapp, crm_id="T1")
    for number in range(8):
        client_of_dpo.get(PEOPLE)
        subject.crm_id = f"T{number + 2}"
        save(subject)
        make_subject(kazger)
    make_subject(lapp)
    return subject


def touching(uid, operator="lapp", **asked):
    """Keys of the entries that are about somebody or name them, the last first."""
    entries = JournalEntry.objects.filter(Q(object_uid=uid) | Q(subjects__uid=uid), operator=operator, **asked)
    return list(entries.distinct().order_by("-seq").values_list("pk", flat=True))


def moved(uid, *, days, but):
    """All entries up to the last so many that touch somebody become so many days older."""
    last = touching(uid)[but]
    JournalEntry.objects.filter(seq__lte=last).update(at=F("at") - dt.timedelta(days=days))


def keys_exported(client, address):
    *rows, _trailer = (
        b"".join(client.post(address, {"format": "csv", "reason": ""}).streaming_content)
        .decode("utf-8-sig")
        .splitlines()[1:]
    )
    numbers = [int(row.partition(",")[0].removeprefix("№ ")) for row in rows]
    keys = dict(JournalEntry.objects.filter(operator="lapp").values_list("n", "pk"))
    return [keys[number] for number in numbers]


def plan(sql):
    with connection.cursor() as cursor:
        cursor.execute(
            ("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + sql.replace("%", "%%")
        )
        return [row[-1] for row in cursor.fetchall()]


def make_others(count):
    """Entries about others, and what PostgreSQL knows of how many they are."""
    at = timezone.now()
    numbers = range(1_000_000, 1_000_000 + count)
    told = {"operator": "lapp", "action": "list", "object_type": "datasubject", "at": at, "body": "{}"}
    JournalEntry.objects.bulk_create(JournalEntry(seq=n, n=n, object_uid=uuid4(), **told) for n in numbers)
    JournalSubject.objects.bulk_create(JournalSubject(entry_id=n, uid=uuid4()) for n in numbers)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ANALYZE registry_journalentry, registry_journalsubject")


@pytest.mark.parametrize("asked", ["object=datasubject", "q={uid}"])
def test_part_of_the_journal_is_not_said_to_be_more_than_it_holds(counted, asked, client_of_dpo, touched, monkeypatch):
    """How long the list is nobody has counted: the page says that it is a part, on the first and on the last."""
    monkeypatch.setattr(journal, "EXAMINED", 9)
    address = f"{reverse('admin:registry_journalentry_changelist')}?{asked.format(uid=touched.uid)}&o=1"
    pages = [client_of_dpo.get(stretch) for stretch in stretches(client_of_dpo, address)]
    assert len(pages) > 1
    for page in pages:
        assert PART_UNSORTED in page.content.decode()
        assert "A list of more than" not in page.content.decode()


def test_journal_of_one_actor_is_looked_through_in_parts(client_of_dpo, lapp, dpo, monkeypatch):
    """No index knows who wrote what: a page looks through so many entries and offers to look further."""
    monkeypatch.setattr(journal, "EXAMINED", 4)
    for _number in range(3):
        make_subject(lapp)
    client_of_dpo.get(PEOPLE)
    for _number in range(9):
        make_subject(lapp)
    address, entry = reverse("admin:registry_journalentry_changelist"), last_entry("list")[0]
    changelist = client_of_dpo.get(address, {"actor": dpo.pk}).context["cl"]
    assert (changelist.result_count, bool(changelist.go_on)) == (0, True)
    keys = [*chain.from_iterable(walked(client_of_dpo, f"{address}?actor={dpo.pk}"))]
    assert keys == [entry.pk]
    numbered = client_of_dpo.get(address, {"actor": dpo.pk, "q": entry.n}).context["cl"]  # so is a number
    assert ([each.pk for each in numbered.result_list], numbered.go_on) == ([entry.pk], "")
    opened = client_of_dpo.get(address, {"action": "list"}).context["cl"]  # in an index: found at once
    assert ([each.pk for each in opened.result_list], opened.go_on) == ([entry.pk], "")


@pytest.mark.parametrize(("examined", "looks"), [(3, 3), (4, 2), (7, 2), (8, 1), (9, 1)])
def test_looking_further_stops_where_the_period_begins(examined, looks, client_of_dpo, touched, monkeypatch):
    """Eight entries are of the period: however many are looked through at once, none before it is."""
    monkeypatch.setattr(journal, "EXAMINED", examined)
    today = timezone.localdate()
    last = JournalEntry.objects.filter(operator="lapp").order_by("-n").values_list("n", flat=True)[8]
    JournalEntry.objects.filter(operator="lapp", n__lte=last).update(at=F("at") - dt.timedelta(days=3))
    expected = JournalEntry.objects.filter(operator="lapp", n__gt=last, object_type="datasubject").order_by("-n")
    address = f"{reverse('admin:registry_journalentry_changelist')}?object=datasubject&from={today}"
    assert [*chain.from_iterable(walked(client_of_dpo, address))] == list(expected.values_list("pk", flat=True))
    assert len(stretches(client_of_dpo, address)) == looks
    page = client_of_dpo.get(f"{address}&after={last + 1}")
    assert (page.context["cl"].result_count, page.context["cl"].go_on) == (0, "")
    assert "Nothing matches" in page.content.decode()


def test_journal_finds_what_touches_a_record_without_reading_the_journal(client_of_dpo, lapp, subject):
    """The numbers of the entries come from two indexes, one after the other."""
    with CaptureQueriesContext(connection) as queries:
        page = client_of_dpo.get(reverse("admin:registry_journalentry_changelist"), {"q": str(subject.uid)})
    assert [each.action for each in page.context["cl"].result_list] == ["create"]
    assert JournalEntry.objects.filter(object_uid=subject.uid).count() == 1
    assert not [query for query in queries if "JOIN" in query["sql"] and "journalsubject" in query["sql"]]


def test_part_of_a_list_is_exported_whole(client_of_dpo, lapp, monkeypatch):
    """A page looks through a part of the journal, whatever column was clicked; the export that it offers takes all of it."""
    monkeypatch.setattr(journal, "EXAMINED", 4)
    for _number in range(9):
        make_subject(lapp)
    changelist = reverse("admin:registry_journalentry_changelist")
    for asked in ({"object": "datasubject"}, {"object": "datasubject", "o": "1"}):
        page = client_of_dpo.get(changelist, asked)
        assert page.context["cl"].result_count < 9
        assert client_of_dpo.get(page.context["export_url"]).context["count"] == 9


@pytest.mark.parametrize(
    "asked", [{}, {"action": "list"}, {"action": "change"}, {"object": "datasubject", "actor": "0"}]
)
def test_journal_of_a_uid_is_reached_by_its_links_and_exported_whole(counted, asked, client_of_dpo, touched):
    """However many entries touch a person: a page says that it is a part and offers to look further, the file holds them all."""
    names = {"action": "action", "object": "object_type"}
    narrowed = {names[name]: value for name, value in asked.items() if name in names}
    narrowed |= {"actor": None} if "actor" in asked else {}
    expected = touching(touched.uid, **narrowed)
    query = urlencode({"q": touched.uid} | asked)
    address = reverse("admin:registry_journalentry_changelist")
    page = client_of_dpo.get(f"{address}?{query}")
    assert "journal entries in the part that was looked through" in page.content.decode()
    assert "+ results" in page.content.decode()
    assert "Look further" in page.content.decode()
    assert len(expected) > 5 and [*chain.from_iterable(walked(client_of_dpo, f"{address}?{query}"))] == expected
    assert client_of_dpo.get(page.context["export_url"]).context["count"] == len(expected)
    assert keys_exported(client_of_dpo, page.context["export_url"]) == expected


def test_journal_of_a_uid_that_a_page_holds_is_whole(counted, client_of_dpo, lapp):
    """Five entries of five are no part of anything, and are sorted by a column."""
    subject = make_subject(lapp, crm_id="T1")
    for number in range(4):
        subject.crm_id = f"T{number + 2}"
        save(subject)
    address, asked = reverse("admin:registry_journalentry_changelist"), {"q": str(subject.uid)}
    changelist = client_of_dpo.get(address, asked).context["cl"]
    assert (changelist.result_count, changelist.go_on) == (5, "")
    changelist = client_of_dpo.get(address, asked | {"o": "1"}).context["cl"]
    assert [each.pk for each in changelist.result_list] == touching(subject.uid)[:-3:-1]


def test_administrators_journal_of_a_uid_is_reached_by_its_links(counted, browser_client, lapp):
    """Of the journal of rights and accounts as well, which has no numbers of an operator."""
    membership = make_user("registrar", lapp, username="left").memberships.get()
    for number in range(7):
        membership.role = ("auditor", "registrar")[number % 2]
        save(membership)
    client = browser_client(make_user("administrator"))
    address = f"{reverse('admin:registry_journalentry_changelist')}?q={membership.uid}"
    expected = touching(membership.uid)
    assert len(expected) == 8 and [*chain.from_iterable(walked(client, address))] == expected


@pytest.mark.parametrize("asked", [{}, {"action": "list"}, {"object": "datasubject", "o": "1"}])
def test_journal_of_a_uid_is_found_by_its_places(counted, asked, client_of_dpo, touched):
    """Neither its page nor its export walks through the operator's entries, of which there are thousands."""
    make_others(5_000)
    query = "?" + urlencode({"q": touched.uid} | asked)
    with CaptureQueriesContext(connection) as queries:
        client_of_dpo.get(reverse("admin:registry_journalentry_changelist") + query)
        client_of_dpo.get(reverse("admin:registry_journalentry_export") + query)
        keys_exported(client_of_dpo, reverse("admin:registry_journalentry_export") + query)
    read = [
        query["sql"]
        for query in queries
        if query["sql"].startswith("SELECT") and '"seq" IN (' in query["sql"] and "object_uid" in query["sql"]
    ]
    assert len(read) > 5
    for sql in read:
        steps = [step for step in plan(sql) if "Filter: " not in step]
        assert not [
            step for step in steps if "operator" in step or re.search("(SCAN|Seq Scan on) registry_journal", step)
        ]


def test_journal_of_a_uid_stops_at_the_ends_of_the_period(counted, client_of_dpo, touched):
    """What was before the period is not looked for, however often one looks further."""
    moved(touched.uid, days=3, but=8)
    address, today = reverse("admin:registry_journalentry_changelist"), timezone.localdate()
    expected = touching(touched.uid)
    since = f"{address}?q={touched.uid}&from={today}"
    assert [*chain.from_iterable(walked(client_of_dpo, since))] == expected[:8]
    assert len(stretches(client_of_dpo, since)) == 2
    until = f"{address}?q={touched.uid}&until={today - dt.timedelta(days=1)}"
    assert [*chain.from_iterable(walked(client_of_dpo, until))] == expected[8:]
    assert client_of_dpo.get(until).context["cl"].result_count == 5
