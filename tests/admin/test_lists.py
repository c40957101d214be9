"""Lists of any length: what a page reads, how far it counts, how one comes to the end."""

import datetime as dt
import re
from itertools import chain
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.db.models import F, Q
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.admin import journal, paging
from registry.journal import unit_of_work
from registry.models import Agreement, Consent, DataSubject, JournalEntry
from tests.factories import make_purpose, make_subject, make_user, save
from tests.forms import last_entry

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/registry/datasubject/"


@pytest.fixture
def counted(monkeypatch):
    """Five stand for the ten thousand."""
    monkeypatch.setattr(paging, "COUNTED", 5)
    monkeypatch.setattr(journal, "COUNTED", 5)
    monkeypatch.setattr("registry.admin.base.RegistryModelAdmin.list_per_page", 2)


def walked(client, address):
    """The keys on all the pages and stretches of a list, in the order they are met by its links alone."""
    keys = []
    while address:
        changelist = client.get(address).context["cl"]
        for number in changelist.paginator.page_range:
            page = client.get(address.partition("?")[0] + changelist_page(changelist, address, number))
            keys.append([record.pk for record in page.context["cl"].result_list])
        address = changelist.go_on and address.partition("?")[0] + changelist.go_on
    return keys


def stretches(client, address):
    """The addresses that one comes through by looking further."""
    found = []
    while address:
        found.append(address)
        go_on = client.get(address).context["cl"].go_on
        address = go_on and address.partition("?")[0] + go_on
    return found


def changelist_page(changelist, address, number):
    return "?" + address.partition("?")[2] + f"&p={number}"


def test_list_is_counted_as_far_as_it_is_read(counted, client_of_dpo, lapp):
    """Five of five are five; of six, more than five."""
    for _number in range(5):
        make_subject(lapp)
    page = client_of_dpo.get(PEOPLE)
    assert (page.context["cl"].result_count, page.context["cl"].go_on) == (5, "")
    assert "5 data subjects" in page.content.decode()
    make_subject(lapp)
    page = client_of_dpo.get(PEOPLE)
    assert page.context["cl"].result_count == 5
    assert "more than 5 data subjects" in page.content.decode()


def test_every_row_of_a_long_list_is_reached_by_its_links(counted, client_of_dpo, lapp, kazger):
    """Each person of the operator once, the newest first, two on a page; nobody of another operator."""
    mine = [make_subject(lapp).pk for _number in range(13) if make_subject(kazger)]
    pages = walked(client_of_dpo, PEOPLE)
    assert [len(page) for page in pages] == [2, 2, 1, 2, 2, 1, 2, 1]
    assert [*chain.from_iterable(pages)] == mine[::-1]


def test_consents_of_one_day_are_told_apart(counted, client_of_dpo, lapp):
    """A list in the order of days goes on in the middle of a day: none is left out, none comes twice."""
    purpose, days = (
        make_purpose(lapp),
        [dt.date(2025, 3, 3)] * 8 + [dt.date(2025, 3, 4)] * 3 + [dt.date(2025, 3, 2)] * 2,
    )
    for day in days:
        save(Consent(operator=lapp, subject=make_subject(lapp), purpose=purpose, given_on=day, data_list="e-mail"))
    expected = list(Consent.objects.order_by("-given_on", "-pk").values_list("pk", flat=True))
    address = reverse("admin:registry_consent_changelist")
    assert [*chain.from_iterable(walked(client_of_dpo, address))] == expected
    filtered = walked(client_of_dpo, f"{address}?given_on__gte=2025-03-03&given_on__lt=2025-03-04")
    assert [*chain.from_iterable(filtered)] == list(
        Consent.objects.filter(given_on=days[0]).order_by("-pk").values_list("pk", flat=True)
    )


def test_agreements_without_a_date_are_in_their_place(counted, client_of_dpo, lapp):
    """The newest entered first, dated or not; where days are chosen, the latest first."""
    days = [None, dt.date(2025, 3, 4), None, dt.date(2025, 3, 5), None, dt.date(2025, 3, 3), None]
    for number, day in enumerate(days):
        save(Agreement(operator=lapp, subject=make_subject(lapp), number=f"A-{number}", concluded_on=day))
    address = reverse("admin:registry_agreement_changelist")
    assert [*chain.from_iterable(walked(client_of_dpo, address))] == list(
        Agreement.objects.order_by("-pk").values_list("pk", flat=True)
    )
    chosen = client_of_dpo.get(address, {"concluded_on__gte": "2025-03-01", "concluded_on__lt": "2025-04-01"})
    assert [each.concluded_on for each in chosen.context["cl"].result_list] == [days[3], days[1]]


def test_no_page_counts_or_skips_through_a_table(client_of_dpo, lapp):
    """Rows are counted and passed over up to a limit, whatever page is asked for."""
    for _number in range(3):
        make_subject(lapp)
    last = DataSubject.objects.order_by("-pk").first().pk
    for asked in ({}, {"p": 1}, {"language__exact": "kk"}, {"state__exact": "blocked"}, {"after": last}, {"o": "4"}):
        with CaptureQueriesContext(connection) as queries:
            assert client_of_dpo.get(PEOPLE, asked).status_code == 200
        people = [query["sql"] for query in queries if 'FROM "registry_datasubject"' in query["sql"]]
        assert people
        for sql in people:
            assert "LIMIT" in sql or '"id" IN (' in sql
            assert all(int(passed) < paging.COUNTED for passed in re.findall(r"OFFSET (\d+)", sql))


def test_long_list_is_not_sorted_by_a_column(counted, client_of_dpo, lapp):
    """Sorting would read all of it: the page says to choose a filter first, and sorts what is short enough."""
    for number in range(6):
        make_subject(lapp, crm_id=f"S{number}", language="kk" if number else "ru")
    column = client_of_dpo.get(PEOPLE).context["cl"].list_display.index("crm_id")
    page = client_of_dpo.get(PEOPLE, {"o": column})
    assert "A list of more than 5 is not sorted by a column. Choose a filter first." in page.content.decode()
    assert [each.crm_id for each in page.context["cl"].result_list] == ["S5", "S4"]
    page = client_of_dpo.get(PEOPLE, {"o": column, "language__exact": "kk"})
    assert [each.crm_id for each in page.context["cl"].result_list] == ["S1", "S2"]


def test_filter_and_column_begin_anew(counted, client_of_dpo, lapp):
    """A link to a filter or a column does not keep the place in the list; a link to a page does."""
    for _number in range(12):
        make_subject(lapp, language="kk")
    go_on = client_of_dpo.get(PEOPLE).context["cl"].go_on
    changelist = client_of_dpo.get(PEOPLE + go_on).context["cl"]
    assert "after=" in changelist.get_query_string({"p": 2})
    assert "after=" not in changelist.get_query_string({"language__exact": "kk"})
    assert "after=" not in "".join(choice["query_string"] for choice in changelist.filter_specs[0].choices(changelist))


@pytest.mark.parametrize("after", ["x", "1~2", "", "~", "9" * 30])
def test_place_that_is_none_shows_the_list_from_its_beginning(client_of_dpo, lapp, subject, after):
    """An address somebody shortened or made up is no error."""
    page = client_of_dpo.get(PEOPLE, {"after": after}, follow=True)
    assert page.status_code == 200


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


def test_actors_offered_are_members_past_and_present(client_of_dpo, lapp, kazger, dpo):
    """Who has left still stands in the journal; who never belonged does not."""
    left, stranger = make_user("registrar", lapp, username="left"), make_user("dpo", kazger, username="stranger")
    with unit_of_work(by=None, role="system"):
        left.memberships.get().delete()
    page = client_of_dpo.get(reverse("admin:registry_journalentry_changelist")).context["cl"]
    offered = [
        choice for spec in page.filter_specs if isinstance(spec, journal.ActorFilter) for choice in spec.lookup_choices
    ]
    assert {value for value, _name in offered} == {"0", str(dpo.pk), str(left.pk)}
    assert str(stranger.pk) not in dict(offered)


def test_administrators_journal_is_found_by_its_index(browser_client, lapp):
    """What belongs to no operator, and whatever was done to rights and accounts."""
    client = browser_client(make_user("administrator"))
    make_user("registrar", lapp)
    with CaptureQueriesContext(connection) as queries:
        page = client.get(reverse("admin:registry_journalentry_changelist"))
    assert {each.object_type for each in page.context["cl"].result_list} >= {"membership"}
    if connection.vendor == "sqlite":
        asked = next(query["sql"] for query in queries if f"OFFSET {paging.COUNTED - 1}" in query["sql"])
        with connection.cursor() as cursor:
            cursor.execute("EXPLAIN QUERY PLAN " + asked.replace("%", "%%"))
            assert "journal_list_accounts" in str(cursor.fetchall())


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


def plan(sql):
    """How the database would find the rows, had it many: PostgreSQL reads few without any index."""
    explain = {"sqlite": "EXPLAIN QUERY PLAN ", "postgresql": "EXPLAIN (COSTS OFF) "}[connection.vendor]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(explain + sql.replace("%", "%%"))
        return "\n".join(str(row) for row in cursor.fetchall())


@pytest.mark.parametrize("asked", [{}, {"action": "list"}, {"object": "datasubject", "o": "1"}])
def test_journal_of_a_uid_is_found_by_its_places(counted, asked, client_of_dpo, touched):
    """Neither its page nor its export walks through the operator's entries."""
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
        found = plan(sql)
        for walk in ("SCAN registry_journalentry", "Seq Scan on registry_journalentry", "operator=?", "(operator"):
            assert walk not in found.replace("Filter: ((operator", ""), found


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


@pytest.mark.parametrize("model", ["subjectrequest", "obligation", "norm", "consent"])
def test_place_in_a_list_that_has_none_is_no_error(client_of_dpo, lapp, model):
    """A bookmark of a list in another order, or a place that was typed."""
    address = reverse(f"admin:registry_{model}_changelist")
    assert client_of_dpo.get(address, {"after": "2026-01-01~5"}, follow=True).status_code == 200


def test_page_beyond_what_is_left_of_a_list_keeps_its_filter(counted, client_of_dpo, lapp):
    """The last one on the second page is gone: what remains is shown."""
    make_subject(lapp, language="kk")
    make_subject(lapp, language="ru")
    page = client_of_dpo.get(PEOPLE, {"language__exact": "kk", "p": 2})
    assert page.status_code == 200
    assert [each.language for each in page.context["cl"].result_list] == ["kk"]


@pytest.mark.parametrize("asked", [{"until": "9999-12-31"}, {"from": "0001-01-01"}, {"actor": "²"}, {"q": "²"}])
def test_journal_takes_what_no_database_does(client_of_dpo, browser_client, lapp, asked):
    """For officers and for administrators: a date at the end of all days, a digit that is no number."""
    address = reverse("admin:registry_journalentry_changelist")
    assert client_of_dpo.get(address, asked).status_code == 200
    assert browser_client(make_user("administrator")).get(address, asked).status_code == 200
