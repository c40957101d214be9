"""A file exported from the registry and imported again changes nothing, whatever stands in it."""

import csv
import datetime as dt
import io
import re

import pytest
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import models
from django.urls import reverse

from registry.admin.vocabulary_import import VocabularyImport
from registry.exports.formulas import unescape
from registry.imports.vocabulary import VocabularyCSV, resource_for
from registry.journal import unit_of_work
from registry.models import DataSubject, JournalEntry, Purpose
from registry.models.base import uuid7
from tests.factories import make_purpose, make_subject, make_user
from tests.forms import post
from tests.imports.crm import CRM
from tests.world import make_world

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


# The register: whatever a list with an import may hold.
VOCABULARIES = [model for model, its in admin.site._registry.items() if isinstance(its, VocabularyImport)]
TEXTS = [
    "=1+1",
    "'=1+1",
    "''@x",
    "-5; +7 (727) 244-00-01",
    "+7-777-807-95-83",
    "＝СУММ(A1)",
    'Қазақша «Әріп», "тырнақша"; ҢҒҮҰҚӨҺІ',
    "007",
    "1e5",
    "true",
    "#end",
    "first line\r\nsecond line\nthird",
    "=line\r\n-line\r\n",
    " a blank before, and behind ",
    "\tтаб",
    "=" + "ж" * 9_999,
]
PLAIN = (models.CharField, models.TextField)


def named(model):
    return model._meta.model_name


def plain_texts(model):
    fields = map(model._meta.get_field, resource_for(model)._meta.fields)
    return [field.name for field in fields if type(field) in PLAIN and not field.choices]


def make_entries(model, world):
    """Entries of the model like that of the world, with each of the texts in all their fields for text."""
    names, plain = resource_for(model)._meta.fields, plain_texts(model)
    for number, text in enumerate(TEXTS):
        entry = model.objects.get(pk=world[named(model)].pk)
        entry.pk, entry.uid, entry._state.adding = None, uuid7(), True
        for name in names:
            field = model._meta.get_field(name)
            if name in plain:
                setattr(entry, name, text[: field.max_length])
            elif isinstance(field, models.DateField):
                setattr(entry, name, dt.date(2024, 2, 29))
            elif isinstance(field, models.BooleanField) and name != "is_abroad":  # that one asks for a country
                setattr(entry, name, number % 2 == 0)
            elif name == "code":
                entry.code = f"c{number}"
        if named(model) == "responsibleperson":
            entry.is_deputy = True  # of others there is one at a time
        if named(model) == "crossbordertransfer":
            entry.started_on = entry.ended_on = None  # the steps before a start are asked for elsewhere
        with unit_of_work(by=None, role="system"):
            entry.save()


def exported(client, model):
    response = client.post(reverse(f"admin:registry_{named(model)}_export"), {"format": "csv"})
    return b"".join(response.streaming_content)


def imported(client, model, content):
    """The page that the file gives."""
    file = SimpleUploadedFile("list.csv", content, content_type="text/csv")
    return client.post(reverse(f"admin:registry_{named(model)}_import"), {"import_file": file, "format": "0"})


def rows_of(content):
    *rows, _trailer = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return rows


def as_a_spreadsheet_writes(content, *, header):
    """The file with semicolons, line ends of another kind, and every line as wide as the widest, which may be the trailer; header:
    that one, too, as LibreOffice does and Excel does not."""
    rows, text = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))), io.StringIO()
    width = max(map(len, rows))
    padded = [row + [""] * (width - len(row)) if header or place else row for place, row in enumerate(rows)]
    csv.writer(text, delimiter=";").writerows([[cell.replace("\r\n", "\n") for cell in row] for row in padded])
    return text.getvalue().encode("utf-16")


@pytest.mark.parametrize("model", VOCABULARIES, ids=named)
def test_exported_vocabulary_comes_in_again_unchanged(model, tmp_path, browser_client):
    """Formulas, line breaks, quotes, Kazakh letters, leading zeros, even blanks: no entry changes and no history is written."""
    world = make_world("lapp")
    make_entries(model, world)
    content = exported(browser_client(make_user("dpo", world["operator"])), model)
    before = list(model.objects.order_by("pk").values()), model.history.count(), JournalEntry.objects.latest("seq").seq
    for each in (content, *(as_a_spreadsheet_writes(content, header=header) for header in (True, False))):
        (tmp_path / "list.csv").write_bytes(each)
        file, passed_over = VocabularyCSV(), admin.site._registry[model].worked_out
        with unit_of_work(by=None, role="system", operator=world["operator"]):
            resource = resource_for(model)(operator=world["operator"], passed_over=passed_over)
            result = resource.import_data(file.create_dataset(tmp_path / "list.csv"), raise_errors=True)
        assert {kind: count for kind, count in result.totals.items() if count} == {"skip": model.objects.count()}
        assert file.notes == []
    after = list(model.objects.order_by("pk").values()), model.history.count(), JournalEntry.objects.latest("seq").seq
    assert after == before


@pytest.mark.parametrize("model", VOCABULARIES, ids=named)
def test_text_that_no_file_brings_is_not_stored(model):
    """A line break of a word processor, or more than a cell holds: refused at its field, by whatever route it comes."""
    world = make_world("lapp")
    for name in plain_texts(model):
        for text in ("a\x0bb", "a\x85b", "ж" * 10_001):
            entry = model.objects.get(pk=world[named(model)].pk)
            setattr(entry, name, text)
            with unit_of_work(by=None, role="system"), pytest.raises(ValidationError) as refused:
                entry.save()
            [sentence] = refused.value.message_dict[name]
            assert sentence.startswith(("Character 2 of it is the control character U+00", "The text is longer than"))


def test_text_that_was_stored_before_hinders_no_other_change(browser_client, dpo, lapp):
    """The form refuses it where it is typed; an entry that has it already is changed elsewhere, and mended where it stands."""
    client, purpose = browser_client(dpo), make_purpose(lapp)
    refused = post(client, purpose, name_ru="Имя\x0bИмя").context["adminform"].form.errors
    assert refused == {
        "name_ru": ["Character 4 of it is the control character U+000B, which is no text: type that place again."]
    }
    Purpose.objects.update(name_ru="Имя\x0bИмя")
    assert post(client, purpose, name_en="Calls").status_code == 302
    assert post(client, purpose, name_ru="Имя\x0bЖ").status_code == 200
    assert post(client, purpose, name_ru="Имя").status_code == 302


@pytest.mark.parametrize("model", VOCABULARIES, ids=named)
def test_exported_vocabulary_is_the_same_elsewhere(model, browser_client):
    """Where none of it is known yet each entry comes in with the values that left, and with the links of the same names."""
    world, other = make_world("lapp"), make_world("kazger")
    make_entries(model, world)
    if named(model) == "responsibleperson":
        with unit_of_work(by=None, role="system"):
            world["responsibleperson"].is_deputy = True
            world["responsibleperson"].save()
    client = browser_client(make_user("dpo", world["operator"]))
    left = exported(client, model)
    client = browser_client(make_user("dpo", other["operator"]))
    page = imported(client, model, left).content.decode()
    ticket = re.search(r'name="ticket" value="([^"]+)"', page).group(1)
    client.post(reverse(f"admin:registry_{named(model)}_process_import"), {"ticket": ticket})
    kept = [[unescape(cell).strip() for cell in row] for row in rows_of(exported(client, model))]
    for row in rows_of(left):
        assert [unescape(cell).strip() for cell in row] in kept
