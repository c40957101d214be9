import pytest

from .made_up import text_of
from .standalone import verifier


@pytest.fixture
def run(tmp_path, capsys):
    """Verifies lines, or a text, with a head note where there is one: (exit code, what is printed)."""

    def verify(lines, head=None, *more):
        export, note = tmp_path / "journal.jsonl", tmp_path / "head.txt"
        content = lines if isinstance(lines, (str, bytes)) else text_of(lines)
        export.write_bytes(content if isinstance(content, bytes) else content.encode())
        if head is not None:
            note.write_text(head, encoding="utf-8")
        code = verifier.main([str(export), *([str(note)] if head is not None else []), *more])
        return code, capsys.readouterr().out

    return verify
