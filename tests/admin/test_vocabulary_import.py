"""A vocabulary of the register out of CSV: checked as a form checks, previewed, all lines or none."""

import datetime as dt
import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from registry.admin import vocabulary_import
from registry.journal import unit_of_work
from registry.models import Clause, Database, JournalEntry, LegalBasis, Policy, Purpose, Recipient, RetentionRule
from tests import factories
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def desk(lapp, dpo, browser_client):
    """The DPO of Lapp, who sends files: `desk(model, text)` gives the preview, `desk.confirm()` applies it."""

    class Desk:
        client = browser_client(dpo)

        def __call__(self, model, content):
            self.model = model
            raw = content if isinstance(content, bytes) else content.encode()
            file = SimpleUploadedFile("list.csv", raw, content_type="text/csv")
            url = reverse(f"admin:registry_{model}_import")
            self.page = self.client.post(url, {"import_file": file, "format": "0"})
            return self.page.content.decode()

        def confirm(self, **fields):
            found = re.search(r'name="ticket" value="([^"]+)"', self.page.content.decode())
            self.ticket = found.group(1)
            return self.send(self.ticket, **fields)

        def send(self, ticket, **fields):
            url = reverse(f"admin:registry_{self.model}_process_import")
            return self.client.post(url, {"ticket": ticket, **fields}, follow=True)

    return Desk()


def test_new_and_changed_entries_are_written_with_history_and_journal(desk, lapp):
    """A known code is changed, a new one added, an empty cell keeps what is stored; each is an entry with the reason."""
    factories.make_purpose(lapp, code="orders", name_en="Orders", name_ru="Заказы")
    page = desk("purpose", "code;name_en;name_ru;is_marketing\norders;Orders and returns;;\nnews;News;Новости;да\n")
    assert "<del><bdi>Orders</bdi></del> <ins><bdi>Orders and returns</bdi></ins>" in page
    assert Purpose.objects.count() == 1, "a preview writes nothing"
    before = JournalEntry.objects.filter(history_id__isnull=False).count()
    answer = desk.confirm(_reason="Yearly review")
    assert "Import finished: 1 new, 1 changed, 0 unchanged." in answer.content.decode()
    assert list(Purpose.objects.order_by("code").values_list("code", "name_en", "name_ru", "is_marketing")) == [
        ("news", "News", "Новости", True),
        ("orders", "Orders and returns", "Заказы", False),
    ]
    rows = Purpose.history.order_by("history_id")[1:]
    assert [(row.code, row.history_type, row.history_change_reason) for row in rows] == [
        ("orders", "~", "Yearly review"),
        ("news", "+", "Yearly review"),
    ]
    assert JournalEntry.objects.filter(history_id__isnull=False).count() == before + 2


def test_the_same_file_again_changes_nothing(desk, lapp):
    """What is in the register as the file says it is left alone, and there is nothing to apply."""
    text = "code,name_en\nnews,News\n"
    desk("purpose", text)
    desk.confirm()
    page = desk("purpose", text)
    assert "Nothing in the register would change." in page and 'name="confirm"' not in page
    assert Purpose.history.count() == 1


def test_one_bad_line_and_nothing_is_taken(desk, lapp):
    """Every faulty line is named with its column and what to do; the good ones wait for the corrected file."""
    page = desk(
        "database",
        "code;name_en;form;country;is_abroad\ncrm;CRM;electronic;KZ;no\n\narchive;Archive;clay;KZ;no\nbackup;Backup;paper;Kazakhstan;maybe\n",
    )
    assert 'name="ticket"' not in page
    assert '<td class="num">4</td>' in page and "“clay” is not on the list. Write one of: electronic, paper." in page
    assert '<td class="num">5</td>' in page and "“maybe” is not on the list. Write one of: true, false." in page
    assert "“KAZAKHSTAN” is no country code" in page or "“Kazakhstan” is no country code" in page
    assert not Database.objects.exists()


def test_rules_of_records_hold(desk, lapp):
    """What a form refuses, a file is refused: an entry without a name, a term without its unit."""
    page = desk("retentionrule", "code;name_en;trigger;period\nyear;;collection;1\n")
    assert "Give a name in at least one language." in page
    assert not RetentionRule.objects.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("code;name_en;uid;operator\na;A;1;kazger\n", "There is no column “uid”, “operator” here."),
        ("name_en\nA\n", "The file has no column “code”."),
        ("code;name_en;Name in English\na;A;B\n", "The file has the column “name_en” twice."),
        ("code;name_en\na;A\nb;B\na;C\n", "Lines 2, 4 all have the code “a”"),
        ("code;name_en\na;A;B\n", "Line 2: the row has 3 cells, the header has 2"),
        ("code;name_en\n", "The file has a header and no rows"),
        ("", "The submitted file is empty."),
        (b"PK\x03\x04 a spreadsheet", "This is a file of kind XLSX/ZIP, not CSV."),
    ],
)
def test_a_file_that_is_no_such_list_is_refused_in_a_sentence(desk, lapp, text, sentence):
    """Unknown, missing or doubled columns, doubled codes, ragged rows and other kinds of file."""
    page = desk("purpose", text).replace("&quot;", '"')
    assert sentence in page
    assert not Purpose.objects.exists()


def test_links_are_found_by_code_among_the_operators_own(desk, lapp):
    """A norm by its code, a clause by its number; another operator's clause does not exist."""
    own, foreign = make_world("alfa"), make_world("beta")
    assert own["clause"].number == foreign["clause"].number
    norm = factories.make_norm("KZ-94-V/9", topics="lawful_basis", is_ground=True)
    page = desk("legalbasis", f"code;name_en;kind;norm;clause\nlaw;Law;a law;{norm.code};3.2\n")
    assert "The operator has no clause “3.2”." in page, "Lapp has no such clause: only the others have"
    desk("legalbasis", f"code;name_en;kind;norm\nlaw;Law;a law;{norm.code}\n")
    desk.confirm()
    basis = LegalBasis.objects.get(operator=lapp)
    assert (basis.kind, basis.norm) == ("law", norm)


def test_dates_and_formulas_are_read_as_text_says(desk, lapp):
    """Dates in the usual forms; an apostrophe before a formula was put there by an export and goes."""
    desk(
        "recipient",
        "code;name_en;kind;country;agreement_from;agreement_until\np;'=Best;processor;ie;01.02.2025;2027-12-31\n",
    )
    desk.confirm()
    found = Recipient.objects.get()
    assert (found.name_en, found.country) == ("=Best", "IE")
    assert (found.agreement_from, found.agreement_until) == (dt.date(2025, 2, 1), dt.date(2027, 12, 31))


def test_a_ticket_is_good_once_and_for_its_owner_only(desk, lapp, kazger):
    """Confirmed twice, forged, somebody else's, for another list, or an hour old: nothing is imported."""
    desk("purpose", "code;name_en\nnews,x;News\n".replace(",x", ""))
    ticket = re.search(r'name="ticket" value="([^"]+)"', desk.page.content.decode()).group(1)
    stranger = factories.make_user("dpo", kazger, username="other")
    desk.client.force_login(stranger, backend="registry.scope.RoleBackend")
    assert "Read it again." in desk.send(ticket).content.decode()
    desk.client.force_login(factories.User.objects.get(username="natalia"), backend="registry.scope.RoleBackend")
    assert "Read it again." in desk.send(ticket + "x").content.decode()
    desk.model = "tracker"
    assert "Read it again." in desk.send(ticket).content.decode()
    assert not Purpose.objects.exists()
    desk.model = "purpose"
    assert "1 new" in desk.send(ticket).content.decode()
    assert "Read it again." in desk.send(ticket).content.decode()


def test_a_register_that_changed_since_the_preview_takes_nothing(desk, lapp):
    """Lines that were good when shown and are not any more: all of the file is left out, and the journal as it was."""
    policy = factories.save(Policy(operator=lapp, version="1", title="Policy"))
    clause = factories.save(Clause(operator=lapp, policy=policy, number="4.1", obliges="Say why."))
    desk("purpose", "code;name_en;clause\nnews;News;\norders;Orders;4.1\n")
    with unit_of_work(by=None, operator=lapp):
        clause.delete()
    entries = JournalEntry.objects.filter(history_id__isnull=False).count()
    assert "Nothing was imported: the register changed since the preview." in desk.confirm().content.decode()
    assert not Purpose.objects.exists() and not Purpose.history.exists()
    assert JournalEntry.objects.filter(history_id__isnull=False).count() == entries


@pytest.mark.parametrize("code", ["orders", "news"])
def test_an_entry_changed_since_the_preview_is_not_overwritten(desk, lapp, code):
    """Applied is what was shown: an officer's newer wording, or an entry of the same code, leaves all of the file out."""
    orders = factories.make_purpose(lapp, code="orders", name_en="Orders")
    desk("purpose", "code;name_en;name_ru\norders;Orders;Заказы\nnews;News;\n")
    if code == "orders":
        orders.name_en = "Orders and returns"
        with unit_of_work(by=None, operator=lapp):
            orders.save()
    else:
        factories.make_purpose(lapp, code="news", name_en="News and offers")
    before = (
        list(Purpose.objects.order_by("code").values()),
        JournalEntry.objects.filter(history_id__isnull=False).count(),
    )
    assert "Nothing was imported: the register changed since the preview." in desk.confirm().content.decode()
    after = (
        list(Purpose.objects.order_by("code").values()),
        JournalEntry.objects.filter(history_id__isnull=False).count(),
    )
    assert after == before


def test_abandoned_files_are_deleted(desk, lapp, monkeypatch):
    """A file nobody confirmed goes with the next import an hour later."""
    desk("purpose", "code;name_en\nnews;News\n")
    assert len(list(vocabulary_import.folder().glob("*.csv"))) >= 1
    monkeypatch.setattr(vocabulary_import, "LIFETIME_SECONDS", -1)
    vocabulary_import.purge()
    assert not list(vocabulary_import.folder().glob("*.csv"))


@pytest.mark.parametrize("role", ["registrar", "auditor"])
def test_who_may_not_edit_may_not_import(role, lapp, browser_client):
    """The vocabulary is the DPO's; the button is not there for others."""
    client = browser_client(factories.make_user(role, lapp, username=role))
    assert client.get(reverse("admin:registry_purpose_import")).status_code == 403
    assert "purpose/import/" not in client.get(reverse("admin:registry_purpose_changelist")).content.decode()
