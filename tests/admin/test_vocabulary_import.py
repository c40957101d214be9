"""A vocabulary of the register out of CSV: checked as a form checks, previewed, all lines or none."""

import datetime as dt
import re

import pytest
from django.urls import reverse

from registry.admin import vocabulary_import
from registry.journal import unit_of_work
from registry.models import (
    Clause,
    Database,
    JournalEntry,
    LegalBasis,
    Policy,
    ProcessingActivity,
    Purpose,
    Recipient,
    RequestMark,
    ResponsiblePerson,
    RetentionRule,
)
from tests import factories, forms
from tests.world import make_world

pytestmark = pytest.mark.django_db


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


def test_sentence_about_a_cell_says_what_the_cell_says(desk, lapp):
    """Also where the sentence is one of Django's own, which names the rule and not the value."""
    page = desk("responsibleperson", "name;appointed_on;email\nNatalia;2026-01-01;natalia@lapp\n")
    assert "“<bdi>natalia@lapp</bdi>”: Enter a valid email address." in page


def test_norm_that_is_no_ground_of_the_operator_is_kept_by_the_form(desk, lapp):
    """A policy may declare a norm that knows no such ground: a file brings it, and saving the form does not take it away."""
    norm = factories.make_norm("KZ-94-V/8(1)")
    desk("legalbasis", f"code;name_en;kind;norm\nx;X;law;{norm.code}\n")
    desk.confirm()
    basis = LegalBasis.objects.get()
    assert (basis.norm, basis.known_to_law) == (norm, False)
    form = desk.client.get(forms.url(basis)).context["adminform"].form
    assert list(form.fields["norm"].queryset) == [norm]
    assert forms.post(desk.client, basis, name_ru="Закон").status_code == 302
    basis.refresh_from_db()
    assert (basis.name_ru, basis.norm) == ("Закон", norm)


def test_rules_of_records_hold(desk, lapp):
    """What a form refuses, a file is refused: an entry without a name, a term without its unit."""
    page = desk("retentionrule", "code;name_en;trigger;period\nyear;;collection;1\n")
    assert "Give a name in at least one language." in page
    assert not RetentionRule.objects.exists()


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (
            "code;name_en;uid;operator\na;A;1;kazger\n",
            "There are no columns “uid”, “operator” here. Leave them out or correct them; the columns are:",
        ),
        ("name_en\nA\n", "The file has no column “code”."),
        ("code;name_en;Name in English\na;A;B\n", "The file has the column “name_en” twice."),
        ("code;name_en\na;A\nb;B\na;C\n", "Lines 2, 4 all have the code “a”"),
        ("code;name_en\na;A;B\n", "Line 2: the row has 3 cells, the header has 2"),
        ("code;name_en;\na;A;B\n", "Line 2: the row has 3 cells, the header has 2"),
        ("code;name_en\na;A\n#end;rows\nb;B\n", "Line 3 closes an export: no row stands below it."),
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


def test_clause_of_two_policies_is_called_by_its_policy(desk, lapp):
    """A number that two versions have names no clause; version, language and number do."""
    for version in ("1", "2 / 2025"):
        policy = factories.save(Policy(operator=lapp, version=version, title="Policy"))
        factories.save(Clause(operator=lapp, policy=policy, number="3.2", obliges="Say why."))
    page = desk("purpose", "code;name_en;clause\nnews;News;3.2\n")
    assert "“3.2” is a clause of two policies. Write version / language / number." in page
    desk("purpose", "code;name_en;clause\nnews;News;2 / 2025 / en / 3.2\n")
    desk.confirm()
    assert Purpose.objects.get().clause.policy.version == "2 / 2025"


def test_control_characters_are_refused_cell_by_cell(desk, lapp):
    """No keyboard writes NUL or a backspace: line and column are named; line breaks, tabs and right-to-left marks are text."""
    before = set(vocabulary_import.folder().iterdir())
    page = desk("purpose", 'code;name_en;name_ru\na;Na\x08me;Имя\nb;B;a\x00b\nc;"C\r\n\tc";\u202eИмя\n')
    for told in ("Line 2, column “name_en”: the cell holds the control character U+0008", "Line 3, column “name_ru”:"):
        assert told in page
    assert "U+0000, which is no text: type it again." in page and "Line 4" not in page
    assert set(vocabulary_import.folder().iterdir()) == before, "a refused file is not kept"
    desk("purpose", 'code;name_en;name_ru\nc;"C\r\n\tc";\u202eИмя\n')
    desk.confirm()
    assert (Purpose.objects.get().name_en, Purpose.objects.get().name_ru) == ("C\r\n\tc", "\u202eИмя")


def test_guess_of_the_encoding_stands_above_the_preview(desk, lapp):
    """Nothing in a Windows-1251 file says that it is one: who confirms it looks at the names first."""
    text = "code;name_ru\nnews;Новости\n"
    guess = "The encoding is guessed to be cp1251: look at the names below, or save the file in UTF-8."
    page = desk("purpose", text.encode("cp1251"))
    assert page.index(guess) < page.index("Новости")
    assert guess not in desk("purpose", text)


def test_file_that_lost_letters_takes_no_good_names_away(desk, lapp):
    """Saved as Windows-1251 an export loses its Kazakh letters: nothing of it is taken. Questions and corrections are texts."""
    factories.make_purpose(lapp, code="news", name_kk="Пайдаланушыны қызықтыратын жаңалық", name_en="News?")
    page = desk(
        "purpose", "code;name_kk;name_en\nnews;Пайдаланушыны қызықтыратын жаңалық;News\n".encode("cp1251", "replace")
    )
    assert "“Пайдаланушыны ?ызы?тыратын жа?алы?” lost letters on the way (“?”): save the file in UTF-8" in page
    assert 'name="ticket"' not in page
    assert "lost letters" in desk("purpose", "code;name_kk\norders;Тапсырыс ?абылдау\n"), "nor is it entered anew"
    desk("purpose", "code;name_kk;name_ru;name_en\nnews;Жаңалық?;Что?Где?Когда?;What is new? https://x.kz/?раздел=1\n")
    assert "1 changed" in desk.confirm().content.decode()


def test_export_that_lost_lines_says_so(desk, lapp):
    """The last line of an export of ours says how many there were."""
    told = (
        "Line 3 closes an export of this registry and is no row. It says 2 rows, the file has 1: it was edited or cut."
    )
    assert told in desk("purpose", "code,name_en\nnews,News\n#end,rows,2,sha256,00\n")
    assert "closes an export" not in desk("purpose", "code,name_en\nnews,News\n#end,rows,1,sha256,00\n")


def test_what_the_register_works_out_is_passed_over(desk, lapp):
    """An exported list of activities shows status and what is missing; a file makes no activity active."""
    url = reverse("admin:registry_processingactivity_import")
    told = "Of an exported list, what the register works out itself is passed over: status, missing."
    assert told in desk.client.get(url).content.decode()
    desk("processingactivity", "code;name_en;status;missing\nnews;News;active;nothing\n")
    desk.confirm()
    assert ProcessingActivity.objects.get().status == "draft"


def test_request_marks_are_told_apart_by_mailbox_and_subject(desk, lapp):
    """The same mailbox with another subject line, or none, is another mark."""
    head = "mailbox;subject_line;request_kind\n"
    desk("requestmark", head + "dpo@lapp.kz;;other\ndpo@lapp.kz;Withdrawal;withdrawal\n")
    desk.confirm()
    page = desk("requestmark", head + "dpo@lapp.kz;Withdrawal;opt_out\ndpo@lapp.kz;Claim;claim\n")
    assert "<bdi>dpo@lapp.kz / Withdrawal</bdi>" in page
    desk.confirm()
    marks = RequestMark.objects.order_by("subject_line").values_list("subject_line", "request_kind")
    assert list(marks) == [("", "other"), ("Claim", "claim"), ("Withdrawal", "opt_out")]
    twice = desk("requestmark", head + "dpo@lapp.kz;Claim;claim\ndpo@lapp.kz;Claim;other\n")
    assert "Lines 2, 3 all have the mailbox / subject_line “dpo@lapp.kz / Claim”" in twice
    assert "The file has no column “subject_line”." in desk("requestmark", "mailbox;request_kind\na@b.kz;other\n")


def test_responsible_persons_are_told_apart_by_name_and_day(desk, lapp):
    """One who leaves and the next who comes fit in one file; a day is a day however it is written."""
    head = "name;appointed_on;dismissed_on;email\n"
    desk("responsibleperson", head + "Asel;2024-01-01;;asel@lapp.kz\n")
    desk.confirm()
    page = desk("responsibleperson", head + "Olga;01.07.2025;;\n")
    assert "Asel is in office then." in page
    desk("responsibleperson", head + "Asel;01.01.2024;30.06.2025;\nOlga;1.07.2025;;\n")
    assert [(new, called) for new, called, _values in desk.page.context["changes"]] == [
        (False, "Asel / 2024-01-01"),
        (True, "Olga / 2025-07-01"),
    ]
    desk.confirm()
    kept = ResponsiblePerson.objects.order_by("name").values_list("name", "dismissed_on", "email")
    assert list(kept) == [("Asel", dt.date(2025, 6, 30), "asel@lapp.kz"), ("Olga", None, "")]
    assert "“soon”" in desk("responsibleperson", head + "Ivan;soon;;\n")


def test_clauses_are_told_apart_by_policy_and_number(desk, lapp):
    """A clause belongs to one version of the policy in one language; its text may change, the published policy may not."""
    for language in ("en", "ru"):
        factories.save(Policy(operator=lapp, version="1", language=language, title="Policy"))
    head = "policy;number;obliges;behaviours;in_force\n"
    page = desk("clause", head + "1;3.2;Answer.;;\n")
    assert "“1” is the version of two policies. Write version / language." in page
    assert "The operator has no policy “2 / en”." in desk("clause", head + "2 / en;3.2;Answer.;;\n")
    desk("clause", head + "1 / en;3.2;Answer.;B11 B10;yes\n1 / ru;3.2;Отвечать.;B10;нет\n")
    desk.confirm()
    page = desk("clause", head + "1 / ru;3.2;Отвечать.;B10;да\n")
    assert [called for _new, called, _values in desk.page.context["changes"]] == ["1 / ru / 3.2"]
    found = Clause.objects.order_by("policy__language").values_list("obliges", "behaviours", "in_force", "sort_key")
    assert list(found) == [("Answer.", "B10 B11", True, "0003.0002"), ("Отвечать.", "B10", False, "0003.0002")]


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


def test_address_of_the_confirmation_leads_to_the_form(desk, lapp, browser_client):
    """It is opened where somebody switches back; who may not import meets nothing there either."""
    address = reverse("admin:registry_purpose_process_import")
    assert desk.client.get(address).url == reverse("admin:registry_purpose_import")
    assert browser_client(factories.make_user("auditor", lapp)).get(address).status_code == 403


def test_of_two_clicks_at_once_one_gets_the_file(desk, lapp, monkeypatch):
    """While the first imports, the second is told that the file was confirmed, and imports nothing."""
    read, told = vocabulary_import.VocabularyCSV.create_dataset, []

    def clicked_again(*args):
        monkeypatch.undo()
        told.append(desk.send(desk.ticket).content.decode())
        return read(*args)

    desk("purpose", "code;name_en\nnews;News\n")
    monkeypatch.setattr(vocabulary_import.VocabularyCSV, "create_dataset", clicked_again)
    assert "Import finished: 1 new, 0 changed, 0 unchanged." in desk.confirm().content.decode()
    assert "The file was confirmed before, or an hour ago. Read it again." in told[0]
    assert Purpose.objects.count() == 1


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
    assert list(vocabulary_import.folder().glob("*.csv"))
    vocabulary_import.folder().joinpath("0.csv.taken").touch()  # by an import that was killed
    monkeypatch.setattr(vocabulary_import, "LIFETIME_SECONDS", -1)
    vocabulary_import.purge()
    assert not list(vocabulary_import.folder().iterdir())


@pytest.mark.parametrize("role", ["registrar", "auditor"])
def test_who_may_not_edit_may_not_import(role, lapp, browser_client):
    """The vocabulary is the DPO's; the button is not there for others."""
    client = browser_client(factories.make_user(role, lapp, username=role))
    assert client.get(reverse("admin:registry_purpose_import")).status_code == 403
    assert "purpose/import/" not in client.get(reverse("admin:registry_purpose_changelist")).content.decode()


def test_special_category_of_an_operator_that_excludes_them_is_refused(desk, lapp):
    """With the line, the sentence and the clause of the policy; nothing is written."""
    lapp.excludes_special = True
    factories.save(lapp)
    policy = factories.save(Policy(operator=lapp, version="1", title="Policy"))
    factories.save(Clause(policy=policy, number="5.6", obliges="They are not processed.", behaviours="B33"))
    page = desk("datacategory", "code;name_en;is_special\nphone;Phone;no\nhealth;Health;yes\n")
    assert "The operator declares that it processes no special categories: “Health” is not marked" in page
    assert "policy, clause 5.6" in page and 'name="confirm"' not in page
