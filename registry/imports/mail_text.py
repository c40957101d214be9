"""Text out of a message, whatever its encoding: declared, declared wrongly, or not at all; HTML without anything remote."""

import base64
import binascii
import re
import unicodedata
from email.errors import HeaderParseError
from email.header import decode_header
from html import unescape

from registry.rules.names import is_garbled

ALIASES = {"windows1251": "cp1251", "win1251": "cp1251", "win-1251": "cp1251", "cp-1251": "cp1251", "koi8r": "koi8-r", "koi8": "koi8-r",
           "x-cp1251": "cp1251", "cp-866": "cp866", "dos-866": "cp866", "kz-1048": "kz1048", "strk1048-2002": "kz1048",
           "iso88595": "iso8859-5", "utf8mb4": "utf-8"}  # fmt: skip
# What programs declare that do not know better: Cyrillic letters are not in them.
NOT_MEANT = frozenset(
    ("", "us-ascii", "ascii", "iso-8859-1", "latin1", "iso-8859-15", "windows-1252", "cp1252", "unknown-8bit")
)
GUESSES = ("kz1048", "koi8-r", "iso8859-5", "cp866")
# How much a letter of Russian or Kazakh speaks for a reading in which it appears.
FREQUENCY = {
    letter: weight
    for letters, weight in (("оеаинт", 4), ("срвлкмды", 3), ("пуяьгзбчі", 2), ("йхжшқғңүәө", 1), ("юцщэфъёұһ", 0))
    for letter in letters
}
EXPECTED_SIGNS = "«»„“”’–—…№\xa0"
_HIGH_RUN = re.compile(rb"[\x80-\xff]{3}")
_BLANKS = re.compile(r"\s+")
HTML_CHARACTERS = 1_000_000


def decoded(content: bytes, charset="") -> tuple[str, bool]:
    """The text in its declared encoding, or in the likeliest one where that is missing, unknown or contradicted (True)."""
    charset = ALIASES.get(name := charset.strip(" \t\"'").lower(), name)
    if charset not in NOT_MEANT or not _HIGH_RUN.search(content):
        try:
            return _mended(content.decode(charset or "utf-8")), False
        except (LookupError, UnicodeError, ValueError):
            pass
    try:
        return _mended(content.decode("utf-8")), charset not in ("", "utf-8")
    except UnicodeError:
        return max((content.decode(each, "replace") for each in GUESSES), key=_likelihood), True


def _mended(text):
    """UTF-8 that some program on the way took for cp1251 is turned back."""
    if is_garbled(text):
        for encoding in ("cp1251", "cp1252"):
            try:
                return text.encode(encoding).decode()
            except UnicodeError:
                continue
    return text


def _likelihood(text):
    """Frequent letters speak for a reading; signs among letters, and a capital after a small letter, against it."""
    score, before = 0, " "
    for mark in text[:5000]:
        if mark > "\x7f":
            score += FREQUENCY.get(mark.casefold(), 0 if mark in EXPECTED_SIGNS else -4)
            score -= 3 if mark.isupper() and before.islower() else 0
        before = mark
    return score


def header_text(raw: str) -> tuple[str, bool]:
    """A header as a person reads it, on one line, without control characters; and whether its encoding was guessed."""
    guessed = False
    if any("\udc80" <= mark <= "\udcff" for mark in raw):
        raw, guessed = decoded(raw.encode("utf-8", "surrogateescape"))
    raw = re.sub(r"\r?\n(?=[ \t])", "", raw)
    if "=?" in raw:
        words = _encoded_words(raw)
        guessed = guessed or any(each for _said, each in words)
        raw = "".join(said for said, _guessed in words)
    return on_one_line(raw), guessed


def _encoded_words(raw):
    """Words that follow each other in one encoding are joined before they are read: a letter may be cut in two."""
    try:
        return [_word(*each) for each in decode_header(raw)]
    except (HeaderParseError, ValueError, binascii.Error):
        return [(_ENCODED_WORD.sub(_what_can_be_read, raw), True)]


_ENCODED_WORD = re.compile(r"=\?([^?\s]+)\?([bBqQ])\?([^?]*)\?=")


def _what_can_be_read(match):
    charset, kind, said = match.groups()
    if kind in "bB":
        said = re.sub(r"[^A-Za-z0-9+/]", "", said)
        return decoded(base64.b64decode(said[: len(said) // 4 * 4]), charset)[0]
    content = said.replace("_", " ").encode("utf-8", "replace")
    return decoded(re.sub(rb"=([0-9A-Fa-f]{2})", lambda code: bytes([int(code[1], 16)]), content), charset)[0]


def _word(said, charset):
    if charset is None:  # between encoded words the library hands plain text out in an encoding of its own
        return (said if isinstance(said, str) else said.decode("raw-unicode-escape", "replace")), False
    return decoded(said, charset)


def on_one_line(text: str) -> str:
    """No line break and no invisible control in it: they would forge headers and turn texts round."""
    return " ".join("".join(" " if unicodedata.category(mark) == "Cc" else mark for mark in storable(text)).split())


def storable(text: str) -> str:
    """Text that every database keeps: no NUL, no half of a pair; controls other than line breaks go, and marks that turn text round."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return "".join(
        "\ufffd" if "\ud800" <= mark <= "\udfff" else mark
        for mark in text
        if mark in "\n\t"
        or unicodedata.category(mark) != "Cc"
        and mark not in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff"
    )


def unflowed(text: str, *, delete_space=False) -> str:
    """format=flowed (RFC 3676): lines that end in a blank go on in the next one."""
    lines, open_line = [], False
    for line in text.split("\n"):
        line = line[1:] if line.startswith(" ") else line
        if open_line and not line.startswith(">") and not lines[-1].startswith(">") and line != "-- ":
            lines[-1] = (lines[-1][:-1] if delete_space else lines[-1]) + line
        else:
            lines.append(line)
        open_line = line.endswith(" ") and line != "-- "
    return "\n".join(lines)


_QUOTED_FROM = re.compile(
    r"[-_*\s]*(?:original message|(?:begin )?forwarded message|исходное сообщение|перес[ыл]+а(?:нно|емо)е сообщение|"
    r"бастапқы хат|қайта жіберілген хат)[-_*\s:]*"
    r"|(?:on .{5,200} wrote|.{5,200} (?:пишет|написала?|написал\(а\)|жазды))\s*:",
    re.IGNORECASE,
)
_QUOTED_HEAD = re.compile(
    r"(?:from|от|кімнен)\s*:.*\n(?:sent|date|to|отправлено|дата|кому|күні|кімге)\s*:", re.IGNORECASE
)


def own_words(text: str) -> str:
    """Without what is quoted from another message, and without the signature; all of it where nothing else is there."""
    lines, kept = text.split("\n"), []
    for at, line in enumerate(lines):
        if line == "-- " or _QUOTED_FROM.fullmatch(line.strip()[:300]):
            break
        if _QUOTED_HEAD.match("\n".join(lines[at : at + 2])):
            break
        if not line.lstrip().startswith(">"):
            kept.append(line)
    return "\n".join(kept).strip() or text.strip()


_TAG = re.compile(r"<!--|<(/?)([a-zA-Z][a-zA-Z0-9]*)[^<>]*>|<[!?/][^<>]*>")
_HIDDEN = frozenset("script style head title template noscript object svg".split())
_BREAKS = frozenset("br p div tr li ul ol table h1 h2 h3 h4 h5 h6 blockquote pre hr section article".split())


def text_of_html(page: str) -> str:
    """The text of a page. Nothing is loaded or run: what is no text is passed over.

    The library's parser had not done with 300,000 times `<a` after nine minutes; this one looks at every letter once.
    """
    page = page[:HTML_CHARACTERS]
    pieces, at, hidden, last_comment = [], 0, "", page.rfind("-->")
    while match := _TAG.search(page, at):
        pieces.append("" if hidden else _BLANKS.sub(" ", page[at : match.start()]))
        at, name, is_end = match.end(), (match[2] or "").lower(), bool(match[1])
        if match.group() == "<!--":
            at = page.find("-->", at) + 3 if at <= last_comment else at
        elif hidden:
            hidden = "" if name == "body" or (is_end and name == hidden) else hidden
        elif name in _HIDDEN:
            hidden = "" if is_end or match.group().endswith("/>") else name
        elif name in _BREAKS:
            pieces.append("\n")
    pieces.append("" if hidden else _BLANKS.sub(" ", page[at:]))
    lines = (" ".join(line.split()) for line in unescape("".join(pieces)).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
