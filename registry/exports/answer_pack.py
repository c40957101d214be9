"""The answer pack: what the operator holds about one person and does with it, for that person (94-V art. 24(1)(1), 152-FZ art. 14(7)).

It is made of the rows of that person alone. Internal notes, other people and members of staff are not in it.
"""

import hashlib
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.choices import RequestKind
from registry.exports import pack_register, pack_sections, runs
from registry.exports.citations import cited, norms_of
from registry.exports.docx import Paper
from registry.exports.letter_texts import INFORMATION_NORMS
from registry.exports.letter_words import Day, word
from registry.exports.letters import letterhead, write_paragraph
from registry.exports.pack_parts import Extract, Section
from registry.models import CaseAttachment, CaseLetter, ExportRun
from registry.models.gate import refuse
from registry.operations.attachments import attach
from registry.rules.cases import answer_blockers

# In the order of 94-V art. 24(1)(1): fact, list, purposes, sources, methods, terms; then what 152-FZ art. 14(7) adds.
OF_PERSON = (
    pack_sections.confirmation,
    pack_sections.values,
    pack_register.purposes,
    pack_register.categories,
    pack_register.sources,
    pack_register.methods,
    pack_sections.consents,
    pack_sections.agreements,
    pack_sections.opt_outs,
    pack_register.recipients,
    pack_sections.disclosures,
    pack_register.transfers,
    pack_register.storage,
    pack_register.databases,
    pack_register.measures,
    pack_sections.readings,
    pack_sections.earlier_requests,
)
OF_EVERYBODY = (pack_sections.rights, pack_sections.asking, pack_sections.complaints, pack_sections.operator)


class Pack(NamedTuple):
    """`facts` are labels and values at its top. Plain texts throughout: what is printed is what stands here."""

    language: str
    number: str
    author: str
    letterhead: tuple[str, ...]
    title: str
    facts: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]

    @property
    def count(self):
        """How many rows it gives away."""
        return sum(section.count for section in self.sections)

    @property
    def texts(self):
        """Everything that stands in it."""
        yield from (*self.letterhead, self.title, *(text for fact in self.facts for text in fact))
        for section in self.sections:
            yield from section.texts


def pack_of(request, language, *, at=None) -> Pack:
    """What is held about the person of the request now; where the register holds nobody, that it does not."""
    extract = Extract(request, language, at)
    words, operator = extract.words, request.operator
    sections = (pack_sections.confirmation,) if extract.person is None else OF_PERSON
    norms = norms_of(operator, INFORMATION_NORMS, extract.today)
    person = extract.person.full_name if extract.person else request.applicant_name
    facts = [
        (words("person"), words.or_missing(person)),
        (words("request"), f"{request.number}, {Day(extract.day_of_receipt, language)}"),
        (words("drawn_up_on"), str(Day(extract.today, language))),
    ]
    facts += [(words("under"), "\n".join(cited(norm, language) for norm in norms))] if norms else []
    return Pack(
        language, request.number, operator.name_in(language) or operator.code, letterhead(operator, language),
        words("title"), tuple(facts), tuple(make(extract) for make in (*sections, *OF_EVERYBODY)),
    )  # fmt: skip


def pack_docx(pack) -> bytes:
    """The pack as a document, its sections numbered, its tables with their heads on every page."""
    paper = Paper(
        pack.language, title=pack.title, author=pack.author, footer=f"{pack.number} · {word('page', pack.language)}"
    )
    paper.letterhead(pack.letterhead)
    paper.title(pack.title)
    paper.facts(pack.facts)
    for number, section in enumerate(pack.sections, 1):
        paper.heading(f"{number}. {section.heading}")
        last = write_paragraph(paper, section.lines)
        if last is not None and section.tables:
            last.paragraph_format.keep_with_next = True
        for table in section.tables:
            write_table(paper, table)
    return paper.bytes()


def write_table(paper, table):
    if table.title:
        paper.heading(table.title, 2)
    if table.columns:
        paper.table(table.columns, table.rows, table.shares)
    else:
        paper.facts(table.rows)


def pack_context(pack):
    """What templates/registry/print/pack.html shows."""
    return {"pack": pack}


def issue_pack(letter, *, by, role, reason="") -> ExportRun:
    """Fixes the pack that goes with an answer to an information request, and tells the journal that it leaves.

    Made once: what changes in the register afterwards does not change it. ValidationError where the letter is no such answer,
    is signed already, or may not leave.
    """
    if letter.pack_id:
        return letter.pack
    request = letter.request
    if letter.kind != CaseLetter.Kind.ANSWER or request is None or request.kind != RequestKind.INFORMATION:
        raise ValidationError(_("Only an answer to a request for information brings an answer pack."))
    if letter.signed_at is not None:
        raise ValidationError(_("The letter is signed off and stays as it is. Write another one."))
    at = timezone.now()
    refuse(answer_blockers(request.facts(at)))
    with transaction.atomic():
        pack = pack_of(request, letter.language, at=at)
        content = pack_docx(pack)
        asked = {"request": request.number, "language": letter.language, "subject": subject_of(request)}
        told = {"role": role, "subjects": request.journal_subjects()}
        run = runs.start(ExportRun.Kind.ANSWER, by=by, operator=letter.operator, reason=reason, filter=asked, **told)
        attach(
            request, name=f"{request.number}.docx", content=content, origin=CaseAttachment.Origin.LETTER, by=by, at=at
        )
        runs.finish(run, count=pack.count, digest=hashlib.sha256(content).hexdigest(), **told)
        letter.pack = run
        letter.save()
    return run


def subject_of(request):
    return str(request.subject.uid) if request.subject_id else ""


def pack_file(letter) -> CaseAttachment | None:
    """The document that goes with the letter, as it was fixed."""
    if letter.pack_id is None:
        return None
    files = CaseAttachment.objects.filter(**letter.case.as_parent, origin=CaseAttachment.Origin.LETTER)
    return files.filter(sha256=letter.pack.digest).order_by("pk").last()
