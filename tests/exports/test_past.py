"""Which moment is meant, and that the past is read by journal order."""

import datetime as dt
import threading

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone

from registry.exports.past import Past, own_number, parse_moment, resolve, shown
from registry.journal.models import JournalEntry, JournalHead
from registry.models import Norm, Operator, Purpose
from registry.rules.dates import HOME_ZONE
from tests.awaited import until_awaited
from tests.factories import make_norm, make_operator, make_purpose, save

NOW = dt.datetime(2026, 11, 22, 5, 0, tzinfo=dt.UTC)  # 10:00 in Almaty


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("", None),
        ("2026-11-22", None),
        ("2026-11-21", dt.datetime(2026, 11, 21, 18, 59, 59, 999999, tzinfo=dt.UTC)),  # midnight less 1 µs, UTC+5
        ("2024-02-29", dt.datetime(2024, 2, 29, 18, 59, 59, 999999, tzinfo=dt.UTC)),  # its last hour came twice
        ("2026-11-22T10:00", NOW),
        ("2026-11-22 09:59:59.5", dt.datetime(2026, 11, 22, 4, 59, 59, 500000, tzinfo=dt.UTC)),
        ("2026-11-22T05:00:00Z", NOW),
        ("2026-11-22T08:00:00+03:00", NOW),
    ],
)
def test_moment_is_understood(text, at):
    """A past day means its end in Almaty, today and nothing mean now, a time without zone is Almaty's."""
    assert parse_moment(text, NOW) == at


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "2026-11-23",
            "2026-11-23 is still to come (now is 2026-11-22T10:00:00+05:00). Choose a moment that has passed.",
        ),
        (
            "2026-11-22T05:00:00.000001Z",
            "2026-11-22T05:00:00.000001Z is still to come (now is 2026-11-22T10:00:00+05:00). Choose a moment that has passed.",
        ),
        ("soon", "“soon” is no moment. Write a day as 2026-01-31 or a time as 2026-01-31T18:00:00+05:00."),
        ("2026-02-30", "“2026-02-30” is no moment. Write a day as 2026-01-31 or a time as 2026-01-31T18:00:00+05:00."),
        ("31.01.2026", "“31.01.2026” is no moment. Write a day as 2026-01-31 or a time as 2026-01-31T18:00:00+05:00."),
        *(
            (text, f"“{text}” is no moment. Write a day as 2026-01-31 or a time as 2026-01-31T18:00:00+05:00.")
            for text in ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00", "9999-12-31T23:59:59-12:00")
        ),
    ],
)
def test_moment_that_is_none_or_to_come_is_refused(text, message):
    """What is to come has no register yet."""
    with pytest.raises(ValidationError) as refusal:
        parse_moment(text, NOW)
    assert refusal.value.messages == [message]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("2026-01-31", "2026-01-31"),
        ("2026-01-31T18:00:59.999999+05:00", "2026-01-31 18:00"),
        ("2026-01-31T20:30:00Z", "2026-02-01 01:30"),  # UTC+5: the day after in Almaty
        ("2026-01-31T18:00", "2026-01-31 18:00"),
    ],
)
def test_moment_is_shown_by_the_clocks_of_almaty(text, told):
    """Whatever zone it was given in, a moment is read as the time it was in Almaty."""
    assert shown(text) == told


def codes(past, model):
    return sorted(row.code for row in past.rows(model).values())


@pytest.mark.django_db
def test_now_is_the_last_entry(lapp):
    """Now is the time of the last entry: a later one is later than that, whatever the clock does."""
    moment = resolve(None, "lapp")
    head = JournalHead.objects.get()
    assert (moment.at, moment.seq, moment.hash) == (head.at, head.seq, head.hash)
    assert moment.head_note == head.note(["lapp"]).splitlines()


@pytest.mark.django_db
def test_head_note_is_that_of_the_moment(lapp, kazger):
    """The note printed is of the last entry then, and of the operator's own numbers only."""
    then = resolve(None, "lapp")
    make_purpose(lapp)
    make_purpose(kazger)
    again = resolve(then.at, "lapp")
    assert again == then
    assert resolve(None, "lapp").seq == then.seq + 2
    entry = JournalEntry.objects.get(seq=then.seq)
    assert then.head_note[2] == f"hash {entry.hash}"
    assert [line for line in then.head_note if line.startswith("n ")] == ["n lapp 2"]  # the operator and its law


@pytest.mark.django_db
def test_own_number_is_that_of_the_last_own_entry_by_then(lapp, kazger):
    """However the entries of several operators lie among each other, the number printed is the operator's own last one."""
    for place, operator in enumerate([lapp, kazger, kazger, lapp, kazger, lapp, lapp, kazger]):
        make_purpose(operator, f"p{place}")
    entries = dict(JournalEntry.objects.order_by("seq").values_list("seq", "operator"))
    for seq in range(len(entries) + 1):
        by_then = [operator for entry, operator in entries.items() if entry <= seq]
        assert own_number("lapp", seq) == by_then.count("lapp"), seq
    assert own_number("nobody", seq) == 0


@pytest.mark.django_db
def test_state_is_read_by_journal_order_never_by_history_date(lapp):
    """A change with an older history date, committed later, does not creep into a register already handed out."""
    purpose = make_purpose(lapp, name_en="Before")
    then = resolve(None, "lapp")
    purpose.name_en = "After"
    purpose._history_date = timezone.now() - dt.timedelta(days=30)
    save(purpose)
    assert [row.name_en for row in Past(then, "lapp").rows(Purpose).values()] == ["Before"]
    assert [row.name_en for row in Past(resolve(None, "lapp"), "lapp").rows(Purpose).values()] == ["After"]


@pytest.mark.django_db
def test_added_and_deleted_records_are_there_when_they_were(lapp, kazger, dpo):
    """What was added later is not there yet; what was deleted later still is; another operator's never is."""
    from registry import journal

    early = make_purpose(lapp, "early")
    make_purpose(kazger, "foreign")
    norm = make_norm()
    then = resolve(None, "lapp")
    make_purpose(lapp, "late")
    with journal.unit_of_work(by=dpo, role="dpo", operator=lapp):
        early.delete()
    assert codes(Past(then, "lapp"), Purpose) == ["early"]
    assert codes(Past(resolve(None, "lapp"), "lapp"), Purpose) == ["late"]
    assert codes(Past(then, "lapp"), Norm) == [norm.code]
    assert codes(Past(then, "lapp"), Operator) == ["lapp"]


@pytest.mark.django_db
def test_before_the_first_entry_there_was_nothing(lapp):
    """A moment before the first entry has an empty register and the note of the beginning."""
    moment = resolve(dt.datetime(2020, 1, 1, tzinfo=HOME_ZONE), "lapp")
    assert moment.head_note == ["PDR1 head", "seq 0", f"hash {'0' * 64}", "at -"]
    assert codes(Past(moment, "lapp"), Operator) == []


@pytest.mark.django_db(transaction=True)
def test_entry_on_its_way_is_waited_for():
    """An entry already stamped but not yet committed belongs to the register of now: the head lock makes us wait for it."""
    lapp = make_operator("lapp")
    stamped = threading.Event()

    def write_slowly():
        try:
            with transaction.atomic():
                make_purpose(lapp, "slow")
                stamped.set()
                until_awaited()
        finally:
            connection.close()

    writer = threading.Thread(target=write_slowly)
    writer.start()
    assert stamped.wait(10)
    moment = resolve(timezone.now(), "lapp")
    writer.join()
    assert codes(Past(moment, "lapp"), Purpose) == ["slow"]
