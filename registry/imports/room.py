"""How much of a text a page has room for: pages stay small whatever stands in the cells."""

from django.utils.html import escape


def html_bytes(text: str) -> int:
    return len(escape(text).encode())


def fit(text: str, limit: int) -> str:
    """The text, cut with “…” where its HTML would take more than `limit` bytes."""
    if len(text) <= limit and html_bytes(text) <= limit:
        return text
    used, kept = len("…".encode()), []
    for mark in text[:limit]:
        used += html_bytes(mark)
        if used > limit:
            break
        kept.append(mark)
    return "".join(kept) + "…"


class Room:
    """Bytes of HTML for so many rows: what short rows leave, long ones may take."""

    def __init__(self, size: int, rows: int):
        self.left, self.rows = size, rows

    @property
    def share(self) -> int:
        """What the next row may take."""
        return max(self.left, 0) // max(self.rows, 1)

    def take(self, used: int):
        self.left -= used
        self.rows -= 1
