"""Register files coming in: the five operators, and what is refused."""

import datetime as dt
import tomllib

import pytest
from django.core.management import CommandError, call_command

from registry import models
from registry.exports.register_file import TABLES, dump_register
from registry.imports.laws import REGISTERS
from registry.imports.registers import RegisterEdited, load_register
from registry.journal import unit_of_work
from registry.models import (
    ActivityClause,
    Clause,
    CrossBorderTransfer,
    Database,
    JournalEntry,
    LegalBasis,
    Operator,
    OperatorTerm,
    ProcessingActivity,
    Purpose,
    Recipient,
    RequestMark,
    ResponsiblePerson,
)
from tests import factories

from .registers import MINIMAL, refusal, tracked_rows

pytestmark = pytest.mark.django_db
FILES = {path.stem: path for path in REGISTERS.glob("*.toml")}


def test_five_operators_have_a_register():
    """Each of the five policies is an operator with a register of its own."""
    assert sorted(FILES) == ["alfa-lab", "almaenergy", "kazger", "lapp", "site"]


CLAUSES = {"alfa-lab": 36, "site": 25, "kazger": 70, "lapp": 79, "almaenergy": 91}
PURPOSES = {
    "alfa-lab": "advertising research service-provision user-identification user-interaction",
    "site": "advertising-targeting contract-party-identification notices-and-appeals research service-improvement "
    "user-specific-services",
    "kazger": "email-information",
    "lapp": "cookie-advertising email-information site-cookies tag-management",
    "almaenergy": "civil-contracts email-information new-offers site-access site-statistics",
}


@pytest.mark.parametrize("code", sorted(FILES))
def test_register_loads_with_every_clause_and_drafts_that_show_blockers(code):
    """Every operative clause is there with its behaviours; the activities are drafts and say what is missing."""
    operator = load_register(FILES[code]).operator
    assert operator.code == code
    clauses = Clause.objects.filter(operator=operator)
    assert (clauses.count(), clauses.filter(behaviours="").count()) == (CLAUSES[code], 0)
    purposes = Purpose.objects.filter(operator=operator).order_by("code").values_list("code", flat=True)
    assert " ".join(purposes) == PURPOSES[code]
    activities = list(ProcessingActivity.objects.filter(operator=operator))
    assert activities
    for activity in activities:
        assert activity.status == "draft"
        codes = {blocker.code for blocker in activity.blockers(dt.date(2026, 11, 22))}
        assert codes & {"no-database", "no-local-database"}


BEHAVIOURS = {
    "alfa-lab": {"3.3 (2)": "B19 B20 B38", "5.2": "B29", "5.6": "B01 B10", "2.2.5": "B05 B14"},
    "site": {"1.1.2": "B07 B08 B31", "3.3.4": "B17 B38", "4.2": "B04 B15", "6.1": "B02"},
    "kazger": {"3.2 b4": "B21", "3.2 b8": "B28", "6": "B05 B06 B07 B09", "8.4 (2)": "B04", "10.1": "B19 B21"},
    "lapp": {
        "3.2 b1": "B07 B37", "3.2 b4": "B10 B11", "3.2 b11": "B25", "3.2 b12": "B26", "8.10": "B03 B31",
        "8.11": "B06 B18 B19 B31 B37", "10.3": "B03 B17 B19 B27", "12.1": "B30",
    },
    "almaenergy": {"3.2 b4": "B21", "5.4": "B14 B19 B31 B36", "5.6": "B33", "5.8.3": "B10 B27", "10.9": "B39", "12.2": "B03 B19"},
}  # fmt: skip


@pytest.mark.parametrize("code", sorted(FILES))
def test_clause_names_the_behaviours_that_carry_it_out(code):
    """A clause of the policy leads to what the register does about it."""
    (policy,) = tomllib.loads(FILES[code].read_text(encoding="utf-8"))["policy"]
    named = {clause["number"]: " ".join(sorted(clause["behaviours"])) for clause in policy["clauses"]}
    assert {number: named[number] for number in BEHAVIOURS[code]} == BEHAVIOURS[code]


KNOWN_TO_LAW = {
    ("alfa-lab", "use-of-site"): False,
    ("alfa-lab", "service-need"): False,
    ("site", "user-agreement"): False,
    ("kazger", "law-94-v"): False,
    ("kazger", "legitimate-interest"): False,
    ("kazger", "consent"): True,
    ("lapp", "agreements"): False,
    ("lapp", "consent"): True,
    ("lapp", "gdpr-cookie-consent"): True,
    ("almaenergy", "contracts"): True,
    ("almaenergy", "statutory-documents"): False,
    ("almaenergy", "made-public"): False,
}


def test_five_registers_together():
    """Taken together the five policies ask for all forty behaviours; what each states of itself is there to the letter.

    A ground counts only where a law of that operator knows it: a contract does in Russia, not in Kazakhstan.
    """
    for path in sorted(FILES.values()):
        load_register(path)
    carried = {each for codes in Clause.objects.values_list("behaviours", flat=True) for each in codes.split()}
    assert carried == {f"B{number:02}" for number in range(1, 41)}
    assert set(Purpose.objects.filter(code="email-information").values_list("operator__code", flat=True)) == {
        "almaenergy", "kazger", "lapp",
    }  # fmt: skip
    marks = RequestMark.objects.order_by("operator__code", "mailbox", "clause__sort_key")
    assert list(marks.values_list("operator__code", "clause__number", "mailbox", "subject_line", "request_kind")) == [
        ("alfa-lab", "5.6", "office@alfa-lab.kz", "", "information"),
        ("almaenergy", "7.2", "info@almaenergy.kz",
         "Refusal of notifications about new products and services and special offers", "opt_out"),
        ("almaenergy", "10.3", "info@almaenergy.kz", "Updating of personal data", "rectification"),
        ("almaenergy", "10.4 (2)", "info@almaenergy.kz",
         "Withdrawal of consent to the processing of personal data", "withdrawal"),
        ("almaenergy", "14.1", "info@almaenergy.kz", "", "information"),
        ("kazger", "4.1 b6", "info@alit.kz", "Opt-out of Notifications", "opt_out"),
        ("kazger", "8.3", "info@alit.kz", "Personal Data Update", "rectification"),
        ("kazger", "8.4 (2)", "info@alit.kz", "Revocation of consent to the processing of personal data", "withdrawal"),
        ("kazger", "12.1", "info@alit.kz", "", "information"),
        ("lapp", "8.3", "Natalia.Chilikina@lapp.com", "Updating personal data", "rectification"),
        ("lapp", "8.4 (2)", "Natalia.Chilikina@lapp.com",
         "Withdrawal of consent to the processing of personal data", "withdrawal"),
    ]  # fmt: skip
    terms = OperatorTerm.objects.order_by("operator__code", "code")
    assert list(terms.values_list("operator__code", "request_kind", "amount", "unit", "clause__number")) == [
        ("alfa-lab", "claim", 30, "working_day", "5.2"),
        ("almaenergy", "authority", 30, "day", "3.2 b4"),
        ("almaenergy", "other", 3, "working_day", "5.8.2"),
        ("kazger", "authority", 10, "day", "3.2 b4"),
        ("kazger", "opt_out", 0, "at_once", "3.2 b8"),
        ("lapp", "authority", 10, "day", "3.2 b5"),
    ]
    people = ResponsiblePerson.objects.values_list("operator__code", "name", "email")
    assert list(people) == [("lapp", "Natalia Chilikina", "Natalia.Chilikina@lapp.com")]
    abroad = Database.objects.get(is_abroad=True)
    assert (abroad.operator.code, abroad.clause.number, abroad.country) == ("alfa-lab", "3.3 (2)", "")
    recipients = Recipient.objects.filter(code__in=("google-ireland", "yandex", "google", "acquirer"))
    assert set(recipients.values_list("operator__code", "code", "clause__number", "country")) == {
        ("lapp", "google-ireland", "8.11", "IE"),
        ("almaenergy", "yandex", "5.4", ""),
        ("almaenergy", "google", "5.4", ""),
        ("site", "acquirer", "3.3.4", ""),
    }
    assert not CrossBorderTransfer.objects.exclude(mechanism="", started_on=None, authority_notified_on=None).exists()
    bases = {(basis.operator.code, basis.code): basis.known_to_law for basis in LegalBasis.objects.all()}
    assert {key: bases[key] for key in KNOWN_TO_LAW} == KNOWN_TO_LAW
    unnamed = Operator.objects.get(code="site")
    assert (unnamed.name, unnamed.country, unnamed.email, unnamed.sites, unnamed.bin) == ("", "", "", "", "")


def test_second_load_changes_nothing():
    """Loading a register again writes no history and no journal entry."""
    load_register(FILES["kazger"])
    before = tracked_rows(), JournalEntry.objects.count()
    assert load_register(FILES["kazger"]).outcome == "unchanged"
    assert (tracked_rows(), JournalEntry.objects.count()) == before


def test_loading_is_history_and_journal_of_the_one_who_loads(one_law, write_register):
    """Every record gets one history row and one entry in the operator's trail, with who loaded it and why."""
    user = factories.make_user()
    before = tracked_rows()
    loaded = load_register(write_register(MINIMAL), by=user, role="dpo", reason="signed list of 1 March")
    assert (loaded.outcome, loaded.records, tracked_rows() - before) == ("created", 3, 3)
    entries = JournalEntry.objects.filter(operator="acme").order_by("seq")
    assert list(entries.values_list("object_type", "action", "actor")) == [
        ("operator", "create", user.pk), ("operatorlaw", "create", user.pk), ("purpose", "create", user.pk),
    ]  # fmt: skip
    assert Purpose.history.get().history_change_reason == "signed list of 1 March"


def test_edited_register_is_refused_naming_what_differs(one_law, write_register):
    """What an officer changed, added or deleted is named, and left as it is."""
    operator = load_register(write_register(MINIMAL)).operator
    purpose = Purpose.objects.get()
    purpose.name_ru, purpose.is_marketing = "Письма", True
    factories.save(purpose)
    factories.save(Database(operator=operator, code="crm", name_en="CRM", country="KZ"))
    more = MINIMAL + '\n[[data_category]]\ncode = "email"\nname_en = "E-mail"\n'
    before = dump_register(operator)
    with pytest.raises(RegisterEdited) as refused:
        load_register(write_register(more))
    assert refused.value.problems == [
        "acme.toml: purpose “letters” differs in: name_ru, is_marketing.",
        "acme.toml: data_category “email” is in the file, not in the register.",
        "acme.toml: database “crm” is in the register, not in the file.",
    ]
    assert dump_register(operator) == before


def test_overwrite_makes_the_register_what_the_file_says(one_law, write_register):
    """Told to overwrite, the loader changes only what differs and deletes what the file does not have, in history too."""
    operator = load_register(write_register(MINIMAL)).operator
    purpose = Purpose.objects.get()
    purpose.is_marketing = True
    factories.save(purpose)
    crm = factories.save(Database(operator=operator, code="crm", name_en="CRM", country="KZ"))
    assert load_register(write_register(MINIMAL), overwrite=True).outcome == "overwritten"
    purpose.refresh_from_db()
    assert purpose.is_marketing is False
    assert not Database.objects.exists()
    assert [row.history_type for row in Database.history.filter(uid=crm.uid)] == ["-", "+"]
    assert operator.history.count() == 1
    assert load_register(write_register(MINIMAL)).outcome == "unchanged"


def test_overwrite_keeps_what_people_refer_to(one_law, write_register):
    """A purpose people have consented to cannot be taken out by a file; nothing else of the file is written either."""
    operator = load_register(write_register(MINIMAL)).operator
    subject = factories.make_subject(operator)
    consent = models.Consent(
        subject=subject, purpose=Purpose.objects.get(), kind="processing", given_on=dt.date(2026, 3, 2), channel="paper"
    )
    factories.save(consent)
    without = MINIMAL.partition("[[purpose]]")[0].replace("Acme LLP", "Acme JSC")
    assert refusal(write_register(without), overwrite=True) == (
        "acme.toml, purpose “letters”: it is not in the file, but other records refer to it. Keep it in the file."
    )
    assert Operator.objects.get(code="acme").name_en == "Acme LLP"


def test_file_with_byte_order_mark_and_windows_line_ends_loads(one_law, write_register):
    """A file saved by a Windows editor is the same register."""
    assert load_register(write_register(b"\xef\xbb\xbf" + MINIMAL.replace("\n", "\r\n").encode())).outcome == "created"


def test_lapp_draft_can_be_completed_and_activated(tmp_path):
    """Once the DPO supplies what the policy does not say, no blocker stands; and an active register survives its file."""
    operator = load_register(FILES["lapp"]).operator
    activity = ProcessingActivity.objects.get(operator=operator, code="email-information")
    assert [blocker.code for blocker in activity.blockers()] == [
        "no-start", "basis-unknown", "no-necessity", "no-necessity", "no-necessity", "no-database", "retention-incomplete",
    ]  # fmt: skip
    complete(activity)
    assert activity.blockers() == []
    with unit_of_work(by=None, role="system"):
        activity.activate()
    dump = tmp_path / "lapp.toml"
    dump.write_text(dump_register(operator), encoding="utf-8")
    assert 'status = "active"' in dump.read_text(encoding="utf-8")
    assert load_register(dump).outcome == "unchanged"
    assert load_register(FILES["lapp"], overwrite=True).outcome == "overwritten"
    activity.refresh_from_db()
    assert activity.status == "draft"
    assert load_register(dump, overwrite=True).outcome == "overwritten"
    activity.refresh_from_db()
    assert activity.status == "active"


def test_active_activity_can_be_taken_out_with_what_it_stands_on(write_register):
    """An activity the file no longer has is no longer active before its links and vocabulary go."""
    operator = load_register(FILES["lapp"]).operator
    activity = ProcessingActivity.objects.get(operator=operator, code="email-information")
    complete(activity)
    with unit_of_work(by=None, role="system"):
        activity.activate()
    nothing = write_register('[operator]\ncode = "lapp"\nname_en = "Lapp"\n')
    assert load_register(nothing, overwrite=True).outcome == "overwritten"
    assert not ProcessingActivity.objects.exists()


def complete(activity):
    operator = activity.operator
    activity.started_on = dt.date(2026, 3, 2)
    factories.save(activity)
    purpose = activity.purposes.get()
    purpose.basis = LegalBasis.objects.get(operator=operator, code="consent")
    factories.save(purpose)
    for link in purpose.data_categories.all():
        link.necessity = "to address the letter"
        factories.save(link)
    database = factories.save(Database(operator=operator, code="crm", name_en="CRM", country="KZ"))
    factories.save(models.ActivityDatabase(activity=activity, database=database))
    rule = activity.retention.get().rule
    rule.period, rule.unit, rule.then = 30, "day", "destroy"
    factories.save(rule)


def test_active_activity_with_a_blocker_is_refused(one_law, write_register):
    """A file cannot declare active what the gate keeps a draft."""
    text = MINIMAL + "[[processing_activity]]\ncode = 'x'\nname_en = 'X'\nstatus = 'active'\n"
    assert "acme.toml, processing_activity “x”: No database is named." in refusal(write_register(text)).splitlines()
    assert not Operator.objects.exists()


def test_staff_account_of_the_responsible_person_is_not_the_files_business(one_law, write_register):
    """Linking the responsible person to an account is no edit of the register, and overwriting keeps the link."""
    text = MINIMAL + "[[responsible_person]]\nname = 'A. Person'\n"
    operator = load_register(write_register(text)).operator
    person = ResponsiblePerson.objects.get()
    person.user = factories.make_user("dpo", operator)
    factories.save(person)
    assert load_register(write_register(text)).outcome == "unchanged"
    load_register(write_register(text + "position = 'DPO'\n"), overwrite=True)
    person.refresh_from_db()
    assert (person.position, person.user is None) == ("DPO", False)


def test_tables_of_the_file_are_the_whole_register():
    """No record of the register is left out of its file: every model an officer keeps has its table."""
    listed = {table.model for table in TABLES.values()}
    for table in TABLES.values():
        listed |= {nested.model for nested in table.children.values()}
        listed |= {deeper.model for nested in table.children.values() for deeper in nested.children.values()}
    from registry.scope import REGISTER

    assert {model._meta.model_name for model in listed} == REGISTER


def test_command_loads_all_and_leaves_edited_ones(capsys):
    """All registers load by one command; run again it names an edited one, leaves it, and ends with an error."""
    call_command("load_register", all=True)
    said = capsys.readouterr().out
    assert "lapp.toml: lapp created, 184 records, 3 activities with 22 blockers." in said
    assert ActivityClause.objects.filter(operator__code="site").exists()
    purpose = Purpose.objects.get(operator__code="kazger")
    purpose.name_kk = "Хаттар"
    factories.save(purpose)
    with pytest.raises(CommandError, match="Not every register was loaded: see above."):
        call_command("load_register", all=True)
    said = capsys.readouterr()
    assert "kazger.toml: purpose “email-information” differs in: name_kk.\n" in said.err
    assert "lapp.toml: lapp unchanged" in said.out
    purpose.refresh_from_db()
    assert purpose.name_kk == "Хаттар"
    call_command("load_register", all=True, new_only=True)
    assert "kazger.toml: operator kazger is there already, left alone." in capsys.readouterr().out


def test_command_needs_files_or_all(one_law, write_register, capsys):
    """The command says what it needs, and who is unknown to it."""
    with pytest.raises(CommandError, match="Name the files to load, or give --all."):
        call_command("load_register")
    path = str(write_register(MINIMAL))
    with pytest.raises(
        CommandError, match="^Operator “acme” is new, nobody has a role there yet. Load it without --by.$"
    ):
        call_command("load_register", path, by="nobody")
    assert not Operator.objects.exists()
    call_command("load_register", path)
    with pytest.raises(CommandError, match="There is no active user “nobody”."):
        call_command("load_register", path, by="nobody")


def test_command_knows_the_operator_by_the_file_not_by_its_name(one_law, write_register, capsys):
    """A file of another name is still about the operator it names: for `--new-only`, and for who may load it."""
    lapp = factories.make_operator("lapp")
    factories.make_user("dpo", lapp, username="natalia")
    path = write_register(MINIMAL)
    call_command("load_register", str(path))
    renamed = path.rename(path.with_name("lapp.toml"))
    capsys.readouterr()
    call_command("load_register", str(renamed), new_only=True)
    assert capsys.readouterr().out == "lapp.toml: operator acme is there already, left alone.\n"
    renamed.write_text(MINIMAL.replace("Acme LLP", "Acme JSC"))
    with pytest.raises(CommandError) as refused:
        call_command("load_register", str(renamed), by="natalia", overwrite=True)
    assert str(refused.value) == ("“natalia” may not do this for acme. Name in --by who may: Data protection officer.")
    assert Operator.objects.get(code="acme").name_en == "Acme LLP"
    renamed.write_text(MINIMAL.replace('code = "acme"', "code = 1"))
    with pytest.raises(CommandError, match="Not every register was loaded: see above."):
        call_command("load_register", str(renamed), by="natalia")
    assert "lapp.toml, operator “1”, code: “1” is not a text in quotes." in capsys.readouterr().err
