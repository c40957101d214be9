"""Responsible persons out of a file: what it says as a whole counts, not one line after the other.

A register file and a CSV ask the same here: whom a line means, which change is written first, and that the gate of the active
activities is asked once, of all of them.
"""

from contextlib import contextmanager
from typing import NamedTuple

from registry.exports.register_file import table_of
from registry.models import Operator, ResponsiblePerson
from registry.models.fields import overlap


class Appointment(NamedTuple):
    """An entry as the register or a file has it: days as 2026-01-31, empty where they are not known."""

    name: str
    appointed_on: str = ""
    dismissed_on: str = ""
    is_deputy: bool = False

    @classmethod
    def said(cls, fields):
        """By fields of a register file, or cells of a CSV."""
        name, *days, deputy = (fields.get(field, "") for field in cls._fields)
        return cls(name, *map(str, days), deputy in (True, "true"))

    @property
    def key(self):
        """What tells it apart."""
        return self.name, self.appointed_on

    def may_be(self, other):
        """Whether both may be one appointment, of which one of them does not say the first day: they share a name and a day."""
        one_is_open = not (self.appointed_on and other.appointed_on)
        return self.name == other.name and one_is_open and overlap(*self[1:3], *other[1:3])


def appointments_in(records):
    """Those among the records of a register file, by their paths."""
    return {
        path: Appointment.said(fields) for path, fields in records.items() if table_of(path).model is ResponsiblePerson
    }


def meant(said, stored):
    """Which stored appointment each of the file is: places in `said` → places in `stored`; who is new is not in it.

    That of the same name and day; else the latest that it may be: a day that becomes known makes no second entry.
    """
    left = {each.key: place for place, each in stored.items()}
    found = {place: left.pop(each.key) for place, each in said.items() if each.key in left}
    for place, each in sorted(said.items(), key=lambda item: item[1].appointed_on, reverse=True):
        same = [] if place in found else [key for key, other in left.items() if each.may_be(stored[other])]
        if same:
            found[place] = left.pop(max(same))
    return found


def turn(said, stored):
    """The place in the order of writing, of an appointment as the file and as the register has it; None where one has it not.

    Days are given up before somebody else takes them. First go those who leave the register, then those who were responsible:
    who becomes a deputy, and who stays; last the deputies, and who is new. Two who stay are not in each other's way, since
    the first day of neither moves into days of the other.
    """
    if said is None:
        return (0,)
    return (1, stored is None or stored.is_deputy, not said.is_deputy)


@contextmanager
def as_one(operator):
    """Around changes of several entries whose `asks_gate` is off. ValidationError for what they break together."""
    Operator.take_turns(operator.pk)
    with ResponsiblePerson(operator=operator).gate_kept():
        yield
