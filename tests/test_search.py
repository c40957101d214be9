"""Finding people by parts of what is known of them, and the index behind it."""

import io
import unicodedata
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import connection, transaction
from django.urls import reverse

from registry import search
from registry.checks import people_are_searched_by_index
from registry.journal import bulk, unit_of_work
from registry.models import DataSubject
from tests.factories import make_subject

pytestmark = pytest.mark.django_db


def offered():
    """Whether this database offers what the index is made of."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            return True
        cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name IN ('pg_trgm', 'btree_gin')")
        return cursor.fetchone()[0] == 2


@pytest.fixture
def indexed(db, monkeypatch):
    """Nobody is among the newest, who are found without the index."""
    if not offered():
        pytest.skip("This PostgreSQL has no pg_trgm: there is no index to test.")
    monkeypatch.setattr(search, "NEWEST", 0)


@pytest.fixture
def without_index(db):
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute(f"DROP TRIGGER {search.INDEX}_update")
        else:
            cursor.execute(f"DROP INDEX IF EXISTS {search.INDEX}")


def found(operator, term, by="any"):
    people = DataSubject.objects.filter(operator=operator)
    return [person.crm_id for person in search.find_people(people, operator, term, by).people]


@pytest.fixture
def people(lapp, kazger):
    fields = {"given_name": "Әсем", "email": "asem.k@example.kz", "iin": "791028302728", "phone": "+77077356312"}
    make_subject(lapp, crm_id="A", surname="Қасымова", **fields)
    make_subject(lapp, crm_id="B", surname="Иванова", given_name="Ольга", email="kasym@mail.kz", phone="+77010000001")
    make_subject(lapp, crm_id="C", surname="О'Нил", given_name="Жан-Поль 100%", patronymic="a_b", phone="+77020000002")
    make_subject(lapp, crm_id="D", surname="Семёнов", given_name="Пётр", email="ұлан@пошта.рф", phone="+77011234567")
    make_subject(lapp, crm_id="2024-000123", surname="О’Нил", given_name="Жан\u2011Поль", email="", phone="")
    make_subject(lapp, crm_id="7011-234-567", surname="Цой", given_name="Олег", email="", phone="")
    make_subject(lapp, crm_id="E", surname="İnce", given_name="Weiß", patronymic="Ivanovich", email="", phone="")
    make_subject(kazger, crm_id="K", surname="Қасымова", given_name="Әсем", phone="+77077356312")


TERMS = [
    ("касым", "any", ["A"]),
    ("ҚАСЫМ", "any", ["A"]),
    ("сем қас", "any", ["A"]),  # words in any order, the beginning of neither
    ("ова", "any", ["B", "A"]),  # the newest first
    ("семенов петр", "any", ["D"]),  # as most people write ё
    ("СЕМЁНОВ", "name", ["D"]),
    ("Сем\u00adёнов", "any", ["D"]),
    ("weiss ivanovich", "name", ["E"]),
    ("ince", "name", ["E"]),
    ("İNCE", "any", ["E"]),
    ("пошта.рф", "email", ["D"]),
    ("ҰЛАН@ПОШТА.РФ", "email", ["D"]),
    ("улан", "email", ["D"]),
    ("ова ольга", "any", ["B"]),
    ("asem.k", "any", ["A"]),
    ("EXAMPLE.KZ", "email", ["A"]),
    ("kasym", "name", []),  # that is an e-mail, not a name
    ("kasym", "email", ["B"]),
    ("b", "email", []),
    ("735 63", "phone", ["A"]),
    ("8 (707) 735-63-12", "any", ["A"]),
    ("8 707 735", "any", ["A"]),  # as people write +7 707 735 …
    ("8(707)", "any", []),  # too little to tell it from other digits
    ("8707735", "phone", ["A"]),
    ("8707735", "any", []),  # may be part of an IIN
    ("7077356312", "any", ["A"]),
    ("302", "phone", []),  # stands in the IIN of A
    ("302", "iin", ["A"]),
    ("791028302728", "iin", ["A"]),
    ("7910 2830", "any", ["A"]),
    ("B", "crm_id", ["B"]),
    ("о'нил", "any", ["2024-000123", "C"]),
    ("О’Нил", "name", ["2024-000123", "C"]),
    ("жан-поль", "any", ["2024-000123", "C"]),
    ("Жан\u2011Поль", "any", ["2024-000123", "C"]),
    ("2024-000123", "any", ["2024-000123"]),
    ("2024-000123", "crm_id", ["2024-000123"]),
    ("7011-234-567", "any", ["7011-234-567", "D"]),
    ("7011-234-567 цой", "any", ["7011-234-567"]),
    ("+7\u00a0701\u00a0123\u00a045\u00a067", "any", ["D"]),
    ("8.701.123.45.67", "any", ["D"]),
    ("8\u2013701\u2013123\u201345\u201367", "any", ["D"]),
    ("Семёнов +77011234567", "any", ["D"]),
    ("87011234567 семенов", "any", ["D"]),
    ("100%", "any", ["C"]),
    ("%ова", "any", []),
    ("к_сым", "any", []),
    ("a_b", "any", ["C"]),
    ('"ова"', "any", []),
    ("ова*", "any", []),
    ("ова OR нил", "any", []),
    ("\\", "any", []),
    ("незнакомов", "any", []),
    ("сымкa", "any", []),  # its pieces may stand there, itself not
]


@pytest.mark.parametrize(("term", "by", "expected"), TERMS)
def test_people_are_found_by_the_index(indexed, people, lapp, term, by, expected):
    """By any part of three letters or more, in either case and in Russian letters for Kazakh ones; of this operator only."""
    if not all(map(search.pieces_of, search.readings(term, by))) and by != "crm_id":
        pytest.skip("Too short for the index of this database.")
    assert found(lapp, term, by) == expected


@pytest.mark.parametrize(
    ("term", "by", "expected"), [*TERMS, ("км", "any", []), ("ас", "any", ["A"]), ("к", "any", ["A"])]
)
def test_people_are_found_without_the_index(without_index, people, lapp, term, by, expected):
    """The same people, only slower."""
    assert found(lapp, term, by) == expected


def test_short_words_are_looked_for_among_the_newest(people, lapp, monkeypatch):
    """Two letters are in no index: the newest people are read, and the officer is told so."""
    if not offered():
        pytest.skip("Without an index everybody is read.")
    everybody = DataSubject.objects.filter(operator=lapp)
    assert search.find_people(everybody, lapp, "ас").newest_only is False  # these are all there are
    monkeypatch.setattr(search, "NEWEST", 1)
    assert search.find_people(everybody, lapp, "ас") == search.Found([], newest_only=True)
    assert [each.crm_id for each in search.find_people(everybody, lapp, "ss").people] == ["E"]


@pytest.mark.parametrize("sample", [2, 1000])  # of the newest two all have the letters: they are usual then
@pytest.mark.parametrize(("candidates", "cut"), [(1, True), (2, True), (3, False)])
def test_officer_is_told_where_not_everybody_was_looked_at(indexed, lapp, monkeypatch, candidates, cut, sample):
    """Letters that stand elsewhere in the data of too many people hide whom the search is for: then that is said."""
    monkeypatch.setattr(search, "CANDIDATES", candidates)
    monkeypatch.setattr(search, "SAMPLE", sample)
    for number in range(3):
        make_subject(lapp, surname="Ким", email=f"olzhas{number}@example.kz")
    everybody = DataSubject.objects.filter(operator=lapp)
    assert search.find_people(everybody, lapp, "olzhas", "name") == search.Found([], cut=cut)
    found = search.find_people(everybody, lapp, "olzhas", "email")
    assert (len(found.people), found.more, found.cut) == (candidates, False, cut)


def test_newest_who_are_not_like_the_others_hide_nobody(indexed, lapp, monkeypatch):
    """What the newest have in their data tells how to look, never who is found."""
    monkeypatch.setattr(search, "CANDIDATES", 3)
    monkeypatch.setattr(search, "SAMPLE", 2)
    make_subject(lapp, crm_id="A", surname="Olzhasov")
    for number in range(10):
        make_subject(lapp, surname="Ким", email=f"olzhas{number}@example.kz" if number > 7 else "")
    assert search.find_people(DataSubject.objects.filter(operator=lapp), lapp, "olzhas", "name")[1:] == (False,) * 3
    assert found(lapp, "olzhas", "name") == ["A"]


def test_page_says_that_somebody_may_be_missing(indexed, lapp, dpo, browser_client, monkeypatch):
    """An empty page after such a search does not say that nobody was found."""
    monkeypatch.setattr(search, "CANDIDATES", 1)
    for number in range(2):
        make_subject(lapp, surname="Ким", email=f"olzhas{number}@example.kz")
    client, url = browser_client(dpo), reverse("admin:people_search")
    text = client.post(url, {"q": "olzhas", "by": "name"}).content.decode()
    assert "More than 1 people have this somewhere in their data" in text and "Nobody found" not in text
    text = client.post(url, {"q": "незнакомов", "by": "name"}).content.decode()
    assert "somewhere in their data" not in text and "Nobody found" in text


def test_more_than_are_shown_is_said_alone(indexed, lapp, monkeypatch):
    """Who gets as many people as a page shows is asked for another letter anyway."""
    monkeypatch.setattr(search, "CANDIDATES", 2)
    monkeypatch.setattr(search, "HITS", 1)
    for _number in range(3):
        make_subject(lapp, surname="Ким")
    found = search.find_people(DataSubject.objects.filter(operator=lapp), lapp, "ким")
    assert (len(found.people), found.more, found.cut) == (1, True, False)


def test_index_follows_every_change(indexed, lapp):
    """Added, renamed, changed otherwise, deleted: the index says what the register says, at once."""
    subject = make_subject(lapp, crm_id="A", surname="Бекова")
    assert found(lapp, "беков") == ["A"]
    with unit_of_work(by=None):
        subject.surname = "Алимова"
        subject.save()
        subject.language = "kk"
        subject.save()
    assert (found(lapp, "беков"), found(lapp, "алимов")) == ([], ["A"])
    with transaction.atomic():
        DataSubject.objects.filter(pk=subject.pk).update(search_key="бековарова")
        transaction.set_rollback(True)
    assert found(lapp, "алимов") == ["A"]
    with unit_of_work(by=None):
        subject.delete()
    assert found(lapp, "алимов") == []


def test_index_follows_rows_in_bulk(indexed, lapp):
    """What an import writes is found like what a form saves."""
    made = [DataSubject(operator=lapp, crm_id=f"N{number}", surname=f"Сериков{number:04}") for number in range(3000)]
    rows = []
    for one in made:
        one.search_key = one.make_search_key()
        values = {field.attname: getattr(one, field.attname) for field in DataSubject._meta.concrete_fields}
        rows.append(bulk.Written(values, one.uid))
    with unit_of_work(by=None, role="system"):
        bulk.write(DataSubject, rows, operator="lapp")
    assert found(lapp, "сериков2999") == ["N2999"]
    given = search.find_people(DataSubject.objects.filter(operator=lapp), lapp, "сериков")
    assert (len(given.people), given.more) == (100, True)
    row = DataSubject.objects.filter(crm_id="N7").values().get()
    with unit_of_work(by=None, role="system"):
        bulk.delete(DataSubject, [bulk.Written({}, row["uid"], row)], operator="lapp")
    assert found(lapp, "сериков0007") == []


def test_migrate_makes_what_is_missing_of_the_index(indexed, people, lapp, without_index):
    """SQLite forgets triggers when a migration rebuilds the table: the next migrate makes all of the index anew."""
    assert people_are_searched_by_index(databases=["default"])[0].id == "registry.W001"
    DataSubject.objects.filter(crm_id="B").update(search_key="петрова")
    connection.check_constraints()  # or PostgreSQL makes no index before the test's own transaction ends
    call_command("migrate", verbosity=0)
    assert search.is_installed()
    assert not people_are_searched_by_index(databases=["default"])
    assert (found(lapp, "петров"), found(lapp, "касым")) == (["B"], ["A"])
    assert not found(lapp, "ольга")


def test_migrate_says_why_there_is_no_index(without_index, monkeypatch):
    """Where the database lacks what the index needs, the command says so and goes on."""
    monkeypatch.setattr(search, "_install_trigrams", lambda cursor: "No contrib.")
    monkeypatch.setattr(search, "_install_fts5", lambda cursor: "No contrib.")
    said = io.StringIO()
    call_command("migrate", stdout=said)
    assert "People are searched without an index. No contrib.\n" in said.getvalue()


def test_keys_from_before_are_folded_as_new_ones(lapp):
    """Whoever was entered before ё, apostrophes and hyphens were folded is found as whoever comes after."""
    names = {"surname": "О’Нил-Семёнов", "given_name": "Жан\u2011Поль", "patronymic": "İ´Д’Артаньянұлы\u2014"}
    one, other = make_subject(lapp, crm_id="A`1", **names), make_subject(lapp, crm_id="B", surname="Иванова")
    now = {person.pk: person.search_key for person in (one, other)}
    before = unicodedata.normalize("NFKC", f"{one.full_name} {one.phone[1:]} A`1").casefold()
    DataSubject.objects.filter(pk=one.pk).update(search_key=before.replace("ұ", "у"))
    import_module("registry.migrations.0022_keys_folded_anew").fold_anew(apps, connection.schema_editor())
    assert dict(DataSubject.objects.values_list("pk", "search_key")) == now
