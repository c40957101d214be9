"""People of the register who do not stand in the file. They are listed; no import deletes anybody."""

from django.utils.translation import gettext as _

from registry.models import DataSubject, ImportSource

from . import storage

WALKED = 5000
FETCHED = 500


class Seen:
    """Who of the register stands in a file: one bit a person, by primary key.

    last: the highest key when the file was read. Whoever came later is not missing from it. count, active: how many are
    seen, and how many of them are expected in a file.
    """

    def __init__(self, last: int, bits=None):
        self.last = last
        self.count = self.active = 0
        self.bits = bytearray((last >> 3) + 1) if bits is None else bits

    def __contains__(self, pk):
        return self.bits[pk >> 3] >> (pk & 7) & 1

    def note(self, people):
        """Takes in stored people, as dicts, each of them once however often it comes."""
        bits = self.bits
        for person in people:
            pk = person["id"]
            place, bit = pk >> 3, 1 << (pk & 7)
            if pk <= self.last and not bits[place] & bit:
                bits[place] |= bit
                self.count += 1
                self.active += person["state"] == "active"

    def keep(self, run):
        storage.write_seen(run, self.last.to_bytes(8, "big") + self.bits)

    @classmethod
    def of(cls, run):
        """None where nobody was missing, or the lists of the run have had their time."""
        try:
            content = storage.seen_of(run).read_bytes()
        except FileNotFoundError:
            return None
        return cls(int.from_bytes(content[:8], "big"), content[8:])


def expected(operator):
    """People whom a full file of the CRM would hold."""
    return DataSubject.objects.filter(operator=operator, crm_id__isnull=False, state=DataSubject.State.ACTIVE)


def unseen(people, seen, fields, *, after=0):
    """The people not seen, as dicts in the order of their keys; walked by key, so that no page costs more than its people."""
    while True:
        walked = people.filter(pk__gt=after, pk__lte=seen.last).order_by("pk").values_list("pk", flat=True)
        walked = list(walked[:WALKED])
        if not walked:
            return
        after = walked[-1]
        keys = [pk for pk in walked if pk not in seen]
        for start in range(0, len(keys), FETCHED):
            yield from _fetched(people, keys[start : start + FETCHED], seen, fields)


def _fetched(people, keys, seen, fields):
    """By a range of keys where most in it are wanted, one by one where few are."""
    if (keys[-1] - keys[0]) < 2 * len(keys):
        found = people.filter(pk__gte=keys[0], pk__lte=keys[-1])
    else:
        found = people.filter(pk__in=keys)
    return (person for person in found.order_by("pk").values("pk", *fields) if person["pk"] not in seen)


def missing_people(run, fields, *, after=0):
    """The people missing from the run's file, beyond that primary key, as dicts, one by one."""
    seen = Seen.of(run)
    return unseen(expected(run.operator_id), seen, fields, after=after) if seen else iter(())


def about_sources(run):
    """What is to be said of the people missing from the run's file where the operator has several sources, else nothing.

    Which source somebody comes from cannot be told: a file in which all is as stored leaves no trace of those who stand in it.
    """
    if ImportSource.objects.filter(operator=run.operator_id)[:2].count() < 2:
        return ""
    return _(
        "People of all sources are compared with the file, for the register does not know which of them somebody comes from: "
        "whoever only stands in the files of another source is missing from this one, too."
    )
