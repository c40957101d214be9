"""The upload of a CRM's file in the browser: what is said of it counts, what cannot be read is refused in a sentence."""

import pytest
from django.urls import reverse

from registry.admin import imports
from registry.imports import plan, storage
from registry.imports.apply import cancel
from registry.models import DataSubject, ImportRun, ImportSource, ListedRow
from tests import factories
from tests.imports.crm import person

from .import_pages import IMPORT, confirm, hidden, page_of, step, upload

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty. Export it from the CRM again."),
        (b"PK\x03\x04" + bytes(100), "This is a file of kind XLSX/ZIP, not CSV."),
        (b"crm_id;surname\n", "The file has a header and no rows: there is nothing to import."),
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
    """The first person stands where the header should be: the page of columns says it, no page of the run does."""
    response = upload(natalia, "C1;Иванов;870101300123\nC2;Петров;\n".encode())
    run = ImportRun.objects.get()
    assert response.redirect_chain == [(step("columns", run), 302)]
    assert "Columns found: “C1”, “Иванов”, “870101300123”." in response.content.decode()
    assert (run.state, run.mapping, run.refusal) == ("asking", {}, "")
    for role in ("auditor", "registrar", "dpo"):
        client.force_login(factories.make_user(role, lapp), backend="registry.scope.RoleBackend")
        for url in (page_of(run), reverse("admin:registry_importrun_changelist"), reverse("admin:index")):
            text = client.get(url).content.decode()
            assert "Иванов" not in text
            assert "870101300123" not in text
        assert client.get(step("columns", run)).status_code == (403 if role == "auditor" else 404)


def test_file_beyond_the_limit_is_refused(natalia, settings):
    """More bytes than allowed are refused before the file is read."""
    settings.IMPORT_MAX_BYTES = 50
    response = upload(natalia, [person(1), person(2)])
    assert "bytes allowed. Export it in parts." in response.content.decode()
    assert ImportRun.objects.get().state == "refused"


def test_file_beyond_the_limit_that_is_given_up_meanwhile_is_refused_too(natalia, settings, monkeypatch):
    """In another tab, before the refusal is written down: the form says that it is too large, and the run stays given up."""
    settings.IMPORT_MAX_BYTES = 50
    whole = storage.refuse

    def given_up_meanwhile(*args):
        run = ImportRun.objects.get()
        cancel(run, by=run.owner, role="registrar")
        return whole(*args)

    monkeypatch.setattr(storage, "refuse", given_up_meanwhile)
    response = upload(natalia, [person(1), person(2)])
    assert response.status_code == 200
    assert "The file has more than the 50 bytes allowed. Export it in parts." in response.content.decode()
    run = ImportRun.objects.get()
    assert (run.state, storage.file_of(run).exists()) == ("cancelled", False)


def test_what_is_said_of_the_file_counts(natalia):
    """Encoding and delimiter are taken from the form."""
    content = "Код|Имя|a;b;c;d\nC1|Асель|\n".encode("cp1251")
    confirm(natalia, upload(natalia, content, encoding="cp1251", delimiter="|"))
    assert ImportRun.objects.get().encoding == "cp1251"
    assert DataSubject.objects.get().given_name == "Асель"
    assert "The file is in UTF-8, not cp1251." in upload(natalia, [person(1)], encoding="cp1251").content.decode()


def test_columns_are_looked_at_first_where_somebody_wants_to(natalia):
    """Nothing is read before the columns were seen."""
    response = upload(natalia, [person(1)], look_first="on")
    run = ImportRun.objects.get()
    assert (response.redirect_chain, run.state, run.planned_at) == ([(step("columns", run), 302)], "asking", None)


def test_chosen_source_says_how_the_file_is_read(natalia, lapp):
    """Mapping, defaults and what names may be are the source's; the run belongs to it."""
    source = factories.save(
        ImportSource(
            operator=lapp,
            name="Bitrix24, sales",
            mapping="Имя клиента=given_name\nNr=crm_id",
            defaults="language=kk",
            accept_damaged_names=True,
        )
    )
    confirm(natalia, upload(natalia, "Nr;Имя клиента\nC1;?сель\n".encode(), source=source.pk))
    run, subject = ImportRun.objects.get(), DataSubject.objects.get()
    assert (run.source, run.accept_damaged_names) == (source, True)
    assert (subject.crm_id, subject.given_name, subject.language) == ("C1", "?сель", "kk")


def test_source_is_found_by_its_columns(natalia, lapp):
    """Next week's file of a source is read as last week's was, without anybody choosing; other columns are another file."""
    source = factories.save(ImportSource(operator=lapp, name="CRM", mapping="Nr=crm_id\nWho=given_name"))
    upload(natalia, b"Nr;Who\nC1;Anna\n", source=source.pk)
    response = upload(natalia, b"Who;Nr\nOlga;C2\n")
    assert (
        "Its columns are those of the source “CRM”: it is read as that one&#x27;s files are. Where that is wrong, upload it again "
        "and choose another one, or none."
    ) in response.content.decode()
    run = ImportRun.objects.latest("pk")
    assert (run.state, run.source, run.new) == ("planned", source, 1)
    upload(natalia, b"Who;Nr;Note\nOlga;C2;x\n")
    run = ImportRun.objects.latest("pk")
    assert (run.state, run.source) == ("asking", None)


def test_upload_may_belong_to_no_source(natalia, lapp):
    """“None” means none, whatever its columns; of a source that was chosen nobody says that it was found."""
    source = factories.save(ImportSource(operator=lapp, name="CRM", mapping="Nr=crm_id"))
    for _time in range(2):
        assert "Its columns are those" not in upload(natalia, b"Nr;Name\nC1;Anna\n", source=source.pk).content.decode()
    response = upload(natalia, b"Nr;Name\nC1;Anna\n", source="none")
    run = ImportRun.objects.latest("pk")
    assert (run.state, run.source) == ("asking", None)
    assert "Its columns are those" not in response.content.decode()
    assert '<option value="none">none</option>' in natalia.get(IMPORT).content.decode()


def test_source_of_another_operator_cannot_be_chosen(natalia, kazger):
    """A source of another operator does not exist here."""
    source = factories.save(ImportSource(operator=kazger, name="Their CRM"))
    response = upload(natalia, [person(1)], source=source.pk)
    assert "Their CRM" not in response.content.decode()
    assert "That choice is not one of the available choices." in response.content.decode()
    assert not ImportRun.objects.exists()


def test_damaged_names_are_accepted_when_said(natalia):
    """The tick lets names with lost letters through."""
    upload(natalia, [person(1, surname="?асымова")])
    assert ImportRun.objects.get().stopped == 1
    response = upload(natalia, [person(1, surname="?асымова")], accept_damaged_names="on")
    confirm(natalia, response)
    assert DataSubject.objects.get().surname == "?асымова"


@pytest.mark.parametrize(
    ("module", "moment"), [(plan, "_read"), (plan, "file_warnings"), (imports, "open_table"), (imports, "ask")]
)
def test_file_that_is_given_up_while_it_is_read_leads_to_its_run(natalia, monkeypatch, module, moment):
    """The reading is stopped in another tab: whoever sent the file is told, and nothing of it stays."""
    whole = getattr(module, moment)

    def given_up_meanwhile(*args, **kwargs):
        run = ImportRun.objects.get()
        cancel(run, by=run.owner, role="registrar")
        return whole(*args, **kwargs)

    monkeypatch.setattr(module, moment, given_up_meanwhile)
    response = upload(natalia, [person(1), person(2, email="x")])
    run = ImportRun.objects.get()
    assert response.redirect_chain == [(page_of(run), 302)]
    assert "Given up: nothing of the file was written, and it is deleted." in response.content.decode()
    assert (run.state, ListedRow.objects.count()) == ("cancelled", 0)
    assert not storage.file_of(run).exists() and not storage.plan_of(run).exists()
