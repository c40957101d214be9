"""Files as LibreOffice reads them: it opens them, says of each cell what it holds and whether it computes it, and prints them."""

import os
import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from typing import NamedTuple

import pytest

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
SECONDS = 120
A4 = (0, 0, 595, 842)  # in points
# Separator, quote, UTF-8, first line; then the type of each column: 2 is text. Empty types leave it to LibreOffice, which is
# told to recognise all it can and to compute formulas: the least careful way to open a file.
AS_TEXTS = "CSV:{separator},34,76,1," + "/".join(f"{column}/2" for column in range(1, 61))
AS_IT_LIKES = "CSV:{separator},34,76,1,,1033,false,true,false,false,false,0,true"


class Cell(NamedTuple):
    text: str
    kind: str
    formula: str | None


def opened(paths, *, filter=None):
    """The cells of each file in one start of LibreOffice: by path, sheet name → rows of cells."""
    return {path: sheets(each) for path, each in converted(paths, "fods", filter=filter).items()}


def printed(paths):
    """The text of each document as it is printed, by path: a list of its pages. The sheets are A4."""
    read = needed("pdftotext", "poppler-utils")
    texts = {}
    for path, pdf in converted(paths, "pdf").items():
        told = subprocess.run([read, pdf, "-"], capture_output=True, text=True, timeout=SECONDS, check=True)
        texts[path] = told.stdout.split("\f")[:-1]
        boxes = re.findall(rb"/MediaBox ?\[([\d. ]+)\]", pdf.read_bytes())
        assert boxes and {tuple(round(float(side)) for side in box.split()) for box in boxes} == {A4}
    return texts


def converted(paths, ending, *, filter=None):
    """The file LibreOffice makes of each, by path, in one start."""
    program = shutil.which("libreoffice") or needed("soffice", "libreoffice-calc and libreoffice-writer")
    folder = paths[0].parent / "opened"
    command = [program, f"-env:UserInstallation=file://{folder}/profile", "--headless", "--convert-to", ending]
    command += [f"--infilter={filter}"] if filter else []
    told = subprocess.run(
        [*command, "--outdir", folder, *paths], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    written = {path: folder / f"{path.stem}.{ending}" for path in paths}
    assert all(each.exists() for each in written.values()), told.stdout + told.stderr
    return written


def needed(name, package):
    program = shutil.which(name)
    if program is None:
        if os.environ.get("REQUIRE_OFFICE") == "1":
            pytest.fail(f"{name} is required (REQUIRE_OFFICE=1) and not found: install {package}.")
        pytest.skip(f"{name} is not found: install {package} to run these tests.")
    return program


def sheets(path):
    """Sheets of a flat OpenDocument by name: rows of cells, without the empty ones at the end of a row and of the sheet."""
    found = {}
    for sheet in ET.parse(path).getroot().iter(f"{TABLE}table"):
        rows = []
        for element in sheet.iter(f"{TABLE}table-row"):
            row = without_end(cell for each in element for cell in cells(each))
            rows += [row] * (int(element.get(f"{TABLE}number-rows-repeated", 1)) if row else 1)
        while rows and not rows[-1]:
            rows.pop()
        found[sheet.get(f"{TABLE}name")] = rows
    return found


def cells(element):
    """The cell, as often as it stands there; an empty one that fills the row once."""
    text = "\n".join(paragraph(each) for each in element.findall(f"{TEXT}p"))
    cell = Cell(text, element.get(f"{OFFICE}value-type", ""), element.get(f"{TABLE}formula"))
    repeated = int(element.get(f"{TABLE}number-columns-repeated", 1))
    return [cell] * (repeated if repeated < 100 else 1)


def paragraph(element):
    """The text of a paragraph; runs of blanks and tabs are elements in it."""
    said = element.text or ""
    for part in element:
        if part.tag == f"{TEXT}s":
            said += " " * int(part.get(f"{TEXT}c", 1))
        else:
            said += {f"{TEXT}tab": "\t", f"{TEXT}line-break": "\n"}.get(part.tag) or paragraph(part)
        said += part.tail or ""
    return said


def without_end(row):
    row = list(row)
    while row and not row[-1].text:
        row.pop()
    return row
