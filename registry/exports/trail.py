"""The journal as lines that a third party can verify: whole, of one operator, or of one person; from one entry to another."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import orjson
from django.db import connection, transaction
from django.db.models import Avg, Max, Q
from django.db.models.functions import Length
from psycopg import capabilities

from registry.journal.canonical import GENESIS, body_digest
from registry.journal.canonical import moment as utc_text
from registry.journal.models import JournalEntry, JournalHead, JournalSubject

CHUNK_ROWS, STREAMED_ROWS = 2000, 500
HIDDEN_LINE_BYTES = 92
WHOLE_LINE_EXTRA_BYTES = 170


class Head(NamedTuple):
    """Where an export of the journal ends, and the note to be kept of it."""

    seq: int
    hash: str
    note: str


class Size(NamedTuple):
    entries: int
    whole: int
    bytes: int


def head_now(operator_codes=None):
    """The head of this moment; `operator_codes` are those whose running numbers may be shown, None for all."""
    with transaction.atomic():
        head = JournalHead.locked()
        return Head(head.seq, head.hash, head.note(operator_codes))


def head_at(at, operator_codes=None):
    """The head as it was at that time, noted as `head_now` does; None before the first entry.

    The head lock is taken once, so that no entry of an earlier time can still be on its way.
    """
    with transaction.atomic():
        known = JournalHead.locked().numbers
    last = JournalEntry.objects.filter(at__lte=at).order_by("-at", "-seq").first()
    if last is None:
        return None
    codes = sorted(known if operator_codes is None else set(operator_codes) & set(known))
    then = JournalEntry.objects.filter(operator__in=codes, seq__lte=last.seq).order_by()
    numbers = dict(then.values_list("operator").annotate(Max("n")))
    lines = ["PDR1 head", f"seq {last.seq}", f"hash {last.hash}", f"at {utc_text(last.at)}"]
    lines += [f"n {code} {numbers[code]}" for code in codes if code in numbers]
    return Head(last.seq, last.hash, "\n".join(lines) + "\n")


def first_since(at):
    """Number of the first entry at or after that time; of the entry to come where there is none."""
    with transaction.atomic():
        head = JournalHead.locked()
    first = JournalEntry.objects.filter(at__gte=at).order_by("at", "seq").values_list("seq", flat=True).first()
    return first or head.seq + 1


def before(first):
    """The entry before that number, as seq, hash and at; None where nothing was before it."""
    return JournalEntry.objects.filter(seq=first - 1).only("seq", "hash", "at").first()


def of_subject(uid):
    """Entries that touch a person."""
    named = JournalSubject.objects.filter(uid=uid).values("entry")
    return Q(object_uid=uid) | Q(seq__in=named)


def shown(operator_code="", subject=None):
    """The entries that an export prints whole."""
    return (Q(operator=operator_code) if operator_code else Q()) & (of_subject(subject) if subject else Q())


def size(operator_code="", subject=None, *, first=1, last=None):
    """How big an export would be: a line for every entry from `first` to `last` (None: to the head), whole or hidden.

    The bytes are estimated.
    """
    if last is None:
        head = JournalHead.objects.first()
        last = head.seq if head else 0
    entries = max(last - first + 1, 0)
    chosen = JournalEntry.objects.filter(shown(operator_code, subject), seq__gte=first, seq__lte=last).order_by()
    whole = chosen.count()
    sample = chosen.order_by("-seq").values("seq")[:CHUNK_ROWS]
    length = JournalEntry.objects.filter(seq__in=sample).aggregate(length=Avg(Length("body")))["length"] or 0
    return Size(
        entries, whole, round(whole * (length * 1.1 + WHOLE_LINE_EXTRA_BYTES)) + (entries - whole) * HIDDEN_LINE_BYTES
    )


def blocks(head, operator_code="", subject=None, *, first=None) -> Iterator[bytes]:
    """`journal.jsonl` up to `head` in pieces of whole lines, all but the trailer.

    With `first` it begins with that entry, and with a line that says so and which hash comes before it.
    """
    begin = first or 1
    if first:
        last = before(first)
        yield json_line({"from": first, "previous": last.hash if last else GENESIS.hex()})
    if whole := shown(operator_code, subject):
        yield from extract(whole, begin, head.seq)
    else:
        yield from (b"".join([whole_line(*row) for row in rows]) for rows in batches(begin, head.seq))


def trailer(head, sha256, export, *, first=None):
    """The last line: how many entries, up to which, and by which export; `sha256` is that of the lines before it."""
    counted = {"count": head.seq - (first or 1) + 1, "seq": head.seq, "hash": head.hash}
    return json_line(counted | {"export": str(export), "sha256": sha256})


def extract(whole, first, last):
    """Pieces of lines, the entries that fulfil `whole` shown and the others hidden."""
    for start, end in pieces(first, last):
        entries = JournalEntry.objects.filter(whole, seq__gte=start, seq__lte=end)
        seen = set(entries.order_by().values_list("seq", flat=True))
        rows = read(start, end)
        yield b"".join([whole_line(*row) if row[0] in seen else hidden_line(*row) for row in rows])


def batches(first, last):
    """Lists of (seq, body, hash). On PostgreSQL in one reading: while lines are made of some, the server sends the next."""
    if connection.vendor != "postgresql" or not capabilities.has_stream_chunked():
        yield from (read(start, end) for start, end in pieces(first, last))
        return
    with connection.cursor() as cursor, connection.wrap_database_errors:
        rows = cursor.cursor.stream(entries_query(), [first, last], size=STREAMED_ROWS)
        while batch := list(islice(rows, CHUNK_ROWS)):
            yield batch


def read(start, end):
    with connection.cursor() as cursor:
        cursor.execute(entries_query(), [start, end])
        return cursor.fetchall()


def entries_query():
    """By hand: nothing here is as slow as making something of a row."""
    table = connection.ops.quote_name(JournalEntry._meta.db_table)
    return f"SELECT seq, body, hash FROM {table} WHERE seq >= %s AND seq <= %s ORDER BY seq"


def pieces(first, last):
    """The numbers from `first` to `last` in pieces; entries never change, so no transaction has to be held over them."""
    for start in range(first, last + 1, CHUNK_ROWS):
        yield start, min(start + CHUNK_ROWS - 1, last)


def whole_line(seq, body, digest):
    return b'{"seq":%d,"body":%b,"hash":"%b"}\n' % (seq, orjson.dumps(body), digest.encode())


def hidden_line(seq, body, digest):
    return b'{"seq":%d,"digest":"%b"}\n' % (seq, body_digest(body.encode()).hex().encode())


def json_line(values):
    return orjson.dumps(values) + b"\n"
