"""The last line of an exported journal, as the verifier reads it: which export it closes, and what its lines were."""

import hashlib
from uuid import UUID

import pytest

from .made_up import journal, text_of
from .standalone import verifier

OWNERS = ["lapp", None, "kazger", "lapp"]


@pytest.fixture
def verified(tmp_path):
    def verify(lines):
        path = tmp_path / "journal.jsonl"
        path.write_text(text_of(lines), encoding="utf-8")
        return verifier.verify(str(path))

    return verify


@pytest.mark.parametrize("shown", [None, "lapp"], ids=["whole", "extract"])
def test_trailer_names_its_export_and_the_digest_of_its_lines(verified, shown):
    """One of today says of which lines it is the last; one of before says less and is taken as it is."""
    *lines, end = journal(OWNERS, shown=shown)
    before = verified([*lines, end])
    assert "4 entries" in before
    now = end | {"export": str(UUID(int=1)), "sha256": hashlib.sha256(text_of(lines).encode()).hexdigest()}
    assert verified([*lines, now]) == before


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"sha256": "0" * 64}, "changed: the lines before the trailer are not those it closes"),
        ({"sha256": "x"}, "changed: malformed 'sha256'"),
        ({"export": "7"}, "changed: malformed 'export'"),
        ({"export": 7}, "changed: malformed 'export'"),
        ({"more": "0" * 64}, "changed: not a line of a journal export"),
    ],
)
def test_trailer_of_other_lines_is_found(verified, change, told):
    """A trailer put under the lines of another export, or one that was written over, is named by its line."""
    *lines, end = journal(OWNERS)
    end |= {"export": str(UUID(int=1)), "sha256": hashlib.sha256(text_of(lines).encode()).hexdigest()}
    with pytest.raises(verifier.Wrong) as wrong:
        verified([*lines, end | change])
    assert str(wrong.value) == f"line 5: {told}"
