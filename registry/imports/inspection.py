"""What kind of file a CRM sent: size, digest, encoding, delimiter. One pass over the bytes, before anything is parsed."""

import codecs
import hashlib
import re
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.utils.translation import gettext as _

from registry.exports.stream import TRAILER

CHUNK_BYTES = 1 << 20
HEAD_BYTES = 1 << 16
DELIMITERS = ";,\t|"
DELIMITER_NAMES = {"\t": "tab"}
ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "utf-8-sig": "utf-8-sig",
    "utf-16": "utf-16",
    "utf16": "utf-16",
    "cp1251": "cp1251",
    "windows-1251": "cp1251",
}
# What other kinds of file begin with. A spreadsheet or a program renamed to .csv is told by this, not by its name.
MAGIC = (
    (b"PK\x03\x04", "XLSX/ZIP"),
    (b"\xd0\xcf\x11\xe0", "XLS"),
    (b"%PDF", "PDF"),
    (b"MZ", "EXE"),
    (b"\x7fELF", "ELF"),
    (b"\x1f\x8b", "GZIP"),
    (b"Rar!", "RAR"),
    (b"7z\xbc\xaf", "7Z"),
    (b"\x89PNG", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"{\\rtf", "RTF"),
    (b"SQLite format 3", "SQLite"),
)
# In UTF-8 as many multi-byte letters in a row do not come about by chance in a cp1251 text.
CERTAINLY_UTF8_LETTERS = 8
# Of the letters beyond ASCII in a text that may be cp1251, this share must be Cyrillic, or it is some other encoding.
CYRILLIC_SHARE = 0.9

# Bytes that stand for control characters where no letter has more than one byte's meaning; line ends and tabs are text.
_CONTROLS = bytes(set(range(32)) - set(b"\t\r\n")) + b"\x7f"
_CONTROLS_IN_UTF8 = re.compile(rb"\xc2[\x80-\x9f]")
_MARKUP = re.compile(rb"\s*<(!doctype|html|\?xml|table)", re.IGNORECASE)
_CYRILLIC = re.compile(r"[А-Яа-яЁёІі№«»“”„’…–—\u00a0]")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
# In cp1251 a word is Russian or it is Latin; "Mьller" was Müller in an encoding of the West.
_SWAPPED_CASE, _PLAIN_CASE = re.compile(r"[а-яё][А-ЯЁ]"), re.compile(r"[А-ЯЁ][а-яё]")  # KOI8-R read as cp1251: йЧБОПЧ
# Where KZ-1048 has Қ, Ә, Ң and Һ, cp1251 has letters of Serbian and Macedonian.
_KAZAKH_IN_KZ1048 = "ҚқҺһӘәҢң".encode("kz1048")
_MIXED_WORD = re.compile(r"(?:[A-Za-z][А-Яа-яЁё]|[А-Яа-яЁё][A-Za-z])")


class FileRefused(Exception):
    """The file as a whole cannot be imported. The message says why and what to do; it is kept, and auditors read it, so it
    holds nothing out of the file. `quoting` does: a header may turn out to be somebody's name. run: the one that it ended.
    """

    run = None

    def __init__(self, message, *, quoting=""):
        super().__init__(message)
        self.quoting = quoting

    @property
    def told(self):
        """For the answer to whoever brought the file, and for nothing that is kept."""
        return f"{self} {self.quoting}".strip()


class FileAsks(FileRefused):
    """The file can be read once somebody has said what it leaves open: in the browser it is asked, a command is told."""


class Limits(NamedTuple):
    bytes: int
    rows: int
    columns: int
    cell_length: int

    @classmethod
    def from_settings(cls):
        return cls(
            settings.IMPORT_MAX_BYTES,
            settings.IMPORT_MAX_ROWS,
            settings.IMPORT_MAX_COLUMNS,
            settings.IMPORT_MAX_CELL_LENGTH,
        )

    @property
    def line_bytes(self):
        return max(self.columns * self.cell_length * 4, CHUNK_BYTES)


class Inspected(NamedTuple):
    """A file that may be parsed. encoding_guessed: shown to the person, who may say otherwise."""

    path: Path
    size: int
    sha256: str
    encoding: str
    encoding_guessed: bool
    delimiter: str
    may_hold_controls: bool = True
    may_hold_quotes: bool = True

    @property
    def delimiter_name(self):
        return DELIMITER_NAMES.get(self.delimiter, self.delimiter)


def inspect(path, *, encoding=None, delimiter=None, limits=None) -> Inspected:
    """Refuses (FileRefused) what cannot be a CSV file within the limits; detects what is not said."""
    path, limits = Path(path), limits or Limits.from_settings()
    size = path.stat().st_size
    if size > limits.bytes:
        raise FileRefused(
            _("The file has %(size)d bytes, more than the %(limit)d allowed. Export it in parts.")
            % {"size": size, "limit": limits.bytes}
        )
    if not size:
        raise FileRefused(_("The file is empty. Export it from the CRM again."))
    with path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    _refuse_other_kinds(head)
    scan = _Scan(_said_or_marked(encoding, head), limits)
    with path.open("rb") as stream:
        while chunk := stream.read(CHUNK_BYTES):
            scan.feed(chunk)
    found, guessed = scan.conclude()
    mark = _delimiter(path, found, delimiter)
    # Inside quotes a line is no row; how many rows there are is then told when they are read.
    if not scan.quotes and scan.lines > limits.rows + 1 and _has_more_rows(path, found, mark, limits.rows):
        raise FileRefused(too_many_rows(limits))
    controls, quotes = scan.controls or found == "utf-16", scan.quotes > 0
    return Inspected(path, size, scan.sha256.hexdigest(), found, guessed, mark, controls, quotes)


def _refuse_other_kinds(head):
    for magic, kind in MAGIC:
        if head.startswith(magic):
            raise FileRefused(_("This is a file of kind %(kind)s, not CSV. Save or export it as CSV.") % {"kind": kind})
    if _MARKUP.match(head.removeprefix(codecs.BOM_UTF8)):
        raise FileRefused(_("This is a web page or XML, not CSV. Save or export it as CSV."))
    marked = head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    if head.count(b"\0") * 10 > len(head) and not marked:
        raise FileRefused(
            _("The file is binary, or UTF-16 without a byte order mark. Export it from the CRM as CSV in UTF-8.")
        )


def _said_or_marked(said, head):
    """The encoding the byte order mark tells or the person says; None where it must be found out."""
    if said is not None and said.lower() not in ENCODINGS:
        raise FileRefused(
            _("This encoding is not read here. Say one of: utf-8, utf-16, cp1251."), quoting=_("Said was “%s”.") % said
        )
    said = said and ENCODINGS[said.lower()]
    marked = None
    if head.startswith(codecs.BOM_UTF8):
        marked = "utf-8-sig"
    elif head.startswith((codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE)):
        raise FileRefused(_("The file is in UTF-32. Export it from the CRM as CSV in UTF-8."))
    elif head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        marked = "utf-16"
    if said and marked and said.removesuffix("-sig") != marked.removesuffix("-sig"):
        raise FileRefused(
            _("The file is marked as %(marked)s, not %(said)s. Leave the encoding to be found out.")
            % {"marked": marked.removesuffix("-sig"), "said": said}
        )
    if said == "utf-16" and not marked:
        raise FileRefused(_("The file has no byte order mark, so it is not read as UTF-16. Export it in UTF-8."))
    return marked or said


class _Scan:
    """Bytes in one pass: digest, validity in the encoding, length of lines."""

    def __init__(self, encoding, limits):
        self.encoding, self.limits = encoding, limits
        self.sha256 = hashlib.sha256()
        self.decoder = codecs.getincrementaldecoder("utf-16" if encoding == "utf-16" else "utf-8")()
        self.newlines = self.returns = self.quotes = self.since_line_end = self.beyond_ascii = 0
        self.cp1251_undefined = self.controls = self.perhaps_kz1048 = False
        self.failed_on_line, self.sample = 0, b""

    def feed(self, chunk):
        self.sha256.update(chunk)
        if not self.failed_on_line:
            self._decode(chunk)
        self.newlines += chunk.count(b"\n")
        self.returns += chunk.count(b"\r")
        self.quotes += chunk.count(b'"')
        self.cp1251_undefined |= b"\x98" in chunk
        if self.failed_on_line and not self.perhaps_kz1048:
            self.perhaps_kz1048 = len(chunk.translate(None, _KAZAKH_IN_KZ1048)) != len(chunk)
        # A letter cut by the end of a chunk counts as one that may be a control: then every row is looked at.
        self.controls = self.controls or (
            len(chunk.translate(None, _CONTROLS)) != len(chunk)
            or chunk.endswith(b"\xc2")
            or bool(_CONTROLS_IN_UTF8.search(chunk))
        )
        last_end = max(chunk.rfind(b"\n"), chunk.rfind(b"\r"))
        self.since_line_end = len(chunk) - last_end - 1 if last_end >= 0 else self.since_line_end + len(chunk)
        self._check_limits()

    @property
    def lines(self):
        return self.newlines or self.returns

    @property
    def _encoding_named(self):
        return (self.encoding or "utf-8").removesuffix("-sig")

    def _decode(self, chunk):
        try:
            text = self.decoder.decode(chunk)
        except UnicodeDecodeError as error:
            before = error.object[: error.start]
            self.failed_on_line = (
                self.lines + (before.count(b"\n") or (before.count(b"\r") if not self.newlines else 0)) + 1
            )
            self.beyond_ascii += len(before) - len(before.decode(errors="ignore")) if self.encoding != "utf-16" else 0
            self.sample = error.object[error.start : error.start + HEAD_BYTES]
        else:
            self.beyond_ascii += len(chunk) - len(text)

    def _check_limits(self):
        if self.since_line_end > self.limits.line_bytes:
            raise FileRefused(
                _("Line %(line)d is longer than %(limit)d bytes: this is not a list of people. Export it again.")
                % {"line": self.lines + 1, "limit": self.limits.line_bytes}
            )

    def conclude(self):
        """(encoding, guessed). What is neither said nor marked is UTF-8 where valid, else perhaps cp1251."""
        cut = b"" if self.failed_on_line else self.decoder.getstate()[0]  # a letter begun and not ended
        if self.encoding == "cp1251":
            if not self.failed_on_line and self.beyond_ascii > len(cut):
                raise FileRefused(_("The file is in UTF-8, not cp1251. Leave the encoding to be found out."))
            self._refuse_undefined()
            return "cp1251", False
        if cut:
            raise FileRefused(
                _("Line %(line)d, the last one, ends within a letter of %(encoding)s: the file was cut off on its way, or is in "
                  "another encoding. Export it again in UTF-8, and see that all of it arrives.")
                % {"line": self.lines + 1, "encoding": self._encoding_named}
            )  # fmt: skip
        if not self.failed_on_line:
            return self.encoding or "utf-8", False
        if self.encoding or self.beyond_ascii >= CERTAINLY_UTF8_LETTERS:
            raise FileRefused(
                _("Line %(line)d holds a byte that is not valid in %(encoding)s: the file is damaged or in another "
                  "encoding. Export it again in UTF-8.")
                % {"line": self.failed_on_line, "encoding": self._encoding_named}
            )  # fmt: skip
        self._refuse_undefined()
        text = self.sample.decode("cp1251", errors="replace")
        letters = _BEYOND_ASCII.findall(text)
        cyrillic = sum(map(bool, map(_CYRILLIC.match, letters)))
        swapped = len(_SWAPPED_CASE.findall(text)) > len(_PLAIN_CASE.findall(text))
        mixed = 2 * len(_MIXED_WORD.findall(text)) > len(letters)
        if cyrillic < CYRILLIC_SHARE * len(letters) or mixed or swapped:
            raise FileRefused(
                _("The encoding cannot be told (first foreign letter on line %(line)d). Export the file in UTF-8.")
                % {"line": self.failed_on_line}
            )
        return "cp1251", True

    def _refuse_undefined(self):
        if self.cp1251_undefined:
            raise FileRefused(
                _("The file is not in cp1251: it holds a byte without meaning there. Export it in UTF-8.")
            )
        if self.perhaps_kz1048:
            raise FileRefused(
                _("The file is not in cp1251: it holds letters that are neither Russian nor Latin there, perhaps the Kazakh ones "
                  "of KZ-1048. Export it in UTF-8.")
            )  # fmt: skip


def _has_more_rows(path, encoding, delimiter, limit):
    """Whether more lines say something than the header, so many rows, a spreadsheet's "sep=;" and the trailer of an export of ours."""
    count, last = 0, ""
    with path.open(encoding=encoding, newline="") as stream:
        for line in stream:
            if line.replace(delimiter, "").strip() and (count or line.strip() != f"sep={delimiter}"):
                count, last = count + 1, line
                if count > limit + 2:
                    return True
    return count - (last.rstrip("\r\n").split(delimiter)[:2] == [TRAILER, "rows"]) > limit + 1


def too_many_rows(limits):
    return _("The file has more than the %(limit)d rows allowed. Export it in parts.") % {"limit": limits.rows}


def _delimiter(path, encoding, said):
    """The delimiter said, or the one found most often outside quotes in the header."""
    header = _first_line(path, encoding)
    if not header:
        raise FileRefused(_("The file is empty. Export it from the CRM again."))
    if header.startswith("sep=") and len(header) == 5:
        if header[4] not in DELIMITERS:
            raise FileRefused(
                _(
                    "The first line says a delimiter that is not read here. Delete that line, or export with one of: ; , | tab."
                )
            )
        return header[4]
    plain = re.sub(r'"[^"]*"', "", header)
    if said is not None:
        mark = {"tab": "\t", "\\t": "\t"}.get(said, said)
        if mark not in DELIMITERS or len(mark) != 1:
            raise FileRefused(
                _("This delimiter is not read here. Say one of: ; , | tab."), quoting=_("Said was “%s”.") % said
            )  # fmt: skip
        if mark not in plain:
            raise FileRefused(
                _("The header has no “%(said)s”, so it is not the delimiter. Leave the delimiter to be found out.")
                % {"said": said}
            )
        return mark
    return max(DELIMITERS, key=plain.count)


def _first_line(path, encoding):
    with path.open(encoding=encoding, newline="") as stream:
        for line in stream:
            if line.strip():
                return line.strip("\r\n\ufeff")
    return ""
