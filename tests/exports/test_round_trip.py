"""A file exported from the registry and imported again changes nothing, whatever stands in it."""

import csv
import datetime as dt
import io

import pytest
from django.urls import reverse

from registry.models import DataSubject, JournalEntry
from tests.factories import make_subject
from tests.imports.crm import CRM

pytestmark = pytest.mark.django_db

# What a person may hold that a spreadsheet, a CSV or a careless import would change.
PEOPLE = [
    {"crm_id": "007", "surname": "Қасымова", "given_name": "Әсем", "patronymic": "Ғалымқызы", "phone": "+77077356312"},
    {"crm_id": "=1+1", "surname": "=СУММ(A1)", "given_name": "+Иван", "patronymic": "-Петрович"},
    {
        "crm_id": "@x",
        "surname": "'=Олжас",
        "given_name": "''+Ким",
        "email": "+tag@example.kz",
        "phone": "+4917612345678",
    },
    {
        "crm_id": "-5",
        "surname": "д’Артаньян",
        "given_name": "'О",
        "iin": "010203500008",
        "birth_date": dt.date(2001, 2, 3),
    },
    {"crm_id": "1e5", "surname": 'Ким "Кимченко", младший', "given_name": "А;Б\\tВ", "email": "=a@example.kz"},
    {"crm_id": "'1", "surname": "ҚҰРМАНҒАЛИ", "given_name": "өҢҮҺі", "language": "kk", "phone": "+77010000000"},
    {
        "crm_id": "#end",
        "surname": "rows",
        "given_name": "＝Полная",
        "patronymic": "＠",
        "birth_date": dt.date(1901, 12, 31),
    },
    {"crm_id": "x y", "surname": "null", "given_name": "true", "language": "en", "email": "имя@пример.рф"},
    {"crm_id": "01.02", "given_name": "٣"},
]


@pytest.fixture
def people(lapp):
    return [make_subject(lapp, **{"surname": "", "given_name": "", "phone": ""} | fields) for fields in PEOPLE]


@pytest.fixture
def file(people, dpo, browser_client):
    """The list of people as its export gives it."""
    asked = {"format": "csv", "reason": "For the CRM"}
    response = browser_client(dpo).post(reverse("admin:registry_datasubject_export"), asked)
    return b"".join(response.streaming_content)


def stored():
    return list(DataSubject.objects.order_by("pk").values())


def test_exported_people_come_in_again_unchanged(file, people, lapp):
    """Formulas, phones, Kazakh letters, leading zeros and quotes come back as they were: every row is the same."""
    crm, before, entries = CRM(lapp), stored(), JournalEntry.objects.filter(object_type="datasubject").count()
    run = crm.load(file)
    assert crm.counts(run) == {"same": len(PEOPLE)}
    assert (stored(), JournalEntry.objects.filter(object_type="datasubject").count()) == (before, entries)
    last = len(PEOPLE) + 2
    assert f"Line {last} closes an export of this registry and is no row." in run.warnings


def test_exported_people_come_back_as_new(file, people, lapp, kazger):
    """Where nobody of them is known yet, each comes in with exactly the values that left."""
    crm = CRM(kazger)
    assert crm.counts(crm.load(file)) == {"new": len(PEOPLE)}
    names = "crm_id surname given_name patronymic iin email phone birth_date language".split()
    of = {
        operator: sorted(DataSubject.objects.filter(operator=operator).values_list(*names), key=str)
        for operator in (lapp, kazger)
    }
    assert of[kazger] == of[lapp]


def test_file_that_went_through_a_spreadsheet_comes_in(file, people, lapp):
    """Written again with semicolons and padded to the table's width, the trailer is still no row."""
    rows = list(csv.reader(io.StringIO(file.decode("utf-8-sig"), newline="")))
    width, text = len(rows[0]), io.StringIO()
    csv.writer(text, delimiter=";").writerows([(row + [""] * width)[:width] for row in rows])
    crm = CRM(lapp)
    assert crm.counts(crm.plan(text.getvalue().encode())) == {"same": len(PEOPLE)}


def test_cut_file_is_said_to_be_cut(file, people, lapp):
    """A file that lost lines on the way says so."""
    lines = file.splitlines(keepends=True)
    run = CRM(lapp).plan(b"".join(lines[:1] + lines[3:]))
    told = f"Line {len(PEOPLE)} closes an export of this registry and is no row. It says 9 rows, the file has 7: it was edited or cut."
    assert told in run.warnings
