"""Finding people by part of a name, an e-mail, a number: an index of all three-letter pieces of the search key.

PostgreSQL: a GIN index of pg_trgm, with the operator first (btree_gin). SQLite: an FTS5 table that triggers keep in step.
Neither belongs to a model: `install` makes what is missing after each `migrate`, for SQLite forgets triggers whenever a
migration rebuilds the table. Where the database offers neither, people are found all the same, by reading all of them.
"""

import sys
from typing import NamedTuple

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _

from registry.models import DataSubject
from registry.models.planner import without
from registry.rules.contacts import normalise_phone
from registry.rules.names import clean_id, collapse, fold

HITS = 100
PIECE = 3  # letters; a shorter word is in no index
NEWEST = 10_000  # people that are read one by one, the newest of the operator
SAMPLE = 1_000  # of the newest: how many of them have a word tells how many of all do
CANDIDATES = 10_000  # people the index found and whose key or field turns out to be another one's
PHONE_DIGITS = 5
INDEX = "registry_people_search"
TABLE = DataSubject._meta.db_table

# The pieces of the key, and one that stands for the operator, in letters nobody types. Positions are not kept: what was
# found is compared with the key itself.
_OPERATOR_PIECE = "char(0xE000, 0xE000 + {row}.operator_id / 4096, 0xE000 + {row}.operator_id % 4096)"
_VALUES = f"{{row}}.id, {_OPERATOR_PIECE}, {{row}}.search_key"
_ADD = f"INSERT INTO {INDEX}(rowid, operator, key) VALUES ({_VALUES.format(row='new')})"
_TAKE_OUT = (
    f"INSERT INTO {INDEX}({INDEX}, rowid, operator, key) VALUES ('delete', {_VALUES.format(row='old')})"  # FTS5's way
)
FTS5 = (
    f"CREATE VIRTUAL TABLE {INDEX} USING fts5(operator, key, content='', detail=none, columnsize=0, "
    "tokenize='trigram case_sensitive 1')",
    f"INSERT INTO {INDEX}({INDEX}, rank) VALUES ('automerge', 8)",
)
TRIGGERS = {
    f"{INDEX}_insert": f"AFTER INSERT ON {TABLE} BEGIN {_ADD}; END",
    f"{INDEX}_update": f"AFTER UPDATE OF search_key ON {TABLE} WHEN old.search_key IS NOT new.search_key "
    f"BEGIN {_TAKE_OUT}; {_ADD}; END",
    f"{INDEX}_delete": f"AFTER DELETE ON {TABLE} BEGIN {_TAKE_OUT}; END",
}


class Found(NamedTuple):
    people: list
    more: bool = False  # than are given
    newest_only: bool = False  # the term was too short to look through everybody
    cut: bool = False  # the index knew more than CANDIDATES with these letters somewhere: the others were not looked at


# Looking


def find_people(people, operator, term, by="any"):
    """At most HITS people of a queryset of one operator, newest first. `by` is any, name, email, phone, iin or crm_id.

    Letters fold in every alphabet. Words are looked for one by one and all of them must be there; %, _, quotes and
    asterisks are letters like others. Never reads more than NEWEST people that an index did not find.
    """
    if by == "crm_id":
        return Found(list(people.filter(crm_id=clean_id(term))))
    ids, newest_only, cut = set(), False, False
    for words in readings(term, by):
        found, *rest = _ids(operator.pk, words, *_conditions(words, by))
        ids.update(found)
        newest_only, cut = newest_only or rest[0], cut or rest[1]
    newest = sorted(ids, reverse=True)
    more = len(newest) > HITS
    found = list(people.filter(pk__in=newest[:HITS]).order_by("-pk"))
    return Found(found, more, newest_only and not more, cut and not more)


def people_with(operator, field, value) -> list[int]:
    """Ids of everybody of the operator who has this IIN, e-mail or phone as stored; a mailbox is the same in capitals, as far as the
    database knows them.
    """
    word = fold(value).lstrip("+")
    where, values = f"{_IN_KEY} AND {_SAME[field]}", [_like(word), value]
    pieces = pieces_of([word])
    if not pieces or not is_installed():
        return _read(_SELECT, where, [operator.pk, *values])
    if connection.vendor == "sqlite":
        query = f"SELECT p.id FROM ({_MATCHING}) {_BEHIND_THE_INDEX} WHERE p.operator_id = %s AND {{where}}"
        return _read(query, where, [_all_of(operator.pk, pieces), operator.pk, *values])
    with without("seqscan", "indexscan"):
        return _read(_SELECT, where, [operator.pk, *values])


def readings(term, by="any"):
    """The ways in which a term can be meant, each a list of what must stand in the key: folded words, a number by its digits however
    it is written. What looks like a number may be a CRM id as well."""
    folded = fold(collapse(term))
    has_digits = any(map(str.isdigit, folded))
    if by == "phone":
        return [[_digits(folded, as_phone=True)]] if has_digits else []
    words = list(dict.fromkeys(folded.split()))
    if by != "any" or not words:
        return [words] if words else []
    if _is_number(folded):
        meant = [_digits(folded, as_phone=not folded.isdigit())]
        if len(words) > 1:  # no CRM id, but a number with blanks in it
            return [meant]
    else:
        meant = [word if normalise_phone(word).error else _digits(word, as_phone=True) for word in words]
    return [meant] if meant == words else [meant, words]


def _is_number(folded):
    """A phone number, or most of one, however it is written."""
    return all(mark in "+()-. 0123456789" for mark in folded) and sum(map(str.isdigit, folded)) >= PHONE_DIGITS


def _digits(term, as_phone):
    """What a number has of the one that is stored, however it is written: brackets and blanks are left out, and so is the 8 that
    stands for +7 before a part of a telephone number. Digits alone may be part of an IIN, and stay as typed."""
    typed, checked = "".join(filter(str.isdigit, term)), normalise_phone(term)
    stored = typed if checked.error else checked.value.lstrip("+")
    if typed in stored:
        return typed[1:] if as_phone and checked.error and typed[0] == "8" and len(typed) > PHONE_DIGITS else typed
    return stored


_IN_KEY = r"p.search_key LIKE %s ESCAPE '\'"
_SAME = {"iin": "p.iin = %s", "email": "lower(p.email) = lower(%s)", "phone": "p.phone = %s"}


def _conditions(words, by):
    """SQL that both databases read, and its values: the words in the key, and in the field that was chosen."""
    where, values = [], []
    for word in words:
        where.append(_IN_KEY)
        values.append(_like(word))
        if by in ("phone", "iin"):
            where.append(rf"p.{by} LIKE %s ESCAPE '\'")
            values.append(_like(word))
        elif by == "email":
            where.append(f"p.search_key {'~' if connection.vendor == 'postgresql' else 'REGEXP'} %s")
            values.append(_in_an_address(word))
        elif by == "name":  # the names come first in the key
            place = "strpos" if connection.vendor == "postgresql" else "instr"
            where.append(f"{place}(p.search_key, %s) + %s <= length(p.search_key) - ({_BEHIND_THE_NAMES})")
            values += [word, len(word) - 1]
    return " AND ".join(where), values


# What stands behind the names in the key, with the blanks between; the phone is without its plus.
_BEHIND_THE_NAMES = (
    "length(p.phone) + CASE WHEN p.email <> '' THEN length(p.email) + 1 ELSE 0 END "
    "+ CASE WHEN p.iin <> '' THEN length(p.iin) + 1 ELSE 0 END + coalesce(length(p.crm_id) + 1, 0)"
)


def _in_an_address(word):
    """A regular expression for a key that has the word in what is one word with an @."""
    word = "".join(mark if mark.isalnum() else "\\" + mark for mark in word)
    return f"{word}[^ ]*@|@[^ ]*{word}" if "@" not in word else word


def _like(word):
    return "%" + word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_") + "%"


def _ids(operator, words, where, values):
    """Ids of the people that fit, HITS + 1 at most, whether only the newest were looked at, and whether not all candidates."""
    pieces = pieces_of(words)
    if not is_installed():
        return _read(f"{_SELECT} ORDER BY p.id DESC LIMIT {HITS + 1}", where, [operator, *values]), False, False
    if pieces and connection.vendor == "sqlite":
        found, cut = _by_fts5(operator, pieces, where, values)
        return found, False, cut
    newest, whole = _newest(operator, where, values)
    if whole or len(newest) > HITS or not pieces:
        return newest, not whole, False
    found, cut = _one_by_one(operator, words, where, values) if _are_usual(operator, words) else ([], False)
    if not cut and len(found) <= HITS:
        found, cut = _by_trigrams(operator, words, where, values)
    return sorted({*newest, *found}, reverse=True)[: HITS + 1], False, cut


def pieces_of(words):
    """The pieces of three that any key with these words has. PostgreSQL's index holds letters and digits only."""
    runs = words
    if connection.vendor == "postgresql":
        runs = ["".join(mark if mark.isalnum() else " " for mark in word) for word in words]
        runs = [run for word in runs for run in word.split()]
    return list(dict.fromkeys(run[at : at + PIECE] for run in runs for at in range(len(run) - PIECE + 1)))


_SELECT = f"SELECT p.id FROM {TABLE} p WHERE p.operator_id = %s AND {{where}}"


def _newest(operator, where, values):
    """Among the newest people, read one by one: quicker than any index where a term fits many. True: these are all."""
    own = DataSubject.objects.filter(operator=operator).order_by("-pk").values_list("pk", flat=True)
    floor = own[NEWEST : NEWEST + 1].first()
    query = f"{_SELECT} AND p.id > %s ORDER BY p.id DESC LIMIT {HITS + 1}"
    return _read(query, where, [operator, *values, floor or 0]), floor is None


def _are_usual(operator, words):
    """Whether most people, as far as the newest tell, have these words in their key, so that the index knows no better than the
    table; not where the people of others lie between them, for then the index at least knows where they are."""
    sample = f"SELECT * FROM {TABLE} p WHERE p.operator_id = %s ORDER BY p.id DESC LIMIT {SAMPLE}"
    query = f"SELECT count(*) FILTER (WHERE {{where}}), max(p.id) - min(p.id) FROM ({sample}) p"
    [(count, span)] = _rows(query, _in_keys(words), [*map(_like, words), operator])
    return count > SAMPLE // 2 and span < 2 * SAMPLE


def _one_by_one(operator, words, where, values):
    """From the newest on, until CANDIDATES have the words in their key; given up where the newest are not like the others."""
    people = f"(SELECT * FROM {TABLE} p WHERE p.operator_id = %s ORDER BY p.id DESC LIMIT {3 * CANDIDATES}) p"
    candidates = f"SELECT * FROM {people} WHERE {_in_keys(words)}"
    return _told(("seqscan", "bitmapscan", "sort"), candidates, where, [operator, *map(_like, words), *values])


def _by_trigrams(operator, words, where, values):
    """By the index alone."""
    candidates = f"SELECT * FROM {TABLE} p WHERE p.operator_id = %s AND {_in_keys(words)}"
    return _told(("seqscan", "indexscan"), candidates, where, [operator, *map(_like, words), *values])


def _told(ways, candidates, where, values):
    """The planner would sooner read the table where it takes a rare term for a frequent one: it is told what to leave."""
    with without(*ways):
        return _among(candidates, "p", where, values)


def _in_keys(words):
    return " AND ".join([_IN_KEY] * len(words))


_MATCHING = f"SELECT rowid FROM {INDEX} WHERE {INDEX} MATCH %s ORDER BY rowid DESC"
_BEHIND_THE_INDEX = f"s CROSS JOIN {TABLE} p ON p.id = s.rowid"


def _by_fts5(operator, pieces, where, values):
    """Those with all the pieces, newest first, as they come out of the index; each is compared with the key itself."""
    where = f"p.operator_id = %s AND {where}"
    return _among(_MATCHING, _BEHIND_THE_INDEX, where, [_all_of(operator, pieces), operator, *values])


def _all_of(operator, pieces):
    """What FTS5 is asked: the pieces and that of the operator."""
    return " ".join('"' + piece.replace('"', '""') + '"' for piece in [*pieces, operator_piece(operator)])


def _among(candidates, people, where, values):
    """(ids of those among the first CANDIDATES that fit, HITS + 1 at most; whether there is one behind them).

    The one behind them comes out as a row of its own: to ask for it alone would take as long again.
    """
    numbered = f"SELECT *, row_number() OVER () AS place FROM ({candidates} LIMIT {CANDIDATES + 1}) c"
    query = f"SELECT p.id, place FROM ({numbered}) {people} WHERE place > {CANDIDATES} OR ({{where}}) LIMIT {HITS + 1}"
    rows = _rows(query, where, values)
    return [pk for pk, place in rows if place <= CANDIDATES], any(place > CANDIDATES for _pk, place in rows)


def operator_piece(operator):
    return chr(0xE000) + chr(0xE000 + operator // 4096) + chr(0xE000 + operator % 4096)


def _read(query, where, values):
    return [row[0] for row in _rows(query, where, values)]


def _rows(query, where, values):
    with connection.cursor() as cursor:
        cursor.execute(query.format(where=where), values)
        return cursor.fetchall()


# Installing


def is_installed():
    """Whether the index stands whole."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT 1 FROM pg_indexes WHERE schemaname = current_schema() AND indexname = %s", [INDEX])
            return cursor.fetchone() is not None
        names = [INDEX, *TRIGGERS]
        marks = ", ".join(["%s"] * len(names))
        cursor.execute(f"SELECT count(*) FROM sqlite_master WHERE name IN ({marks})", names)
        return cursor.fetchone()[0] == len(names)


def install():
    """Makes the index, or what is missing of it. Returns why that cannot be, in a sentence, or nothing."""
    if is_installed():
        return ""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            return _install_trigrams(cursor) if connection.vendor == "postgresql" else _install_fts5(cursor)
    except DatabaseError as refusal:
        return str(refusal).strip().partition("\n")[0]


def _install_trigrams(cursor):
    cursor.execute("SELECT count(*) FROM pg_available_extensions WHERE name IN ('pg_trgm', 'btree_gin')")
    if cursor.fetchone()[0] < 2:
        return _("This PostgreSQL has no pg_trgm and btree_gin: install its contrib package.")
    cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm; CREATE EXTENSION IF NOT EXISTS btree_gin")
    cursor.execute("SELECT cardinality(show_trgm('қасымов'))")
    if not cursor.fetchone()[0]:
        return _("The database takes Cyrillic letters for no letters: create it with LC_CTYPE C.UTF-8.")
    cursor.execute(f"CREATE INDEX {INDEX} ON {TABLE} USING gin (operator_id, search_key gin_trgm_ops)")
    return ""


def _install_fts5(cursor):
    """From nothing: without its triggers the table may have missed anything."""
    for name in TRIGGERS:
        cursor.execute(f"DROP TRIGGER IF EXISTS {name}")
    cursor.execute(f"DROP TABLE IF EXISTS {INDEX}")
    for statement in FTS5:
        cursor.execute(statement)
    cursor.execute(f"INSERT INTO {INDEX}(rowid, operator, key) SELECT {_VALUES.format(row='p')} FROM {TABLE} p")
    for name, rule in TRIGGERS.items():
        cursor.execute(f"CREATE TRIGGER {name} {rule}")
    return ""


def install_after_migrate(sender, verbosity=1, using="default", stdout=None, **kwargs):
    """Receives post_migrate; says in one line where people are searched without an index."""
    if using != connection.alias or TABLE not in connection.introspection.table_names():
        return
    if (why := install()) and verbosity:
        (stdout or sys.stdout).write(_("People are searched without an index. %s") % why + "\n")
