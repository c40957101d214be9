"""Exports of a made-up journal, right to the last byte unless a change is asked for."""

import hashlib
import json


def canonical(values):
    return json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def journal(owners, *, shown=None, start=1, **changes):
    """Lines of an export of one entry per owner; only the entries of `shown` are whole; changes: seq_3={"at": …}."""
    previous, numbers, lines = bytes(32), {}, []
    for seq, owner in enumerate(owners, 1):
        body = {"v": 1, "seq": seq, "at": f"2026-11-22T05:00:{seq:02}.000000Z", "action": "list", "nonce": "00" * 16}
        if owner:
            numbers[owner] = numbers.get(owner, 0) + 1
            body |= {"operator": owner, "n": numbers[owner]}
        text = changes.get(f"text_{seq}") or canonical(body | changes.get(f"seq_{seq}", {}))
        digest = hashlib.sha256(b"PDR1\0" + text.encode()).digest()
        if seq == start > 1:
            lines.append({"from": seq, "previous": previous.hex()})
        previous = hashlib.sha256(previous + digest).digest()
        whole = {"seq": seq, "body": text, "hash": previous.hex()}
        if seq >= start:
            lines.append(whole if shown is None or owner == shown else {"seq": seq, "digest": digest.hex()})
    lines.append({"count": max(len(owners) - start + 1, 0), "seq": len(owners), "hash": previous.hex()})
    return lines


def head_note(lines, *numbers, at=None):
    trailer = lines[-1]
    at = at or f"2026-11-22T05:00:{trailer['seq']:02}.000000Z"
    rows = ["PDR1 head", f"seq {trailer['seq']}", f"hash {trailer['hash']}", f"at {at}", *numbers]
    return "".join(f"{row}\n" for row in rows)


def text_of(lines):
    return "".join(json.dumps(line, ensure_ascii=False, separators=(",", ":")) + "\n" for line in lines)
