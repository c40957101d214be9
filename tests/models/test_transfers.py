"""Cross-border transfers: the steps are refused out of order on every route; what runs follows the standing of its country."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.utils import timezone

from registry.imports.laws import REGISTERS, load_laws
from registry.imports.registers import load_register
from registry.journal import unit_of_work
from registry.models import (
    ActivityDatabase,
    CountryProtection,
    CrossBorderTransfer,
    Database,
    JournalEntry,
    Operator,
)
from registry.models.transfer_facts import Surroundings
from registry.operations.transfers import check_transfers, resume, suspend, what_if
from tests.factories import make_law, make_norm, make_user, save
from tests.transfers import FINDING, LAPP, STEPS, make_exporter, make_standing, make_transfer, transfer_of

pytestmark = pytest.mark.django_db
ONE_DAY = dt.timedelta(days=1)


@pytest.fixture
def kazger(db):
    return make_exporter("kazger")


@pytest.fixture
def lapp(db):
    return make_exporter("lapp", clauses=LAPP, only_protecting_states=True)


@pytest.fixture
def dpo(kazger):
    return make_user("dpo", kazger)


def refusal(transfer):
    """The sentences with which a shell's save() is refused, by field."""
    with unit_of_work(by=None), pytest.raises(ValidationError) as caught:
        transfer.save()
    return caught.value.message_dict


def suspended():
    return sorted(CrossBorderTransfer.objects.exclude(suspension="").values_list("operator__code", "code"))


def edit(record, **fields):
    for name, value in fields.items():
        setattr(record, name, value)
    return save(record)


def test_transfer_in_the_right_order_starts(kazger):
    """Information, notice, start: each entered by itself, each saved."""
    transfer = make_transfer(kazger)
    for name, value in STEPS.items():
        edit(transfer, **{name: value})
    assert CrossBorderTransfer.objects.running(timezone.localdate()).get() == transfer


@pytest.mark.parametrize(
    ("fields", "field", "sentence"),
    [
        (
            STEPS | {"authority_notified_on": None},
            "authority_notified_on",
            "The authorised body has not been notified. Send the notice; enter its day and number. [policy, clause 10.1]",
        ),
        (
            {"authority_notified_on": dt.date(2026, 3, 3)},
            "authority_notified_on",
            "The recipient’s information comes before the notice. Obtain it first, then notify. [policy, clause 10.1]",
        ),
        (
            STEPS | {"information_received_on": None, "authority_notified_on": None},
            "information_received_on",
            "The recipient has not told how it protects the data. Ask for it; enter the day it came. [policy, clause 10.2]",
        ),
        (
            STEPS | {"mechanism": ""},
            "mechanism",
            "TR is not known to ensure protection under KZ-94-V, and nothing recorded opens it. Record the consent, the treaty or "
            "the law that does. [KZ-94-V art. 16(2) (unverified)]",
        ),
    ],
    ids=["no notice", "notice before information", "no information", "no mechanism"],
)
def test_refusal_names_its_norm(fields, field, sentence, kazger):
    """Whoever writes it, in a shell too, reads what is wrong, what to do and which clause or norm says so; unverified ones say so."""
    make_norm("KZ-94-V/16(2)", topics="cross_border")
    assert refusal(transfer_of(kazger, **fields))[field] == [sentence]


def test_consent_opens_a_country_for_kazger_and_not_for_lapp(kazger, lapp):
    """Lapp's clause 10.4 is stricter than 94-V art. 16(3), and binds Lapp."""
    make_standing("TR", protects=False)
    make_transfer(kazger, **STEPS)
    [sentence] = refusal(transfer_of(lapp, **STEPS))["mechanism"]
    assert sentence.startswith("The operator’s policy lets data go only to states that ensure protection.")
    assert sentence.endswith("[policy, clause 10.4]")


def test_register_files_bind_as_their_policies_do():
    """The files of Lapp and KazGer hold what the gate reads: both ask for a notice, Lapp alone shuts unprotecting states."""
    for code, clauses in (("lapp", ("10.1", "10.2", "10.4", "10.3")), ("kazger", ("10.1", "10.2", "", ""))):
        load_register(REGISTERS / f"{code}.toml")
        operator = Operator.objects.get(code=code)
        assert tuple(Surroundings().clauses(operator)) == clauses
        assert bool(operator.only_protecting_states) is (code == "lapp")


def test_152_fz_asks_for_a_notice_and_makes_wait():
    """The rule of the law is the row of its term: notice on Tuesday 3 March 2026, ten working days, without the 9th, end on the 18th."""
    load_laws()
    operator = make_exporter("almaenergy", clauses={}, laws=("KZ-94-V", "RU-152-FZ"))
    early = transfer_of(operator, **STEPS | {"started_on": dt.date(2026, 3, 18)})
    assert "last day 18.03.2026" in refusal(early)["started_on"][0]
    make_transfer(operator, **STEPS | {"started_on": dt.date(2026, 3, 19)})


def test_flipped_country_suspends_exactly_what_leans_on_it(kazger, lapp):
    """A country that stops protecting suspends the running transfers that rest on its protection, each with its own entry."""
    own, by_consent = make_transfer(kazger, "own", **STEPS, **FINDING), make_transfer(kazger, "consent", **STEPS)
    make_transfer(kazger, "elsewhere", **STEPS, **FINDING, country="IE")
    make_transfer(kazger, "ended", **STEPS, **FINDING, ended_on=dt.date(2026, 3, 5))
    make_transfer(kazger, "not-begun", **FINDING)
    make_transfer(lapp, "own", **STEPS, **FINDING)
    before = JournalEntry.objects.count()
    row = make_standing("TR", protects=False)
    assert suspended() == [("kazger", "own"), ("lapp", "own")]
    own.refresh_from_db()
    assert (own.suspension, own.suspended_on) == ("country", timezone.localdate())
    told = JournalEntry.objects.filter(seq__gt=before).values_list("object_type", "operator")
    assert sorted(told) == [
        ("countryprotection", ""), ("crossbordertransfer", "kazger"), ("crossbordertransfer", "lapp"),
    ]  # fmt: skip
    edit(row, protects=True)
    assert suspended() == []
    own.refresh_from_db()
    assert own.suspended_on is None and own.history.count() == 3
    by_consent.refresh_from_db()
    assert by_consent.history.count() == 1


@pytest.mark.parametrize("route", ["ended", "deleted", "moved"])
def test_transfers_return_when_the_standing_goes(route, kazger):
    """Ended, taken away or corrected to another country: what it suspended is taken up again."""
    make_transfer(kazger, **STEPS, **FINDING)
    row = make_standing("TR", protects=False)
    assert suspended() == [("kazger", "tags")]
    if route == "ended":
        edit(row, valid_until=timezone.localdate() - ONE_DAY)
    elif route == "moved":
        edit(row, country="IE")
    else:
        with unit_of_work(by=None):
            row.delete()
    assert suspended() == []


def test_day_on_which_a_standing_begins_suspends(kazger, capsys, monkeypatch):
    """A standing announced for later is found by the daily check on its first day, and not before; run again it changes nothing."""
    make_transfer(kazger, **STEPS, **FINDING)
    today = timezone.localdate()
    make_standing("TR", protects=False, valid_from=today + ONE_DAY, valid_until=today + 2 * ONE_DAY)
    said = []
    for days in (0, 1, 1, 3):
        monkeypatch.setattr(timezone, "localdate", lambda *_moment, days=days: today + ONE_DAY * days)
        call_command("check_transfers")
        said.append(capsys.readouterr().out.strip())
    assert said == [
        "Nothing changes today.",
        "kazger, tags: suspended, the country no longer ensures protection.",
        "Nothing changes today.",
        "kazger, tags: taken up again.",
    ]


def test_prohibition_suspends_until_it_is_lifted(kazger):
    """What the authorised body prohibits stops on that very save, and is no matter of the country."""
    transfer = make_transfer(kazger, **STEPS)
    edit(transfer, prohibited_on=timezone.localdate())
    assert transfer.suspension == "prohibited"
    make_standing("TR", protects=True)
    assert suspended() == [("kazger", "tags")]
    edit(transfer, prohibited_on=None)
    assert suspended() == []


def test_stricter_policy_suspends_what_consent_had_opened(kazger):
    """An operator that binds itself to protecting states stops what went elsewhere by consent."""
    make_transfer(kazger, **STEPS)
    edit(kazger, only_protecting_states=True)
    assert suspended() == [("kazger", "tags")]
    edit(kazger, only_protecting_states=False)
    assert suspended() == []


def test_suspended_transfer_can_still_be_described(kazger):
    """What time has made missing forbids no other correction."""
    transfer = make_transfer(kazger, **STEPS, **FINDING)
    make_standing("TR", protects=False)
    transfer.refresh_from_db()
    edit(transfer, name_en="Another name")
    assert suspended() == [("kazger", "tags")]


def test_base_at_home_is_asked_before_the_start(kazger):
    """94-V art. 12(2): with copies abroad only, nothing starts."""
    abroad = save(Database(operator=kazger, code="copy", name_en="Copy", country="DE"))
    link = ActivityDatabase.objects.get()
    edit(link, database=abroad)
    assert "None of the databases lies in Kazakhstan." in refusal(transfer_of(kazger, **STEPS))["activity"][0]


def whole_state():
    tables = [
        CrossBorderTransfer,
        CrossBorderTransfer.history.model,
        CountryProtection,
        CountryProtection.history.model,
    ]
    return [list(table.objects.order_by("pk").values()) for table in tables]


@pytest.mark.parametrize("days", [0, 30])
def test_what_if_names_what_would_be_suspended_and_changes_nothing(days, kazger, lapp):
    """It lists what the change then does, and leaves no row and no entry but its own."""
    for operator in (kazger, lapp):
        make_transfer(operator, "own", **STEPS, **FINDING)
    make_transfer(kazger, "consent", **STEPS)
    before, seq = whole_state(), JournalEntry.objects.latest("seq").seq
    on = timezone.localdate() + ONE_DAY * days
    found = what_if("TR", make_law(), protects=False, on=on, by=None)
    assert [(each.operator.code, each.code) for each in found.suspended] == [("kazger", "own"), ("lapp", "own")]
    assert found.resumed == []
    assert whole_state() == before
    entry = JournalEntry.objects.get(seq__gt=seq)
    assert (entry.action, entry.object_type) == ("transfer.what_if", "crossbordertransfer")
    assert '"count":2' in entry.body
    make_standing("TR", protects=False)
    assert suspended() == [("kazger", "own"), ("lapp", "own")]
    found = what_if("TR", make_law(), protects=True, on=on, by=None, operator=lapp)
    assert ([each.operator.code for each in found.resumed], found.suspended) == (["lapp"], [])


def test_what_if_on_the_command_line(kazger, capsys):
    """The same list, for whoever has no browser."""
    make_transfer(kazger, **STEPS, **FINDING)
    call_command("what_if", country="tr", law="KZ-94-V", protects="no")
    assert capsys.readouterr().out.splitlines() == [
        "Would be suspended: 1", "  kazger  tags  Tags", "Would be taken up again: 0",
    ]  # fmt: skip


def test_two_standings_of_a_country_do_not_overlap(db):
    """On each day a country has one standing under a law."""
    make_standing("TR", protects=True)
    with pytest.raises(ValidationError, match="Another standing of this country is in force then"):
        make_standing("TR", protects=False, valid_from=dt.date(2026, 1, 1))
    make_standing("TR", protects=False, law="RU-152-FZ")


def test_transfer_suspended_by_hand_waits_for_somebody(kazger, dpo):
    """No standing, no daily check takes it up; whoever suspended it does, and both acts stand in the journal, once each."""
    transfer, seq = make_transfer(kazger, **STEPS), JournalEntry.objects.latest("seq").seq
    assert suspend(transfer, by=dpo, reason="incident at the host")
    assert not suspend(transfer, by=dpo, reason="again")
    transfer.refresh_from_db()
    assert (transfer.suspension, transfer.suspended_on) == ("officer", timezone.localdate())
    assert transfer.history.first().history_change_reason == "incident at the host"
    make_standing("TR", protects=True)
    check_transfers(by=None)
    assert suspended() == [("kazger", "tags")]
    resume(transfer, by=dpo, reason="settled")
    transfer.refresh_from_db()
    assert (transfer.suspension, transfer.suspended_on) == ("", None)
    acts = JournalEntry.objects.filter(seq__gt=seq, action__startswith="transfer.").values_list("action", flat=True)
    assert list(acts.order_by("seq")) == ["transfer.suspend", "transfer.resume"]


def test_transfer_is_not_taken_up_while_a_step_stands_in_the_way(kazger, dpo):
    """The country lost its protection meanwhile: refused with the norm, and nothing changes."""
    make_norm("KZ-94-V/16(2)", topics="cross_border", verified="verified")
    transfer = make_transfer(kazger, **STEPS, **FINDING)
    suspend(transfer, by=dpo, reason="incident at the host")
    make_standing("TR", protects=False)
    with pytest.raises(ValidationError) as caught:
        resume(transfer, by=dpo, reason="settled")
    assert caught.value.messages == [
        "TR is not known to ensure protection under KZ-94-V, and nothing recorded opens it. Record the consent, the treaty or the "
        "law that does. [KZ-94-V art. 16(2)]"
    ]
    transfer.refresh_from_db()
    assert transfer.suspension == "officer"


def test_officer_may_hold_what_the_law_suspended(kazger, dpo):
    """It does not go on by itself then when the standing goes; the first day stays."""
    transfer, row = make_transfer(kazger, **STEPS, **FINDING), make_standing("TR", protects=False)
    assert suspend(transfer, by=dpo, reason="we look for another host")
    edit(row, protects=True)
    assert suspended() == [("kazger", "tags")]


@pytest.mark.parametrize("act", [suspend, resume])
def test_suspending_by_hand_needs_a_reason(act, kazger, dpo):
    """And taking up again, too."""
    with pytest.raises(ValidationError, match="Say why"):
        act(make_transfer(kazger, **STEPS), by=dpo, reason=" ")
    assert suspended() == []
