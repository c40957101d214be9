"""Responsible persons in a register file: what the file says as a whole counts."""

import itertools

import pytest
from django.core.management import CommandError, call_command

from registry.exports.register_file import dump_register
from registry.imports.appointments import Appointment, meant, turn
from registry.imports.registers import load_register
from registry.journal import unit_of_work
from registry.models import Digest, ExportRun, ResponsiblePerson
from registry.models.fields import overlap
from tests import factories
from tests.factories import today
from tests.world import make_world

from .registers import MINIMAL, refusal

NATALIA = "[[responsible_person]]\nname = 'Natalia'\n"
ASEL = "[[responsible_person]]\nname = 'Asel'\n"
DEPUTY = "is_deputy = true\n"


@pytest.fixture
def load(db, one_law, write_register):
    """`load(text)` makes the register what the file says: our smallest one, and these people."""
    return lambda people: load_register(write_register(MINIMAL + people), overwrite=True)


def people():
    return [
        (person.name, *(day and day.isoformat() for day in (person.appointed_on, person.dismissed_on)))
        for person in ResponsiblePerson.objects.order_by("name")
    ]


def linked():
    """The only entry, linked to an account."""
    person = ResponsiblePerson.objects.get()
    person.user = factories.make_user("dpo", person.operator)
    return factories.save(person)


@pytest.mark.parametrize("deputy", ["", DEPUTY])
def test_day_that_becomes_known_is_no_other_appointment(load, deputy):
    """The day of appointment is entered, corrected to unknown and entered again: one entry, linked to its account."""
    load(NATALIA + deputy)
    person = linked()
    for text, day in [
        ("appointed_on = 2024-01-01\n", "2024-01-01"),
        ("", None),
        ("appointed_on = 2024-02-01\n", "2024-02-01"),
    ]:
        assert load(NATALIA + text + deputy).outcome == "overwritten"
        assert people() == [("Natalia", day, None)]
        kept = ResponsiblePerson.objects.get()
        assert (kept.pk, kept.user) == (person.pk, person.user)
    assert [row.history_type for row in ResponsiblePerson.history.all()] == ["~", "~", "~", "~", "+"]


def test_day_that_only_one_of_the_two_knows_is_named(load, write_register):
    """Without being told to overwrite, the loader says in which field the entry differs."""
    load(NATALIA)
    assert refusal(write_register(MINIMAL + NATALIA + "appointed_on = 2024-01-01\n")) == (
        "acme.toml: responsible_person “Natalia / 2024-01-01” differs in: appointed_on."
    )


def test_name_is_corrected_and_somebody_else_appointed_by_the_file(load):
    """Who is no longer in the file is no longer in office when the file's own people come."""
    load("[[responsible_person]]\nname = 'Natalya'\n")
    load(NATALIA)
    assert people() == [("Natalia", None, None)]
    load(ASEL + "appointed_on = 2024-01-01\n")
    assert people() == [("Asel", "2024-01-01", None)]


def test_successor_comes_in_whatever_the_alphabet_says(load):
    """Natalia gets her last day and Asel begins on the next one, though Asel is read first; and back again."""
    load(NATALIA)
    load(NATALIA + "dismissed_on = 2024-06-30\n" + ASEL + "appointed_on = 2024-07-01\n")
    assert people() == [("Asel", "2024-07-01", None), ("Natalia", None, "2024-06-30")]
    load(NATALIA + ASEL + DEPUTY + "appointed_on = 2024-07-01\n")
    assert ResponsiblePerson.objects.get(name="Asel").is_deputy


def test_two_who_are_in_office_on_one_day_of_the_file_are_refused(load, write_register):
    """The one who comes later is named with the other: the file itself gives no last day."""
    load(NATALIA)
    text = MINIMAL + NATALIA + "dismissed_on = 2024-07-01\n" + ASEL + "appointed_on = 2024-07-01\n"
    assert refusal(write_register(text), overwrite=True) == (
        "acme.toml, responsible_person “Asel / 2024-07-01”, appointed_on: Natalia is in office then. Give their last day "
        "first, or appoint a deputy."
    )
    assert people() == [("Natalia", None, None)]


def test_one_who_left_before_that_day_comes_back_as_another_appointment(load):
    """An entry that ended before the day the file gives is not meant by it."""
    load(NATALIA + DEPUTY + "dismissed_on = 2020-12-31\n")
    before = ResponsiblePerson.objects.get().pk
    load(NATALIA + DEPUTY + "appointed_on = 2021-01-01\n")
    assert people() == [("Natalia", "2021-01-01", None)]
    assert ResponsiblePerson.objects.get().pk != before


def test_dated_entry_that_was_reminded_stays(load):
    """What refers to her hinders no correction of her day."""
    load(NATALIA)
    Digest.objects.create(responsible_person=ResponsiblePerson.objects.get(), day_on=today())
    load(NATALIA + "appointed_on = 2024-01-01\n")
    assert people() == [("Natalia", "2024-01-01", None)]


@pytest.fixture
def active(db, one_law):
    """The register file of an operator whose activity is active; its responsible person is in office since 2024."""
    world = make_world("acme")
    with unit_of_work(by=None):
        world["processingactivity"].activate()
    return dump_register(world["operator"])


def test_active_activity_does_not_hinder_a_successor(active, write_register):
    """The gate is asked of the file as a whole: between the two there is no day without anybody."""
    text = active.replace('name = "Person of acme"', 'name = "Person of Acme"')
    assert load_register(write_register(text), overwrite=True).outcome == "overwritten"
    assert people() == [("Person of Acme", "2024-01-01", None)]
    text = active.replace("appointed_on = 2024-01-01", f"appointed_on = 2024-01-01\ndismissed_on = {today(-2)}")
    text += f"[[responsible_person]]\nname = 'Asel'\nappointed_on = {today(-1)}\n"
    load_register(write_register(text), overwrite=True)
    assert [person.name for person in ResponsiblePerson.objects.in_office(today())] == ["Asel"]


def test_file_that_leaves_an_active_activity_without_anybody_is_refused(active, write_register):
    """Whoever left has a successor, or nothing of the file is written."""
    text = active.replace("appointed_on = 2024-01-01", f"appointed_on = 2024-01-01\ndismissed_on = {today(-2)}")
    assert refusal(write_register(text), overwrite=True).startswith(
        "acme.toml: The active activity “Processing activity of acme” would no longer be in order: Nobody is responsible for "
        "organising the processing of personal data today."
    )
    assert people() == [("Person of acme", "2024-01-01", None)]


def test_two_entries_that_a_file_cannot_tell_apart_leave_in_none(load, write_register, tmp_path):
    """Stored before a second one was refused, they are named; none of the two is left out in silence."""
    operator = load(NATALIA).operator
    double = ResponsiblePerson(operator=operator, name="Natalia", is_deputy=True)
    with unit_of_work(by=None):
        double.save_base()
    said = (
        "The register has responsible_person “Natalia” twice, and a file holds one of them. Correct or delete one in the "
        "admin first."
    )
    with pytest.raises(CommandError) as refused:
        call_command("dump_register", operator="acme", output=str(tmp_path / "out.toml"))
    assert str(refused.value) == said
    assert not (tmp_path / "out.toml").exists()
    assert not ExportRun.objects.exists()
    assert refusal(write_register(MINIMAL + NATALIA), overwrite=True) == f"acme.toml: {said}"


# The order of writing, on plain values: every register of at most two entries becomes every other one.

DAYS = ["", "2024-01-01", "2024-01-02"]
ENTRIES = [
    Appointment(name, first, last, is_deputy)
    for name, first, last, is_deputy in itertools.product("AN", DAYS, DAYS, (False, True))
    if not (first and last and last < first)
]


def in_the_way(entry, others):
    return any(
        entry.key == other.key or (not (entry.is_deputy or other.is_deputy) and overlap(*entry[1:3], *other[1:3]))
        for other in others
    )


def sound(arranged):
    """The registers of one entry or two, in the order of the file where `arranged` is permutations."""
    few = [entries for size in (1, 2) for entries in arranged(ENTRIES, size)]
    return [dict(enumerate(entries)) for entries in few if not in_the_way(entries[0], entries[1:])]


def test_no_line_of_a_sound_file_is_in_the_way_of_another():
    """Whatever the register was and whatever it becomes: written in turn, every entry passes the rules at its moment."""
    stored_registers = [each for each in sound(itertools.combinations) if each[0].name == "A"]  # both names are alike
    for stored, said in itertools.product(stored_registers, sound(itertools.permutations)):
        found = meant(said, stored)
        steps = [(place, found.get(place)) for place in said]
        steps += [(None, place) for place in stored.keys() - set(found.values())]
        register = dict(stored)
        for place, before in sorted(steps, key=lambda step: turn(said.get(step[0]), stored.get(step[1]))):
            register.pop(before, None)
            if place is not None:
                assert not in_the_way(said[place], register.values()), (stored, said)
                register[f"new {place}"] = said[place]


@pytest.mark.parametrize(
    ("said", "stored", "found"),
    [
        (["N 2024-01-01"], ["N"], {0: 0}),
        (["N"], ["N 2024-01-01"], {0: 0}),
        (["N", "N 2024-01-01"], ["N"], {0: 0}),  # one line says the entry itself
        (["N 2024-01-01"], ["N", "N 2024-01-01"], {0: 1}),
        (["N 2020-01-01 2020-12-31", "N 2024-01-01"], ["N"], {1: 0}),  # the later one
        (["N"], ["N 2020-01-01 2020-12-31", "N 2024-01-01"], {0: 1}),
        (["N 2021-01-01"], ["N  2020-12-31"], {}),  # the day after the last
        (["N 2020-12-31"], ["N  2020-12-31"], {0: 0}),
        (["A 2024-01-01"], ["N"], {}),
    ],
)
def test_entry_of_a_day_that_one_does_not_know_is_found_by_its_name(said, stored, found):
    """Name and day first; then the name, where register or file does not say the day and both have a day in common."""
    said, stored = (dict(enumerate(Appointment(*each.split(" ")) for each in entries)) for entries in (said, stored))
    assert meant(said, stored) == found
