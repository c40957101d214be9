"""What a person's data serve, on the person's page: on which ground each purpose rests, until when, and what ends it first."""

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.models import ActivityPurpose, LegalBasis, ProcessingActivity, Purpose, SubjectPurpose
from registry.models.grounding import facts_of, standings, take_ground, with_bases
from registry.rules.endings import AGREEMENT, CONSENT, DECISION, REACHED, STOP, first_end
from registry.rules.grounds import MARKETING, PROCESSING, Ground, ends_of, live_ground

from .deciding import missing_grounds
from .labels import Citations

EVENTS = {
    CONSENT: gettext_lazy("the consent ends"),
    AGREEMENT: gettext_lazy("the agreement ends"),
    DECISION: gettext_lazy("the decision about the ground ends"),
    REACHED: gettext_lazy("the purpose is reached"),
    STOP: gettext_lazy("the day set for it"),
}


def purposes_card(user, person):
    """A row for each purpose that the data serve or served, or that the person consented to; none holds a personal value."""
    today, citations = timezone.localdate(), Citations(person.operator)
    [standing] = standings([person])
    records = {each.purpose_id: each for each in person.purposes.order_by("since_on", "pk")}
    agreed = {each.purpose_id for each in standing.consents if each.kind in (PROCESSING, MARKETING)}
    purposes = sorted(Purpose.objects.filter(pk__in={*records, *agreed}), key=lambda purpose: purpose.code)
    known, rows = Known(standing, purposes, records.values(), today), []
    for purpose in purposes:
        record, facts = records.get(purpose.pk), known.facts[purpose]
        row = {"name": str(purpose)}
        if record is not None and record.serves_on(today):
            row |= {"since": record.since_on} | of_ground(known.completed(record, purpose), known, user)
        elif ground := live_ground(facts):
            row |= {"stopped": stopped(record)} | of_ground(known.resting(purpose, ground), known, user)
        else:
            row |= {"stopped": stopped(record), "blockers": missing_grounds(facts, citations, user)}
        rows.append(row)
    return rows


class Known:
    """What the rows say of the person's purposes, read for all of them at once."""

    def __init__(self, standing, purposes, records, on):
        self.standing = standing
        for purpose in purposes:
            purpose.operator = standing.subject.operator
        bases = dict(with_bases(purposes, on))
        self.facts = {each: facts_of(standing, each, bases[each], on) for each in purposes}
        self.consents = {each.pk: each for each in standing.consents}
        self.agreements = {each.pk: each for each in standing.agreements}
        declared = {basis.pk for found in bases.values() for basis in found}
        rested_on = {each.basis_id for each in records if each.basis_id}
        self.bases = LegalBasis.objects.select_related("norm__law").in_bulk(declared | rested_on)
        self.reached = reached_on(purposes)

    def resting(self, purpose, ground):
        """A record of the purpose as it would be on this ground; it is not saved."""
        person = self.standing.subject
        record = SubjectPurpose(operator=person.operator, subject=person)
        take_ground(record, ground)
        return self.completed(record, purpose)

    def completed(self, record, purpose):
        """With what it refers to, which is known here."""
        record.purpose = purpose
        record.consent = self.consents.get(record.consent_id)
        record.agreement = self.agreements.get(record.agreement_id)
        record.basis = self.bases.get(record.basis_id)
        return record


def of_ground(record, known, user):
    ground, purpose = Ground(record.ground, record.consent_id or record.agreement_id, record.basis_id), record.purpose
    ends = ends_of(ground, known.facts[purpose])
    end = first_end(ends._replace(reached=known.reached.get(purpose.pk), stop=record.until_on))
    url = ""
    if record.consent_id and user.has_perm("registry.view_consent"):
        url = reverse("admin:registry_consent_change", args=[record.consent_id])
    return {"ground": in_words(record), "url": url, "until": end.on, "ends": EVENTS[end.by]}


def in_words(record):
    if record.consent_id:
        return _("Consent of %s") % date_format(record.consent.given_on, "DATE_FORMAT")
    basis = str(record.basis) if record.basis.norm_id is None else f"{record.basis} · {record.basis.norm.citation}"
    if not record.agreement_id:
        return basis
    day = record.agreement.concluded_on
    agreement = _("Agreement of %s") % date_format(day, "DATE_FORMAT") if day else _("Agreement")
    return f"{agreement} · {basis}"


def reached_on(purposes):
    """The last day of the last activity of each purpose, by its id; none where one of them has no end."""
    links, ends = ActivityPurpose.objects.filter(purpose__in=purposes), {}
    links = links.exclude(activity__status=ProcessingActivity.Status.ENDED)
    for purpose, ended_on in links.values_list("purpose", "activity__ended_on"):
        ends.setdefault(purpose, set()).add(ended_on)
    return {purpose: max(days) for purpose, days in ends.items() if None not in days}


def stopped(record):
    """Why and when a purpose ended that is not served any more; empty where it never was."""
    if record is None or record.until_on is None:
        return ""
    said = {"day": date_format(record.until_on, "DATE_FORMAT"), "why": record.get_stop_display() or _("its last day")}
    return _("ended on %(day)s: %(why)s") % said
