"""What is done with a case, each act by somebody at some time, each refused by its gate of rules/cases.py."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from registry.choices import CaseAct, RequestKind
from registry.rules.cases import (
    RU_LAW,
    CaseFacts,
    DemandFacts,
    ExtensionFacts,
    act_blockers,
    answer_blockers,
    closing_blockers,
    extension_blockers,
    identity_blockers,
    open_blockers,
    person_blockers,
    refusal_blockers,
)
from registry.rules.deadlines import day_of
from registry.rules.grounds import DISTRIBUTION

from .gate import refuse
from .policy import Clause

# Clauses are told apart by the behaviours they are marked with.
DISTRIBUTED, ON_REQUEST = "B27", "B10"
# Acts an officer may record in words; the others are recorded by what does them.
RECORDED_BY_OFFICER = (
    CaseAct.NOTE, CaseAct.RECTIFIED, CaseAct.BLOCKED, CaseAct.UNBLOCKED, CaseAct.DESTROYED, CaseAct.WITHDRAWN,
    CaseAct.STOPPED, CaseAct.OPTED_OUT, CaseAct.REVIEWED, CaseAct.REMOVED, CaseAct.SURVEYED,
)  # fmt: skip


class CaseActs(models.Model):
    """Acts that every case knows. Raise ValidationError with every blocker; nothing is written then."""

    class Meta:
        abstract = True

    def step(self, act, *, by, at, note=""):
        """Notes what was done."""
        refuse(act_blockers(self.facts(at), act), operator=self.operator)
        return self.casesteps.create(**self.as_parent, act=act, note=note, done_at=at, done_by=by)

    def facts(self, now=None):
        """The case as the gates of rules/cases.py see it."""
        sent = set(self.caseletters.filter(sent_at__isnull=False).values_list("kind", flat=True)) if self.pk else ()
        return CaseFacts(
            self.kind,
            now or timezone.now(),
            self.received_at,
            is_closed=self.closed_at is not None,
            acts=frozenset(self.casesteps.values_list("act", flat=True)) if self.pk else frozenset(),
            answered="answer" in sent,
            refused="refusal" in sent,
        )

    def draft(self, kind, *, by, at, text, language="", norm=None, pack=None):
        """Writes a letter, not yet signed. An answer or refusal is not even drafted for a stranger."""
        facts, kinds = self.facts(at), self.caseletters.model.Kind
        if kind == kinds.REFUSAL:
            refuse(refusal_blockers(facts, has_norm=norm is not None, text=text))
        elif kind == kinds.ANSWER:
            refuse(answer_blockers(facts))
        elif kind == kinds.EXTENSION:
            refuse(extension_blockers(facts, self.extension_facts(text)))
        else:
            refuse(open_blockers(facts))
        return self.caseletters.create(
            **self.as_parent, kind=kind, language=language or self.language, text=text, norm=norm, pack=pack,
            written_at=at, written_by=by,
        )  # fmt: skip

    def extension_facts(self, text):
        deadlines = list(self.deadlines.all())
        extendable = [
            each.due.ends_at for each in deadlines if each.extension and not each.is_extended and each.due.ends_at
        ]
        return ExtensionFacts(tuple(extendable), any(each.is_extended for each in deadlines), text)

    def note_sent(self, letter, *, at):
        """What follows from a letter that has left: the terms are extended, the case is answered."""
        kinds = letter.Kind
        if letter.kind == kinds.EXTENSION:
            self.extend(by=letter.sent_by, at=at, reasons=letter.text)
        acts = {kinds.ANSWER: CaseAct.ANSWERED, kinds.REFUSAL: CaseAct.REFUSED, kinds.IDENTITY: CaseAct.IDENTITY_ASKED}
        if letter.kind in acts:
            self.step(acts[letter.kind], by=letter.sent_by, at=at)

    def extend(self, *, by, at, reasons):
        """Extends, once, every term that can be and has not ended; the notice has been sent."""
        refuse(extension_blockers(self.facts(at), self.extension_facts(reasons)))
        for deadline in self.deadlines.all():
            if deadline.extension and not deadline.is_extended and deadline.due.ends_at > at:
                deadline.is_extended = True
                deadline.save()
        self.recount()
        self.step(CaseAct.EXTENDED, by=by, at=at)

    def close(self, *, by, at):
        """Closes a case whose demand is met, or was refused with reasons."""
        facts = self.facts(at)
        refuse(closing_blockers(facts))
        self.close_as(self.Outcome.REFUSED if facts.refused else self.Outcome.MET, by=by, at=at)

    def close_as(self, outcome, *, by, at, note=""):
        """Closes without an answer what needs none: a duplicate, what was taken back, what is no request. The reason is kept."""
        refuse(open_blockers(self.facts(at)))
        if outcome not in (self.Outcome.MET, self.Outcome.REFUSED) and not note.strip():
            raise ValidationError(_("Say why the case is closed without an answer."))
        self.step(CaseAct.CLOSED, by=by, at=at, note=note)
        self.outcome, self.closed_at, self.closed_by = outcome, at, by
        self.save()

    def open_again(self, *, by, at):
        """A new case that follows a closed one, received now."""
        if self.closed_at is None:
            raise ValidationError(_("The case is open. Go on with it."))
        names = ("kind", "demand", "language", "subject", "body", "body_number", "body_letter_on", "channel",
                 "applicant_name", "applicant_contact", "representative")  # fmt: skip
        copied = {name: getattr(self, name) for name in names if hasattr(self, name)}
        case = type(self)(operator=self.operator, received_at=at, received_by=by, follows=self, **copied)
        case.full_clean()
        case.save()
        case.step(CaseAct.REOPENED, by=by, at=at)
        return case


class RequestActs(models.Model):
    """Acts on what a person asks."""

    class Meta:
        abstract = True

    def facts(self, now=None):
        representative = self.representative
        return (
            super()
            .facts(now)
            ._replace(
                has_subject=self.subject_id is not None,
                is_identified=self.identified_at is not None,
                has_representative=representative is not None,
                has_authority=representative is not None and representative.is_valid(day_of(self.received_at)),
                undone=self.undone() if self.pk else "",
                owed=tuple(map(str, self.owed())) if self.pk else (),
                demand=self.demand_facts(),
            )
        )

    def demand_facts(self):
        """What a demand to stop distribution names, where a law of the operator says what it must; what the register knows counts."""
        if self.kind != RequestKind.STOP_DISTRIBUTION or not self.operator.laws.filter(law__code=RU_LAW).exists():
            return None
        person = self.subject
        name = person.full_name if person is not None else ""
        contact = (person.email or person.phone) if person is not None else ""
        return DemandFacts(
            name or self.applicant_name, self.applicant_contact or contact, self.demand, self.clause_of_demand()
        )

    def clause_of_demand(self):
        """The clause of the policy that says what the demand names: marked as about distribution and about requests."""
        clauses = Clause.objects.filter(operator=self.operator, in_force=True, behaviours__contains=DISTRIBUTED)
        return clauses.filter(behaviours__contains=ON_REQUEST).values_list("number", flat=True).last() or ""

    def owed(self):
        """Recipients that are still to be told in this case."""
        return [
            each.recipient or each.subject for each in self.obligations.open().select_related("recipient", "subject")
        ]

    def undone(self):
        """What the register still says against a demand that is said to be met."""
        if self.subject_id is None:
            return ""
        today = day_of(timezone.now())
        consents = self.subject.consents
        withdrawn = consents.filter(withdrawn_at__gte=self.received_at).exists()
        if self.kind == RequestKind.WITHDRAWAL and not withdrawn and consents.in_force(today).exists():
            return _("Consents of the person are still in force. Withdraw those that are meant.")
        distributed = consents.in_force(today).filter(kind=DISTRIBUTION, given_on__lte=day_of(self.received_at))
        if self.kind == RequestKind.STOP_DISTRIBUTION and distributed.exists():
            return _("A consent to distribution is still in force. It ends when the demand is received: withdraw it.")
        if self.kind == RequestKind.OPT_OUT and not self.subject.suppressions.live(today).exists():
            return _("No channel is stopped for the person. Record the opt-out.")
        return ""

    def sort(self, kind, *, by, at):
        """Says what is asked for; the terms are counted anew, from the same receipt."""
        if self.kind == kind:
            return
        refuse(open_blockers(self.facts(at)))
        self.kind = kind
        self.save()
        self.step(CaseAct.SORTED, by=by, at=at)

    def link_person(self, subject, *, by, at, representative=None):
        """Says whose request it is. Another person means that the identity is checked anew."""
        refuse(open_blockers(self.facts(at)))
        if representative is not None and representative.subject_id != subject.pk:
            raise ValidationError(_("The representative is somebody else’s. Choose one of this person’s."))
        if (self.subject_id, self.representative_id) != (subject.pk, representative and representative.pk):
            self.identity_method = self.identity_note = ""
            self.identified_at = self.identified_by = None
        self.subject, self.representative = subject, representative
        self.save()
        self.step(CaseAct.PERSON_FOUND, by=by, at=at)

    def identify(self, method, *, by, at, note=""):
        """Records that the applicant is who they say: the person, or the representative."""
        refuse(identity_blockers(self.facts(at)))
        if method not in self.IdentityMethod.values:
            raise ValidationError(_("Say how the identity was checked."))
        self.identity_method, self.identity_note = method, note
        self.identified_at, self.identified_by = at, by
        self.save()
        self.step(CaseAct.IDENTITY_CHECKED, by=by, at=at)

    def opt_out(self, channels, *, by, at):
        """Stops messages on these channels from the day of receipt; those stopped already stay so."""
        refuse(person_blockers(self.facts(at)))
        suppressions = self.subject.suppressions.all()
        suppressions.suppress(self.subject, channels, since_on=day_of(self.received_at), source=self.number)
        self.step(CaseAct.OPTED_OUT, by=by, at=at)
