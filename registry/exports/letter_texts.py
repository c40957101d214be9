"""Letters of a case: what one says before the officer edits it, in the applicant's language. Nothing is written here."""

from django.utils import timezone

from registry.choices import CaseAct, RequestKind
from registry.exports.citations import cited, cited_together, cited_with_text, norms_of
from registry.exports.letter_words import WORDS, Day, kind_word, open_place, word
from registry.models import AuthorityRequest, CaseLetter
from registry.operations.withdrawal import staying
from registry.rules.cases import ASKED_ACTS
from registry.rules.deadlines import day_of
from registry.rules.grounds import CONSENT, NORM

# Norms that letters cite, where a law of the operator holds them. What the library does not have is not cited.
IDENTITY_NORMS = ("KZ-94-V/10(2)", "KZ-94-V/11")
INFORMATION_NORMS = ("KZ-94-V/24(1)(1)", "RU-152-FZ/14(7)", "EU-GDPR/12(3)")
FREE_NORMS = ("KZ-94-V/25(2)(9)", "EU-GDPR/12(5)")
COMPLAINT_NORMS = ("KZ-94-V/24(1)(7)", "KZ-94-V/27-1", "KZ-94-V/395/НҚ p. 24")
DASH = "– "  # what letters.py makes a list of
# Answers that may leave somebody dissatisfied say where to go next, as every refusal does.
WITH_COMPLAINT = (RequestKind.COMPLAINT, RequestKind.CLAIM, RequestKind.AUTOMATED_OBJECTION)
# What still may go on after consent is gone, the letter says (Lapp 3.1, second dash).
WITH_OTHER_GROUND = (RequestKind.WITHDRAWAL, RequestKind.STOP_PROCESSING)


def letter_text(case, kind, language, *, norm=None, reasons="") -> str:
    """The text of a letter of that CaseLetter.Kind about the case, for the officer to edit.

    `norm` and `reasons` are those of a refusal or an extension. What only the officer knows is an open place (“[… reasons]”):
    rules/letters.py refuses to sign a letter that still has one.
    """
    return "\n\n".join(filter(None, PARAGRAPHS[kind](Said(case, language, norm, reasons))))


class Said:
    """What letters about a case say, in one language."""

    def __init__(self, case, language, norm=None, reasons=""):
        self.case, self.language, self.norm = case, language, norm
        self.is_authority = isinstance(case, AuthorityRequest)
        self.received_on = day_of(case.received_at)
        self.values = {
            "number": case.number,
            "received": self.day(self.received_on),
            "reasons": reasons or self.open_place("reasons"),
            "letter": self.body_letter() if self.is_authority else "",
        }

    def __call__(self, key, **values):
        return word(key, self.language).format(**self.values | values)

    def to(self, key, **values):
        """As called, in the words for a state body where it is one that asks."""
        return self(f"{key}.authority" if self.is_authority else key, **values)

    def day(self, on):
        return Day(on, self.language)

    def open_place(self, key):
        return open_place(key, self.language)

    def body_letter(self):
        """Number and date of the state body's letter."""
        case = self.case
        if case.body_letter_on is None:
            return word("number", self.language).format(number=case.body_number)
        return word("body_letter", self.language).format(number=case.body_number, on=self.day(case.body_letter_on))

    def norms(self, *codes):
        return norms_of(self.case.operator, codes, self.received_on)

    def basis(self, norms):
        return self("basis", norm=f"{cited_together(norms, self.language)}.") if norms else ""

    def basis_with_text(self):
        norm = cited_with_text(self.norm, self.language) if self.norm else self.open_place("norm")
        return self("basis", norm=norm)

    def complaint(self):
        """Where to complain, and the norms that say so. A state body is not told."""
        if self.is_authority:
            return []
        laws = self.case.operator.laws.values_list("law__code", flat=True)
        body = next((word(f"body.{code}", self.language) for code in laws if f"body.{code}" in WORDS), "")
        return [
            self("complain", body=body),
            *(cited_with_text(norm, self.language) for norm in self.norms(*COMPLAINT_NORMS)),
        ]


def acknowledgement(said):
    """That it was received, under which number, until when it is answered; nothing about anybody: the sender may be forged."""
    case = said.case
    yield said.to("received")
    due_on = case.due_on or (case.due_at and day_of(case.due_at))
    if case.kind == RequestKind.UNSORTED:
        yield said("answer_unsorted")
    elif due_on is None or (case.due_at and case.due_at <= case.received_at):
        yield said("answer_at_once")
    else:
        yield said("answer_by", due=said.day(due_on))
    yield said("quote_number")
    yield said("made_by_machine")


def identity(said):
    """Who asks is to be proved (94-V art. 10(2)); copies of identity documents are not collected."""
    yield said("identity.about")
    yield said("identity.why")
    yield said.basis(said.norms(*IDENTITY_NORMS))
    yield said("identity.ways")
    yield said("identity.no_copies")
    yield said("identity.representative")


def extension(said):
    """The reasoned notice that extends the term once (152-FZ art. 14(3), 20; GDPR art. 12(3))."""
    until, to, norm = extended(said.case)
    said.norm = said.norm or norm
    yield said.to("extension.until", due=said.day(until))
    yield said("extension.to", new_due=said.day(to))
    yield said("extension.reasons")
    yield said.basis_with_text()


def extended(case):
    """(the day the answer was due, the day it will be, the norm) of the term that ends first of those that can be extended."""
    found = []
    for deadline in case.deadlines.select_related("law", "norm__law"):
        if deadline.extension and not deadline.is_extended:
            until = deadline.due_on
            deadline.is_extended = True
            case.count(deadline)
            found.append((until, deadline.due_on, deadline.norm))
    return min(found, key=lambda each: each[1], default=(None, None, None))


def answer(said):
    yield said("answer.to_authority" if said.is_authority else "answer")
    yield from ANSWERS.get(said.case.kind, done)(said)
    if said.case.kind in WITH_COMPLAINT:
        yield from said.complaint()


def information(said):
    """The pack says it all; where the register holds nothing of the person the letter itself is the answer."""
    if said.case.subject_id is None:
        yield said("answer.nothing")
        yield said("answer.nothing.again")
    else:
        yield said("answer.information")
    free = said.norms(*FREE_NORMS)
    yield said("answer.information.free") if free else ""
    yield said.basis([*said.norms(*INFORMATION_NORMS), *free])


def done(said):
    """What was done, and when: as the steps of the case say, else for the officer to fill in."""
    case, kind = said.case, said.case.kind
    steps = case.casesteps.filter(act__in=ASKED_ACTS.get(kind, ()))
    step = max(steps, key=lambda each: (each.done_at, each.pk), default=None)
    key = f"answer.{kind}" if f"answer.{kind}" in WORDS else "answer.other"
    if kind == RequestKind.RECTIFICATION and step and step.act == CaseAct.DESTROYED:
        key += ".destroyed"
    yield said(key, done=said.day(step and day_of(step.done_at)), what=what(said))
    if kind in WITH_OTHER_GROUND:
        yield other_grounds(said)


def other_grounds(said):
    """What goes on although the consents are gone, and why: as the step of the case says it. For the officer where none are, and where
    a block holds what goes on."""
    consents = list(withdrawn(said.case))
    found = consents and staying(said.case.subject, consents, day_of(timezone.now()))
    if not found:
        is_blocked = consents and said.case.subject.blocks.standing().exists()
        return said("stays.nothing") if consents and not is_blocked else said.open_place("other_ground")
    return "\n".join([said("stays"), *(f"{DASH}{line}" for line in stays_in_words(said, found))])


def stays_in_words(said, found):
    for each in found:
        ground, basis = each.ground, each.basis
        named = basis and ", ".join(
            filter(None, [name_of(basis, said), basis.norm_id and cited(basis.norm, said.language)])
        )
        key = {CONSENT: "consent_of", NORM: "stays.norm"}.get(ground.kind, "stays.agreement")
        text = said(
            key if each.since or ground.kind == NORM else f"{key}.undated", on=said.day(each.since), basis=named
        )
        text = said("stays.until", ground=text, day=said.day(ground.until)) if ground.until else text
        yield f"{name_of(each.purpose, said)}: {text}"


def name_of(record, said):
    return record.name_in(said.language) or record.code


def what(said):
    """The consents a withdrawal took back; of everything else only the officer can tell."""
    kind = said.case.kind
    if kind == RequestKind.WITHDRAWAL:
        found = (
            f"{name_of(each.purpose, said)} ({said('consent_of', on=said.day(each.given_on))})"
            for each in withdrawn(said.case)
        )
        return "; ".join(found) or said.open_place("consents")
    return said.open_place(kind if f"open.{kind}" in WORDS else "other")


def withdrawn(case):
    """The consents that this case took back."""
    if case.subject_id is None:
        return ()
    consents = case.subject.consents.filter(withdrawn_at=case.received_at).select_related("purpose")
    return consents.order_by("given_on", "pk")


def refusal(said):
    """A refusal names its norm and its reasons, and says where to complain (94-V art. 25(2)(7), 152-FZ art. 20(2))."""
    yield said.to("refusal.of", asked=kind_word("refused", said.case.kind, said.language))
    yield said.basis_with_text()
    yield said("refusal.reasons")
    yield from said.complaint()


ANSWERS = {RequestKind.INFORMATION: information}
PARAGRAPHS = {
    CaseLetter.Kind.ACKNOWLEDGEMENT: acknowledgement,
    CaseLetter.Kind.IDENTITY: identity,
    CaseLetter.Kind.EXTENSION: extension,
    CaseLetter.Kind.ANSWER: answer,
    CaseLetter.Kind.REFUSAL: refusal,
}
