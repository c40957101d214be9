"""A page drawn for one operator, and sent when another is the current one: switched in another tab."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from registry.journal import unit_of_work
from registry.models import ExportRun, ImportRun, JournalEntry, Membership, Purpose
from tests.factories import make_purpose, make_subject, make_user, save
from tests.imports.crm import csv_of, person

pytestmark = pytest.mark.django_db

REASON = {"reason": "For the ministry"}
VOCABULARY = b"code;name_en\nnews;News\n"
# The page that is drawn, where its form goes, what is typed.
PAGES = {
    "datasubject_import": ("datasubject_import", {"format": "0", "resource": "0"}),
    "purpose_import": ("purpose_import", {"format": "0"}),
    "purpose_preview": ("purpose_process_import", {}),
    "datasubject_export": ("datasubject_export", {"format": "csv"} | REASON),
    "purpose_export": ("purpose_export", {"format": "json"} | REASON),
    "law_export": ("law_export", {"format": "csv"} | REASON),
    "exportrun_permissions": ("exportrun_permissions", {"extent": "changed", "format": "csv"} | REASON),
    "exportrun_register": ("exportrun_register_download", {"layout": "kz", "language": "en", "format": "csv"} | REASON),
    "exportrun_registered": ("exportrun_registered", {"format": "csv"} | REASON),
    "exportrun_audit": ("exportrun_audit", REASON),
}


@pytest.fixture
def officer(lapp, kazger):
    for operator in (lapp, kazger):
        make_purpose(operator)
        make_subject(operator, crm_id="K1")
    return make_user("dpo", lapp, kazger)


@pytest.fixture
def client_of_both(officer, browser_client, lapp):
    client = browser_client(officer)
    switch(client, lapp)
    return client


def switch(client, operator, **said):
    return client.post(reverse("admin:switch_operator"), {"operator": operator.pk} | said)


def address(name):
    return reverse(f"admin:registry_{name}")


def drawn(client, name):
    """What the form of a page says of itself; the preview of a file is drawn by sending the file."""
    if name == "purpose_preview":
        page = client.post(address("purpose_import"), {"format": "0", "import_file": file_of(VOCABULARY)})
    else:
        page = client.get(address(name))
    return dict(re.findall(r'name="(_seen|ticket)" value="([^"]*)"', page.content.decode()))


def file_of(content):
    return SimpleUploadedFile("list.csv", content)


def sent(client, name, said):
    """The answer to the form, filled in; a file is read to its end."""
    target, typed = PAGES[name]
    files = {
        "datasubject_import": csv_of([person(2)]),
        "purpose_import": VOCABULARY,
    }
    file = {"import_file": file_of(files[name])} if name in files else {}
    response = client.post(address(target), typed | said | file)
    if response.streaming:
        b"".join(response.streaming_content)
    return response


def kept():
    return ExportRun.objects.count() + ImportRun.objects.count() + Purpose.objects.filter(code="news").count()


@pytest.mark.parametrize("name", PAGES)
def test_page_drawn_for_another_operator_does_nothing(name, client_of_both, lapp, kazger):
    """It takes nothing in and gives nothing away, and offers the switch back; then it does what it says."""
    said = drawn(client_of_both, name)
    switch(client_of_both, kazger)
    offer = sent(client_of_both, name, said)
    assert offer.templates[0].name == "admin/other_operator.html"
    assert "Nothing was done. The page was drawn for <strong>Lapp Kazakhstan LLP</strong>" in offer.content.decode()
    assert 'name="ticket"' not in offer.content.decode() and kept() == 0
    assert '"reason_code":"other_operator"' in JournalEntry.objects.latest("seq").body
    back = re.search(
        r'name="next" value="(/admin/registry/[^"]*)">\s*<input type="hidden" name="keep"', offer.content.decode()
    )
    assert client_of_both.get(switch(client_of_both, lapp, next=back[1], keep="1").url, follow=True).status_code == 200
    done = sent(client_of_both, name, said)
    assert done.status_code in (200, 302) and "other_operator" not in str(done.templates[:1])
    made = [*ExportRun.objects.all(), *ImportRun.objects.all(), *Purpose.objects.filter(code="news")]
    assert [each.operator for each in made] == ([] if name == "purpose_import" else [lapp])


@pytest.mark.parametrize("name", PAGES)
def test_page_of_an_operator_one_left_does_nothing(name, client_of_both, officer, lapp):
    """Whoever was taken out of it meanwhile acts for no other one by its page."""
    said = drawn(client_of_both, name)
    with unit_of_work(by=None, role="system"):
        officer.memberships.get(operator=lapp).delete()
    assert sent(client_of_both, name, said).status_code == 404
    assert kept() == 0


def test_switch_is_offered_whatever_one_may_do_there(lapp, kazger, browser_client):
    """A registrar of the one who is the officer of the other is told why nothing leaves."""
    officer = make_user("dpo", lapp)
    save(Membership(user=officer, operator=kazger, role="registrar"))
    client = browser_client(officer)
    switch(client, lapp)
    said = drawn(client, "exportrun_permissions")
    switch(client, kazger)
    offer = sent(client, "exportrun_permissions", said)
    assert offer.templates[0].name == "admin/other_operator.html"


def test_switch_back_opens_the_list_as_it_was_filtered(client_of_both, kazger):
    """Else the whole of it would leave by the next press."""
    page = address("purpose_export") + "?is_marketing__exact=1"
    said = {"_seen": client_of_both.get(page).context["operator"].code}
    switch(client_of_both, kazger)
    offer = client_of_both.post(page, said | {"format": "csv"})
    assert f'name="next" value="{page}"' in offer.content.decode()
