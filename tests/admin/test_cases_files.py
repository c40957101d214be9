"""Files of a case: taken by what stands in them, handed out under a name that names nobody, each time told."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.factories import make_request, make_subject, make_user
from tests.forms import last_entry

from .case_pages import address, closed

pytestmark = pytest.mark.django_db(transaction=True)
PDF = b"%PDF-1.4 a scanned letter"


@pytest.fixture(autouse=True)
def private(settings, tmp_path):
    settings.PRIVATE_DIR = tmp_path


@pytest.fixture
def case(lapp):
    return make_request(lapp, subject=make_subject(lapp))


def attach(client, case, content=PDF, name="Паспорт Қасымовой.pdf"):
    response = client.post(address(case, "attach"), {"file": SimpleUploadedFile(name, content)}, follow=True)
    return [str(message) for message in response.context["messages"]]


def test_file_is_attached_and_handed_out(case, client_of_dpo):
    """What comes back is what was attached, to be saved and not shown, under the case's number; that it was read is told."""
    assert attach(client_of_dpo, case) == ["The file is attached."]
    file = case.caseattachments.get()
    response = client_of_dpo.get(address(case, "file", file.pk))
    assert (response.content, response["Content-Type"]) == (PDF, "application/pdf")
    assert response["Content-Disposition"] == f'attachment; filename="{case.number}-{file.pk}.pdf"'
    assert response["X-Content-Type-Options"] == "nosniff"
    entry, said = last_entry("view")
    assert (said["object"], said["uid"], entry.subjects.get().uid) == (
        "caseattachment", str(file.uid), case.subject.uid,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty. Attach the file itself."),
        (b"<html><script>1</script>", "Files of this type are not taken. Attach a PDF, PNG, JPEG, TIFF, DOCX, ODT, XLSX, "
         "TXT, EML or a signature."),
        (b"%PDF-" + b"0" * (10 * 1024 * 1024), "The file has more than 10 MB. Attach it in parts."),
    ],
    ids=["empty", "page", "large"],
)  # fmt: skip
def test_file_that_is_not_taken_says_why(content, sentence, case, client_of_dpo):
    """Whatever it is called, what stands in it decides."""
    assert attach(client_of_dpo, case, content) == [sentence]
    assert not case.caseattachments.exists()


def test_file_sent_twice_is_attached_once(case, client_of_dpo):
    """Pressing twice adds nothing."""
    attach(client_of_dpo, case)
    assert attach(client_of_dpo, case) == ["This file is attached already."]
    assert case.caseattachments.count() == 1


def test_no_file_chosen_is_said(case, client_of_dpo):
    """An empty form is answered."""
    response = client_of_dpo.post(address(case, "attach"), follow=True)
    assert [str(each) for each in response.context["messages"]] == ["No file was chosen. Choose one, then attach it."]


def test_closed_case_takes_no_file(case, client_of_dpo, dpo):
    """It stays as it is."""
    closed(case, dpo)
    assert attach(client_of_dpo, case) == [
        "The case is closed and stays as it is. Open it again: that makes a new case which follows this one."
    ]


def test_auditor_neither_attaches_nor_downloads(case, lapp, client_of_dpo, browser_client):
    """A file of a case may hold anything about anybody; the auditor sees that there is one, by number."""
    attach(client_of_dpo, case)
    file = case.caseattachments.get()
    client = browser_client(make_user("auditor", lapp))
    assert client.get(address(case, "file", file.pk)).status_code == 403
    assert client.post(address(case, "attach"), {"file": SimpleUploadedFile("a.pdf", PDF)}).status_code == 403
    text = client.get(address(case)).content.decode()
    assert f"attachment {file.pk}" in text and "Паспорт" not in text


def test_file_of_another_case_is_not_here(case, lapp, client_of_dpo):
    """A file is met under its own case only."""
    attach(client_of_dpo, case)
    other = make_request(lapp)
    assert client_of_dpo.get(address(other, "file", case.caseattachments.get().pk)).status_code == 404
