"""Blocking in the admin: with reasons, lifted by a second person; read for a reason; left out of lists that leave."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import DataSubject, JournalEntry, OperatorLaw, Representative, Suppression
from registry.operations.blocking import block
from tests.factories import make_law, make_norm, make_request, make_subject, make_user, save
from tests.forms import form_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject(lapp):
    return make_subject(lapp, email="asem@example.kz")


@pytest.fixture
def blocked(subject, dpo):
    with unit_of_work(by=dpo):
        block(subject, law=make_law(), cause="other", why="said so", by=dpo, at=timezone.now())
    subject.refresh_from_db()
    return subject


def url(view, subject):
    return reverse(f"admin:registry_datasubject_{view}", args=[subject.pk])


def test_person_is_blocked_and_freed_by_another(subject, lapp, dpo, browser_client):
    """An officer blocks with reasons; lifting it is refused to them and done by a colleague."""
    client = browser_client(dpo)
    fields = {"law": make_law().pk, "cause": "inaccuracy", "_reason": "the address is said to be wrong"}
    assert client.post(url("block", subject), fields).status_code == 302
    subject.refresh_from_db()
    assert (subject.state, subject.blocks.get().why) == ("blocked", "the address is said to be wrong")
    refused = lift(client, subject)
    assert "You set this block yourself. Somebody else lifts it." in refused.content.decode()
    client = browser_client(make_user("dpo", lapp))
    assert "The block is lifted." in lift(client, subject, follow=True).content.decode()
    subject.refresh_from_db()
    assert subject.state == "active"


def lift(client, subject, blocks=None, follow=False):
    """As whoever looks at the page and lifts these blocks, or all that stand."""
    blocks = subject.blocks.standing() if blocks is None else blocks
    return client.post(
        url("unblock", subject), {"blocks": [each.pk for each in blocks], "_reason": "it was right"}, follow=follow
    )


def test_second_cause_under_one_law_is_no_block_of_its_own(subject, lapp, dpo, browser_client):
    """It would be lifted with the first one: whoever sets it is told that nothing was recorded."""
    fields = {"law": make_law().pk, "cause": "inaccuracy", "_reason": "the address is said to be wrong"}
    browser_client(dpo).post(url("block", subject), fields)
    client = browser_client(make_user("dpo", lapp))
    text = client.post(url("block", subject), fields | {"cause": "authority", "_reason": "order 17"}).content.decode()
    assert "This is blocked already" in text and "Nothing was recorded" in text and "order 17" in text
    assert subject.blocks.get().cause == "inaccuracy"


def test_block_without_reasons_is_refused(subject, dpo, browser_client):
    """Why it is blocked is part of the block."""
    response = browser_client(dpo).post(url("block", subject), {"law": make_law().pk, "cause": "other", "_reason": ""})
    assert response.context["form"].errors == {"_reason": ["This field is required."]}
    assert not subject.blocks.exists()


@pytest.mark.parametrize(("view", "name"), [("block", "_reason"), ("unblock", "_reason"), ("read", "why")])
def test_form_says_where_it_is_to_be_corrected(view, name, blocked, lapp, browser_client):
    """Above the form, where a reader by ear is led first; the error leads to its field, and what belongs to a field is tied to it."""
    client = browser_client(make_user("dpo", lapp))
    fields = {"law": make_law().pk, "cause": "other", "blocks": [each.pk for each in blocked.blocks.standing()]}
    text = client.post(url(view, blocked), fields).content.decode()
    assert '<div class="errornote" role="alert" tabindex="-1" data-focus>' in text
    assert f'<a href="#id_{name}" data-field>' in text and text.count(f'id="id_{name}"') == 1
    assert f'id="id_{name}_error"' in text
    tied = [each for described in re.findall(r'aria-describedby="([^"]+)"', text) for each in described.split()]
    assert f"id_{name}_error" in tied and all(f'id="{each}"' in text for each in tied)


@pytest.mark.parametrize("own_first", [True, False])
def test_of_several_blocks_those_of_others_are_lifted(own_first, subject, lapp, dpo, browser_client):
    """Each of two officers lifts what the other set; one's own is shown, and not to be chosen."""
    officers = [dpo, make_user("dpo", lapp)]
    for law, officer in zip(("KZ-94-V", "RU-152-FZ"), officers if own_first else reversed(officers), strict=True):
        block_under(law, subject, officer)
    own, other = subject.blocks.get(set_by=dpo), subject.blocks.exclude(set_by=dpo).get()
    client = browser_client(dpo)
    form = client.get(url("unblock", subject)).context["form"]
    assert list(form.fields["blocks"].queryset) == [other]
    assert "Which" in lift(client, subject, [own]).content.decode() and subject.blocks.standing().count() == 2
    told = lift(client, subject, [other], follow=True).content.decode()
    assert "The block is lifted. 1 block still stands." in told
    assert subject.blocks.standing().get() == own


def test_block_that_was_set_meanwhile_is_not_lifted_unseen(blocked, lapp, browser_client):
    """Lifted is what stood on the page, for the reason that was written for it."""
    client = browser_client(make_user("dpo", lapp))
    shown = list(blocked.blocks.standing())
    block_under("RU-152-FZ", blocked, make_user("dpo", lapp))
    lift(client, blocked, shown)
    assert [each.law.code for each in blocked.blocks.standing()] == ["RU-152-FZ"]


def test_block_that_was_lifted_meanwhile_is_said(blocked, lapp, browser_client):
    """Nobody is told that they lifted what a colleague had lifted."""
    shown = list(blocked.blocks.standing())
    lift(browser_client(make_user("dpo", lapp)), blocked, shown, follow=True)
    client = browser_client(make_user("dpo", lapp))
    told = lift(client, blocked, shown, follow=True).content.decode()
    assert "No block stands any more. Nothing was recorded." in told and "is lifted" not in told
    block_under("KZ-94-V", blocked, make_user("dpo", lapp))
    told = lift(client, blocked, shown).content.decode()
    assert "One of them was lifted meanwhile." in told
    assert blocked.blocks.standing().count() == 1


@pytest.mark.parametrize("view", ["change", "history"])
def test_blocked_person_is_read_for_a_reason(view, blocked, dpo, browser_client):
    """The page asks why before it shows anything, and the journal keeps the answer's code."""
    client = browser_client(dpo)
    asked = client.get(url(view, blocked))
    assert "Why do you read it?" in asked.content.decode()
    assert "asem@example.kz" not in asked.content.decode()
    assert client.post(url("read", blocked), {"why": "check"}).status_code == 302
    assert "asem@example.kz" in client.get(url("change", blocked)).content.decode()
    entry = JournalEntry.objects.filter(action="view").latest("seq")
    assert '"reason_code":"check"' in entry.body


def page_read(client, subject):
    client.post(url("read", subject), {"why": "check"})
    return client.get(url("change", subject))


def block_under(law, subject, by):
    with unit_of_work(by=by):
        block(subject, law=make_law(law), cause="other", why="said so", by=by, at=timezone.now())
    subject.refresh_from_db()


def test_form_drawn_before_the_block_is_refused(subject, dpo, browser_client):
    """Whoever had the form open is told by which law it is refused, where that stands, and what to do."""
    make_norm("KZ-94-V/1(3)", topics="blocking", verified="verified")
    client = browser_client(dpo)
    fields = form_fields(client.get(url("change", subject)).context, email="other@example.kz", _reason="typo")
    block_under("KZ-94-V", subject, dpo)
    client.post(url("read", subject), {"why": "check"})
    page = client.post(url("change", subject), fields, follow=True).content.decode()
    assert (
        "The data are blocked under KZ-94-V: changing them is refused until somebody else lifts the block. "
        "[KZ-94-V art. 1(3)]"
    ) in page
    assert DataSubject.objects.get(pk=subject.pk).email == "asem@example.kz"


def test_page_of_a_person_blocked_under_94v_is_read_only(subject, lapp, dpo, browser_client):
    """Shown as it is stored, under the norm of the block's own law; nothing can be typed but an opt-out."""
    make_norm("KZ-94-V/1(3)", topics="blocking")
    save(OperatorLaw(operator=lapp, law=make_law("RU-152-FZ")))
    make_norm("RU-152-FZ/21(1)", law="RU-152-FZ", topics="blocking")
    save(Suppression(subject=subject, channel="call", since_on=timezone.localdate()))
    block_under("KZ-94-V", subject, dpo)
    client = browser_client(dpo)
    response = page_read(client, subject)
    page = response.content.decode()
    assert "KZ-94-V art. 1(3) (unverified)" in page and "RU-152-FZ art. 21(1)" not in page
    assert "until somebody other than whoever set the block lifts it" in page
    assert not response.context["adminform"].form.fields
    addable = [
        each.opts.model.__name__ for each in response.context["inline_admin_formsets"] if each.has_add_permission
    ]
    assert addable == ["Suppression"]
    today = timezone.localdate().isoformat()
    added = {"suppressions-TOTAL_FORMS": 2, "suppressions-1-channel": "email", "suppressions-1-since_on": today}
    assert client.post(url("change", subject), form_fields(response.context, **added)).status_code == 302
    assert subject.suppressions.filter(channel="email").exists()


def test_page_of_a_person_blocked_under_152fz_is_corrected(subject, lapp, dpo, browser_client):
    """152-FZ blocks in order to clarify: the form stays open, and the banner says what is not allowed."""
    save(OperatorLaw(operator=lapp, law=make_law("RU-152-FZ")))
    block_under("RU-152-FZ", subject, dpo)
    client = browser_client(dpo)
    response = page_read(client, subject)
    assert "The data may be corrected" in response.content.decode()
    fields = form_fields(response.context, email="other@example.kz", _reason="typo")
    assert client.post(url("change", subject), fields).status_code == 302
    assert DataSubject.objects.get(pk=subject.pk).email == "other@example.kz"


def test_lists_and_searches_show_no_more_than_that_somebody_is_blocked(blocked, lapp, dpo, browser_client):
    """A list gives no reason to read: the person is there by uid, found by what is known of them, and opened for a reason."""
    make_subject(lapp, surname="Ержанов", email="yerzhan@example.kz", phone="+77011234567")
    client = browser_client(dpo)
    people = client.get(reverse("admin:registry_datasubject_changelist")).content.decode()
    found = client.post(reverse("admin:people_search"), {"q": "asem@example", "by": "email"}).content.decode()
    for page in (people, found):
        assert str(blocked) in page
        assert blocked.surname not in page and blocked.email not in page
    assert "+7" not in found
    assert all(each in people for each in ("Ержанов", "yerzhan@example.kz", "+77011234567"))


def test_case_shows_who_is_blocked_once_it_was_said_why(subject, lapp, dpo, browser_client):
    """Finding whose request it is reads nobody's data either; a reason given on the person's page counts here, and is told."""
    save(Representative(subject=subject, name="Серік", authority="parent", document="1", valid_from="2020-01-01"))
    block_under("KZ-94-V", subject, dpo)
    client, case = browser_client(dpo), make_request(lapp, applicant_contact=subject.email, subject=subject)
    page, finding = (reverse(f"admin:registry_subjectrequest_{view}", args=[case.pk]) for view in ("change", "person"))

    def shown():
        """The page of the case, that of finding with the person linked, and what finding finds."""
        return [answer.content.decode() for answer in (client.get(page), client.get(finding), client.post(finding))]

    for text in shown():
        assert str(subject) in text
        assert subject.surname not in text and subject.phone not in text and "Серік" not in text
    client.post(url("read", subject), {"why": "request"})
    in_case, linked, found = shown()
    assert subject.surname in in_case
    assert all(each in text for text in (linked, found) for each in (subject.surname, subject.phone, "Серік"))
    entry = JournalEntry.objects.filter(action="view", object_uid=subject.uid).latest("seq")
    assert '"reason_code":"request"' in entry.body


def test_blocked_people_leave_in_no_list(blocked, lapp, dpo, browser_client):
    """An export of people is theirs who are not blocked."""
    make_subject(lapp, crm_id="FREE")
    fields = {"format": "csv", "reason": "inspection"}
    response = browser_client(dpo).post(reverse("admin:registry_datasubject_export"), fields)
    text = b"".join(response.streaming_content).decode()
    assert "FREE" in text and blocked.crm_id not in text


@pytest.mark.parametrize("role", ["auditor"])
def test_auditor_blocks_nobody(role, subject, lapp, browser_client):
    """Blocking is the officers'."""
    client = browser_client(make_user(role, lapp))
    assert client.post(url("block", subject), {"cause": "other"}).status_code == 403
    assert client.post(url("unblock", subject), {"_reason": "x"}).status_code == 403


def test_requests_of_the_blocked_are_listed_by_uid(blocked, lapp, dpo, browser_client):
    """Their case is worked on as before; the list of cases and what leaves of it say who it is by uid."""
    make_request(lapp, subject=blocked, applicant_name="")
    client = browser_client(dpo)
    shown = client.get(reverse("admin:registry_subjectrequest_changelist")).content.decode()
    fields = {"format": "csv", "reason": "inspection"}
    left = client.post(reverse("admin:registry_subjectrequest_export"), fields)
    for text in (shown, b"".join(left.streaming_content).decode()):
        assert str(blocked) in text and blocked.surname not in text
