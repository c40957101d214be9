import codecs
import hashlib

import pytest

from registry.imports.inspection import FileRefused, Limits, inspect

LIMITS = Limits(bytes=100_000, rows=10, columns=5, cell_length=100)
HEADER = "ID;Фамилия;Имя\r\n"
TEXT = HEADER + "C1;Касымова;Асель\r\nC2;Петрова;Анна\r\n"


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "export.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize(
    ("content", "encoding", "guessed"),
    [
        (TEXT.encode(), "utf-8", False),
        (codecs.BOM_UTF8 + TEXT.encode(), "utf-8-sig", False),
        (TEXT.encode("utf-16"), "utf-16", False),
        (codecs.BOM_UTF16_BE + TEXT.encode("utf-16-be"), "utf-16", False),
        (TEXT.encode("cp1251"), "cp1251", True),
        (b"crm_id;surname\r\nC1;Smith\r\n", "utf-8", False),
    ],
)
def test_encoding_is_found_out(written, content, encoding, guessed):
    """UTF-8 and UTF-16 are told for certain, cp1251 is a guess and shown as one."""
    found = inspect(written(content))
    assert (found.encoding, found.encoding_guessed) == (encoding, guessed)
    assert found.delimiter == ";"
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert found.size == len(content)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "The file is empty. Export it from the CRM again."),
        (codecs.BOM_UTF8, "The file is empty. Export it from the CRM again."),
        (b"\r\n \r\n", "The file is empty. Export it from the CRM again."),
        (b"PK\x03\x04" + bytes(50), "This is a file of kind XLSX/ZIP, not CSV. Save or export it as CSV."),
        (b"MZ\x90" + bytes(50), "This is a file of kind EXE, not CSV. Save or export it as CSV."),
        (b"%PDF-1.7", "This is a file of kind PDF, not CSV. Save or export it as CSV."),
        (b"\n<!DOCTYPE html><p>", "This is a web page or XML, not CSV. Save or export it as CSV."),
        (
            TEXT.encode("utf-16-le"),
            "The file is binary, or UTF-16 without a byte order mark. Export it from the CRM as CSV in UTF-8.",
        ),
        (TEXT.encode("utf-32"), "The file is in UTF-32. Export it from the CRM as CSV in UTF-8."),
        (
            TEXT.encode("cp866"),
            "The encoding cannot be told (first foreign letter on line 1). Export the file in UTF-8.",
        ),
        (
            TEXT.encode() + b"C3;\xcf\xe5\xf2\xf0\xee\xe2\xe0;\r\n",
            "Line 4 holds a byte that is not valid in utf-8: the file is damaged or in another encoding. Export it "
            "again in UTF-8.",
        ),
        (
            b"ID;a\nC1;\xd0",  # in cp1251 a letter of its own: that is not guessed either
            "Line 2, the last one, ends within a letter of utf-8: the file was cut off on its way, or is in another encoding. "
            "Export it again in UTF-8, and see that all of it arrives.",
        ),
        *(
            (
                f"sep={mark}\nID{mark}a\n1{mark}2\n".encode(),
                "The first line says a delimiter that is not read here. Delete that line, or export with one of: ; , | tab.",
            )
            for mark in "a\"'"
        ),
        (b"a;" + b"x" * 99_999, "The file has 100001 bytes, more than the 100000 allowed. Export it in parts."),
        (b"ID;a\n" + b"1;2\n" * 12, "The file has more than the 10 rows allowed. Export it in parts."),
    ],
)
def test_file_that_is_no_list_of_people_is_refused(written, content, reason):
    """Empty, binary, renamed, damaged or oversized files are refused before anything is parsed."""
    with pytest.raises(FileRefused) as refusal:
        inspect(written(content), limits=LIMITS)
    assert str(refusal.value) == reason


def test_line_without_end_is_refused(written):
    """A line of more bytes than all its cells may have is refused while it is being read, whatever it holds."""
    limits = LIMITS._replace(bytes=10**8)
    with pytest.raises(FileRefused) as refusal:
        inspect(written(HEADER.encode() + b"x" * 3_000_000), limits=limits)
    assert str(refusal.value) == ("Line 2 is longer than 1048576 bytes: this is not a list of people. Export it again.")


@pytest.mark.parametrize(
    ("content", "said", "reason"),
    [
        (TEXT.encode(), "cp1251", "The file is in UTF-8, not cp1251. Leave the encoding to be found out."),
        (
            codecs.BOM_UTF8 + TEXT.encode(),
            "cp1251",
            "The file is marked as utf-8, not cp1251. Leave the encoding to be found out.",
        ),
        (
            TEXT.encode("cp1251"),
            "utf-8",
            "Line 1 holds a byte that is not valid in utf-8: the file is damaged or in another encoding. Export it "
            "again in UTF-8.",
        ),
        (
            TEXT.encode(),
            "koi8-r",
            "This encoding is not read here. Say one of: utf-8, utf-16, cp1251. Said was “koi8-r”.",
        ),
        (
            TEXT.encode(),
            "utf-16",
            "The file has no byte order mark, so it is not read as UTF-16. Export it in UTF-8.",
        ),
        *(
            (
                "ID;Имя\n1;Қасымова\n".encode("kz1048"),
                encoding,
                "The file is not in cp1251: it holds letters that are neither Russian nor Latin there, perhaps the Kazakh "
                "ones of KZ-1048. Export it in UTF-8.",
            )
            for encoding in (None, "cp1251")
        ),
        (
            "ID;Имя\n1;Иванов\n".encode("koi8-r"),
            None,
            "The encoding cannot be told (first foreign letter on line 1). Export the file in UTF-8.",
        ),
        (
            TEXT.encode("cp1251") + b"\x98",
            None,
            "The file is not in cp1251: it holds a byte without meaning there. Export it in UTF-8.",
        ),
    ],
)
def test_wrong_encoding_is_refused(written, content, said, reason):
    """Nobody can talk the import into storing garbled letters."""
    with pytest.raises(FileRefused) as refusal:
        inspect(written(content), encoding=said)
    assert refusal.value.told == reason


@pytest.mark.parametrize("content", [TEXT, "ID;a\nC1;Р"])
@pytest.mark.parametrize("said", ["cp1251", "windows-1251", "CP1251"])
def test_encoding_that_is_said_is_no_guess(written, said, content):
    """What the person says is not called a guess; a last letter that might begin one of UTF-8 changes nothing."""
    assert inspect(written(content.encode("cp1251")), encoding=said)[3:5] == ("cp1251", False)


@pytest.mark.parametrize(
    ("header", "said", "delimiter"),
    [
        ("ID,Surname,Name", None, ","),
        ("ID\tSurname", None, "\t"),
        ("ID|Surname", None, "|"),
        ('ID;"a,b,c,d"', None, ";"),
        ("ID;a,b,c", "tab", None),
        ("ID\ta", "tab", "\t"),
        ("ID;a,b,c", ";", ";"),
        ("sep=|\nID|Surname", None, "|"),
    ],
)
def test_delimiter(written, header, said, delimiter):
    """The delimiter is what the header shows outside quotes, or what is said if the header has it."""
    path = written((header + "\n").encode())
    if delimiter:
        assert inspect(path, delimiter=said).delimiter == delimiter
        return
    with pytest.raises(FileRefused) as refusal:
        inspect(path, delimiter=said)
    assert str(refusal.value) == (
        "The header has no “tab”, so it is not the delimiter. Leave the delimiter to be found out."
    )


def test_delimiter_unknown_here_is_refused(written):
    """Only the four delimiters of the trade are read."""
    with pytest.raises(FileRefused) as refusal:
        inspect(written(TEXT.encode()), delimiter="^")
    assert refusal.value.told == "This delimiter is not read here. Say one of: ; , | tab. Said was “^”."
