"""Who may act in a command: the role decides at the desk of a server as it does in the browser."""

import pytest
from django.core.management import CommandError, call_command

from registry import models as m
from registry.imports.laws import load_missing_laws
from registry.management.acting import acting, those_who_may
from registry.models import JournalEntry
from tests.factories import make_subject, make_user, save

pytestmark = pytest.mark.django_db
BOTH = "Data protection officer, Auditor"


@pytest.fixture
def subject(lapp, kazger):
    return make_subject(lapp)


def commands(path, subject):
    """Commands that hand something out of lapp, or change it, with the roles that may."""
    register = {"operator": "lapp", "layout": "kz", "format": "csv", "output": str(path / "r.csv")}
    dump = path / "lapp.toml"
    if not dump.exists():
        call_command("dump_register", operator="lapp", output=str(dump))
    return {
        "export_audit": ([], {"operator": "lapp", "output": str(path / "audit")}, BOTH),
        "export_audit of a person": ([], {"subject": str(subject.uid), "output": str(path / "person")}, BOTH),
        "export_register": ([], register, BOTH),
        "dump_register": ([], {"operator": "lapp", "output": str(path / "out.toml")}, BOTH),
        "load_register": ([str(dump)], {"overwrite": True}, "Data protection officer"),
    }


NAMES = ["export_audit", "export_audit of a person", "export_register", "dump_register", "load_register"]


def run(name, arguments, options, by):
    call_command(name.partition(" ")[0], *arguments, **options, by=by)


@pytest.mark.parametrize(("role", "at"), [("registrar", "lapp"), ("dpo", "kazger"), ("administrator", "")])
@pytest.mark.parametrize("name", NAMES)
def test_stranger_is_refused(subject, tmp_path, capsys, name, role, at):
    """A registrar, another operator’s DPO and an administrator take nothing out and bring nothing in; the refusal is told."""
    arguments, options, roles = commands(tmp_path, subject)[name]
    user = make_user(role, *m.Operator.objects.filter(code=at), username="olga")
    before, runs = sorted(tmp_path.iterdir()), m.ExportRun.objects.count()
    with pytest.raises(CommandError) as refused:
        run(name, arguments, options, "olga")
    assert str(refused.value) == f"“olga” may not do this for lapp. Name in --by who may: {roles}."
    told = JournalEntry.objects.order_by("-seq").first()
    assert (told.action, told.actor, told.operator) == ("refused", user.pk, "lapp")
    assert m.ExportRun.objects.count() == runs
    assert [path for path in tmp_path.iterdir() if path not in before and any(path.iterdir())] == []


@pytest.mark.parametrize(
    ("role", "name"),
    [("dpo", name) for name in NAMES] + [("auditor", name) for name in NAMES if name != "load_register"],
)
def test_whose_role_allows_it_acts(subject, tmp_path, capsys, role, name):
    """The DPO, and for what leaves the auditor, act by their name; once the account is not active they do not."""
    arguments, options, _roles = commands(tmp_path, subject)[name]
    user = make_user(role, subject.operator, username="olga")
    run(name, arguments, options, "olga")
    if name != "load_register":  # it changed nothing: the file is the register
        assert m.ExportRun.objects.latest("pk").started_by == user
    m.User.objects.filter(pk=user.pk).update(is_active=False)
    with pytest.raises(CommandError, match="^There is no active user “olga”.$"):
        run(name, arguments, options, "olga")


def test_auditor_loads_nothing(subject, tmp_path, capsys):
    """Who reads the register does not write it."""
    arguments, options, _roles = commands(tmp_path, subject)["load_register"]
    make_user("auditor", subject.operator, username="olga")
    with pytest.raises(CommandError, match="may not do this for lapp"):
        run("load_register", arguments, options, "olga")


def test_whole_trail_is_for_who_may_read_that_of_every_operator(lapp, kazger, tmp_path, capsys):
    """Without an operator the export holds everybody’s entries."""
    user = make_user("dpo", lapp, username="olga")
    with pytest.raises(CommandError) as refused:
        call_command("export_audit", output=str(tmp_path / "one"), by="olga")
    said = f"“olga” may not do this for every operator. Name in --by who may: {BOTH}."
    assert str(refused.value) == said
    save(m.Membership(user=user, operator=kazger, role="auditor"))
    call_command("export_audit", output=str(tmp_path / "two"), by="olga", changes="csv", reason="inspection")
    assert m.ExportRun.objects.get().filter["personal"] == ["lapp"]
    assert '"role":"auditor"' in JournalEntry.objects.filter(action="export.start").get().body


def test_reconciling_is_for_administrators_and_readers_of_every_journal(lapp, kazger, capsys):
    """What does not agree is named of every operator; a registrar, or the auditor of one of two, does not see that."""
    make_user("administrator", username="root")
    make_user("auditor", lapp, kazger, username="everywhere")
    for name in ("root", "everywhere", ""):
        call_command("reconcile", by=name)
    make_user("auditor", lapp, username="somewhere")
    make_user("registrar", lapp, kazger, username="registrar")
    for name in ("somewhere", "registrar"):
        with pytest.raises(CommandError, match="may not do this for every operator"):
            call_command("reconcile", by=name)


def test_laws_are_loaded_by_the_system_or_an_administrator(lapp, dpo, capsys):
    """The library of laws is no operator’s own."""
    load_missing_laws()
    make_user("administrator", username="root")
    call_command("load_laws", by="root")
    with pytest.raises(CommandError) as refused:
        call_command("load_laws", by="natalia")
    assert str(refused.value) == "“natalia” may not do this for every operator. Name in --by who may: Administrator."


def test_without_a_user_the_system_acts(lapp):
    """Whoever may start commands without a name has the database in his hands anyway."""
    assert acting("", those_who_may("add_exportrun"), lapp) == (None, "system")
