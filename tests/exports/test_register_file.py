"""A register as TOML: what goes out comes back in without a change, byte for byte."""

import datetime as dt
import hashlib
import tomllib

import pytest
from django.core.management import CommandError, call_command

from registry.exports.register_file import (
    TABLES,
    clause_references,
    document,
    dump_register,
    in_order,
    stored_records,
)
from registry.imports.laws import REGISTERS
from registry.imports.registers import load_register
from registry.imports.toml_tables import TablesRefused
from registry.journal import unit_of_work
from registry.models import (
    ActivityRetention,
    Clause,
    ExportRun,
    JournalEntry,
    Operator,
    OperatorOwned,
    Policy,
    ProcessingActivity,
    RetentionRule,
)
from tests import factories

pytestmark = pytest.mark.django_db
FILES = sorted(REGISTERS.glob("*.toml"))


def forget_operator(operator):
    """Empties the register the way no officer can, to see that the file alone brings it back."""
    with unit_of_work(by=None, role="system"):
        for table in reversed(TABLES.values()):
            for nested in table.children.values():
                for deeper in nested.children.values():
                    _delete(deeper.model, operator)
                _delete(nested.model, operator)
            _delete(table.model, operator)


def _delete(model, operator):
    rows = (
        model.objects.filter(operator=operator)
        if issubclass(model, OperatorOwned)
        else model.objects.filter(pk=operator.pk)
    )
    for row in rows:
        row.delete()


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_dump_loads_back_without_a_change_and_dumps_to_the_same_bytes(path, tmp_path):
    """A dumped register is no edit of the register it came from, and rebuilds the same register where there is none."""
    operator = load_register(path).operator
    dump = tmp_path / "dump.toml"
    dump.write_bytes(dump_register(operator).encode())
    assert load_register(dump).outcome == "unchanged"
    forget_operator(operator)
    loaded = load_register(dump)
    assert loaded.outcome == "created"
    assert dump_register(loaded.operator).encode() == dump.read_bytes()


def test_dump_begins_with_the_operator_and_says_nothing_empty():
    """The file opens with who the operator is; a field nobody knows is not there at all."""
    operator = load_register(REGISTERS / "site.toml").operator
    text = dump_register(operator)
    assert text.startswith('[operator]\ncode = "site"\n\n[[operator_law]]\nlaw = "KZ-94-V"\n')
    assert '= ""' not in text
    assert "uid" not in text


def test_dump_carries_edits_dates_and_long_texts(lapp, tmp_path):
    """Line breaks, quotes, dates, numbers and an unknown yes-or-no come back as they were."""
    factories.save(
        Policy(
            operator=lapp,
            version="2",
            title="A “title” \\ with marks",
            language="kk",
            text='Бірінші жол\r\nЕкінші\tжол\n\n"үш"',
            effective_on=dt.date(2026, 3, 1),
            published_on=dt.date(2026, 2, 20),
        )
    )
    activity = factories.save(
        ProcessingActivity(
            operator=lapp, code="letters", name_kk="Хаттар", is_automated=False, started_on=dt.date(2026, 1, 5)
        )
    )
    rule = factories.save(
        RetentionRule(
            operator=lapp, code="a-year", name_en="A year", trigger="collection", period=1, unit="year", then="destroy"
        )
    )
    factories.save(ActivityRetention(activity=activity, rule=rule))
    path = tmp_path / "lapp.toml"
    path.write_text(dump_register(lapp), encoding="utf-8", newline="")
    tables = tomllib.loads(path.read_text(encoding="utf-8"))
    assert tables["policy"][0]["effective_on"] == dt.date(2026, 3, 1)
    assert tables["processing_activity"][0]["is_automated"] is False
    assert "over_network" not in tables["processing_activity"][0]
    assert tables["processing_activity"][0]["retention"] == ["a-year"]
    assert load_register(path).outcome == "unchanged"


def test_clauses_stand_in_the_order_of_the_policy():
    """The preamble comes first and clause 3.10 after 3.9, on every database."""
    policy = ("policy", ("1", "en"))
    paths = [
        (policy, ("clauses", (number,)))
        for number in ("3.10", "3.9", "Preamble", "8.4 (2)", "8.4 (1)", "1", "1 preamble")
    ]
    numbers = [path[1][1][0] for path in in_order(paths)]
    assert numbers == ["Preamble", "1", "1 preamble", "3.9", "3.10", "8.4 (1)", "8.4 (2)"]


def test_clause_of_two_policies_is_called_with_its_version():
    """A number that two versions of the policy have names the version and the language, too."""
    first, second = ("policy", ("1", "en")), ("policy", ("2", "ru"))
    paths = [(first, ("clauses", ("1.1",))), (second, ("clauses", ("1.1",))), (second, ("clauses", ("1.2",)))]
    assert list(clause_references(paths).values()) == ["1 / en / 1.1", "2 / ru / 1.1", "1.2"]


def test_two_versions_of_a_policy_come_back_with_their_own_clauses(tmp_path):
    """What refers to a clause of the old version keeps referring to that one."""
    operator = load_register(REGISTERS / "kazger.toml").operator
    new = factories.save(Policy(operator=operator, version="2", title="New policy"))
    factories.save(Clause(policy=new, number="6", obliges="The purposes are listed anew."))
    path = tmp_path / "kazger.toml"
    path.write_text(dump_register(operator), encoding="utf-8")
    assert 'clause = "1 / en / 6"' in path.read_text(encoding="utf-8")
    assert load_register(path).outcome == "unchanged"
    forget_operator(operator)
    load_register(path)
    assert dump_register(Operator.objects.get(code="kazger")) == path.read_text(encoding="utf-8")


def test_link_that_says_more_is_written_as_a_table():
    """A recipient with its ground is a table; where all links only name what they point to, they are a list of codes."""
    operator = load_register(REGISTERS / "almaenergy.toml").operator
    activities = tomllib.loads(dump_register(operator))["processing_activity"]
    statistics = next(each for each in activities if each["code"] == "site-statistics")
    assert statistics["recipients"] == ["google", "other-statistics-services", "yandex"]
    assert statistics["purposes"] == [
        {"purpose": "site-statistics", "basis": "browser-settings", "data_categories": ["visitor-statistics"]}
    ]


def test_document_of_nothing_is_empty():
    """No records, no tables."""
    assert document({}) == {}


def test_command_writes_the_file_and_two_journal_entries(tmp_path, capsys):
    """A dump is an export: it is noted before and after, with the digest of what left."""
    operator = load_register(REGISTERS / "kazger.toml").operator
    target = tmp_path / "kazger.toml"
    call_command("dump_register", operator="kazger", output=str(target), reason="for the lawyer")
    first, *register, last = target.read_text(encoding="utf-8").splitlines(keepends=True)
    assert first.startswith("# A whole register.")
    assert "".join(register) == dump_register(operator) + "\n"
    run = ExportRun.objects.get()
    digest = hashlib.sha256("".join([first, *register]).encode()).hexdigest()
    assert last == f"#end,rows,{run.count},sha256,{digest}\n"
    assert (run.count, run.digest) == (len(stored_records(operator)), digest)
    assert (run.kind, run.filter, run.reason, len(run.digest)) == ("register", {"format": "toml"}, "for the lawyer", 64)
    actions = JournalEntry.objects.filter(operator="kazger").order_by("-seq").values_list("action", flat=True)
    assert list(actions[:2]) == ["export.finish", "export.start"]


def test_dump_that_was_cut_off_deletes_nothing(lapp, tmp_path):
    """Cut between two tables it is correct TOML, and what is missing would be deleted: it is refused, told to overwrite or not."""
    path, before = tmp_path / "lapp.toml", dump_register(lapp)
    call_command("dump_register", operator="lapp", output=str(path))
    assert load_register(path).outcome == "unchanged"
    whole = path.read_text(encoding="utf-8")
    cut, _between, _rest = whole.rpartition("\n[[")
    assert tomllib.loads(cut)
    for text in (cut, cut.replace("\n", "\r\n"), "\ufeff" + cut):
        path.write_text(text, encoding="utf-8", newline="")
        with pytest.raises(TablesRefused) as refused:
            load_register(path, overwrite=True)
        assert refused.value.problems == [
            "lapp.toml ends before its last line, #end: it was cut off on its way. Write or copy it again; if it is meant to hold "
            "this much only, delete its first line."
        ]
    assert dump_register(lapp) == before


def test_dump_may_be_edited(lapp, tmp_path):
    """Its last line stays behind what somebody adds, and binds nobody who shortens the file on purpose and says so."""
    path = tmp_path / "lapp.toml"
    call_command("dump_register", operator="lapp", output=str(path))
    whole = path.read_text(encoding="utf-8")
    path.write_text(whole + '\n[[data_category]]\ncode = "pets"\nname_en = "Pets"\n', encoding="utf-8")
    assert load_register(path, overwrite=True).outcome == "overwritten"
    path.write_text(whole.partition("\n")[2].rpartition("#end")[0], encoding="utf-8")
    assert load_register(path, overwrite=True).outcome == "overwritten"
    assert load_register(path).outcome == "unchanged"


def test_command_names_an_unknown_operator(db):
    """An operator that does not exist is named."""
    with pytest.raises(CommandError, match="There is no operator “nobody”."):
        call_command("dump_register", operator="nobody")
