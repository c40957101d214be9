"""Documents on A4 for people to read, sign and file. They name the operator as their author, never a member of staff or a machine."""

import datetime as dt
import io
import re

from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor

FONT = "Times New Roman"
LANGUAGE_TAGS = {"en": "en-GB", "ru": "ru-RU", "kk": "kk-KZ"}
WIDTH_MM, HEIGHT_MM = 210, 297
LEFT_MM, RIGHT_MM, TOP_MM, BOTTOM_MM = 25, 15, 18, 18
TEXT_MM = WIDTH_MM - LEFT_MM - RIGHT_MM
# What no XML document can hold; a value with such a sign in it shows that it lost one.
ILLEGAL = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# Parts of the library's template that say where it was made.
FOREIGN_PARTS = (RELATIONSHIP_TYPE.THUMBNAIL, RELATIONSHIP_TYPE.EXTENDED_PROPERTIES)


class Paper:
    """An A4 document that is written from the top to the end."""

    def __init__(self, language, *, title, author, footer, size=11):
        self.document = Document()
        self.language = language
        self._page()
        self._styles(size)
        self._properties(title, author)
        self._footer(footer)

    def _page(self):
        section = self.document.sections[0]
        section.orientation = WD_ORIENT.PORTRAIT
        section.page_width, section.page_height = Mm(WIDTH_MM), Mm(HEIGHT_MM)
        section.left_margin, section.right_margin = Mm(LEFT_MM), Mm(RIGHT_MM)
        section.top_margin, section.bottom_margin = Mm(TOP_MM), Mm(BOTTOM_MM)
        section.footer_distance = Mm(9)

    def _styles(self, size):
        styles = self.document.styles
        for name, points, bold, before, after in (
            ("Normal", size, False, 0, 6), ("Title", size + 3, True, 6, 8), ("Heading 1", size + 1, True, 12, 4),
            ("Heading 2", size, True, 8, 3),
        ):  # fmt: skip
            style = styles[name]
            style.font.name, style.font.size, style.font.bold = FONT, Pt(points), bold
            style.font.color.rgb = RGBColor(0, 0, 0)
            fonts = style.element.get_or_add_rPr().get_or_add_rFonts()
            for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
                fonts.attrib.pop(qn(f"w:{theme}"), None)
            for script in ("ascii", "hAnsi", "cs", "eastAsia"):
                fonts.set(qn(f"w:{script}"), FONT)
            style.paragraph_format.space_before, style.paragraph_format.space_after = Pt(before), Pt(after)
            style.paragraph_format.line_spacing = 1.08
        title = styles["Title"].element
        for properties, name in ((title.pPr, "pBdr"), (title.rPr, "spacing"), (title.rPr, "kern")):
            for each in properties.findall(qn(f"w:{name}")):
                properties.remove(each)
        _soften(styles["Table Grid"].element)
        for language in styles.element.iter(qn("w:lang")):
            language.set(qn("w:val"), LANGUAGE_TAGS[self.language])

    def _properties(self, title, author):
        package = self.document.part.package
        for key, relation in list(package.rels.items()):
            if relation.reltype in FOREIGN_PARTS:
                del package.rels[key]
        for key, relation in list(self.document.part.rels.items()):
            if relation.reltype == RELATIONSHIP_TYPE.CUSTOM_XML:
                del self.document.part.rels[key]
        properties = self.document.core_properties
        now = dt.datetime.now(dt.UTC).replace(tzinfo=None, microsecond=0)
        properties.title, properties.author, properties.language = (
            legal(title),
            legal(author),
            LANGUAGE_TAGS[self.language],
        )
        properties.comments = properties.last_modified_by = ""
        properties.created = properties.modified = now

    def _footer(self, words):
        """`words` with {page} and {pages} in them, which the program that opens it counts."""
        paragraph = self.document.sections[0].footer.paragraphs[0]
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        for part in re.split(r"(\{pages?\})", words):
            if part in ("{page}", "{pages}"):
                field = OxmlElement("w:fldSimple")
                field.set(qn("w:instr"), "PAGE" if part == "{page}" else "NUMPAGES")
                field.append(_small_run("1"))
                paragraph._p.append(field)
            elif part:
                paragraph._p.append(_small_run(legal(part)))

    def letterhead(self, lines):
        """Name and contacts of the operator over a line."""
        for place, line in enumerate(lines):
            paragraph = self.text(line, bold=place == 0, size=None if place == 0 else 9)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.space_after = Pt(1)
        if lines:
            _line_below(paragraph)
            paragraph.paragraph_format.space_after = Pt(10)

    def text(self, text, *, bold=False, size=None, italic=False):
        paragraph = self.document.add_paragraph()
        run = paragraph.add_run(legal(text))
        run.bold, run.italic = bold or None, italic or None
        if size:
            run.font.size = Pt(size)
        return paragraph

    def title(self, text):
        paragraph = self.document.add_paragraph(legal(text), style="Title")
        paragraph.paragraph_format.keep_with_next = True
        return paragraph

    def heading(self, text, level=1):
        return self.document.add_heading(legal(text), level)

    def items(self, texts):
        """A list, its dashes standing out. Returns its last line."""
        for text in texts:
            paragraph = self.text(f"–\t{text}")
            paragraph.paragraph_format.left_indent, paragraph.paragraph_format.first_line_indent = Mm(5), Mm(-5)
            paragraph.paragraph_format.space_after = Pt(2)
        paragraph.paragraph_format.space_after = Pt(6)
        return paragraph

    def columns(self, left, right):
        """Two columns of lines without borders; what stands on the right is addressed."""
        table = self._table(1, (TEXT_MM * 0.58, TEXT_MM * 0.42), style=None)
        for cell, lines in zip(table.rows[0].cells, (left, right), strict=True):
            _fill(cell, "\n".join(lines), size=None)
        self.gap()

    def signature(self, position, name):
        """Position, room for the signature, name; never alone on a page."""
        self.gap(14)
        table = self._table(1, (TEXT_MM * 0.45, TEXT_MM * 0.25, TEXT_MM * 0.3), style=None)
        cells = table.rows[0].cells
        for cell, text in zip(cells, (position, "", name), strict=True):
            _fill(cell, text, size=None)
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.BOTTOM
        _line_below(cells[1].paragraphs[0])
        _row_stays_whole(table.rows[0])

    def facts(self, rows):
        """Labels and values in two columns."""
        table = self._table(len(rows), (TEXT_MM * 0.34, TEXT_MM * 0.66))
        for row, (label, value) in zip(table.rows, rows, strict=True):
            _fill(row.cells[0], label)
            _fill(row.cells[1], value)
            _shade(row.cells[0])
            _row_stays_whole(row)
        _stays_with_next(table.rows[:-1])
        self.gap()

    def table(self, columns, rows, shares=None):
        """A table whose head stands on every page it goes over. `shares` are the widths of its columns, as parts of the whole."""
        shares = shares or [1] * len(columns)
        table = self._table(len(rows) + 1, [TEXT_MM * share / sum(shares) for share in shares])
        for cell, heading in zip(table.rows[0].cells, columns, strict=True):
            _fill(cell, heading, bold=True)
            _shade(cell)
        _repeat(table.rows[0])
        for row, cells in zip(table.rows[1:], rows, strict=True):
            for cell, text in zip(row.cells, cells, strict=True):
                _fill(cell, text)
            _row_stays_whole(row)
        _stays_with_next(table.rows[:1])
        self.gap()

    def _table(self, rows, widths, style="Table Grid"):
        table = self.document.add_table(rows, len(widths))
        if style:
            table.style = style
        else:
            table._tbl.tblPr.append(_margins(left=0, right=113))
        table.autofit, table.alignment = False, WD_TABLE_ALIGNMENT.CENTER
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Mm(width)
            for cell in column.cells:
                cell.width = Mm(width)
        return table

    def gap(self, points=4):
        paragraph = self.document.add_paragraph()
        paragraph.paragraph_format.space_after = Pt(0)
        paragraph.paragraph_format.line_spacing = Pt(points)
        return paragraph

    def bytes(self) -> bytes:
        stream = io.BytesIO()
        self.document.save(stream)
        return stream.getvalue()


def legal(text):
    """The text without what no document can hold."""
    return ILLEGAL.sub("\ufffd", str(text))


def _fill(cell, text, *, bold=False, size=9.5):
    paragraph = cell.paragraphs[0]
    paragraph.paragraph_format.space_after = Pt(1)
    paragraph.paragraph_format.line_spacing = 1
    run = paragraph.add_run(legal(text))
    run.bold = bold or None
    if size:
        run.font.size = Pt(size)


def _small_run(text):
    run, properties, size, content = (OxmlElement(f"w:{name}") for name in ("r", "rPr", "sz", "t"))
    size.set(qn("w:val"), "17")
    properties.append(size)
    content.text = text
    content.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    run.append(properties)
    run.append(content)
    return run


def _line_below(paragraph):
    borders, line = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "single"), ("sz", "6"), ("space", "4"), ("color", "444444")):
        line.set(qn(f"w:{name}"), value)
    borders.append(line)
    paragraph._p.get_or_add_pPr().append(borders)


def _margins(**sides):
    """Of the cells, in twentieths of a point."""
    margins = OxmlElement("w:tblCellMar")
    for side, width in sides.items():
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), str(width))
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    return margins


def _soften(style):
    """Grey lines, and room around what stands in a cell."""
    for line in style.iter(*(qn(f"w:{side}") for side in ("top", "left", "bottom", "right", "insideH", "insideV"))):
        if line.getparent().tag == qn("w:tblBorders"):
            line.set(qn("w:color"), "9AA5B1")
    properties = style.find(qn("w:tblPr"))
    for each in properties.findall(qn("w:tblCellMar")):
        properties.remove(each)
    properties.append(_margins(top=35, left=100, bottom=35, right=100))


def _shade(cell):
    shade = OxmlElement("w:shd")
    for name, value in (("val", "clear"), ("color", "auto"), ("fill", "F1F4F7")):
        shade.set(qn(f"w:{name}"), value)
    cell._tc.get_or_add_tcPr().append(shade)


def _repeat(row):
    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    _row_stays_whole(row)


def _stays_with_next(rows):
    """Rows that are not parted from those below them by the end of a page, where these fit on one."""
    for row in rows:
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True


def _row_stays_whole(row):
    row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
