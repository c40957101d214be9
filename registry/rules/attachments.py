"""Which files a case takes: a short list of types, told by their first bytes and never by their name, each of a limited size."""

import io
import re
import zipfile

from django.utils.translation import gettext as _

MAX_MEGABYTES = 10
MAX_BYTES = MAX_MEGABYTES * 1024 * 1024
# Endings under which an allowed type is handed out again, whatever the file was called.
ENDINGS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/tiff": "tif",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": "docx",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
    "application/vnd.oasis.opendocument.text": "odt",
    "application/pkcs7-mime": "p7m",
    "application/pkcs7-signature": "sig",
    "message/rfc822": "eml",
    "text/plain": "txt",
}
_FIRST_BYTES = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
)
_OFFICE = {
    "word/document.xml": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xl/workbook.xml": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_OPEN_DOCUMENT = b"application/vnd.oasis.opendocument.text"
_MOST_MEMBERS = 5000
# An ASN.1 sequence that begins with the object id of PKCS #7 signed or enveloped data, in bytes or as text.
_SIGNED_DATA = re.compile(rb"\x30[\x80-\x84].{0,4}\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07[\x02\x03]", re.DOTALL)
_SIGNED_TEXT = re.compile(rb"\s*-----BEGIN (?:PKCS7|CMS|SIGNED MESSAGE|PGP SIGNATURE)-----")
_CONTENT_INSIDE_BYTES = 16 * 1024
_HEADER_LINES = re.compile(rb"(?:From [^\n]*\n)?(?:[!-9;-~]+:[^\n]*\n(?:[ \t][^\n]*\n)*)+\r?\n")
_HEADER_OF_MAIL = re.compile(rb"^(?:received|message-id|date|return-path|mime-version):", re.IGNORECASE | re.MULTILINE)
_HEADERS_BYTES = 64 * 1024
# Text that a program would run or a browser would render.
_ACTIVE_TEXT = re.compile(r"\s*(?:#!|<[!?a-z]|\{\\rtf)", re.IGNORECASE)
# What Russian and Ukrainian texts in cp1251, and (misread, but text) in the other eight-bit encodings of the region consist of.
_CYRILLIC_TEXT = re.compile(r"[\x00-\x7fА-яЁёЂ-џҐґ\u00a0«»„“”‘’–—…№§©®°•·±¶†‡‰‹›€™¦¤]*")
_BINARY_MARKS = re.compile(r"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


def attachment_error(content: bytes) -> str:
    """Why a case does not take this file, in a sentence that names nobody; empty where it does."""
    if not content:
        return _("The file is empty. Attach the file itself.")
    if len(content) > MAX_BYTES:
        return _("The file has more than %(limit)d MB. Attach it in parts.") % {"limit": MAX_MEGABYTES}
    if not media_type_of(content):
        return _(
            "Files of this type are not taken. Attach a PDF, PNG, JPEG, TIFF, DOCX, ODT, XLSX, TXT, EML or a signature."
        )
    return ""


def media_type_of(content: bytes) -> str:
    """The type of an allowed file by what stands in it; empty for any other. A document with macros is another."""
    for first, media_type in _FIRST_BYTES:
        if content.startswith(first):
            return media_type
    if content.startswith(b"PK\x03\x04"):
        return _zipped(content)
    if _SIGNED_TEXT.match(content):
        return "application/pkcs7-signature"
    if _SIGNED_DATA.match(content):
        # What is signed lies inside or, in a detached signature, elsewhere.
        return "application/pkcs7-mime" if len(content) > _CONTENT_INSIDE_BYTES else "application/pkcs7-signature"
    return _textual(content)


def _zipped(content):
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = archive.namelist()
            first = archive.read(names[0]) if names and archive.getinfo(names[0]).file_size < 100 else b""
    except (zipfile.BadZipFile, OSError, ValueError, RuntimeError, NotImplementedError, EOFError):
        return ""
    if len(names) > _MOST_MEMBERS or any(name.lower().endswith("vbaproject.bin") for name in names):
        return ""
    if names[:1] == ["mimetype"]:
        return _OPEN_DOCUMENT.decode() if first.strip() == _OPEN_DOCUMENT else ""
    if "[Content_Types].xml" not in names:
        return ""
    return next((media_type for name, media_type in _OFFICE.items() if name in names), "")


def _textual(content):
    headers = _HEADER_LINES.match(content[:_HEADERS_BYTES])
    if headers and len(_HEADER_OF_MAIL.findall(headers.group())) > 1 and b"\0" not in content:
        return "message/rfc822"
    text = _text_of(content)
    if text is None or _ACTIVE_TEXT.match(text) or _BINARY_MARKS.search(text):
        return ""
    return "text/plain"


def _text_of(content):
    """The file as text, in UTF-8, UTF-16 with its mark, or one of the eight-bit encodings of the region."""
    encodings = ("utf-16",) if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1251")
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeError:
            continue
        return text if encoding != "cp1251" or _CYRILLIC_TEXT.fullmatch(text) else None
    return None
