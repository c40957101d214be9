"""The upload of a CRM's file in the browser: what is said of it counts, what cannot be read is refused in a sentence."""

import pytest
from django.urls import reverse

from registry.imports import storage
from registry.models import DataSubject, ImportRun, ListedRow
from tests import factories
from tests.imports.crm import person

from .import_pages import confirm, hidden, page_of, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


@pytest.fixture
def natalia(dpo, browser_client):
    return browser_client(dpo)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The submitted file is empty."),
        (b"PK\x03\x04" + bytes(100), "This is a file of kind XLSX/ZIP, not CSV."),
        (b"crm_id;surname\n", "The file has a header and no rows: there is nothing to import."),
        (b"name;surname\nA;B\n", "No column holds the id of the person in the CRM."),
        (b'crm_id;surname\nC1;"A\n', "Line 2: a quote opened here is not closed"),
        ("crm_id;surname\nC1;Петров\n".encode("utf-32"), "The file is in UTF-32."),
        ("crm_id;sur\0name\nC1;Петров\n".encode(), "Line 1, column 2: the header holds the control character U+0000"),
    ],
)
def test_refused_file_says_why(natalia, content, sentence):
    """A file that cannot be read is refused in a sentence; nothing of it stays."""
    response = upload(natalia, content)
    assert response.status_code == 200
    assert sentence in response.content.decode().replace("&quot;", '"')
    assert not hidden(response)
    assert DataSubject.objects.count() == ListedRow.objects.count() == 0
    assert all(run.state == "refused" and not storage.file_of(run).exists() for run in ImportRun.objects.all())


def test_file_without_a_header_is_shown_to_its_uploader_only(natalia, lapp, client):
    """The first person stands where the header should be: the answer says it, no page of the run does."""
    response = upload(natalia, "C1;Иванов;870101300123\nC2;Петров;\n".encode())
    assert "Columns found: “C1”, “Иванов”, “870101300123”." in response.content.decode()
    run = ImportRun.objects.get()
    for role in ("auditor", "registrar", "dpo"):
        client.force_login(factories.make_user(role, lapp), backend="registry.scope.RoleBackend")
        for url in (page_of(run), reverse("admin:registry_importrun_changelist"), reverse("admin:index")):
            text = client.get(url).content.decode()
            assert "Иванов" not in text
            assert "870101300123" not in text
    assert "No column holds the id" in client.get(page_of(run)).content.decode()


def test_file_beyond_the_limit_is_refused(natalia, settings):
    """More bytes than allowed are refused before the file is read."""
    settings.IMPORT_MAX_BYTES = 50
    response = upload(natalia, [person(1), person(2)])
    assert "bytes allowed. Export it in parts." in response.content.decode()
    assert ImportRun.objects.get().state == "refused"


def test_what_is_said_of_the_file_counts(natalia):
    """Encoding, delimiter, columns and defaults are taken from the form."""
    content = "Код;Имя клиента\nC1;Асель\n".encode("cp1251")
    response = upload(
        natalia, content, encoding="cp1251", delimiter=";", mapping="Имя клиента=given_name", defaults="language=ru"
    )
    confirm(natalia, response)
    subject = DataSubject.objects.get()
    assert (subject.crm_id, subject.given_name, subject.language) == ("C1", "Асель", "ru")


def test_damaged_names_are_accepted_when_said(natalia):
    """The tick lets names with lost letters through."""
    upload(natalia, [person(1, surname="?асымова")])
    assert ImportRun.objects.get().stopped == 1
    response = upload(natalia, [person(1, surname="?асымова")], accept_damaged_names="on")
    confirm(natalia, response)
    assert DataSubject.objects.get().surname == "?асымова"
