"""Verify an export of the audit journal, offline: Python 3.8 or later and nothing else.

    python verify_journal.py journal.jsonl [head.txt] [from=N]

Prints the number of entries and "consistent" or "matches head note N (unsigned)", exit code 0; or the first wrong line and
what is wrong with it, exit code 1. A hidden line shows only its digest, so a change in it is found at the next whole line.
An export that begins later than entry 1 is called so, with the hash it relies on and what is not proved by it. If it leaves out entries that the head note counts for an operator it
matches only where you say by from=N that you asked for an export from entry N on; with the head note of an export up to the
entry before, from=N proves that hash. Who rewrites the whole journal gets a consistent export: only a head note you kept from
an earlier day finds that out.

    digest = SHA-256("PDR1\\0" + body)     hash = SHA-256(previous hash + digest), the first one after 32 zero bytes
"""

import hashlib
import json
import re
import sys

HEX, TIME = "[0-9a-f]{64}", "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}[.][0-9]{6}Z"
KINDS = {
    "seq body hash": "whole",
    "seq digest": "hidden",
    "from previous": "from",
    "count seq hash export sha256": "trailer",
    "count seq hash": "trailer",  # of exports made before
}
UID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
USAGE = "usage: python verify_journal.py journal.jsonl [head.txt] [from=N]"
HEAD = ["PDR1 head", "seq ([0-9]+)", f"hash ({HEX})", f"at ({TIME})"]


class Wrong(Exception):
    pass


def check(holds, what):
    if not holds:
        raise Wrong(what)


def parse(text):
    """A JSON object of whole numbers, texts and lists (a nested object becomes a tuple, a key twice is refused)."""
    try:
        pairs = json.loads(text, object_pairs_hook=tuple, parse_float=int, parse_constant=int)
    except (ValueError, RecursionError):
        pairs = None
    check(isinstance(pairs, tuple) and len(dict(pairs)) == len(pairs), "changed: not one JSON object")
    return dict(pairs)


def read(raw):
    """One line of the export as (kind, values)."""
    line = parse(raw.decode("utf-8", "replace"))
    for key, value in line.items():
        if key in ("seq", "from", "count"):
            check(type(value) is int and value >= 0, f"changed: malformed {key}")
        else:
            form = {"body": "(?s).*", "export": UID}.get(key, HEX)
            check(isinstance(value, str) and re.fullmatch(form, value), f"changed: malformed {key!a}")
    check(" ".join(line) in KINDS, "changed: not a line of a journal export")
    return KINDS[" ".join(line)], line


def read_body(text, seq):
    body = parse(text)
    same = text == json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    check(same and None not in body.values() and "" not in body.values(), "changed: its body is not canonical")
    check(body.get("v") == 1, "changed: its body is not of version 1, use the verifier that came with it")
    check(body.get("seq") == seq, "changed: its body bears another number")
    whole = re.fullmatch(TIME, str(body.get("at"))) and ("n" in body) == ("operator" in body)
    check(whole and type(body.get("n", 1)) is int, "changed: its body lacks the time or the number of its operator")
    return body


def read_head(path):
    with open(path, encoding="utf-8") as text:
        lines = text.read().splitlines()
    found = list(map(re.fullmatch, HEAD + ["n (.+) ([0-9]+)"] * len(lines), lines))
    check(len(found) >= len(HEAD) and all(found), "head note: changed: not PDR1 head, seq, hash, at and n lines")
    numbers = {line[1]: int(line[2]) for line in found[4:]}
    return {"seq": int(found[1][1]), "hash": found[2][1], "at": found[3][1], "numbers": numbers}


def entries(first, last):
    return f"entry {first}" if first == last else f"entries {first} to {last}"


def misplaced(path, number, seq, due):
    """What became of a line that is not the next one; the rest of the file is read to tell."""
    later = {}
    with open(path, "rb") as lines:
        for place, raw in enumerate(lines, 1):
            try:
                kind, line = read(raw)
            except Wrong:
                continue
            if place > number and kind in ("whole", "hidden"):
                later.setdefault(line["seq"], place)
    if seq < due or seq == due and seq in later:
        return f"inserted: entry {seq} stands here and in another line"
    if seq == due:
        return None
    if due not in later:
        return f"missing: {entries(due, min([seq, *later]) - 1)}"
    if seq in later or seq - 1 not in later:
        return f"inserted: entry {seq} stands before entry {due}"
    return f"swapped: entry {seq} stands here, entry {due} in line {later[due]}"


class Journal:
    """The export as far as it is read."""

    def __init__(self, path, head=None):
        self.path, self.head, self.noted, self.ended = path, head, None, False
        self.first, self.seq, self.hash, self.at, self.numbers, self.begun = 1, 0, bytes(32), "", {}, {}
        self.count, self.hidden, self.unproven, self.relied_on = 0, 0, None, None
        self.lines = hashlib.sha256()

    def take(self, number, raw):
        check(not self.ended, "inserted: it stands after the trailer")
        kind, line = read(raw)
        if kind == "from":
            check(number == 1, "inserted: only the first line says where an export begins")
            self.first, self.seq, self.hash = line["from"], line["from"] - 1, bytes.fromhex(line["previous"])
            check(self.seq > 0 or self.first == 1 and not any(self.hash), "changed: entry 1 follows 32 zero bytes")
            self.relied_on = line["previous"]
        elif kind == "trailer":
            check(line["seq"] <= self.seq, f"missing: {entries(self.seq + 1, line['seq'])}")
            self.prove(number, line["hash"])
            check((line["seq"], line["count"]) == (self.seq, self.count), "changed: the trailer counts other entries")
            of_these = line.get("sha256") in (None, self.lines.hexdigest())
            check(of_these, "changed: the lines before the trailer are not those it closes")
            self.ended = True
        else:
            self.enter(number, kind, line)
        self.lines.update(raw)
        if self.head and self.seq == self.head["seq"] and self.noted is None:
            self.noted = number, self.hash.hex(), self.at if kind == "whole" else None, dict(self.numbers)

    def enter(self, number, kind, line):
        if line["seq"] != self.seq + 1:
            raise Wrong(misplaced(self.path, number, line["seq"], self.seq + 1))
        body = line.get("body", "")
        digest = line.get("digest") or hashlib.sha256(b"PDR1\0" + body.encode("utf-8", "replace")).hexdigest()
        self.hash = hashlib.sha256(self.hash + bytes.fromhex(digest)).digest()
        self.seq, self.count = line["seq"], self.count + 1
        if kind == "hidden":
            self.hidden, self.unproven = self.hidden + 1, self.unproven or number
        else:
            self.prove(number, line["hash"])
            self.follow(read_body(body, self.seq))

    def prove(self, number, stated):
        """The hash stated here also proves the hidden lines before it."""
        if stated != self.hash.hex():
            hidden = f", or a hidden line from line {self.unproven} on was" if self.unproven else ""
            doubled = misplaced(self.path, number, self.seq, self.seq)
            raise Wrong(doubled or f"changed: its hash does not follow from the line before{hidden}")
        self.unproven = None

    def follow(self, body):
        """Times never go back; only hidden lines may leave a gap in the running numbers of an operator."""
        check(body["at"] >= self.at, f"changed: its time {body['at']} is before {self.at}")
        self.at, operator, n = body["at"], body.get("operator"), body.get("n")
        if operator is None:
            return
        last, hidden = self.numbers.get(operator, (0 if self.first == 1 else n - 1, 0))
        check(n > last, f"changed: its number {n} of {operator} was given before, the next is {last + 1}")
        all_shown = self.head and operator in self.head["numbers"] and self.seq <= self.head["seq"]
        gap = 0 if all_shown else self.hidden - hidden
        check(n - last - 1 <= gap, f"missing: of {operator} the numbers {last + 1} to {n - 1}, before this line")
        self.numbers[operator] = n, self.hidden
        self.begun.setdefault(operator, n)

    def limits(self):
        """What is proved of an export that begins later, and what is not."""
        last = self.first - 1
        told = f"proved: what is shown follows from hash {self.relied_on}"
        if self.head and self.head["seq"] == last:
            return f"{told}, that of the head note\nnot proved: what {entries(1, last)} said"
        return (
            f"{told}\nnot proved: what {entries(1, last)} said, nor that this was the hash of entry {last}: "
            f"the head note of an export up to entry {last} proves that"
        )

    def compare(self, number, head, is_asked_for):
        """The head note against what was read: last, so that a wrong line is named before it."""
        seq = head["seq"]
        check(seq <= self.seq, f"line {number}: truncated: it ends with entry {self.seq}, the head note says {seq}")
        check(self.noted, f"head note {seq}: the export begins only with entry {self.first}")
        line, digest, at, numbers = self.noted
        same = digest == head["hash"] and at in (None, head["at"])
        check(same, f"line {line}: changed: entry {seq}, or one before it, is not as in the head note")
        for operator, n in head["numbers"].items():
            shown = numbers.get(operator, (0 if self.first == 1 else n, 0))[0]
            check(shown == n, f"line {line}: missing: {operator} has {n} entries by the head note, shown are {shown}")
            left_out = self.first > 1 and self.begun.get(operator) != 1
            said = f"line 1: missing: {entries(1, self.first - 1)}, the head note counts those of {operator} among them"
            check(not left_out or is_asked_for, f"{said}; an export from there on is asked for by from={self.first}")


def verify(path, head_path=None, first=None):
    """The sentences to print; `first` is the entry with which an export was asked to begin. Raises Wrong."""
    journal, number = Journal(path, head_path and read_head(head_path)), 0
    with open(path, "rb") as lines:
        for number, raw in enumerate(lines, 1):
            try:
                journal.take(number, raw)
            except Wrong as wrong:
                cut = not raw.endswith(b"\n") and "JSON" in str(wrong)
                raise Wrong(f"line {number}: {'truncated: it breaks off' if cut else wrong}") from None
    check(journal.ended, f"line {number + 1}: truncated: the file ends after entry {journal.seq} without its trailer")
    check(first in (None, journal.first), f"line 1: changed: it begins with entry {journal.first}, not with {first}")
    said = f"{journal.count} {'entry' if journal.count == 1 else 'entries'}"
    said += f" ({journal.hidden} hidden)" if journal.hidden else ""
    if journal.first > 1:
        before = journal.first - 1
        said += f", begins with entry {before + 1}, {entries(1, before)} {'is' if before == 1 else 'are'} not shown"
    limits = f"\n{journal.limits()}" if journal.first > 1 else ""
    if journal.head is None:
        return f"{said}: consistent{limits}"
    journal.compare(number, journal.head, first is not None)
    later = journal.seq - journal.head["seq"]
    later = f", {later} came later" if later else ""
    return f"{said}: matches head note {journal.head['seq']} (unsigned){later}{limits}"


def main(arguments):
    try:
        asked = re.fullmatch("from=([0-9]{1,18})", arguments[-1]) if len(arguments) > 1 else None
        paths = arguments[:-1] if asked else arguments
        check(len(paths) in (1, 2), USAGE)
        print(verify(*paths, first=int(asked[1]) if asked else None))
    except (Wrong, OSError, ValueError) as wrong:
        print(ascii(str(wrong))[1:-1])
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
