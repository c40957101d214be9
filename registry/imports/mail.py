"""Reading a message: headers, text and attachments out of raw bytes that anybody may have written.

Whatever cannot be read is said in a remark, by position and never by name; reading itself does not fail.
"""

import email
import hashlib
import re
from email.parser import BytesHeaderParser
from email.policy import compat32
from email.utils import getaddresses
from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.rules.contacts import normalise_email
from registry.rules.mail import message_ids

from .mail_text import decoded, header_text, own_words, storable, text_of_html, unflowed

# Of a larger message only the beginning is taken apart; the whole of it is kept.
READ_BYTES = 50 * 1024 * 1024
TEXT_CHARACTERS = 100_000
SUBJECT_CHARACTERS = 500
NAME_CHARACTERS = 250
SENDER_CHARACTERS = 2000
MOST_PARTS = 1000
ID_DIGITS = 16
MOST_ATTACHMENTS = 50
HEADER_CHARACTERS = 20_000
HEAD_BYTES = 4 * 1024 * 1024
_HEAD_END = re.compile(rb"\r?\n\r?\n")
# Headers that travel with the content. Others are added on the way, and differ where a message comes by two ways.
_OWN_HEADERS = ("from", "date", "subject", "message-id")
_TNEF = ("application/ms-tnef", "application/vnd.ms-tnef")


class Brief(type(compat32)):
    """Headers as they are written, cut at a length: the library takes half a minute for a content type of half a megabyte."""

    def header_source_parse(self, sourcelines):
        name, value = super().header_source_parse(sourcelines)
        return name, value[:HEADER_CHARACTERS]


class Attached(NamedTuple):
    """`name` is personal: it is shown, never said."""

    position: int
    name: str
    content: bytes


class ReadMessage(NamedTuple):
    """`headers` as they are written, by lower-case name; `words` is the text without what it quotes."""

    headers: dict[str, list[str]]
    digest: str
    message_id: str
    sender: str
    sender_name: str
    subject: str
    text: str
    words: str
    attached: tuple[Attached, ...]
    remarks: tuple[str, ...]

    @property
    def domain(self):
        return self.sender.rpartition("@")[2]


def read(raw: bytes) -> ReadMessage:
    """The message as far as it can be read; what could not be is said in its remarks."""
    raw = raw.lstrip(b"\r\n")
    remarks = []
    headers = headers_of(raw)
    subject, guessed = header_text(headers.get("subject", [""])[0])
    if guessed:
        remarks.append(_("The encoding of the subject line is not said, or said wrongly: it was guessed."))
    sender, sender_name = _sender(headers, remarks)
    leaves = _leaves(raw, remarks)
    text = _text([part for part in leaves if _is_text(part)], remarks)
    attached = _attached([part for part in leaves if not _is_text(part)], remarks)
    if not (subject or text or attached):
        remarks.append(_("The message is empty."))
    ids = message_ids(headers, "message-id")
    if not ids:
        remarks.append(_("The message bears no id: sent twice, it is recognised by its content only."))
    return ReadMessage(
        headers, digest_of(raw), ids[0] if ids else "", sender, sender_name, subject[:SUBJECT_CHARACTERS], text,
        own_words(text), attached, tuple(dict.fromkeys(remarks)),
    )  # fmt: skip


def headers_of(raw: bytes) -> dict[str, list[str]]:
    """By lower-case name, as they are written; bytes that are no ASCII as the parser escapes them."""
    headers = {}
    for name, value in _head(raw).raw_items():
        headers.setdefault(name.lower(), []).append(str(value))
    return headers


def digest_of(raw: bytes) -> str:
    """Digest of the message's id and content: the same by whatever server and with whatever line ends it came.

    It begins with that of the id alone (`same_id`): another message under the same id is found by it.
    """
    raw = raw.lstrip(b"\r\n")
    headers, end = headers_of(raw), _HEAD_END.search(raw)
    own = [f"{name}:{' '.join(value.split())}" for name in _OWN_HEADERS for value in headers.get(name, ())]
    body = raw[end.end() :].replace(b"\r\n", b"\n").rstrip() if end else b""
    whole = hashlib.sha256("\n".join(own).encode("utf-8", "surrogateescape") + b"\n\n" + body).hexdigest()
    return same_id(next(iter(message_ids(headers, "message-id")), "")) + whole[ID_DIGITS:]


def same_id(message_id: str) -> str:
    """What the digests of all messages of this id begin with."""
    return hashlib.sha256(message_id.encode("utf-8", "surrogateescape")).hexdigest()[:ID_DIGITS]


def _head(raw):
    end = _HEAD_END.search(raw, 0, HEAD_BYTES)
    return BytesHeaderParser(policy=Brief()).parsebytes(raw[: end.end() if end else HEAD_BYTES])


def _sender(headers, remarks):
    """(address, name) of the one who wrote it. The address is read before anything is decoded: a name may look like one."""
    try:
        given = [
            each for each in getaddresses([line[:SENDER_CHARACTERS] for line in headers.get("from", ())]) if any(each)
        ]
    except RecursionError:  # brackets within brackets
        given = []
    name = header_text(given[0][0])[0][:NAME_CHARACTERS] if given else ""
    checked = normalise_email(_as_utf8(given[0][1])) if len(given) == 1 else None
    if checked is None or checked.error or not checked.value:
        remarks.append(
            _(
                "The message names no sender, or several, or not by an address: nobody is recognised by it, or written to."
            )
        )
        return "", name
    return checked.value, name


def _as_utf8(text):
    """An address in letters other than Latin ones is in UTF-8 (RFC 6531); in anything else it is none."""
    try:
        return text.encode("utf-8", "surrogateescape").decode()
    except UnicodeError:
        return ""


def _leaves(raw, remarks):
    """The parts that are not made of parts, in order. A message within the message is one of them."""
    if len(raw) > READ_BYTES:
        remarks.append(_("The message is very large: only its beginning was taken apart. All of it is kept."))
    try:
        waiting, leaves = [email.message_from_bytes(raw[:READ_BYTES], policy=Brief())], []
    except Exception:  # the parser stumbles over some of what is sent on purpose
        remarks.append(_("The message cannot be taken apart. It is kept as it came."))
        return []
    while waiting and len(leaves) < MOST_PARTS:
        part = waiting.pop(0)
        if part.defects:
            remarks.append(_("The message is damaged: parts of it may be missing."))
        if part.is_multipart() and part.get_content_maintype() == "multipart":
            waiting = part.get_payload() + waiting
        else:
            leaves.append(part)
    if waiting:
        remarks.append(
            _("The message has more than %d parts: the others were not looked at. All of it is kept.") % MOST_PARTS
        )
    return leaves


def _is_text(part):
    """Whether it is to be read at once; a text with a name of its own is an attachment."""
    plain = part.get_content_type() in ("text/plain", "text/html")
    return (
        plain and part.get_content_disposition() != "attachment" and not (_parameter(part, "name") or _file_name(part))
    )


def _text(parts, remarks):
    plain, pages = [], []
    for part in parts:
        said, guessed = decoded(_content(part), _parameter(part, "charset"))
        if guessed:
            remarks.append(_("The encoding of the text is not said, or said wrongly: it was guessed."))
        if part.get_content_type() == "text/html":
            pages.append(text_of_html(said))
            continue
        said = storable(said)
        if _parameter(part, "format").lower() == "flowed":
            said = unflowed(said, delete_space=_parameter(part, "delsp").lower() == "yes")
        plain.append(said)
    text = "\n\n".join(each.strip() for each in plain if each.strip())
    if not text and any(pages):
        remarks.append(_("The message is a web page: its text is given, nothing of it was loaded or run."))
        text = storable("\n\n".join(filter(None, pages)))
    if len(text) > TEXT_CHARACTERS:
        remarks.append(
            _("The text is longer than %d characters: its beginning is given. All of it is kept.") % TEXT_CHARACTERS
        )
    return text[:TEXT_CHARACTERS]


def _attached(parts, remarks):
    found = []
    for position, part in enumerate(parts[:MOST_ATTACHMENTS], 1):
        if part.get_content_type() in _TNEF or _file_name(part).lower() == "winmail.dat":
            remarks.append(
                _("Attachment %d is a winmail.dat of Outlook: what is in it was not unpacked. It is kept.") % position
            )
            continue
        found.append(Attached(position, _file_name(part), _content(part)))
    if len(parts) > MOST_ATTACHMENTS:
        remarks.append(
            _("The message has %(count)d attachments: those after the first %(limit)d were not unpacked. All are kept.")
            % {"count": len(parts), "limit": MOST_ATTACHMENTS}
        )
    return tuple(found)


def _content(part):
    try:
        if part.is_multipart():  # a message within the message
            return b"".join(each.as_bytes() for each in part.get_payload())
        return part.get_payload(decode=True) or b""
    except Exception:  # as in _leaves
        return b""


def _file_name(part):
    try:
        name = part.get_filename("")
    except Exception:  # as in _leaves
        return ""
    return header_text(str(name)[:HEADER_CHARACTERS])[0]


def _parameter(part, name):
    """A parameter of the content type, also where it is written as RFC 2231 allows."""
    try:
        value = part.get_param(name, "")
    except Exception:  # as in _leaves
        return ""
    return str(value[2] if isinstance(value, tuple) else value or "")
