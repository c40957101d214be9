"""Which rows of a file are double, of what and of whom; stored with the other's id as the reason."""

from itertools import islice
from typing import NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from .columns import KEY
from .listed import Kind, store
from .rows import clean_id

# More doubles than this are counted and not stored: a file of so many is wrong as a whole.
STORED = 10_000
BATCH = 500
WHAT = (
    gettext_lazy("IIN"),
    gettext_lazy("e-mail"),
    gettext_lazy("phone"),
    gettext_lazy("look of the name (Latin for Cyrillic letters)"),
)
NAME = 3


class Other(NamedTuple):
    """The other one of a pair: a row of the file by its line, or a person of the register by the CRM's id."""

    line: int = 0
    crm_id: str | None = ""


class Twins:
    """Digests that more than one person has: the first two rows, the first person of the register who is not in the file."""

    def __init__(self):
        self.rows, self.names = {}, {}
        self.registered, self.registered_names = {}, {}

    def __bool__(self):
        return bool(self.rows or self.names or self.registered or self.registered_names)

    def add(self, digest, line):
        lines = self.rows.get(digest, ())
        if len(lines) < 2:
            self.rows[digest] = (*lines, line)

    def add_name(self, looks, typed, line):
        """Namesakes are no doubles: a name counts where it is typed in two ways."""
        ways = self.names.setdefault(looks, {})
        if len(ways) < 2:
            ways.setdefault(typed, line)

    def settle(self):
        """After the last row: what only seemed to be met twice is forgotten."""
        self.rows = {digest: lines for digest, lines in self.rows.items() if len(lines) > 1}
        self.names = {looks: ways for looks, ways in self.names.items() if len(ways) > 1}

    def add_registered(self, digest, crm_id):
        self.registered.setdefault(digest, crm_id)

    def add_registered_name(self, looks, typed, crm_id):
        ways = self.registered_names.setdefault(looks, {})
        if len(ways) < 2:
            ways.setdefault(typed, crm_id)

    def of_contact(self, digest, line):
        """The others who have this IIN, e-mail or phone, seen from the row of that line."""
        for other in self.rows.get(digest, ()):
            if other != line:
                yield Other(other)
                break
        if digest in self.registered:
            yield Other(crm_id=self.registered[digest])

    def of_name(self, looks, typed):
        """The others whose name looks like this and is typed otherwise."""
        for other, line in self.names.get(looks, {}).items():
            if other != typed:
                yield Other(line)
                break
        for other, crm_id in self.registered_names.get(looks, {}).items():
            if other != typed:
                yield Other(crm_id=crm_id)
                break


class Hits:
    """The rows that are double: all counted, the first ones kept with their others."""

    def __init__(self, twins):
        self.twins, self.count = twins, 0
        self.contacts = twins.rows.keys() | twins.registered.keys()
        self.names = twins.names.keys() | twins.registered_names.keys()
        self.kept = {}  # line → {other: what is the same}

    def note(self, block):
        """Takes in a block of rows, as columns of numbers."""
        contacts, names = self.contacts, self.names
        if names.isdisjoint(block[NAME]) and all(map(contacts.isdisjoint, block[:NAME])):
            return
        for iin, email, phone, looks, typed, line in zip(*block, strict=True):
            if (iin in contacts or email in contacts or phone in contacts or looks in names) and line > 0:
                self._note(line, (iin, email, phone), looks, typed)

    def _note(self, line, digests, looks, typed):
        same = {}
        for what, digest in enumerate(digests):
            for other in self.twins.of_contact(digest, line) if digest else ():
                same.setdefault(other, []).append(what)
        for other in self.twins.of_name(looks, typed):
            same.setdefault(other, []).append(NAME)
        if same:
            self.count += 1
            if len(self.kept) < STORED:
                self.kept[line] = same

    def store(self, run, file):
        """Reads the rows out of the file once more: first the ids that are referred to, then the rows to be kept."""
        named = {other.line for same in self.kept.values() for other in same if other.line}
        place = file.columns.places[KEY]
        ids = {line: clean_id(cells[place]) for line, cells in file.table.at(named)}
        listed = (
            (Kind.DOUBLE, line, cells, [_reason(other, what, ids) for other, what in self.kept[line].items()])
            for line, cells in file.table.at(self.kept)
        )
        while batch := list(islice(listed, BATCH)):
            store(run, batch)


def _reason(other, what, ids):
    same = ", ".join(str(WHAT[each]) for each in what)
    if other.line:
        said = {"what": same, "crm_id": ids[other.line], "line": other.line}
        return _("the same %(what)s as CRM id %(crm_id)s (line %(line)d)") % said
    if other.crm_id is None:
        return _("the same %(what)s as somebody without a CRM id (in the register)") % {"what": same}
    return _("the same %(what)s as CRM id %(crm_id)s (in the register)") % {"what": same, "crm_id": other.crm_id}
