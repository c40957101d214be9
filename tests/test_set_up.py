"""The first start: whole or not at all, and never twice."""

import io
import re

import pytest
from django.core.management import call_command

from registry.journal.reconcile import findings
from registry.models import JournalEntry, Membership, Operator, ResponsiblePerson, User
from tests import factories

pytestmark = pytest.mark.django_db
SAID = re.compile(r"user (\S+)  one-time password (\S{20})\n")


@pytest.fixture(autouse=True)
def one_register(monkeypatch, tmp_path):
    """Two small operators instead of the five: what is loaded is tested elsewhere."""
    for code in ("lapp", "kazger"):
        text = f"[operator]\ncode = '{code}'\nname_en = '{code}'\n"
        text += "[[responsible_person]]\nname = 'A. Person'\nemail = 'person@lapp.com'\nappointed_on = 2024-01-01\n"
        (tmp_path / f"{code}.toml").write_text(text)
    monkeypatch.setattr("registry.management.commands.load_register.REGISTERS", tmp_path)
    monkeypatch.setattr("registry.management.commands.load_laws.load_laws", lambda *args, **options: LOADED)
    monkeypatch.setattr("registry.imports.registers.load_missing_laws", lambda **options: None)


class LOADED:
    laws = norms = rules = written = kept = 0


def set_up(*files):
    out = io.StringIO()
    call_command("set_up", *files, stdout=out)
    return out.getvalue()


def test_first_start_adds_an_administrator_and_a_dpo():
    """The passwords are printed once, work, and must be changed; the DPO is Lapp’s responsible person, of every operator."""
    said = set_up()
    passwords = dict(SAID.findall(said))
    assert list(passwords) == ["administrator", "dpo"]
    for user in User.objects.all():
        assert user.check_password(passwords[user.username])
        assert user.must_change_password
        created = JournalEntry.objects.get(action="user.create", object_uid=user.uid)
        assert created.object_type == "user"
    dpo = User.objects.get(username="dpo")
    assert (dpo.full_name, dpo.email, dpo.is_administrator) == ("A. Person", "person@lapp.com", False)
    assert set(dpo.memberships.values_list("operator__code", "role")) == {("lapp", "dpo"), ("kazger", "dpo")}
    assert list(ResponsiblePerson.objects.filter(user=dpo).values_list("operator__code", flat=True)) == ["lapp"]
    assert User.objects.get(username="administrator").is_administrator
    assert list(findings()) == []


def test_operator_of_ones_own_is_set_up_alone(tmp_path):
    """Of a file that is named the operator is made, and no other; the DPO is its responsible person."""
    said = set_up(str(tmp_path / "kazger.toml"))
    assert [operator.code for operator in Operator.objects.all()] == ["kazger"]
    assert list(dict(SAID.findall(said))) == ["administrator", "dpo"]
    assert ResponsiblePerson.objects.get().user.username == "dpo"
    assert Membership.objects.get().operator.code == "kazger"


def test_second_start_changes_nothing():
    """Run again it adds nobody, sets no password and undoes no edit."""
    set_up()
    operator = Operator.objects.get(code="kazger")
    operator.name_en = "KazGer LLP"
    factories.save(operator)
    before = JournalEntry.objects.count(), list(User.objects.values())
    assert "password" not in set_up()
    assert (JournalEntry.objects.count(), list(User.objects.values())) == before
    operator.refresh_from_db()
    assert operator.name_en == "KazGer LLP"


def test_start_cut_off_in_the_middle_is_made_good_by_the_next(monkeypatch, capsys):
    """Cut off after the first membership nobody is there and no password was printed; the next start makes all of it."""
    save = Membership.save

    def once(self, **kwargs):
        if Membership.objects.exists():
            raise KeyboardInterrupt
        save(self, **kwargs)

    monkeypatch.setattr(Membership, "save", once)
    out = io.StringIO()
    with pytest.raises(KeyboardInterrupt):
        call_command("set_up", stdout=out)
    assert not SAID.search(out.getvalue())
    assert not User.objects.exists()
    assert not JournalEntry.objects.filter(action="user.create").exists()
    assert Operator.objects.count() == 2
    monkeypatch.setattr(Membership, "save", save)
    assert len(SAID.findall(set_up())) == 2
    assert Membership.objects.count() == 2
