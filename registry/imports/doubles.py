"""Possible doubles: one IIN, e-mail, phone or look of the name under two ids of the CRM. They are listed, never merged."""

from array import array
from functools import lru_cache

from django.db.models import BooleanField, Func, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from registry.models import DataSubject
from registry.rules.names import in_cyrillic, may_pass_for_another, mixes_alphabets, skeleton

from . import storage
from .compare import REJECTED, STOPPED
from .double_rows import Hits, Twins
from .missing import unseen
from .rows import NAMES, Problem

COMPARED = ("iin", "email", "phone", *NAMES)
# Numbers of a row in the scratch file: digests of IIN, e-mail and phone, of how the name looks and how it is typed, and
# the line, below zero where the row is turned down.
WIDTH, LOOKS = 6, 3
NOTHING = (0,) * WIDTH
BLOCK_ROWS = 4096
# A bitmap of so many bytes for each row of the file holds three contacts with about one false alarm in a hundred.
BITMAP_BYTES_A_ROW, ROW_BYTES, SMALLEST, LARGEST = 15, 100, 1 << 16, 1 << 24
BIT = tuple(1 << place for place in range(8))
# So few rows are looked up in a large register by their values; the people of a longer file are held against everybody.
FEW_ROWS, MANY_PEOPLE = 2000, 20_000


class HasLatin(Func):
    """Whether a stored name has a Latin letter in it."""

    template = "%(expressions)s ~ '[A-Za-zËëƏəƟɵ]'"
    output_field = BooleanField()

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="%(expressions)s GLOB '*[A-Za-zËëƏəƟɵ]*'", **context)


@lru_cache(65_536)
def _part(name):
    """(digest of how a part of a name looks, of how it is typed, whether it may pass for another)."""
    return hash(skeleton(name)), hash(name.casefold()), may_pass_for_another(name)


def digests_of(person):
    """IIN, e-mail and phone, 0 where there is none; how the name looks, how it is typed; whether it may pass for another."""
    iin, email, phone = person["iin"], person["email"], person["phone"]
    surname, given_name, patronymic = _part(person["surname"]), _part(person["given_name"]), _part(person["patronymic"])
    return (
        iin and hash(iin) or 0,
        email and hash(email.lower()) or 0,
        phone and hash(phone) or 0,
        hash((surname[0], given_name[0], patronymic[0])),
        hash((surname[1], given_name[1], patronymic[1])),
        surname[2] or given_name[2] or patronymic[2],
    )


class Bitmap:
    """Digests met before, give or take: one that was met is always known, few others seem to be."""

    def __init__(self, size):
        self.bits, self.mask = bytearray(size), size - 1

    def __contains__(self, digest):
        return self.bits[digest >> 3 & self.mask] & BIT[digest & 7]

    def add(self, digest):
        self.bits[digest >> 3 & self.mask] |= BIT[digest & 7]


class Doubles:
    """Finds doubles in two looks: digests of all rows go to a scratch file, those met twice are then held side by side.

    Memory grows with what is double only. The digests mean nothing outside this process.
    """

    def __init__(self, run, file):
        self.run, self.file = run, file
        self.scratch = storage.scratch()
        self.rows = 0
        size = file.inspected.size // ROW_BYTES * BITMAP_BYTES_A_ROW
        size = 1 << min(max(size, SMALLEST), LARGEST).bit_length() - 1
        self.met, self.suspects = Bitmap(size), set()
        # How names look that may pass for others.
        self.disguised, self.any_disguised = Bitmap(max(size >> 3, SMALLEST)), False
        # The people of a short file, to look up the register by.
        self.few = []

    def __del__(self):
        self.scratch.close()

    def note(self, outcomes):
        """Takes in the outcomes of a chunk, in the order of the file."""
        numbers = []
        bits, mask, suspects = self.met.bits, self.met.mask, self.suspects
        for outcome in outcomes:
            person, turned_down = outcome.person, outcome.kind in (REJECTED, STOPPED)
            if person is None or (turned_down and not person.get("id")):
                numbers += NOTHING
                continue
            iin, email, phone, looks, typed, disguised = digests_of(person)
            for digest in (iin, email, phone):
                if digest:
                    place, bit = digest >> 3 & mask, BIT[digest & 7]
                    if bits[place] & bit:
                        suspects.add(digest)
                    else:
                        bits[place] |= bit
            if disguised:
                self._note_disguised(outcome, looks, turned_down)
            line = outcome.row.line
            numbers += (iin, email, phone, looks, typed, -line if turned_down else line)
        array("q", numbers).tofile(self.scratch)
        self.rows += len(outcomes)
        self.few = self.few + [outcome.person for outcome in outcomes] if self.rows <= FEW_ROWS else []

    def _note_disguised(self, outcome, looks, turned_down):
        self.disguised.add(looks)
        self.any_disguised = True
        for name in () if turned_down else NAMES:
            value = outcome.row.values.get(name)
            if value and mixes_alphabets(value):
                reason = _(
                    "a word of the name mixes Latin and Cyrillic letters that look alike: type it in one alphabet"
                )
                outcome.warnings.append(Problem(self.file.columns.label(name), value, reason))

    def conclude(self, seen):
        """Stores the rows that are double, the first ones at least. seen: who of the register stands in the file."""
        twins = Twins()
        self._look_into_register(seen, twins)
        if self.suspects or self.any_disguised:
            self._look_again(twins)
        hits = Hits(twins)
        for number, block in self._blocks() if twins else ():
            hits.note(number, block)
        self.scratch.close()
        hits.store(self.run, self.file)
        self.run.doubles = hits.count

    def _look_again(self, twins):
        """The rows of the digests that seemed to be met twice."""
        suspects, disguised = self.suspects, self.disguised
        for first, block in self._blocks():
            for column in block[:LOOKS]:
                for number, digest in enumerate(column, first):
                    if digest in suspects:
                        twins.add(digest, number)
            for number, looks in enumerate(block[LOOKS], first) if self.any_disguised else ():
                if looks in disguised:
                    twins.add_name(looks, block[LOOKS + 1][number - first], number)
        twins.settle()

    def _blocks(self):
        """(number of the first row, columns of numbers), block by block from the first row."""
        self.scratch.seek(0)
        for first in range(0, self.rows, BLOCK_ROWS):
            numbers = array("q")
            numbers.fromfile(self.scratch, min(BLOCK_ROWS, self.rows - first) * WIDTH)
            yield first, [numbers[place::WIDTH] for place in range(WIDTH)]

    def _look_into_register(self, seen, twins):
        """People who do not stand in the file, against the rows of the file."""
        people = DataSubject.objects.filter(operator=self.run.operator_id)
        others = people.count() - seen.count
        if others <= 0:
            return
        if others > MANY_PEOPLE and self.few:
            people = self._like_these(people)
        names = self._names()
        for person in unseen(people, seen, ("crm_id", *COMPARED)):
            *contacts, looks, typed, disguised = digests_of(person)
            for digest in contacts:
                if digest and digest in self.met:
                    twins.add_registered(digest, person["crm_id"])
            if looks in names and (disguised or looks in self.disguised):
                twins.add_registered_name(looks, typed, person["crm_id"])

    def _names(self):
        names = Bitmap(self.met.mask + 1)
        for _first, block in self._blocks():
            for looks in block[LOOKS]:
                names.add(looks)
        return names

    def _like_these(self, people):
        """Whoever shares a value with a row, or has a name that may look like another: the database looks, not we."""
        rows = [person for person in self.few if person]
        shared = {name: {person[name] for person in rows} - {""} for name in ("iin", "phone")}
        addresses = {person["email"].lower() for person in rows} - {""}
        spelt = {"surname": set(), "given_name": set()}
        for person in rows:
            if digests_of(person)[-1]:
                name = "surname" if person["surname"] else "given_name"
                cyrillic = in_cyrillic(person[name])
                spelt[name] |= {cyrillic, cyrillic.upper(), cyrillic.lower(), cyrillic.title()}
        alike = Q(address__in=addresses) | Q(HasLatin("surname")) | Q(HasLatin("given_name"))
        for name, values in (shared | spelt).items():
            alike |= Q(**{f"{name}__in": values})
        return people.annotate(address=Lower("email")).filter(alike)
