"""What a text is if it is to leave in a CSV file and come in again."""

import unicodedata

from django.utils.translation import gettext as _


def control_in(text: str) -> str:
    """The first control character of a text, or an empty text. Tabs and line breaks are text."""
    return next((mark for mark in text if unicodedata.category(mark) == "Cc" and mark not in "\t\r\n"), "")


def text_fault(text: str, limit: int) -> str:
    """Why a text of an entry is not taken, and what to do; empty where it is. `limit` is in characters."""
    if len(text) > limit:
        return _("The text is longer than %d characters: shorten it.") % limit
    if not text.isprintable() and (mark := control_in(text)):
        said = {"place": text.index(mark) + 1, "code": ord(mark)}
        return (
            _(
                "Character %(place)d of it is the control character U+%(code)04X, which is no text: type that place again."
            )
            % said
        )
    return ""
