"""Blocking in the admin: with reasons, lifted by a second person; read for a reason; left out of lists that leave."""

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import DataSubject, JournalEntry
from registry.operations.blocking import block
from tests.factories import make_law, make_subject, make_user
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
    refused = client.post(url("unblock", subject), {"_reason": "it was right"})
    assert "You set this block yourself. Somebody else lifts it." in refused.content.decode()
    client = browser_client(make_user("dpo", lapp))
    assert client.post(url("unblock", subject), {"_reason": "it was right"}).status_code == 302
    subject.refresh_from_db()
    assert subject.state == "active"


def test_block_without_reasons_is_refused(subject, dpo, browser_client):
    """Why it is blocked is part of the block."""
    response = browser_client(dpo).post(url("block", subject), {"law": make_law().pk, "cause": "other", "_reason": ""})
    assert response.context["form"].errors == {"_reason": ["This field is required."]}
    assert not subject.blocks.exists()


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


def test_form_of_a_blocked_person_saves_nothing(blocked, dpo, browser_client):
    """A form drawn before, or edited by hand, is refused with the law it rests on."""
    client = browser_client(dpo)
    client.post(url("read", blocked), {"why": "check"})
    fields = form_fields(client.get(url("change", blocked)).context, email="other@example.kz", _reason="typo")
    response = client.post(url("change", blocked), fields)
    assert "The data are blocked under KZ-94-V: changing them is refused until somebody else lifts the block." in (
        response.content.decode()
    )
    assert DataSubject.objects.get(pk=blocked.pk).email == "asem@example.kz"


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
