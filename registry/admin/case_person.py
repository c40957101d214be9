"""Whose request it is: people of the register who fit what the applicant gave, found by POST and told to the journal."""

import re

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from registry import journal, scope
from registry.models import DataSubject
from registry.rules.cases import open_blockers
from registry.rules.contacts import normalise_email, normalise_phone
from registry.search import find_people
from registry.templatetags.registry_ui import state_pill

from .people_search import BY, LONGEST_TERM
from .reading_blocked import label_of, reason_given

CANDIDATES = 10
IIN = re.compile(r"(?<!\d)\d{12}(?!\d)")
BETWEEN_PHONES = re.compile(r"[,;/|\n]")
NAMES_OF_A_PERSON = 2  # surname and given name: the patronymic is not always on record


def hints(case):
    """(field, term) of whatever the applicant gave that may lead to a person, the surest first."""
    said = f"{case.applicant_name} {case.applicant_contact} {case.demand}"
    yield from (("iin", number) for number in dict.fromkeys(IIN.findall(said)))
    yield from contacts(case.applicant_contact)
    words = case.applicant_name.split()
    if words:
        yield "name", case.applicant_name
    if len(words) > NAMES_OF_A_PERSON:
        yield "name", " ".join(words[:NAMES_OF_A_PERSON])


def contacts(text):
    """(field, term) of the addresses and numbers in a contact, which may hold several."""
    words = re.split(r"[\s,;|]+", text)
    addresses = list(dict.fromkeys(word for word in words if "@" in word and not normalise_email(word).error))
    for address in addresses:
        yield "email", address
        text = text.replace(address, ",")
    for piece in filter(None, map(str.strip, BETWEEN_PHONES.split(text))):
        if not normalise_phone(piece).error:
            yield "phone", piece


class PersonPage:
    """Finds the person of a request and links them, with the representative who asks for them."""

    def get_urls(self):
        name = f"registry_{self.opts.model_name}_person"
        return [path("<int:pk>/person/", self.admin_site.admin_view(self.person_view), name=name), *super().get_urls()]

    def person_view(self, request, pk):
        posted = request.method == "POST"
        case = self.case_or_404(request, pk, lock=posted)
        if not self.has_change_permission(request, case) or not scope.sees_personal(request.user):
            raise PermissionDenied
        refusals = [blocker.message for blocker in open_blockers(case.facts())]
        if posted and not refusals and "subject" in request.POST:
            if request.POST.get("_seen", "") != self.seen(request, case):
                return self.seen_otherwise(request, case, {})  # a person was chosen, nothing typed
            try:
                self.link(request, case)
            except ValidationError as refusal:
                refusals = refusal.messages
                case.refresh_from_db()
            else:
                messages.success(request, _("The person is linked. Check the identity next."))
                return HttpResponseRedirect(self.address(case))
        self.tell_opened(request, case)
        status = 409 if posted and refusals else 200
        return TemplateResponse(
            request,
            "admin/registry/subjectrequest/person.html",
            self.person_context(request, case, refusals),
            status=status,
        )

    def link(self, request, case):
        people = scope.in_scope(DataSubject.objects.all(), request.user)
        subject = people.filter(pk=number(request.POST.get("subject"))).first()
        if subject is None:
            raise ValidationError(_("Choose a person of the register."))
        wanted = number(request.POST.get("representative"))
        representative = subject.representatives.filter(pk=wanted).first() if wanted else None
        if wanted and representative is None:
            raise ValidationError(_("The representative is somebody else’s. Choose one of this person’s."))
        with transaction.atomic():
            case.link_person(subject, by=request.user, at=timezone.now(), representative=representative)

    def person_context(self, request, case, refusals):
        term = request.POST.get("q", "").replace("\0", "").strip()[:LONGEST_TERM]
        by = request.POST.get("by", "any") if request.POST.get("by") in BY else "any"
        searched = request.method == "POST" and not refusals and "subject" not in request.POST
        found, more = self.candidates(request, case, term, by) if searched else ([], False)
        return self.admin_site.each_context(request) | {
            "title": _("Find the person"),
            "opts": self.opts,
            "case": case,
            "case_url": self.address(case),
            "refusals": refusals,
            "linked": self.candidate(request, case.subject, "") if case.subject_id else None,
            "found": found,
            "more": more,
            "searched": searched,
            "term": term,
            "by": by,
            "by_choices": BY.items(),
            "seen": self.seen(request, case),
        }

    def candidates(self, request, case, term, by):
        """At most CANDIDATES people, each told to the journal as a read; whether there are more."""
        people = scope.in_scope(DataSubject.objects.all(), request.user)
        found, more, fields = {}, False, []
        for field, said in [(by, term)] if term else hints(case):
            fields.append(field)
            result = find_people(people, case.operator, said, field)
            more = more or result.more
            for person in result.people:
                found.setdefault(person.pk, self.candidate(request, person, BY[field]))
        shown = list(found.values())[:CANDIDATES]
        uids = [each["person"].uid for each in shown]
        journal.record(
            "search", object_type="datasubject", uids=uids, count=len(uids), fields=list(dict.fromkeys(fields))
        )
        for each in shown:
            if code := each["reason"]:
                person = each["person"]
                named = {"uid": person.uid, "subjects": person.journal_subjects()}
                journal.record("view", object_type="datasubject", reason_code=code, **named)
        return shown, more or len(found) > CANDIDATES

    def candidate(self, request, person, by):
        """As the page shows them. A blocked person is read on their own page, for a reason; once it was given, here, too."""
        reason = reason_given(request, person)
        may_read = reason != ""
        facts = (person.birth_date, person.iin, person.email, person.phone) if may_read else ()
        return {
            "person": person,
            "reason": reason,
            "may_read": may_read,
            "label": label_of(request, person),
            "facts": [*filter(None, facts), person.crm_id or "—"],
            "url": reverse("admin:registry_datasubject_change", args=[person.pk]),
            "state": ""
            if person.state == person.State.ACTIVE
            else state_pill(person.state, person.get_state_display()),
            "by": by,
            "representatives": list(person.representatives.all()) if may_read else [],
        }


def number(text):
    return int(text[:18]) if text and text.isascii() and text.isdigit() else None
