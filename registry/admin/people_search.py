"""People are searched by POST on a page of their own: names never stand in an address or a log."""

from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from registry import journal, scope
from registry.models import DataSubject
from registry.rules.contacts import normalise_phone
from registry.rules.names import fold

HITS = 100
LONGEST_TERM = 200
PHONE_DIGITS = 5
BY = {
    "any": _("everything"),
    "name": _("name"),
    "email": _("e-mail"),
    "phone": _("phone"),
    "iin": _("IIN"),
    "crm_id": _("CRM number"),
}


def people_search(request, site):
    """The search page; at most HITS people are shown, each of them a read in the journal."""
    term = request.POST.get("q", "").replace("\0", "").strip()[:LONGEST_TERM]
    by = request.POST.get("by", "any")
    by = by if by in BY else "any"
    found = find_people(request.user, term, by)[: HITS + 1] if term else []
    people = list(found)[:HITS]
    if term:
        uids = [person.uid for person in people]
        journal.record("search", object_type="datasubject", uids=uids, count=len(uids), fields=[by])
    context = site.each_context(request) | {
        "title": _("Find a person"),
        "form_field": term,
        "by": by,
        "by_choices": BY.items(),
        "searched": bool(term),
        "too_many": len(found) > HITS if term else False,
        "results": [_hit(person, site) for person in people],
    }
    return TemplateResponse(request, "admin/people_search.html", context)


def find_people(user, term, by="any"):
    """People of the user's current operator whom the term fits; letters fold in every alphabet, on both databases."""
    people = scope.in_scope(DataSubject.objects.all(), user)
    folded = fold(term)
    if by == "crm_id":
        return people.filter(crm_id=term)
    if by == "iin":
        return people.filter(iin__startswith=term)
    if by == "email":
        return people.filter(email__icontains=term)
    if by == "phone":
        return people.filter(phone__contains=_digits(term))
    words = [_digits(term)] if _is_number(term) else folded.split()
    for word in words:
        people = people.filter(search_key__contains=word)
    return people


def _is_number(term):
    """A phone number, or most of one, however it is written."""
    return all(character in "+()- 0123456789" for character in term) and sum(map(str.isdigit, term)) >= PHONE_DIGITS


def _digits(term):
    """A whole number as it is stored; part of one as typed, without brackets and blanks."""
    checked = normalise_phone(term)
    if not checked.error:
        return checked.value.lstrip("+")
    return "".join(character for character in term if character.isdigit()) or term


def _hit(person, site):
    return {
        "url": reverse(f"{site.name}:registry_datasubject_change", args=[person.pk]),
        "label": person.label(personal=True),
        "crm_id": person.crm_id,
        "email": person.email,
        "phone": person.phone,
    }
