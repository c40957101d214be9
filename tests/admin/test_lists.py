"""Lists of any length: what a page reads, how far it counts, how one comes to the end."""

import datetime as dt
import re
from itertools import chain

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from registry.admin import journal, paging
from registry.journal import unit_of_work
from registry.models import Agreement, Consent, DataSubject
from tests.admin.list_pages import PART_UNSORTED, plans, walked
from tests.factories import make_purpose, make_subject, make_user, save

pytestmark = pytest.mark.django_db
PEOPLE = "/admin/registry/datasubject/"


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
    days = [None, dt.date(2025, 3, 4), None, dt.date(2025, 3, 5), None, dt.date(2025, 3, 3), *[None] * 9]
    for number, day in enumerate(days):
        save(Agreement(operator=lapp, subject=make_subject(lapp), number=f"A-{number}", concluded_on=day))
    address = reverse("admin:registry_agreement_changelist")
    assert [*chain.from_iterable(walked(client_of_dpo, address))] == list(
        Agreement.objects.order_by("-pk").values_list("pk", flat=True)
    )
    chosen = client_of_dpo.get(address, {"concluded_on__gte": "2025-03-01", "concluded_on__lt": "2025-04-01"})
    assert [each.concluded_on for each in chosen.context["cl"].result_list] == [days[3], days[1]]
    undated = walked(client_of_dpo, f"{address}?concluded_on__isnull=True")
    assert [*chain.from_iterable(undated)] == list(
        Agreement.objects.filter(concluded_on=None).order_by("-pk").values_list("pk", flat=True)
    )


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


def test_rest_of_a_long_list_is_not_said_to_be_more_than_it_is(counted, client_of_dpo, lapp):
    """Three are left behind the first five: these are no list of more than three."""
    for _number in range(8):
        make_subject(lapp)
    go_on = client_of_dpo.get(PEOPLE, {"o": "1"}).context["cl"].go_on
    page = client_of_dpo.get(PEOPLE + go_on)
    assert page.context["cl"].result_count == 3
    assert PART_UNSORTED in page.content.decode()
    assert "A list of more than" not in page.content.decode()


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
    assert list(page.context["cl"].result_list) == [subject]


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
        assert "journal_list_accounts" in next(plans(queries, f"OFFSET {paging.COUNTED - 1}"))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many rows there are")
@pytest.mark.parametrize(
    "asked", [{}, {"given_on__gte": "2024-01-01", "given_on__lt": "2026-01-01"}], ids=["ever", "days"]
)
@pytest.mark.parametrize(
    ("chosen", "index"),
    [
        ([], "consent_list"),
        (["kind"], "consent_list_kind"),
        (["purpose"], "consent_list_purpose"),
        (["purpose", "kind"], "consent_list_both"),
    ],
    ids=str,
)
def test_consents_are_read_by_the_index_of_what_is_chosen(client_of_dpo, lapp, asked, chosen, index):
    """Nothing is sorted, and no consent read of another purpose or kind: of a million that took seconds."""
    purpose, _other = make_purpose(lapp), make_purpose(lapp, "other")
    choices = {"kind": ("kind__exact", "processing"), "purpose": ("purpose__id__exact", purpose.pk)}
    with CaptureQueriesContext(connection) as queries:
        client_of_dpo.get(reverse("admin:registry_consent_changelist"), asked | dict(choices[name] for name in chosen))
    plan = next(plans(queries, f"OFFSET {paging.COUNTED - 1}"))
    assert f"INDEX {index} (" in plan and "TEMP B-TREE" not in plan


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


@pytest.mark.parametrize("asked", [{"until": "9999-12-31"}, {"from": "0001-01-01"}, {"actor": "²"}])
def test_journal_takes_what_no_database_does(client_of_dpo, browser_client, lapp, asked):
    """For officers and for administrators: a date at the end of all days, a digit that is no number."""
    address = reverse("admin:registry_journalentry_changelist")
    assert client_of_dpo.get(address, asked).status_code == 200
    assert browser_client(make_user("administrator")).get(address, asked).status_code == 200
