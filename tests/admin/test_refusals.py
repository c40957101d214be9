"""What the admin refuses it refuses with three things: the sentence, where that stands, and what to do."""

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import OperatorLaw
from registry.operations.blocking import block
from tests.factories import make_law, make_norm, make_subject, save
from tests.forms import form_fields

pytestmark = pytest.mark.django_db


@pytest.fixture
def subject(lapp):
    save(OperatorLaw(operator=lapp, law=make_law("RU-152-FZ")))
    make_norm("KZ-94-V/1(3)", topics="blocking", verified="verified")
    make_norm("RU-152-FZ/21(1)", law="RU-152-FZ", topics="blocking")
    return make_subject(lapp, email="asem@example.kz")


def stands(subject, by, law):
    with unit_of_work(by=by):
        block(subject, law=make_law(law), cause="other", why="said so", by=by, at=timezone.now())


def url(view, subject):
    return reverse(f"admin:registry_datasubject_{view}", args=[subject.pk])


def form_of_before(client, subject, dpo, law):
    fields = form_fields(client.get(url("change", subject)).context, email="other@example.kz", _reason="typo")
    stands(subject, dpo, law)
    client.post(url("read", subject), {"why": "check"})
    return client.post(url("change", subject), fields, follow=True)


def lifting_ones_own(client, subject, dpo, law):
    stands(subject, dpo, law)
    return client.post(url("unblock", subject), {"_reason": "it was right"})


def page_read(client, subject, dpo, law):
    stands(subject, dpo, law)
    client.post(url("read", subject), {"why": "check"})
    return client.get(url("change", subject))


NORMS = {"KZ-94-V": "KZ-94-V art. 1(3)", "RU-152-FZ": "RU-152-FZ art. 21(1) (unverified)"}


@pytest.mark.parametrize(
    ("refused", "law", "sentence", "to_do"),
    [
        (form_of_before, "KZ-94-V", "changing them is refused", "until somebody else lifts the block"),
        (lifting_ones_own, "KZ-94-V", "You set this block yourself.", "Somebody else lifts it."),
        (lifting_ones_own, "RU-152-FZ", "You set this block yourself.", "Somebody else lifts it."),
        (page_read, "KZ-94-V", "Nothing of it is changed", "until somebody else than who set the block lifts it"),
        (page_read, "RU-152-FZ", "they are not used, passed on", "until somebody else than who set the block lifts it"),
    ],
)
def test_refusal_shows_norm_sentence_and_what_to_do(refused, law, sentence, to_do, subject, dpo, browser_client):
    """The norm is that of the law of the block; no other law of the operator is cited for it."""
    page = refused(browser_client(dpo), subject, dpo, law).content.decode()
    [other] = NORMS.keys() - {law}
    assert sentence in page and to_do in page and NORMS[law] in page
    assert NORMS[other] not in page
