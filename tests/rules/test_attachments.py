"""Which files a case takes."""

import io
import zipfile

import pytest

from registry.rules.attachments import MAX_BYTES, attachment_error, media_type_of

MAIL = b"Received: from a by b; Mon, 6 Apr 2026 10:00:00 +0500\r\nFrom: a@b.kz\r\nDate: Mon, 6 Apr 2026 10:00:00 +0500\r\n\r\nHi\r\n"
SIGNED = b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80"
PRINTABLE = "The file has more than 10 MB. Attach it in parts."


def zipped(*names, first=b"x"):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for place, name in enumerate(names):
            archive.writestr(name, first if place == 0 else b"x")
    return out.getvalue()


DOCX = zipped("[Content_Types].xml", "word/document.xml")
ALLOWED = [
    (b"%PDF-1.7\n", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n0000", "image/png"),
    (b"\xff\xd8\xff\xe0", "image/jpeg"),
    (b"II*\0", "image/tiff"),
    (b"MM\0*", "image/tiff"),
    (DOCX, "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    (zipped("[Content_Types].xml", "xl/workbook.xml"), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    (zipped("mimetype", "content.xml", first=b"application/vnd.oasis.opendocument.text"), "application/vnd.oasis.opendocument.text"),
    ("Өтініш: мәліметімді түзетіңіз.\r\n".encode(), "text/plain"),
    ("Прошу исправить фамилию.".encode("cp1251"), "text/plain"),
    ("Сұрау".encode("utf-16"), "text/plain"),
    (b"From: me\nI write like that.", "text/plain"),  # one line that looks like a header makes no mail
    (MAIL, "message/rfc822"),
    (MAIL.replace(b"\r\n", b"\n"), "message/rfc822"),
    (SIGNED, "application/pkcs7-signature"),
    (b"\x30\x82\x40\x00" + SIGNED[2:] + b"\0" * 20_000, "application/pkcs7-mime"),
    (b"-----BEGIN CMS-----\nMIIB\n", "application/pkcs7-signature"),
]  # fmt: skip
REFUSED = [
    b"MZ\x90\0\x03",
    b"\x7fELF\x02",
    b"#!/bin/sh\nrm -r /\n",
    b"<!DOCTYPE html><script>alert(1)</script>",
    b'  <svg xmlns="http://www.w3.org/2000/svg" onload="x()"/>',
    b"{\\rtf1 x}",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",  # DOC, XLS, MSI and encrypted DOCX alike
    b"\x78\x9f\x3e\x22\x9e\x01\x06\x90",  # winmail.dat
    b"PK\x03\x04 and no more",
    zipped("a.exe"),
    zipped("[Content_Types].xml", "word/document.xml", "word/vbaProject.bin"),
    zipped("mimetype", first=b"application/epub+zip"),
    b"GIF89a\x01\0\x01\0",
    b"text\0with a zero",
    bytes(range(128, 256)),
]


@pytest.mark.parametrize(("content", "media_type"), ALLOWED, ids=[each[1] for each in ALLOWED])
def test_file_is_told_by_its_first_bytes(content, media_type):
    """What a file is called says nothing; what stands in it does."""
    assert media_type_of(content) == media_type
    assert attachment_error(content) == ""


@pytest.mark.parametrize("content", REFUSED, ids=range(len(REFUSED)))
def test_file_of_another_type_is_refused(content):
    """Programs, pages, scripts, macros, archives and what cannot be told are not taken."""
    assert media_type_of(content) == ""
    assert attachment_error(content).startswith("Files of this type are not taken. Attach a PDF")


def test_file_of_ten_megabytes_is_taken_and_a_byte_more_is_not():
    """The limit is ten megabytes for each file; an empty one says nothing."""
    assert attachment_error(b"%PDF-" + b" " * (MAX_BYTES - 5)) == ""
    assert attachment_error(b"%PDF-" + b" " * (MAX_BYTES - 4)) == PRINTABLE
    assert attachment_error(b"") == "The file is empty. Attach the file itself."
