"""A letter as it is laid out on its sheet, for DOCX and print alike: plain texts, nothing of the staff but who signs."""

import itertools
from typing import NamedTuple

from registry.exports.citations import cited_with_text, place
from registry.exports.docx import Paper
from registry.exports.letter_texts import DASH, Said, letter_text
from registry.exports.letter_words import Day, word
from registry.models import AuthorityRequest, CaseLetter
from registry.rules.deadlines import day_of

__all__ = ["letter_context", "letter_docx", "letter_text", "plain_text", "sheet_of"]


class Signature(NamedTuple):
    """Who answers for personal data; without a name where nobody is in office."""

    position: str
    name: str


class Sheet(NamedTuple):
    """`letterhead` is the operator's name and what is known of its contacts; `paragraphs` are lists of lines."""

    language: str
    letterhead: tuple[str, ...]
    mark: str
    number: str
    dated: str
    reference: str
    addressee: tuple[str, ...]
    title: str
    paragraphs: tuple[tuple[str, ...], ...]
    enclosure: str
    signature: Signature | None

    @property
    def texts(self):
        """Everything that stands on it, in order."""
        lines = (line for paragraph in self.paragraphs for line in paragraph)
        head = (self.mark, self.number, self.dated, self.reference, *self.addressee, self.title)
        return [*filter(None, [*self.letterhead, *head, *lines, self.enclosure, *(self.signature or ())])]


def sheet_of(letter) -> Sheet:
    """The letter as it is: a draft says so, and bears the date it was written on."""
    language, case = letter.language, letter.case
    on = day_of(letter.signed_at or letter.written_at)
    is_acknowledgement = letter.kind == CaseLetter.Kind.ACKNOWLEDGEMENT
    is_authority = isinstance(case, AuthorityRequest)
    title = "authority" if is_authority and letter.kind == CaseLetter.Kind.ANSWER else letter.kind
    return Sheet(
        language,
        letterhead(letter.operator, language),
        mark="" if letter.is_signed else word("draft", language),
        number=word("number", language).format(number=number_of(letter)),
        dated=str(Day(on, language)),
        reference="" if is_acknowledgement else Said(case, language).to("reference"),
        addressee=() if is_acknowledgement else addressee(letter),
        title=word(f"title.{title}", language),
        paragraphs=tuple(paragraphs(letter)),
        enclosure=word("enclosure", language).format(number=case.number) if letter.pack_id else "",
        signature=None if is_acknowledgement else signature(letter, on),
    )


def letterhead(operator, language):
    """The operator's name and contacts in that language; what is not known is left out."""
    phone = f"{word('phone', language)} {operator.phone}" if operator.phone else ""
    number = f"{word('bin', language)} {operator.bin}" if operator.bin else ""
    contacts = ", ".join(filter(None, [phone, operator.email, operator.sites.replace(" ", ", ")]))
    return tuple(filter(None, [operator.name_in(language), number, operator.address, contacts]))


def number_of(letter):
    """The case's number and which of its letters this is."""
    earlier = letter.case.caseletters.filter(pk__lte=letter.pk).count() if letter.pk else 1
    return f"{letter.case.number}/{earlier}"


def addressee(letter):
    """To whom it goes. Before it is known who asks, only what the applicant said stands here, nothing of the register."""
    case = letter.case
    if isinstance(case, AuthorityRequest):
        return (case.body,)
    name = case.applicant_name
    if case.identified_at and case.representative_id:
        name = case.representative.name
    elif case.identified_at and case.subject_id:
        name = case.subject.full_name or name
    return tuple(filter(None, [name, letter.address or case.applicant_contact]))


def paragraphs(letter):
    """The text as it was written; the norm it rests on stands at its end where the text does not name it."""
    text = letter.text.replace("\r\n", "\n").replace("\r", "\n")
    for paragraph in text.split("\n\n"):
        if paragraph.strip():
            yield tuple(paragraph.strip("\n").split("\n"))
    if letter.norm_id and place(letter.norm, letter.language) not in text:
        yield (word("basis", letter.language).format(norm=cited_with_text(letter.norm, letter.language)),)


def signature(letter, on):
    """The responsible person in office that day: whoever signed it off, where that is one of them, else the first."""
    in_office = list(letter.operator.responsible_persons.in_office(on))
    signer = [each for each in in_office if letter.signed_by_id and each.user_id == letter.signed_by_id]
    person = next(iter(signer or in_office), None)
    role = word("deputy" if person and person.is_deputy else "responsible", letter.language)
    return Signature(person.position or role, person.name) if person else Signature(role, "")


def letter_docx(letter) -> bytes:
    """The letter as a document: letterhead, number and date, addressee, text, signature, page numbers."""
    sheet = sheet_of(letter)
    paper = Paper(
        sheet.language,
        title=sheet.title,
        author=letter.operator.name_in(sheet.language) or letter.operator.code,
        footer=f"{sheet.number} · {word('page', sheet.language)}",
    )
    if sheet.mark:
        paper.text(sheet.mark, bold=True)
    paper.letterhead(sheet.letterhead)
    paper.columns([*filter(None, (sheet.number, sheet.dated, sheet.reference))], sheet.addressee)
    paper.title(sheet.title)
    for lines in sheet.paragraphs:
        write_paragraph(paper, lines)
    if sheet.enclosure:
        paper.text(sheet.enclosure)
    if sheet.signature:
        paper.signature(*sheet.signature)
    return paper.bytes()


def letter_context(letter):
    """What templates/registry/print/sheet.html shows: the same sheet."""
    return {"sheet": sheet_of(letter)}


def plain_text(letter) -> str:
    """The letter as the text of an e-mail: what was written, who answers for it, and the operator."""
    sheet = sheet_of(letter)
    ends = ["\n".join(filter(None, sheet.signature))] if sheet.signature else []
    return "\n\n".join(["\n".join(lines) for lines in sheet.paragraphs] + ends + ["\n".join(sheet.letterhead)])


def write_paragraph(paper, lines):
    """Lines that begin with a dash are a list; others are lines of one paragraph. Returns the last paragraph."""
    last = None
    for is_list, group in itertools.groupby(lines, key=lambda line: line.startswith(DASH)):
        if is_list:
            last = paper.items([line.removeprefix(DASH) for line in group])
        else:
            last = paper.text("\n".join(group))
    return last
