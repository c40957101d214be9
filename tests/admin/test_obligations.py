"""The list of what is to be told: in the order of its days, and to its end however many they are."""

import datetime as dt
from itertools import chain

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.admin import nav
from registry.journal import unit_of_work
from registry.journal.reconcile import findings
from registry.models import Obligation
from tests.admin.list_pages import plans, walked
from tests.factories import make_subject, save

pytestmark = pytest.mark.django_db
LIST = reverse("admin:registry_obligation_changelist")
DAYS = [None, 5, 3, None, 5, 4, None, 3, 5, None, 4, 5, None]


@pytest.fixture
def owed(lapp, kazger, dpo):
    """Thirteen, some of them without a day, each fourth done; and one of another operator."""
    save(Obligation(operator=kazger, subject=make_subject(kazger), what="inform"))
    made = []
    for number, day in enumerate(DAYS):
        due_on = day and dt.date(2026, 5, day)
        made.append(save(Obligation(operator=lapp, subject=make_subject(lapp), what="inform", due_on=due_on)))
        if number % 4 == 0:
            with unit_of_work(by=dpo):
                made[-1].fulfil(by=dpo, at=timezone.now(), how="letter 5")
    return made


def keys(records):
    return [each.pk for each in records]


def test_list_is_gone_through_to_its_end(counted, client_of_dpo, owed):
    """By its links alone, two on a page and five counted: each once, and what has no day breaks no link."""
    done = [each for each in owed if each.done_at]
    still = [each for each in owed if not each.done_at]
    expected = keys(sorted(still, key=lambda each: (each.due_on or dt.date.max, each.pk))) + keys(done)
    assert [*chain.from_iterable(walked(client_of_dpo, LIST))] == expected
    assert client_of_dpo.get(LIST).context["cl"].go_on


@pytest.mark.parametrize(("state", "count"), [("open", 9), ("done", 4), ("overdue", 6)])
def test_filtered_list_is_gone_through_as_well(counted, client_of_dpo, owed, state, count):
    """Each of those and no other, in the same order."""
    whole = [*chain.from_iterable(walked(client_of_dpo, LIST))]
    today = timezone.localdate()
    wanted = {
        "open": {each.pk for each in owed if not each.done_at},
        "done": {each.pk for each in owed if each.done_at},
        "overdue": {each.pk for each in owed if not each.done_at and each.due_on and each.due_on < today},
    }[state]
    found = [*chain.from_iterable(walked(client_of_dpo, f"{LIST}?is={state}"))]
    assert found == [pk for pk in whole if pk in wanted]
    assert len(found) == count


def test_place_follows_from_the_record(client_of_dpo, owed, dpo):
    """Whatever is done with it: done, owed again, moved to another day. The journal’s check finds no other."""
    one = owed[1]
    before = one.history.count()
    with unit_of_work(by=dpo):
        one.fulfil(by=dpo, at=timezone.now(), how="letter 5")
        assert one.urgent_on == dt.date.max
        one.owe_again(norm=None, due_on=dt.date(2026, 6, 1))
        assert one.urgent_on == dt.date(2026, 6, 1)
        one.owe_again(norm=None, due_on=None)
    assert one.history.count() == before + 3
    assert not list(findings())
    Obligation.objects.filter(pk=one.pk).update(urgent_on=dt.date(2026, 1, 1))
    assert [str(finding) for finding in findings() if "urgent_on does not follow" in str(finding)]


def test_column_of_the_day_sorts_a_short_list(client_of_dpo, lapp, owed):
    """By the same place, the other way round."""
    column = [getattr(each, "__name__", each) for each in client_of_dpo.get(LIST).context["cl"].list_display].index(
        "due"
    )
    listed = keys(client_of_dpo.get(LIST, {"o": f"-{column}"}).context["cl"].result_list)
    assert set(listed[:4]) == {each.pk for each in owed if each.done_at}


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL plans by how many rows there are")
@pytest.mark.parametrize(
    "asked",
    [{}, {"is": "open"}, {"is": "open", "what__exact": "stop"}, {"what__exact": "stop"}, {"recipient__id__exact": "1"}],
    ids=str,
)
def test_list_is_read_by_its_index(client_of_dpo, owed, asked):
    """Behind any place the keys come out of it in order, whatever is chosen: nothing is sorted."""
    with CaptureQueriesContext(connection) as queries:
        client_of_dpo.get(LIST, {"after": f"2026-05-03~{owed[0].pk}", **asked})
    found = list(plans(queries, '("registry_obligation"."urgent_on", "registry_obligation"."id") >'))
    assert len(found) == 3  # whether it is long, how long, and the keys of a page
    for plan in found:
        assert "obligation_list" in plan and "TEMP B-TREE" not in plan


@pytest.mark.parametrize(("counted_to", "said"), [(9, "9"), (8, "8+")])
def test_sidebar_counts_what_is_to_be_told_only_so_far(client_of_dpo, owed, monkeypatch, counted_to, said):
    """Every page of everybody has the number, and there may be as many as people."""
    monkeypatch.setattr(nav, "COUNTED", counted_to)
    groups = client_of_dpo.get("/admin/").context["registry_nav"]
    assert {item["url"]: item["count"] for group in groups for item in group["items"]}[LIST] == said
