"""What a person's data serve, on the person's page: on which ground each purpose rests, until when, and what ends it first."""

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.models import ProcessingActivity, SubjectPurpose
from registry.models.grounding import bases_of, facts_of, standings, take_ground
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
    related = ("purpose__operator", "consent", "agreement", "basis__norm__law")
    records = {each.purpose: each for each in person.purposes.select_related(*related).order_by("since_on", "pk")}
    served = set(person.purposes.live(today).values_list("pk", flat=True))
    agreed = person.consents.filter(kind__in=(PROCESSING, MARKETING)).select_related("purpose__operator")
    purposes = {*records, *(consent.purpose for consent in agreed)}
    rows = []
    for purpose in sorted(purposes, key=lambda purpose: purpose.code):
        record = records.get(purpose)
        facts = facts_of(standing, purpose, bases_of(purpose, today), today)
        row = {"name": str(purpose)}
        if record is not None and record.pk in served:
            row |= {"since": record.since_on} | of_ground(record, facts, user)
        else:
            row |= {"stopped": stopped(record)} | without_record(person, purpose, facts, citations, user)
        rows.append(row)
    return rows


def without_record(person, purpose, facts, citations, user):
    """A purpose that is not served: the ground it could rest on, or what stands in the way."""
    if ground := live_ground(facts):
        record = SubjectPurpose(operator=person.operator, subject=person, purpose=purpose)
        take_ground(record, ground)
        return of_ground(record, facts, user)
    blockers = missing_grounds(facts, citations)
    if not user.has_perm("registry.add_grounddecision"):
        blockers = [each | {"url": ""} for each in blockers]
    return {"blockers": blockers}


def of_ground(record, facts, user):
    ground = Ground(record.ground, record.consent_id or record.agreement_id, record.basis_id)
    end = first_end(ends_of(ground, facts)._replace(reached=reached_on(record.purpose), stop=record.until_on))
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


def reached_on(purpose):
    """The last day of the last activity of the purpose; None where one of them has no end."""
    activities = ProcessingActivity.objects.filter(purposes__purpose=purpose)
    ends = list(activities.exclude(status=ProcessingActivity.Status.ENDED).values_list("ended_on", flat=True))
    return max(ends) if ends and None not in ends else None


def stopped(record):
    """Why and when a purpose ended that is not served any more; empty where it never was."""
    if record is None or record.until_on is None:
        return ""
    said = {"day": date_format(record.until_on, "DATE_FORMAT"), "why": record.get_stop_display() or _("its last day")}
    return _("ended on %(day)s: %(why)s") % said
