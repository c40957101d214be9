"""The verifier an auditor runs on his own computer: what it accepts, and which line it names when one is wrong."""

import ast
import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from .made_up import canonical, head_note, journal, text_of
from .standalone import SCRIPT, verifier

VECTORS = json.loads((Path(__file__).parent / "vectors.json").read_text(encoding="utf-8"))


def unproved(lines, last):
    """What is said of an export that begins after entry `last`."""
    before = "entry 1" if last == 1 else f"entries 1 to {last}"
    return (
        f"proved: what is shown follows from hash {lines[0]['previous']}\n"
        f"not proved: what {before} said, nor that this was the hash of entry {last}: "
        f"the head note of an export up to entry {last} proves that\n"
    )


OWNERS = ["lapp", None, "kazger", "lapp", "lapp"]


@pytest.mark.parametrize(
    ("export", "said"),
    [
        ("export_whole", "3 entries"),
        ("export_operator_lapp", "3 entries (1 hidden)"),
        ("export_from_2", "2 entries, begins with entry 2, entry 1 is not shown"),
    ],
)
def test_golden_exports_verify(run, export, said):
    """The exports written down with the format verify, alone and against the head note."""
    limits = unproved(VECTORS[export], 1) if export == "export_from_2" else ""
    with_head = f"{said}: matches head note 3 (unsigned)\n{limits}"
    assert run(VECTORS[export]) == (0, f"{said}: consistent\n{limits}")
    assert run(VECTORS[export], VECTORS["head_txt"]) == (0, with_head)
    spaced = "".join(json.dumps(line) + "\r\n" for line in VECTORS[export])
    assert run(spaced, VECTORS["head_txt"]) == (0, with_head)


def test_verifier_needs_nothing_but_python(tmp_path):
    """The auditor's computer has neither Django nor the registry: the standard library is enough."""
    export = tmp_path / "journal.jsonl"
    export.write_text(text_of(VECTORS["export_whole"]), encoding="utf-8")
    told = subprocess.run([sys.executable, "-I", "-S", SCRIPT, export], capture_output=True, text=True, check=False)
    assert (told.returncode, told.stdout, told.stderr) == (0, "3 entries: consistent\n", "")
    imported = [
        name.name
        for node in ast.walk(ast.parse(SCRIPT.read_text()))
        if isinstance(node, ast.Import)
        for name in node.names
    ]
    assert set(imported) <= sys.stdlib_module_names


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "line 1: changed: its hash does not follow from the line before\n"),
        (3, "line 3: changed: its hash does not follow from the line before\n"),
        (5, "line 5: changed: its hash does not follow from the line before\n"),
        (6, "line 6: changed: its hash does not follow from the line before\n"),
    ],
)
def test_changed_line_is_named(run, number, said):
    """A body (or the trailer's hash) that was edited is named by its line."""
    lines = journal(OWNERS)
    line = lines[number - 1]
    if "body" in line:
        line["body"] = line["body"].replace("list", "view")
    else:
        line["hash"] = "0" * 64
    assert run(lines) == (1, said)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (1, "line 1: missing: entry 1\n"),
        (3, "line 3: missing: entry 3\n"),
        (5, "line 5: missing: entry 5\n"),
        (6, "line 6: truncated: the file ends after entry 5 without its trailer\n"),
    ],
)
def test_dropped_line_is_named(run, number, said):
    """A line taken out is named where it should stand, several by the numbers of their entries."""
    lines = journal(OWNERS)
    assert run(lines[:1] + lines[3:]) == (1, "line 2: missing: entries 2 to 3\n")
    del lines[number - 1]
    assert run(lines) == (1, said)


@pytest.mark.parametrize(
    ("number", "other", "said"),
    [
        (1, 2, "line 1: swapped: entry 2 stands here, entry 1 in line 2\n"),
        (4, 5, "line 4: swapped: entry 5 stands here, entry 4 in line 5\n"),
        (2, 5, "line 2: swapped: entry 5 stands here, entry 2 in line 5\n"),
        (5, 6, "line 5: missing: entry 5\n"),
    ],
)
def test_swapped_lines_are_named(run, number, other, said):
    """Two lines in each other's place are both named, the first one as the wrong one."""
    lines = journal(OWNERS)
    lines[number - 1], lines[other - 1] = lines[other - 1], lines[number - 1]
    assert run(lines) == (1, said)


@pytest.mark.parametrize(
    ("number", "seq", "said"),
    [
        (1, 1, "line 1: inserted: entry 1 stands here and in another line\n"),
        (3, 3, "line 3: inserted: entry 3 stands here and in another line\n"),
        (3, 2, "line 3: inserted: entry 2 stands here and in another line\n"),
        (3, 4, "line 3: inserted: entry 4 stands before entry 3\n"),
        (3, 9, "line 3: inserted: entry 9 stands before entry 3\n"),
        (6, 6, "line 6: changed: its hash does not follow from the line before\n"),
        (7, 6, "line 7: inserted: it stands after the trailer\n"),
    ],
)
def test_inserted_line_is_named(run, number, seq, said):
    """A line somebody wrote in between is named, whatever number he gave it."""
    lines = journal(OWNERS)
    forged = canonical({"v": 1, "seq": seq, "at": "2026-11-22T05:00:02.000000Z", "action": "list"})
    lines.insert(number - 1, {"seq": seq, "body": forged, "hash": "ab" * 32})
    assert run(lines) == (1, said)


def test_inserted_line_that_chains_is_found_at_the_next(run):
    """A forged entry with a well computed hash is betrayed by the true one after it."""
    lines, other = journal(OWNERS), journal(OWNERS, seq_3={"action": "view"})
    lines.insert(2, other[2])
    assert run(lines) == (1, "line 4: inserted: entry 3 stands here and in another line\n")
    assert run(lines[:3] + lines[4:]) == (1, "line 4: changed: its hash does not follow from the line before\n")


@pytest.mark.parametrize("left", range(6))
def test_cut_file_is_not_whole(run, left):
    """A file that ends early is not whole: the trailer is missing."""
    lines = journal(OWNERS)
    said = f"line {left + 1}: truncated: the file ends after entry {left} without its trailer\n"
    assert run(lines[:left]) == (1, said)
    broken = text_of(lines[:left]) + text_of(lines[left : left + 1])[:9]
    assert run(broken) == (1, f"line {left + 1}: truncated: it breaks off\n")


def test_changed_hidden_line_is_found_at_the_next_whole_line(run):
    """Of another operator's line only the digest is there: a change in it shows at the next whole line, or at the trailer."""
    lines = journal(["lapp", None, "kazger", "lapp", "kazger"], shown="lapp")
    for changed, found, since in [(2, 4, 2), (3, 4, 2), (5, 6, 5)]:
        wrong = [dict(line) for line in lines]
        wrong[changed - 1]["digest"] = "0" * 64
        said = f"line {found}: changed: its hash does not follow from the line before, or a hidden line from line {since} on was\n"
        assert run(wrong) == (1, said)


def test_dropped_and_swapped_hidden_lines_are_named_by_their_place(run):
    """Hidden lines bear their numbers, so a dropped or swapped one is named where it should stand."""
    lines = journal(["lapp", None, "kazger", "lapp", "kazger"], shown="lapp")
    assert run(lines[:1] + lines[2:]) == (1, "line 2: missing: entry 2\n")
    said = "line 2: swapped: entry 3 stands here, entry 2 in line 3\n"
    assert run([lines[0], lines[2], lines[1], *lines[3:]]) == (1, said)


def test_own_entry_hidden_from_an_operator_is_found(run):
    """An operator's extract cannot leave out one of its own entries: its running numbers show the gap."""
    lines = journal(OWNERS, shown="lapp")
    head = head_note(lines, "n lapp 3")
    assert run(lines, head) == (0, "5 entries (2 hidden): matches head note 5 (unsigned)\n")
    digest = hashlib.sha256(b"PDR1\0" + lines[3]["body"].encode()).hexdigest()
    hidden_before = [*lines[:3], {"seq": 4, "digest": digest}, *lines[4:]]
    assert run(hidden_before, head) == (1, "line 5: missing: of lapp the numbers 2 to 2, before this line\n")
    digest = hashlib.sha256(b"PDR1\0" + lines[4]["body"].encode()).hexdigest()
    hidden_last = [*lines[:4], {"seq": 5, "digest": digest}, lines[5]]
    assert run(hidden_last, head) == (1, "line 5: missing: lapp has 3 entries by the head note, shown are 2\n")


def test_extract_for_a_person_may_skip_numbers_where_lines_are_hidden(run):
    """An extract for one person proves what it shows, not that it is all: hidden lines may explain a gap, nothing else may."""
    lines = journal(["lapp", "lapp", "lapp"])
    digest = hashlib.sha256(b"PDR1\0" + lines[1]["body"].encode()).hexdigest()
    lines[1] = {"seq": 2, "digest": digest}
    assert run(lines, head_note(lines)) == (0, "3 entries (1 hidden): matches head note 3 (unsigned)\n")
    gap = journal(["lapp", "lapp", "lapp"], seq_3={"n": 4})
    assert run(gap) == (1, "line 3: missing: of lapp the numbers 3 to 3, before this line\n")
    double = journal(["lapp", "lapp", "lapp"], seq_3={"n": 2})
    assert run(double) == (1, "line 3: changed: its number 2 of lapp was given before, the next is 3\n")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"seq_3": {"at": "2026-11-22T05:00:01.999999Z"}},
            "its time 2026-11-22T05:00:01.999999Z is before 2026-11-22T05:00:02.000000Z",
        ),
        ({"seq_3": {"at": "2026-11-22 05:00:03"}}, "its body lacks the time or the number of its operator"),
        ({"seq_3": {"n": None}}, "its body is not canonical"),
        ({"seq_3": {"action": ""}}, "its body is not canonical"),
        ({"seq_3": {"count": 1.5}}, "not one JSON object"),
        ({"seq_3": {"object": {"name": "x"}}}, "its body is not canonical"),
        ({"text_3": '{"v":1,"seq":3,"at":"2026-11-22T05:00:03.000000Z"}'}, "its body is not canonical"),
        ({"text_3": '{"at":"2026-11-22T05:00:03.000000Z","seq":3,"seq":3,"v":1}'}, "not one JSON object"),
        (
            {"text_3": '{"at":"2026-11-22T05:00:03.000000Z","note":"\\u0416","seq":3,"v":1}'},
            "its body is not canonical",
        ),
        ({"seq_3": {"v": 2}}, "its body is not of version 1, use the verifier that came with it"),
        ({"seq_3": {"seq": 4}}, "its body bears another number"),
        (
            {"text_3": '{"at":"2026-11-22T05:00:03.000000Z","n":1,"seq":3,"v":1}'},
            "its body lacks the time or the number of its operator",
        ),
    ],
)
def test_entry_against_the_format_is_refused(run, changes, said):
    """A chain that adds up is not enough: each body must keep to the format."""
    assert run(journal(OWNERS, **changes)) == (1, f"line 3: changed: {said}\n")


def test_equal_times_of_one_unit_are_allowed(run):
    """Entries of one unit of work share their time."""
    assert run(journal(OWNERS, seq_3={"at": "2026-11-22T05:00:02.000000Z"})) == (0, "5 entries: consistent\n")


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b"", "not one JSON object"),
        (b"[1]", "not one JSON object"),
        (b'{"seq":3}', "not a line of a journal export"),
        (b'{"seq":3,"digest":"XY"}', "malformed 'digest'"),
        (b'{"seq":true,"digest":"00"}', "malformed seq"),
        (b'{"seq":-3,"digest":"00"}', "malformed seq"),
        (b'{"seq":3,"body":7,"hash":"00"}', "malformed 'body'"),
        (b'{"seq":3,"seq":3,"digest":"00"}', "not one JSON object"),
        (b"\xff\xfe\x00", "not one JSON object"),
        (b"[" * 20000, "not one JSON object"),
        (b'{"from":3,"previous":"' + b"0" * 64 + b'"}', None),
    ],
)
def test_line_that_is_no_line_is_named(run, line, said):
    """Whatever stands in the file, the answer is a sentence with the line number, never a traceback."""
    content = text_of(journal(OWNERS)).encode().split(b"\n")
    content[2] = line
    said = f"changed: {said}" if said else "inserted: only the first line says where an export begins"
    assert run(b"\n".join(content)) == (1, f"line 3: {said}\n")


def test_trailer_that_counts_otherwise_is_named(run):
    """The trailer must count what is there."""
    lines = journal(OWNERS)
    for change, said in [
        ({"count": 4}, "changed: the trailer counts other entries"),
        ({"seq": 7}, "missing: entries 6 to 7"),
    ]:
        assert run([*lines[:-1], lines[-1] | change]) == (1, f"line 6: {said}\n")
    assert run([*lines, lines[-1]]) == (1, "line 7: inserted: it stands after the trailer\n")


def test_export_that_starts_later(run):
    """An export from a later entry on is bound to the hash before it and may begin anywhere in an operator's numbers."""
    lines = journal(OWNERS, start=4)
    named = "2 entries, begins with entry 4, entries 1 to 3 are not shown"
    assert run(lines) == (0, f"{named}: consistent\n{unproved(lines, 3)}")
    assert run(lines, None, "from=4") == (0, f"{named}: consistent\n{unproved(lines, 3)}")
    assert run(lines, None, "from=3") == (1, "line 1: changed: it begins with entry 4, not with 3\n")
    assert run(journal(OWNERS), None, "from=4") == (1, "line 1: changed: it begins with entry 1, not with 4\n")
    said = "line 2: changed: its hash does not follow from the line before\n"
    assert run([lines[0] | {"previous": "0" * 64}, *lines[1:]]) == (1, said)
    assert run([lines[0] | {"from": 1}, *lines[1:]]) == (1, "line 1: changed: entry 1 follows 32 zero bytes\n")
    assert run([lines[0] | {"from": 0}, *lines[1:]]) == (1, "line 1: changed: entry 1 follows 32 zero bytes\n")
    assert run(lines[1:]) == (1, "line 1: missing: entries 1 to 3\n")
    before = head_note(journal(OWNERS[:3]), "n lapp 1")
    joined = f"proved: what is shown follows from hash {lines[0]['previous']}, that of the head note\n"
    joined = f"{named}: matches head note 3 (unsigned), 2 came later\n{joined}not proved: what entries 1 to 3 said\n"
    assert run(lines, before, "from=4") == (0, joined)
    long_before = head_note(journal(OWNERS[:2]), "n lapp 1")
    assert run(lines, long_before) == (1, "head note 2: the export begins only with entry 4\n")
    nothing = head_note(journal([]), at="2026-11-22T05:00:00.000000Z")
    assert run(journal(OWNERS), nothing) == (1, "head note 0: the export begins only with entry 1\n")


def test_one_entry_is_told_in_the_singular(run):
    """1 entry, not 1 entries."""
    assert run(journal(["lapp"])) == (0, "1 entry: consistent\n")


def test_journal_cut_at_the_front_is_no_match(run):
    """Whoever cuts off the beginning is found by the running numbers of the head note, unless that export was asked for."""
    lines = journal(OWNERS, start=4)
    head = head_note(lines, "n kazger 1", "n lapp 3")
    said = "line 1: missing: entries 1 to 3, the head note counts those of {} among them; "
    said += "an export from there on is asked for by from=4\n"
    assert run(lines, head) == (1, said.format("kazger"))
    assert run(lines, head_note(lines, "n lapp 3")) == (1, said.format("lapp"))
    named = "2 entries, begins with entry 4, entries 1 to 3 are not shown: matches head note 5 (unsigned)\n"
    named += unproved(lines, 3)
    assert run(lines, head, "from=4") == (0, named)
    assert run(lines, head_note(lines)) == (0, named)  # a person's extract: its note counts nobody's entries
    hidden = journal(OWNERS, shown="lapp", start=2)
    assert run(hidden, head_note(hidden, "n lapp 3"))[1].startswith("line 1: missing: entry 1, the head note counts")
    later = journal([*OWNERS, "site"], start=6)
    assert run(later, head_note(journal(OWNERS), "n lapp 3"))[0] == 1


def test_head_note_kept_from_an_earlier_day_finds_a_rewritten_journal(run):
    """Who rewrites the whole journal is found out by the note somebody kept."""
    kept = head_note(journal(OWNERS[:3]), "n lapp 1", "n kazger 1")
    assert run(journal(OWNERS), kept) == (0, "5 entries: matches head note 3 (unsigned), 2 came later\n")
    rewritten = journal(OWNERS, seq_2={"action": "view"})
    assert run(rewritten) == (0, "5 entries: consistent\n")
    said = "line 3: changed: entry 3, or one before it, is not as in the head note\n"
    assert run(rewritten, kept) == (1, said)
    assert run(journal(OWNERS[:2]), kept) == (1, "line 3: truncated: it ends with entry 2, the head note says 3\n")
    other_time = head_note(journal(OWNERS[:3]), "n lapp 1", at="2026-11-22T05:00:09.000000Z")
    assert run(journal(OWNERS), other_time) == (1, said)
    other_count = head_note(journal(OWNERS[:3]), "n lapp 2")
    said = "line 3: missing: lapp has 2 entries by the head note, shown are 1\n"
    assert run(journal(OWNERS), other_count) == (1, said)


def test_head_note_that_is_none_is_refused(run):
    """A damaged head note is called so."""
    said = "head note: changed: not PDR1 head, seq, hash, at and n lines\n"
    good = head_note(journal(OWNERS))
    for note in ["", good.replace("PDR1", "PDR2"), good.replace("seq 5", "seq five"), good + "m lapp 1\n"]:
        assert run(journal(OWNERS), note) == (1, said)


def test_journal_without_an_entry(run):
    """An empty journal is its trailer alone; an empty file is nothing."""
    assert run(journal([])) == (0, "0 entries: consistent\n")
    assert run("") == (1, "line 1: truncated: the file ends after entry 0 without its trailer\n")


def test_wrong_call_is_explained(capsys, tmp_path):
    """A wrong call is answered with the right one; a missing file is named."""
    assert verifier.main([]) == 1
    assert capsys.readouterr().out == "usage: python verify_journal.py journal.jsonl [head.txt] [from=N]\n"
    assert verifier.main(["a", "b", "c"]) == 1
    assert capsys.readouterr().out.startswith("usage: ")
    assert verifier.main([str(tmp_path / "none.jsonl")]) == 1
    assert "No such file or directory" in capsys.readouterr().out


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    owners=st.lists(st.sampled_from(["lapp", "kazger", None]), min_size=2, max_size=12),
    shown=st.sampled_from([None, "lapp"]),
    act=st.sampled_from(["change", "drop", "swap", "insert", "cut"]),
    draw=st.data(),
)
def test_any_single_act_on_an_export_is_found_at_its_line(tmp_path, owners, shown, act, draw):
    """Changed, dropped, swapped, inserted or cut anywhere: the line is named; for a hidden one at the latest the next whole line."""
    lines = journal(owners, shown=shown)
    place = draw.draw(st.integers(0, len(owners) - (2 if act == "swap" else 1)))
    wrong = [dict(line) for line in lines]
    if act == "change":
        key = draw.draw(st.sampled_from(sorted(wrong[place])))
        wrong[place][key] = (
            wrong[place][key] + 1 if key == "seq" else wrong[place][key].replace("0", "1") + " "[: key == "body"]
        )
    elif act == "drop":
        del wrong[place]
    elif act == "swap":
        wrong[place], wrong[place + 1] = wrong[place + 1], wrong[place]
    elif act == "insert":
        wrong.insert(place, dict(draw.draw(st.sampled_from(lines[:-1]))))
    else:
        del wrong[place:]
    path = tmp_path / "journal.jsonl"
    path.write_text(text_of(wrong), encoding="utf-8")
    if wrong == lines:
        return
    with pytest.raises(verifier.Wrong) as found:
        verifier.verify(str(path))
    number = int(str(found.value).split()[1].rstrip(":"))
    first = next(at for at, line in enumerate(wrong + [None]) if at >= len(lines) or line != lines[at])
    following = next((at for at in range(first, len(wrong)) if "hash" in wrong[at]), len(wrong))
    assert first + 1 <= number <= following + 1
    if "hash" in lines[first]:
        assert number == first + 1
