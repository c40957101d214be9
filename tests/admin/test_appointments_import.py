"""Responsible persons out of CSV: all lines are one change, and a day that becomes known makes no second entry."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from registry.journal import unit_of_work
from registry.models import ProcessingActivity, ResponsiblePerson
from tests.factories import make_user, save, today
from tests.world import make_world

pytestmark = pytest.mark.django_db
HEAD = "name;appointed_on;dismissed_on;is_deputy\n"


def appoint(lapp, name, day=None, **fields):
    return save(ResponsiblePerson(operator=lapp, name=name, appointed_on=day, **fields))


def changes(desk):
    """What the preview shows: (new, called, the columns it names)."""
    return [(new, called, [name for name, _value in values]) for new, called, values in desk.page.context["changes"]]


def people():
    return [
        (person.name, *(day and day.isoformat() for day in (person.appointed_on, person.dismissed_on)))
        for person in ResponsiblePerson.objects.order_by("name")
    ]


@pytest.mark.parametrize("is_deputy", [False, True])
def test_exported_list_comes_back_with_the_day_filled_in(desk, lapp, is_deputy):
    """The entry without a day is the one meant: the preview shows its day, and its account stays."""
    user = make_user("auditor", lapp)
    person = appoint(lapp, "Natalia", is_deputy=is_deputy, user=user)
    response = desk.client.post(reverse("admin:registry_responsibleperson_export"), {"format": "csv"})
    rows = list(csv.reader(io.StringIO(b"".join(response.streaming_content).decode("utf-8-sig"))))
    rows[1][rows[0].index("appointed_on")] = "2024-01-01"
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    page = desk("responsibleperson", file.getvalue())
    assert changes(desk) == [(False, "Natalia / 2024-01-01", ["appointed_on"])]
    assert '<span class="quiet">appointed_on</span> <ins><bdi>2024-01-01</bdi></ins>' in page
    assert "0 new, 1 changed, 0 unchanged." in desk.confirm().content.decode()
    kept = ResponsiblePerson.objects.get()
    assert (kept.pk, kept.user, kept.appointed_on) == (person.pk, user, dt.date(2024, 1, 1))


def test_line_without_a_day_means_the_entry_of_that_name(desk, lapp):
    """An empty cell keeps what is stored, in this column too: of several the latest."""
    appoint(lapp, "Asel", dt.date(2020, 1, 1), dismissed_on=dt.date(2020, 12, 31), is_deputy=True)
    appoint(lapp, "Asel", dt.date(2024, 1, 1), is_deputy=True)
    desk("responsibleperson", "name;appointed_on;phone\nAsel;;+77012223344\n")
    desk.confirm()
    kept = ResponsiblePerson.objects.order_by("appointed_on").values_list("appointed_on", "phone")
    assert list(kept) == [(dt.date(2020, 1, 1), ""), (dt.date(2024, 1, 1), "+77012223344")]


@pytest.mark.parametrize("stored", ["", "2024-01-01"])
@pytest.mark.parametrize("successor", ["Asel", "Olga"])
def test_successor_may_stand_above(desk, lapp, stored, successor):
    """The order of the export has the later appointment first; what the file says as a whole counts."""
    appoint(lapp, "Natalia", dt.date(2024, 1, 1) if stored else None)
    desk("responsibleperson", HEAD + f"{successor};2024-07-01;;no\nNatalia;{stored};2024-06-30;\n")
    assert sorted(changes(desk)) == [
        (False, f"Natalia / {stored}".removesuffix(" / "), ["dismissed_on"]),
        (True, f"{successor} / 2024-07-01", ["is_deputy"]),
    ]
    desk.confirm()
    assert people() == sorted([("Natalia", stored or None, "2024-06-30"), (successor, "2024-07-01", None)])


def test_both_may_be_new(desk, lapp):
    """Successor and predecessor of one file, and a deputy who takes over from who becomes one."""
    desk("responsibleperson", HEAD + "Asel;2024-07-01;;no\nNatalia;2024-01-01;2024-06-30;no\nOlga;2024-01-01;;yes\n")
    desk.confirm()
    desk("responsibleperson", HEAD + "Olga;2024-01-01;2024-01-31;no\nNatalia;2024-01-01;;yes\n")
    desk.confirm()
    kept = ResponsiblePerson.objects.order_by("name").values_list("name", "is_deputy")
    assert list(kept) == [("Asel", False), ("Natalia", True), ("Olga", False)]


def test_refused_lines_are_called_by_their_place_in_the_file(desk, lapp):
    """In whatever order lines are taken: who overlaps whom, and a cell that is no day."""
    appoint(lapp, "Natalia")
    page = desk("responsibleperson", HEAD + "Asel;2024-06-30;;\nOlga;soon;;\nNatalia;;2024-06-30;\nIvan;late;;yes\n")
    told = [
        (row.number, row.field_specific_errors["appointed_on"][0]) for row in desk.page.context["result"].invalid_rows
    ]
    assert [number for number, _sentence in told] == [2, 3, 5]
    assert told[0][1] == "Natalia is in office then. Give their last day first, or appoint a deputy."
    assert "“soon”" in told[1][1] and "“late”" in told[2][1]
    assert 'name="ticket"' not in page
    assert people() == [("Natalia", None, None)]


@pytest.mark.parametrize("line", ["Natalia;;2024-06-30;", "Natalia;2024-01-01;;"])
def test_two_entries_of_one_name_and_day_are_named_to_whoever_sends_their_line(desk, lapp, line):
    """Stored before a second one was refused: a file changes neither of them by chance."""
    appoint(lapp, "Natalia")
    with unit_of_work(by=None):
        ResponsiblePerson(operator=lapp, name="Natalia", is_deputy=True).save_base()
    page = desk("responsibleperson", HEAD + line)
    assert "The register has responsible person “Natalia” twice, and a file holds one of them." in page
    assert 'name="ticket"' not in page


class TestActive:
    """The operator has an active activity, and somebody in office since 2024."""

    @pytest.fixture
    def lapp(self, db):
        world = make_world("lapp")
        with unit_of_work(by=None):
            world["processingactivity"].activate()
        return world["operator"]

    def test_successor_may_be_in_office_already(self, desk, lapp):
        """The gate of the activity is asked of all lines together."""
        desk("responsibleperson", HEAD + f"Person of lapp;2024-01-01;{today(-2)};\nAsel;{today(-1)};;\n")
        assert "1 new, 1 changed" in desk.confirm().content.decode()
        assert [person.name for person in ResponsiblePerson.objects.in_office(today())] == ["Asel"]

    def test_file_that_leaves_nobody_is_refused(self, desk, lapp):
        """In the words of the gate, and nothing can be applied."""
        page = desk("responsibleperson", HEAD + f"Person of lapp;2024-01-01;{today(-2)};\n")
        assert "<li>The active activity “Processing activity of lapp” would no longer be in order: Nobody is" in page
        assert 'name="ticket"' not in page
        assert ResponsiblePerson.objects.get().dismissed_on is None

    def test_file_that_leaves_nobody_once_confirmed_is_refused(self, desk, lapp):
        """What was in order when it was shown: the successor is gone meanwhile."""
        deputy = appoint(lapp, "Asel", is_deputy=True)
        desk("responsibleperson", HEAD + f"Person of lapp;2024-01-01;{today(-2)};\n")
        with unit_of_work(by=None):
            deputy.delete()
        assert "Nothing was imported: the register changed since the preview." in desk.confirm().content.decode()
        assert ResponsiblePerson.objects.get().dismissed_on is None
        assert ProcessingActivity.objects.get().status == "active"
