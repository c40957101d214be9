"""Findings: what is wrong with promises, agreements, policies, decisions, databases, operations and data although nothing stops for it.
Drawn on the desk, and what concerns its recipients on the page of an activity."""

from django.db.models import Count, Exists, Max, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from registry import scope
from registry.models import (
    Database,
    DataCategory,
    Disclosure,
    GroundDecision,
    Membership,
    ProcessingActivity,
    Recipient,
    Representative,
    SubjectCategory,
    Undertaking,
)
from registry.models.compatibility import findings_in
from registry.models.disclosing import recipient_facts
from registry.rules.findings import (
    authority_findings,
    decision_findings,
    excess_findings,
    notice_findings,
    operation_findings,
    recipient_findings,
    staff_findings,
)

from .deciding import may_decide
from .labels import Citations

SHOWN, LISTED = 7, 100  # the rest of those listed unfolds


def findings_card(request):
    """The first findings, the others and how many there are; None for those who do not see promises and disclosures."""
    user = request.user
    if not (user.has_perm("registry.view_undertaking") and user.has_perm("registry.view_disclosure")):
        return None
    found, citations = findings(request.operator, user), Citations(request.operator)
    rows = [citations.described(each) | {"url": url} for each, url in found[:LISTED]]
    others, left = len(found) - SHOWN, len(found) - len(rows)
    return {"count": len(found), "rows": rows[:SHOWN], "more": rows[SHOWN:], "others": others, "left": left}


def findings(operator, user):
    """(finding, where it is mended, or where whoever may not mend it reads of it), the pressing ones first."""
    today = timezone.localdate()
    return [
        *_notices(operator, today),
        *_decisions(operator, today, user),
        *_staff(operator, today, user),
        *_recipients(operator, today),
        *_databases(operator),
        *_operations(operator),
        *_excess(operator),
        *_represented(operator, today),
    ]


def _notices(operator, today):
    overdue = Count("pk", filter=Q(notice_due_on__lt=today))
    found = Disclosure.objects.to_tell().filter(operator=operator).aggregate(all=Count("pk"), overdue=overdue)
    listed = reverse("admin:registry_disclosure_changelist")
    for each in notice_findings(found["overdue"], found["all"] - found["overdue"]):
        yield each, f"{listed}?notice={each.field}"


def _decisions(operator, today, user):
    in_use = ProcessingActivity.objects.exclude(status=ProcessingActivity.Status.ENDED).filter(operator=operator)
    decided = GroundDecision.objects.filter(operator=operator, revoked_at=None).values("basis", "basis__code")
    decided = decided.filter(basis__in=in_use.values("purposes__basis")).annotate(until=Max("valid_until"))
    page = f"admin:registry_legalbasis_{'decide' if may_decide(user) else 'change'}"
    for each in decided.order_by("until"):
        for finding in decision_findings(each["basis__code"], each["until"], today):
            yield finding, reverse(page, args=[each["basis"]])


def _staff(operator, today, user):
    promised = set(Undertaking.objects.live(today).filter(operator=operator).values_list("user", flat=True))
    members = Membership.objects.filter(operator=operator, user__is_active=True).select_related("user")
    page = reverse(f"admin:registry_undertaking_{'add' if user.has_perm('registry.add_undertaking') else 'changelist'}")
    for member in members.order_by("user__username"):
        reads = scope.granted(member.role, "view_personal_datasubject")
        name = member.user.get_full_name()
        for finding in staff_findings(name, reads_personal=reads, has_undertaking=member.user_id in promised):
            yield finding, f"{page}?user={member.user_id}"


def _recipients(operator, today):
    """Those that an activity names or that were given something."""
    in_use = Q(activities__activity__in=ProcessingActivity.objects.exclude(status=ProcessingActivity.Status.ENDED))
    given = Exists(Disclosure.objects.filter(recipient=OuterRef("pk")))
    return _of_recipients(Recipient.objects.filter(in_use | given, operator=operator), today)


def _of_recipients(recipients, today):
    promised = Exists(Undertaking.objects.live(today).filter(recipient=OuterRef("pk")))
    for recipient in recipients.annotate(promised=promised).distinct().order_by("code"):
        for finding in findings_of(recipient, today, recipient.promised):
            yield finding, reverse("admin:registry_recipient_change", args=[recipient.pk])


def findings_of_activity(activity):
    """What is found about the recipients that the activity names, for its page; each leads to its recipient."""
    named, citations = Recipient.objects.filter(activities__activity=activity), Citations(activity.operator)
    found = _of_recipients(named, timezone.localdate())
    return [citations.described(each) | {"field": "", "url": url} for each, url in found]


def _databases(operator):
    for database, found in findings_in(operator, Database.objects.filter(operator=operator, merged_into=None)):
        for finding in found:
            yield finding, reverse("admin:registry_database_change", args=[database.pk])


def _operations(operator):
    given = Disclosure.objects.filter(operator=operator, activity=OuterRef("pk"))
    activities = ProcessingActivity.objects.filter(Exists(given), operator=operator).order_by("code")
    for activity in activities.annotate(publishes=Exists(given.filter(recipient__kind=Recipient.Kind.PUBLIC))):
        listed = frozenset(activity.operations.split())
        for finding in operation_findings(str(activity), listed, publishes=activity.publishes):
            yield finding, reverse("admin:registry_processingactivity_change", args=[activity.pk])


def _excess(operator):
    in_use = Count("activities", filter=~Q(activities__activity__status=ProcessingActivity.Status.ENDED))
    for category in DataCategory.objects.filter(operator=operator).annotate(in_use=in_use).order_by("code"):
        for finding in excess_findings(str(category), activities=category.in_use):
            yield finding, reverse("admin:registry_datacategory_change", args=[category.pk])


def _represented(operator, today):
    acted_for = Exists(Representative.objects.valid(today).filter(subject=OuterRef("subjects__subject")))
    lost = Count("subjects", filter=Q(subjects__isnull=False) & ~acted_for)
    categories = SubjectCategory.objects.filter(operator=operator, is_represented=True)
    for category in categories.annotate(lost=lost).order_by("code"):
        for finding in authority_findings(str(category), category.lost):
            yield finding, reverse("admin:registry_subjectcategory_change", args=[category.pk])


def findings_of(recipient, today, has_undertaking=None):
    facts = recipient_facts(recipient, today, has_undertaking)
    return recipient_findings(facts, today, policy_url=recipient.policy_url)
