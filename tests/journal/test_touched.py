"""Whose trail an entry of a case belongs to: nobody's before the person is found, then theirs."""

import pytest

from registry import journal
from registry.journal.models import JournalEntry, JournalSubject
from registry.journal.reconcile import findings
from registry.models import AuthorityRequest, CaseLetter
from tests.exports.office import moment
from tests.factories import make_request, make_rule, make_subject, save

pytestmark = pytest.mark.django_db

AT = moment("2026-04-01 12:00")
HIDDEN = "the trail of a person it is about does not lead to it"
PUT_IN = "the trail of a person it is not about leads to it"


def told():
    return [str(finding) for finding in findings()]


def read(record):
    with journal.reading(by=None, role="system", operator=record.operator):
        journal.record("view", object_type=record._meta.model_name, uid=record.uid, subjects=record.journal_subjects())


def entries_of(record):
    return list(JournalEntry.objects.filter(object_uid=record.uid).order_by("seq"))


@pytest.fixture
def request_of_nobody(lapp):
    """A request that was read before its person was found, with a letter; and one of a state body, about nobody."""
    make_rule("KZ-INFO")
    request = make_request(lapp, received_at=moment("2026-04-01 10:00"))
    read(request)
    with journal.unit_of_work(by=None):
        request.draft(CaseLetter.Kind.ACKNOWLEDGEMENT, by=None, at=AT, text="It is here.")
    save(AuthorityRequest(operator=lapp, body="Ministry", body_number="1", received_at=moment("2026-04-01 10:00")))
    return request


@pytest.fixture
def person(request_of_nobody, lapp):
    """Whose request it turned out to be; what was done and read since is theirs."""
    person = make_subject(lapp)
    with journal.unit_of_work(by=None):
        request_of_nobody.link_person(person, by=None, at=AT)
        request_of_nobody.identify("document", by=None, at=AT)
    for record in (request_of_nobody, *request_of_nobody.caseletters.all(), *request_of_nobody.casesteps.all()):
        read(record)
    return person


def test_case_whose_person_was_found_later_agrees(person):
    """What was written and read of a case before and after its person was found stands in the right trails."""
    assert told() == []
    assert JournalSubject.objects.filter(uid=person.uid).count() > 5


def test_case_of_nobody_leads_to_nobody(request_of_nobody, lapp):
    """Neither the case, nor its parts, nor a reading of it can be put into somebody's trail."""
    stranger = make_subject(lapp)
    letter = request_of_nobody.caseletters.get()
    entries = entries_of(request_of_nobody) + entries_of(letter) + entries_of(AuthorityRequest.objects.get())
    JournalSubject.objects.bulk_create([JournalSubject(entry=entry, uid=stranger.uid) for entry in entries])
    assert sorted(told()) == sorted(f"entry {entry.seq}: {PUT_IN}" for entry in entries)


def test_hidden_entry_of_a_linked_case_is_found(person, request_of_nobody):
    """The row that names the person belongs to their trail, whatever the case was before."""
    linked = [entry for entry in entries_of(request_of_nobody) if entry.subjects.exists() and entry.history_id]
    JournalSubject.objects.filter(entry__in=linked).delete()
    assert told() == [f"entry {entry.seq}: {HIDDEN}" for entry in linked]


def test_hidden_entry_of_a_part_is_found(lapp):
    """A step in a case that always was one person's belongs to that person's trail, as does a reading of it."""
    request = make_request(lapp, received_at=moment("2026-04-01 10:00"), subject=make_subject(lapp))
    with journal.unit_of_work(by=None):
        step = request.step("note", by=None, at=AT, note="Asked the archive.")
    read(step)
    assert told() == []
    entries = entries_of(step)
    assert len(entries) == 2
    JournalSubject.objects.filter(entry__in=entries).delete()
    assert told() == [f"entry {entry.seq}: {HIDDEN}" for entry in entries]
