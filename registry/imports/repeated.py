"""Ids that stand on two lines or more. Found before the rows are read in earnest, for every one of those lines is at fault."""

from array import array
from collections import defaultdict
from itertools import islice
from operator import eq

from .rows import clean_id

# Of each id one digest of eight bytes is kept, in so many parts that sorting one takes little room.
PARTS = 64
# So many lines of an id are kept; the sentence names fewer.
LINES_KEPT = 12


def repeated_ids(table, place):
    """Id → its first lines, for the ids that stand on several; `place` is the index of their column.

    The first reading keeps digests only. Where two of them are equal a second one looks at the ids themselves.
    """
    parts = [array("q") for _each in range(PARTS)]
    for _line, cell in table.column(place):
        digest = hash(clean_id(cell))
        parts[digest % PARTS].append(digest)
    nothing = hash("")
    suspects = {digest for part in parts for digest in _doubled(part)} - {nothing}
    lines = defaultdict(list)
    for line, cell in table.column(place) if suspects else ():
        crm_id = clean_id(cell)
        if hash(crm_id) in suspects and len(lines[crm_id]) < LINES_KEPT:
            lines[crm_id].append(line)
    return {crm_id: places for crm_id, places in lines.items() if len(places) > 1}


def _doubled(digests):
    ordered = sorted(digests)
    return {one for one, next_one in zip(ordered, islice(ordered, 1, None), strict=False) if eq(one, next_one)}
