"""What becomes of each file of the corpus: what is new, rejected and stopped, and the sentences that are said.

A file that is refused as a whole says one.
"""

from typing import NamedTuple

from . import large_files

TO_ZIP = "This is a file of kind XLSX/ZIP, not CSV. Save or export it as CSV."
TO_XML = "This is a web page or XML, not CSV. Save or export it as CSV."
GUESSED = "The encoding is guessed to be cp1251: look at the names below, or say another one."


class Case(NamedTuple):
    """counts: "new 2, rejected 1". lines: what stands beside a line of the file. said: sentences about the file.

    asks: a sentence that refuses the file in the command, and in the browser is asked and said again until it is answered.
    """

    counts: str = ""
    lines: dict = {}
    said: tuple = ()
    refused: str = ""
    asks: bool = False
    stored: dict = {}  # crm id → values of the person once it is applied
    limits: dict = {}  # settings that are smaller than usual


def refused(sentence, **more):
    return Case(refused=sentence, **more)


def asked(sentence):
    return Case(refused=sentence, asks=True)


TWO = {"A1": {"surname": "Иванов", "phone": "+77010000001"}, "A2": {"surname": "Ахметова", "given_name": "Айжан"}}
EMPTY_ID = "the id of the person in the CRM is empty: fill it in"
NO_NAME = "a new person needs a surname or a given name: fill one in"
TWICE = "the id stands on other lines, too (%s): one person has one line, keep the right one"
FORMULA = "the cell begins like a formula: it is kept as text"
NO_DAY = "there is no such day in the calendar: correct the date"
CUT = (
    "Line 3, the last one, ends within a letter of %s: the file was cut off on its way, or is in another encoding. Export it "
    "again in UTF-8, and see that all of it arrives."
)
LOST = "a letter of the name was lost on the way (“?”): export in UTF-8, or accept damaged names"

CASES = {
    "01-cp1251": Case("new 2", said=(GUESSED,), stored=TWO),
    "02-utf8-bom": Case("new 2", stored=TWO),
    "03-utf16": Case("new 2", stored=TWO),
    "04-semicolon": Case("new 2", stored=TWO),
    "04-tab": Case("new 2", stored=TWO),
    "04-pipe": Case("new 2", stored=TWO),
    "04-sep-line": Case("new 2", stored=TWO),
    "05-kazakh-headers": Case(
        "new 1", stored={"A1": {"surname": "Қасымова", "given_name": "Әсем", "phone": "+77010000001"}}
    ),
    "06-no-key-column": asked(
        "No column holds the id of the person in the CRM. The first line must name the columns: say which one it is (in a "
        'command: --map "HEADER=crm_id"), or say the delimiter if it was not found. Columns found: “Номер карты клиента”, '
        "“Фамилия”, “Имя”."
    ),
    "06-unknown-headers": Case("rejected 1", {2: NO_NAME}, ("Columns not imported: “Что-то”, “Ещё”.",)),
    "07-id-twice": Case("new 1, rejected 4", {2: TWICE % 4, 4: TWICE % 2, 5: TWICE % 6, 6: TWICE % 5}),
    "08-garbage": Case(
        "new 1, rejected 6",
        {
            2: "iin “12345”: an IIN has 12 digits, this one has 5: correct it or leave it empty",
            3: "email “not an e-mail”: an e-mail address looks like name@example.kz: correct it or leave it empty",
            4: "phone “17”: this is no phone number in use: write it as +7 701 123 45 67, or leave it empty",
            5: "language “Klingon”: the language is en, ru or kk: correct it or leave it empty",
            6: "birth_date “yesterday”: a date is written 2026-01-31 or 31.01.2026: correct it",
            8: "iin “87010130012x”: an IIN has digits only: correct it or leave it empty",
        },
        ("Line 7, iin: the last digit does not match the others: compare the number with the document",),
    ),
    "09-long-surname": Case(
        "rejected 1", {2: "a part of a name has at most 200 characters, this one has 500: shorten it"}
    ),
    "10-dotted-dates": Case("new 2", stored={"A1": {"birth_date": "1990-12-31"}, "A2": {"birth_date": "1990-12-31"}}),
    "11-nul": Case(
        "new 1, rejected 1", {2: "the cell holds the control character U+0000, which is no text: type it again"}
    ),
    "12-open-quote": refused(
        "Line 2: a quote opened here is not closed before the next cell, so the rows after it cannot be told apart. Double "
        "the quotes inside the cell, or close it, and export again."
    ),
    "13-short-row": Case("new 1, rejected 1", {2: "the row has 2 cells, the header has 4"}),
    "14-long-row": Case("new 1, rejected 1", {2: "the row has 5 cells, the header has 4"}),
    "15-header-twice": asked(
        'Columns 2, 3 all hold “surname”. Leave all but one out (in a command: --map "HEADER="), or rename them in the '
        "export. They are called “surname”, “surname”."
    ),
    "16-empty-ids": Case("rejected 2", {2: EMPTY_ID, 3: EMPTY_ID}),
    "18-formulas": Case("new 2", said=(FORMULA,), stored={"A1": {"surname": "=1+1"}, "A2": {"surname": "==1+1"}}),
    "19-blank-lines": Case("new 2"),
    "20-blank-cells": Case("changed 1", stored={"A1": {"surname": "Иванов", "email": "kept@example.kz"}}),
    "21-header-only": refused("The file has a header and no rows: there is nothing to import."),
    "22-blank": refused("The file is empty. Export it from the CRM again."),
    "22-empty": refused("The file is empty. Export it from the CRM again."),
    "23-spreadsheet": refused(TO_ZIP),
    "24-spreadsheet-far-cell": refused(TO_ZIP),
    "25-blank-in-id": Case("rejected 2", {2: TWICE % 3, 3: TWICE % 2}),
    "26-cr-only": Case("new 1"),
    "27-markup": Case(
        "new 3",
        stored={
            "A1": {"surname": "<script>alert(1)</script>"},
            "A2": {"surname": "{{7*7}}"},
            "A3": {"surname": "javascript:alert(4)"},
        },
    ),
    "28-bomb": refused(TO_ZIP),
    "29-state-columns": Case(
        "new 1",
        said=(
            "Columns never imported, because identity and state are decided in the register: “uid”, “id”, “blocked”, "
            "“is_superuser”, “history_id”.",
        ),
        stored={"A1": {"state": "active"}},
    ),
    "30-program": refused("This is a file of kind EXE, not CSV. Save or export it as CSV."),
    "31-web-page": refused(TO_XML),
    "32-lines-in-cells": Case("new 2, rejected 1", {3: "the cell has a line break in it: put it on one line"}),
    "33-dates": Case(
        "new 1, rejected 8",
        {
            2: NO_DAY,
            3: "the date lies before the year 1900: correct it",
            4: "the date lies in the future",
            5: "this is a spreadsheet's day number, not a date",
            6: "the date lies in the future",
            7: NO_DAY,
            9: "the year has two digits, its century cannot be told: write it with four, as 2026-01-31 or 31.01.2026",
            10: NO_DAY,
        },
        stored={"A7": {"birth_date": "2024-02-29"}},
    ),
    "34-right-to-left": Case("new 3", stored={"A1": {"surname": "محمد\u202e"}, "A3": {"surname": "כהן"}}),
    "35-look-alikes": Case(
        "new 2, doubles 2",
        {
            2: "the same look of the name (Latin for Cyrillic letters) as CRM id A2 (line 3)",
            3: "the same look of the name (Latin for Cyrillic letters) as CRM id A1 (line 2)",
        },
        ("a word of the name mixes Latin and Cyrillic letters that look alike: type it in one alphabet",),
    ),
    "36-invisible-in-mail": Case(
        "new 2, rejected 1",
        {3: "the part before @ is not that of an e-mail address: correct it or leave it empty"},
        stored={"A1": {"email": "a@example.kz"}, "A3": {"email": "c@example.kz", "surname": "Ли", "given_name": "Юн"}},
    ),
    "37-kazakh": Case("new 1", stored={"A1": {"given_name": "Өміртай Ғұмар Қыңырүһ"}}),
    "38-names": Case("new 4", stored={"A3": {"surname": "О’Коннор-д'Артаньян"}, "A4": {"surname": "Я" * 200}}),
    "39-phones": Case(
        "new 5, rejected 1",
        {7: "this is no phone number in use"},
        stored={f"A{n}": {"phone": f"+7701000000{n}"} for n in (1, 2, 3, 4)} | {"A5": {"phone": "+442079460018"}},
    ),
    "40-mails": Case(
        "new 1, rejected 2",
        {2: "the part before @ is not that of an e-mail address", 4: "one cell holds one e-mail address: keep one"},
    ),
    "41-emoji": Case("new 1", stored={"A1": {"surname": "Иванов 😀"}}),
    "42-lost-letters": Case("new 1, stopped 1, damaged 1", {2: LOST}, (GUESSED,)),
    "43-broken-utf8": refused(
        "Line 3 holds a byte that is not valid in utf-8: the file is damaged or in another encoding. Export it again in UTF-8."
    ),
    "44-utf16-unmarked": refused(
        "The file is binary, or UTF-16 without a byte order mark. Export it from the CRM as CSV in UTF-8."
    ),
    "45-utf32": refused("The file is in UTF-32. Export it from the CRM as CSV in UTF-8."),
    "46-latin1": refused("The encoding cannot be told (first foreign letter on line 2). Export the file in UTF-8."),
    "47-another-persons-iin": Case(
        "rejected 1",
        {2: "the IIN says the birth date 1990-01-01, the birth date given is another: correct one of them"},
    ),
    "48-consent-ends-first": Case(
        "rejected 3",
        {
            2: "the consent expires before it is given (2024-03-01): correct one of the dates",
            3: "the operator has no purpose of this code (it has: email-information)",
            4: "a consent has a purpose but no date: give the date, or leave the purpose empty",
        },
    ),
    "49-quote-in-cell": Case("new 1", stored={"A1": {"surname": 'Иванов "Гвоздь"'}}),
    "50-backspace": Case("rejected 1", {2: "the cell holds the control character U+0008"}),
    "51-sql": Case("new 1", stored={"A1": {"surname": "' OR 1=1--"}}),
    "52-numbers-grouped": Case("new 1", stored={"00017": {"iin": "090101500128"}}),
    "53-one-column": Case("rejected 2", {2: NO_NAME, 3: NO_NAME}),
    "54-tab-formula": Case(
        "new 2, rejected 1",
        {4: "email “y”: an e-mail address looks like name@example.kz: correct it or leave it empty"},
        (FORMULA,),
        stored={"A1": {"surname": "=1+1", "given_name": "＝1+1"}, "A2": {"surname": "＋7", "given_name": "－1"}},
    ),
    "55-open-dates": asked(
        "Its dates can be read with the day first and with the month first. Say which it is (in a command: --date-order dmy, "
        "or --date-order mdy). For example: “01/02/1990”, “03/04/1991”."
    ),
    "56-dates-told-by-another": Case(
        "new 2",
        said=("Dates such as 01/02/2003 are read with the day first, as other dates of the file show: “birth_date”.",),
        stored={"A1": {"birth_date": "1990-02-01"}, "A2": {"birth_date": "1991-12-31"}},
    ),
    "57-spreadsheet-dtd": refused(TO_ZIP),
    "58-xml-dtd": refused(TO_XML),
    "59-quoted-header": Case("new 2", stored={"A1": {"surname": "Иванов", "given_name": "Сергей"}}),
    "60-line-ends-mixed": Case(
        "new 1, rejected 2",
        {
            3: "email “x”: an e-mail address looks like name@example.kz: correct it or leave it empty",
            4: "email “y”: an e-mail address looks like name@example.kz: correct it or leave it empty",
        },
    ),
    "61-header-empty": Case(
        "new 1", said=("Columns not imported: (no header).",), stored={"A1": {"surname": "Иванов"}}
    ),
    "62-ids": Case(
        "new 2, rejected 1",
        {2: "at most 64 characters fit here, this cell has 101: shorten it"},
        stored={"A1": {"surname": "Ким"}, "№ 7/2": {"surname": "Ли"}},
    ),
    "63-old-spreadsheet": refused("This is a file of kind XLS, not CSV. Save or export it as CSV."),
    "64-quotes-of-other-tables": Case(
        "new 2", stored={"A1": {"surname": "«Ромашка»", "given_name": "„Anna“"}, "A2": {"surname": "'Ким'"}}
    ),
    "65-cut-within-letter": refused(CUT % "utf-8"),
    "66-cut-within-letter-utf16": refused(CUT % "utf-16"),
}

LONG_CELL = Case(
    "new 1, rejected 1",
    {2: "the cell in column “given_name” is longer than 10000 characters: shorten it"},
    stored={"A2": {"surname": "Ким", "given_name": "Ольга"}},
)
# Files that are made, for they are large.
MADE = {
    "17-long-cell": (large_files.long_cell, LONG_CELL),
    "17-long-cell-quoted": (large_files.long_quoted_cell, LONG_CELL),
    "17-long-cell-above-a-quote": (large_files.long_cell_above_a_quote, LONG_CELL),
    "17-long-cell-of-lines": (large_files.long_cell_of_lines, LONG_CELL),
    "70-cell-of-20-megabytes": (
        large_files.cell_of_20_megabytes,
        refused("Line 2 is longer than 8000000 bytes: this is not a list of people. Export it again."),
    ),
    "70-quoted-cell-of-20-megabytes": (
        large_files.quoted_cell_of_20_megabytes,
        refused(
            "Line 2: a cell that begins here with a quote is longer than 8000000 characters. Close the quote where the cell "
            "ends, or shorten the cell, and export again."
        ),
    ),
    "71-too-many-columns": (
        large_files.columns,
        refused("The file has 201 columns, more than the 200 allowed. Export fewer."),
    ),
    "72-spreadsheet-of-a-long-cell": (large_files.spreadsheet_of_a_long_cell, refused(TO_ZIP)),
    "73-contacts-made-to-be-slow": (
        large_files.contacts_made_to_be_slow,
        Case("rejected 2", {2: "an e-mail address", 3: "a phone number has at most 40 characters: correct it"}),
    ),
}
# Files of the corpus under limits that are too small for them.
LIMITED = {
    "02-utf8-bom, more bytes than allowed": refused(
        "The file has more than the 20 bytes allowed. Export it in parts.", limits={"IMPORT_MAX_BYTES": 20}
    ),
    "02-utf8-bom, more rows than allowed": refused(
        "The file has more than the 1 rows allowed. Export it in parts.", limits={"IMPORT_MAX_ROWS": 1}
    ),
    "59-quoted-header, more rows than allowed": refused(
        "The file has more than the 1 rows allowed. Export it in parts.", limits={"IMPORT_MAX_ROWS": 1}
    ),
}
ALL = CASES | {name: case for name, (_make, case) in MADE.items()} | LIMITED
