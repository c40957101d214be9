"""The journal as lines that a third party can verify: whole, of one operator, or of one person."""

import json
from typing import NamedTuple

from django.db import transaction
from django.db.models import Avg, Q
from django.db.models.functions import Length

from registry.journal.canonical import body_digest
from registry.journal.models import JournalEntry, JournalHead, JournalSubject

CHUNK_ROWS = 2000
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


def of_subject(uid):
    """Entries that touch a person."""
    named = JournalSubject.objects.filter(uid=uid).values("entry")
    return Q(object_uid=uid) | Q(seq__in=named)


def shown(operator_code="", subject=None):
    """The entries that an export prints whole."""
    return (Q(operator=operator_code) if operator_code else Q()) & (of_subject(subject) if subject else Q())


def size(operator_code="", subject=None):
    """How big an export would be: a line for every entry of the journal, whole or hidden. The bytes are estimated."""
    head = JournalHead.objects.first()
    entries = head.seq if head else 0
    chosen = JournalEntry.objects.filter(shown(operator_code, subject)).order_by()
    whole = chosen.count()
    sample = chosen.order_by("-seq").values("seq")[:CHUNK_ROWS]
    length = JournalEntry.objects.filter(seq__in=sample).aggregate(length=Avg(Length("body")))["length"] or 0
    return Size(
        entries, whole, round(whole * (length * 1.1 + WHOLE_LINE_EXTRA_BYTES)) + (entries - whole) * HIDDEN_LINE_BYTES
    )


def lines(head, operator_code="", subject=None):
    """The lines of `journal.jsonl` up to `head`, with the trailer; reads the journal piece by piece."""
    whole = shown(operator_code, subject)
    for chunk in chunks(head.seq):
        seen = set(chunk.filter(whole).values_list("seq", flat=True)) if whole else None
        for seq, body, digest in chunk.values_list("seq", "body", "hash"):
            if seen is None or seq in seen:
                yield json_line({"seq": seq, "body": body, "hash": digest})
            else:
                yield json_line({"seq": seq, "digest": body_digest(body.encode()).hex()})
    yield json_line({"count": head.seq, "seq": head.seq, "hash": head.hash})


def chunks(last_seq):
    """The journal in pieces, as querysets; entries never change, so no transaction has to be held over them."""
    for start in range(0, last_seq, CHUNK_ROWS):
        yield JournalEntry.objects.filter(seq__gt=start, seq__lte=min(start + CHUNK_ROWS, last_seq)).order_by("seq")


def json_line(values):
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n"
