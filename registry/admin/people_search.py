"""People are searched by POST on a page of their own: names never stand in an address or a log."""

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registry import journal, scope, search
from registry.models import DataSubject
from registry.templatetags.registry_ui import state_pill

LONGEST_TERM = 200
BY = {
    "any": _("everything"),
    "name": _("name"),
    "email": _("e-mail"),
    "phone": _("phone"),
    "iin": _("IIN"),
    "crm_id": _("CRM id"),
}


def people_search(request, site):
    """The search page; at most search.HITS people are shown, each of them a read in the journal."""
    term = request.POST.get("q", "").replace("\0", "").strip()[:LONGEST_TERM]
    by = request.POST.get("by", "any")
    by = by if by in BY else "any"
    found = search.Found([])
    if term and request.operator:
        mine = scope.in_scope(DataSubject.objects.all(), request.user)
        found = search.find_people(mine, request.operator, term, by)
    people = found.people
    if term:
        uids = [person.uid for person in people]
        journal.record("search", object_type="datasubject", uids=uids, count=len(uids), fields=[by])
    context = site.each_context(request) | {
        "title": _("Find a person"),
        "form_field": term,
        "by": by,
        "by_choices": BY.items(),
        "searched": bool(term),
        "too_many": found.more,
        "newest_only": search.NEWEST if found.newest_only else None,
        "cut": search.CANDIDATES if found.cut else None,
        "results": [_hit(person, site) for person in people],
    }
    return TemplateResponse(request, "admin/people_search.html", context)


def _hit(person, site):
    """A blocked person is found, and read on the page, for a reason."""
    is_blocked = person.state == DataSubject.State.BLOCKED
    return {
        "url": reverse(f"{site.name}:registry_datasubject_change", args=[person.pk]),
        "label": person.listed_label(personal=True),
        "crm_id": person.crm_id,
        "email": "" if is_blocked else person.email,
        "phone": "" if is_blocked else person.phone,
        "state": state_pill(person.state, person.get_state_display()) if is_blocked else "",
    }
