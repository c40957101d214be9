"""Possible doubles: one IIN, e-mail, phone or look of the name under two ids of the CRM. They are listed, never merged."""

from array import array
from itertools import islice

from django.db.models import BooleanField, Func, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext as _

from registry.models import DataSubject
from registry.rules.names import in_cyrillic, may_pass_for_another, mixes_alphabets, skeleton

from . import storage
from .compare import TURNED_DOWN
from .double_rows import Hits, Twins
from .missing import unseen
from .rows import NAMES, Problem

CONTACTS = ("iin", "email", "phone")
COMPARED = (*CONTACTS, *NAMES)
# Columns of the scratch file: digests of IIN, e-mail and phone, of how the name looks and (where it may pass for another)
# how it is typed, and the line, below zero where the row is turned down.
WIDTH, LOOKS, TYPED = 6, 3, 4
NOBODY = dict.fromkeys(COMPARED, "")
# A bitmap of so many bytes for each row of the file holds three contacts with about one false alarm in a hundred.
BITMAP_BYTES_A_ROW, ROW_BYTES, SMALLEST, LARGEST = 15, 100, 1 << 16, 1 << 24
BIT = tuple(1 << place for place in range(8))
# So few rows are looked up in a large register by their values; the people of a longer file are held against everybody.
FEW_ROWS, MANY_PEOPLE = 2000, 20_000
REMEMBERED = 65_536
HELD = 1000


class HasLatin(Func):
    """Whether a stored name has a Latin letter in it."""

    template = "%(expressions)s ~ '[A-Za-zËëƏəƟɵ]'"
    output_field = BooleanField()

    def as_sqlite(self, compiler, connection, **context):
        return self.as_sql(compiler, connection, template="%(expressions)s GLOB '*[A-Za-zËëƏəƟɵ]*'", **context)


class Looks(dict):
    """Part of a name → digest of how it looks. disguised: the parts that may pass for others."""

    def __init__(self):
        self.disguised = set()

    def __missing__(self, part):
        if len(self) == REMEMBERED:
            self.clear()
        if may_pass_for_another(part):
            self.disguised.add(part)
        digest = self[part] = hash(skeleton(part))
        return digest


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
        self.looks = Looks()
        # How names look that may pass for others.
        self.disguised, self.any_disguised = Bitmap(max(size >> 3, SMALLEST)), False
        self.chunks = []  # their sizes
        # The people of a short file, in columns, to look up the register by.
        self.few = dict.fromkeys(COMPARED, ())

    def __del__(self):
        self.scratch.close()

    def note(self, outcomes, columns=None):
        """Takes in the outcomes of a chunk, in the order of the file. Of rows that are turned down nothing is listed, but
        others may be doubles of their people. columns: of the rows, where there are any."""
        people = self._people(outcomes, columns)
        lines = [-outcome.row.line if outcome.kind in TURNED_DOWN else outcome.row.line for outcome in outcomes]
        digests, disguised = self._digests(people)
        for column in digests[:LOOKS]:
            self._note_contacts(filter(None, column))
        for place in disguised:
            self.disguised.add(digests[LOOKS][place])
            self.any_disguised = True
            self._warn(outcomes[place])
        for column in (*digests, lines):
            array("q", column).tofile(self.scratch)
        self.chunks.append(len(outcomes))
        self.rows += len(outcomes)
        few = self.rows <= FEW_ROWS
        self.few = {name: (*self.few[name], *people[name]) if few else () for name in COMPARED}

    def _people(self, outcomes, columns):
        """What is compared of the people as they will be, in columns."""
        if columns is None:
            rows = [outcome.row.values for outcome in outcomes]
            people = {name: [row.get(name, "") for row in rows] for name in COMPARED}
        else:
            nothing = [""] * len(outcomes)
            people = {name: list(columns.get(name, nothing)) for name in COMPARED}
        for place, outcome in enumerate(outcomes):
            if outcome.person or outcome.kind in TURNED_DOWN:
                person = outcome.person or NOBODY
                for name in COMPARED:
                    people[name][place] = person[name]
        return people

    def _digests(self, people):
        """(columns of digests, 0 for an empty cell; places of those whose name may pass for another)."""
        names, looks = [people[name] for name in NAMES], self.looks
        iins, emails, phones = (people[name] for name in CONTACTS)
        columns = [list(map(hash, values)) for values in (iins, map(str.lower, emails), phones)]
        columns.append(list(map(hash, zip(*(map(looks.__getitem__, parts) for parts in names), strict=True))))
        typed, disguised = [0] * len(iins), []
        if not all(map(looks.disguised.isdisjoint, names)):
            for place, parts in enumerate(zip(*names, strict=True)):
                if not looks.disguised.isdisjoint(parts):
                    disguised.append(place)
                    typed[place] = hash("\n".join(parts).casefold())
        return [*columns, typed], disguised

    def _note_contacts(self, digests):
        bits, mask, suspects = self.met.bits, self.met.mask, self.suspects
        for digest in digests:
            place, bit = digest >> 3 & mask, BIT[digest & 7]
            held = bits[place]
            if held & bit:
                suspects.add(digest)
            else:
                bits[place] = held | bit

    def _warn(self, outcome):
        for name in NAMES if outcome.kind not in TURNED_DOWN else ():
            value = outcome.row.values.get(name)
            if value and mixes_alphabets(value):
                reason = _(
                    "a word of the name mixes Latin and Cyrillic letters that look alike: type it in one alphabet"
                )
                outcome.row.warnings.append(Problem(self.file.columns.label(name), value, reason))

    def conclude(self, seen):
        """Stores the rows that are double, the first ones at least. seen: who of the register stands in the file."""
        twins = Twins()
        self._look_into_register(seen, twins)
        if self.suspects or self.any_disguised:
            self._look_again(twins)
        hits = Hits(twins)
        for block in self._blocks() if twins else ():
            hits.note(block)
        self.scratch.close()
        hits.store(self.run, self.file)
        self.run.doubles = hits.count

    def _look_again(self, twins):
        """The rows of the digests that seemed to be met twice."""
        suspects, disguised = self.suspects, self.disguised
        for block in self._blocks():
            *_digests, looks, typed, lines = block
            for column in block[:LOOKS]:
                for digest, line in zip(column, lines, strict=True):
                    if digest in suspects:
                        twins.add(digest, abs(line))
            for look, way, line in zip(looks, typed, lines, strict=True) if self.any_disguised else ():
                if look in disguised:
                    twins.add_name(look, way, abs(line))
        twins.settle()

    def _blocks(self):
        """Columns of numbers, chunk by chunk."""
        self.scratch.seek(0)
        for rows in self.chunks:
            columns = [array("q") for _column in range(WIDTH)]
            for column in columns:
                column.fromfile(self.scratch, rows)
            yield columns

    def _look_into_register(self, seen, twins):
        """People who do not stand in the file, against the rows of the file."""
        people = DataSubject.objects.filter(operator=self.run.operator_id)
        others = people.count() - seen.count
        if others <= 0:
            return
        if others > MANY_PEOPLE and self.few["iin"]:
            people = self._like_these(people)
        names, people = self._names(), unseen(people, seen, ("crm_id", *COMPARED))
        while chunk := list(islice(people, HELD)):
            digests, disguised = self._digests({name: [person[name] for person in chunk] for name in COMPARED})
            places = set(disguised)
            for column in digests[:LOOKS]:
                for digest, person in zip(column, chunk, strict=True):
                    if digest and digest in self.met:
                        twins.add_registered(digest, person["crm_id"])
            for place, looks in enumerate(digests[LOOKS]):
                if looks in names and (place in places or looks in self.disguised):
                    twins.add_registered_name(looks, digests[TYPED][place], chunk[place]["crm_id"])

    def _names(self):
        names = Bitmap(self.met.mask + 1)
        for block in self._blocks():
            for looks in block[LOOKS]:
                names.add(looks)
        return names

    def _like_these(self, people):
        """Whoever shares a value with a row, or has a name that may look like another: the database looks, not we."""
        few = self.few
        shared = {name: set(few[name]) - {""} for name in ("iin", "phone")}
        addresses = set(map(str.lower, few["email"])) - {""}
        spelt = {"surname": set(), "given_name": set()}
        for place in self._digests(few)[1]:
            name = "surname" if few["surname"][place] else "given_name"
            cyrillic = in_cyrillic(few[name][place])
            spelt[name] |= {cyrillic, cyrillic.upper(), cyrillic.lower(), cyrillic.title()}
        alike = Q(address__in=addresses) | Q(HasLatin("surname")) | Q(HasLatin("given_name"))
        for name, values in (shared | spelt).items():
            alike |= Q(**{f"{name}__in": values})
        return people.annotate(address=Lower("email")).filter(alike)
