"""Files that are too large to be kept beside the small ones of corpus/: made when they are needed, as they would come."""

import zipfile

LONG = 300_000
MEGABYTE = 1 << 20
HEADER = "crm_id,surname,given_name,email\n"
LAST = "A2,Ким,Ольга,b@example.kz\n"


def long_cell(path, *, cell="я" * LONG, last=LAST):
    """A remark of 300,000 characters in a row, and a sound row below it."""
    path.write_text(f"{HEADER}A1,Иванов,{cell},a@example.kz\n{last}", encoding="utf-8")


def long_quoted_cell(path):
    long_cell(path, cell='"' + "я" * LONG + '"')


def long_cell_above_a_quote(path):
    long_cell(path, last='A2,Ким,"Ольга",b@example.kz\n')


def long_cell_of_lines(path):
    long_cell(path, cell='"' + "Звонил, просил перезвонить.\n" * (LONG // 28) + '"')


def cell_of_20_megabytes(path):
    long_cell(path, cell="x" * 20 * MEGABYTE)


def quoted_cell_of_20_megabytes(path):
    long_cell(path, cell='"' + ("x" * 1023 + "\n") * 20 * 1024 + '"')


def contacts_made_to_be_slow(path):
    """What a careless pattern would take hours over."""
    mail, phone = "a." * 4900 + "@" + "b." * 49, "+7 (" * 2400
    path.write_text(f"crm_id,surname,email,phone\nA1,Иванов,{mail},\nA2,Ким,,{phone}\n", encoding="utf-8")


def columns(path, *, count=201):
    names = ["crm_id", "surname", *(f"extra {number}" for number in range(count - 2))]
    path.write_text(",".join(names) + "\n" + ",".join(["A1", "Иванов"] + [""] * (count - 2)) + "\n", encoding="utf-8")


def spreadsheet_of_a_long_cell(path):
    """An XLSX of 200 KB in which one cell has 200 MB."""
    pieces = [b'<?xml version="1.0"?><worksheet><sheetData><row><c t="inlineStr"><is><t>', *[b"x" * MEGABYTE] * 200]
    pieces.append(b"</t></is></c></row></sheetData></worksheet>")
    book = zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1)
    with book, book.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
        sheet.writelines(pieces)
