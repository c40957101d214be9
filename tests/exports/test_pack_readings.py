"""What an answer says of who had access: how often and in which way, an export told as one, however it names its people."""

import io

import pytest
from django.urls import reverse

from registry.exports import audit, runs
from registry.exports.answer_pack import pack_of
from registry.exports.pack_sections import READINGS
from registry.exports.pack_words import ALL
from registry.exports.permissions import Export
from registry.exports.registered_actions import RegisteredActions
from registry.exports.span import WHOLE
from registry.imports.missing_file import MissingFile
from registry.journal.actions import Action
from registry.models import ImportRun, JournalEntry
from tests.admin.import_pages import upload
from tests.factories import make_purpose, make_request, make_subject
from tests.imports import crm
from tests.operations.test_withdrawal import consented

pytestmark = pytest.mark.django_db
# Acts by which nobody sees values of a person whom the entry names. Rows that an import turned down are the file's own:
# their entries name nobody.
NO_READINGS = {
    "create", "change", "delete", "login", "login.failed", "logout", "refused", "password.change", "password.reset",
    "operator.switch", "user.create", "user.change", "import.plan", "import.apply", "import.reject", "import.cancel",
    "import.undo", "import.list.download", "rejects.view", "rejects.download", "export.finish", "export.trace",
    "register.view", "journal.verify", "database.merge", "transfer.suspend", "transfer.resume", "transfer.what_if",
    "handover.begin", "handover.finish", "handover.cancel", "telling.begin", "telling.finish", "telling.cancel", "reminder.send",
}  # fmt: skip
SYSTEM = {"by": None, "role": "system"}


@pytest.fixture
def person(lapp):
    person = make_subject(lapp, crm_id="K1")
    consented(person, make_purpose(lapp))
    return person


def readings(person, language="en"):
    """Role, way and number of each line of the answer."""
    pack = pack_of(make_request(person.operator, subject=person), language)
    section = next(section for section in pack.sections if section.code == "readings")
    return [row[:3] for table in section.tables for row in table.rows]


def people_list(person, client):
    url = reverse("admin:registry_datasubject_export")
    b"".join(client.post(url, {"format": "csv", "reason": "For the ministry"}).streaming_content)


def permissions(person, client):
    b"".join(Export(person.operator, **SYSTEM))


def actions(person, client):
    b"".join(RegisteredActions(person.operator, WHOLE, format="csv", **SYSTEM))


def trail(person, client):
    """Of the one person: both its start and each piece of changes.csv name them."""
    audit.export(audit.Archive(io.BytesIO()), **SYSTEM, operator=person.operator, subject=person.uid, changes_as="csv")


def missing(person, client):
    run = crm.CRM(person.operator).plan([crm.person(1)])
    export = runs.start("list", **SYSTEM, operator=person.operator, filter={})
    b"".join(MissingFile(export, run, role="system").stream("csv"))


@pytest.mark.parametrize("take", [people_list, permissions, actions, trail, missing])
def test_export_is_told_as_an_export(take, person, dpo, browser_client):
    """Whatever file the person left in, the answer says so, and not that they were shown in a list."""
    role = "person responsible for personal data" if take is people_list else "the register by itself"
    for number in (1, 2):
        take(person, browser_client(dpo))
        assert JournalEntry.objects.filter(action="list", subjects__uid=person.uid).count() == number
        assert readings(person) == [(role, "taken into an export", str(number))]


def test_export_that_names_a_person_in_every_chunk_counts_once(person, monkeypatch):
    """Two consents in two chunks of the report are one export; a page of a list remains one."""
    consented(person, make_purpose(person.operator, "calls"))
    monkeypatch.setattr("registry.exports.registered_actions.CHUNK_ENTRIES", 1)
    actions(person, None)
    assert JournalEntry.objects.filter(action="list", subjects__uid=person.uid).count() == 2
    assert readings(person) == [("the register by itself", "taken into an export", "1")]


def test_page_of_a_list_stays_a_list(person, dpo, browser_client):
    browser_client(dpo).get(reverse("admin:registry_datasubject_changelist"))
    assert readings(person) == [("person responsible for personal data", "shown in a list", "1")]


@pytest.mark.parametrize(
    ("language", "role", "way"),
    [
        ("en", "person responsible for personal data", "shown in a list of an import"),
        ("ru", "лицо, ответственное за персональные данные", "показ в списке загрузки"),
        ("kk", "дербес деректерге жауапты тұлға", "жүктеу тізімінде көрсету"),
    ],
)
def test_list_of_an_import_that_shows_people_is_a_reading(language, role, way, person, dpo, browser_client):
    """Whoever is missing from the CRM's file is shown by name, out of the register."""
    client = browser_client(dpo)
    upload(client, [crm.person(1)])
    page = client.get(reverse("admin:registry_importrun_list", args=[ImportRun.objects.get().pk, "missing"]))
    assert "Қасымова Әсем" in page.content.decode()
    assert readings(person, language) == [(role, way, "1")]


def test_every_act_of_the_journal_is_a_reading_or_none():
    """A new one is decided about, and one that is a reading has a word in the answer."""
    assert set(READINGS).isdisjoint(NO_READINGS)
    assert {*READINGS, *NO_READINGS} == set(Action.values)
    assert all(f"reading.{action}" in ALL for action in READINGS)
