"""Ids that stand on two lines or more. Found before the rows are read in earnest, for every one of those lines is at fault."""

from array import array
from bisect import bisect_left
from collections import defaultdict
from itertools import pairwise

from .rows import clean_id

# Of each id one digest of eight bytes is kept, in so many parts that sorting one takes little room.
PARTS = 64
# A digest has 64 bits with a sign; each part has those below its limit.
LIMITS = [(part + 1) * (1 << 64) // PARTS - (1 << 63) for part in range(PARTS)]
# So many lines of an id are kept; the sentence names fewer.
LINES_KEPT = 12


def repeated_ids(table, place):
    """Id → its first lines, for the ids that stand on several; `place` is the index of their column.

    The first reading keeps digests only. Where two of them are equal a second one looks at the ids themselves.
    """
    parts = [array("q") for _each in range(PARTS)]
    for cells in table.cells_of(place):
        _sort_into(parts, map(hash, map(clean_id, cells)))
    nothing = hash("")
    suspects = {digest for part in parts for digest in _doubled(part)} - {nothing}
    lines = defaultdict(list)
    for line, cell in table.column(place) if suspects else ():
        crm_id = clean_id(cell)
        if hash(crm_id) in suspects and len(lines[crm_id]) < LINES_KEPT:
            lines[crm_id].append(line)
    return {crm_id: places for crm_id, places in lines.items() if len(places) > 1}


def _sort_into(parts, digests):
    ordered, start = sorted(digests), 0
    for part, limit in zip(parts, LIMITS, strict=True):
        end = bisect_left(ordered, limit, start)
        part.extend(ordered[start:end])
        start = end


def _doubled(digests):
    if len(set(digests)) == len(digests):
        return ()
    ordered = sorted(digests)
    return {one for one, next_one in pairwise(ordered) if one == next_one}
