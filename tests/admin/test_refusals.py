"""What the admin refuses it refuses with three things: the sentence, where that stands, and what to do."""

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import (
    ActivityDatabase,
    CrossBorderTransfer,
    Database,
    IncompatiblePurposes,
    LegalBasis,
    OperatorLaw,
)
from registry.operations.blocking import block
from tests.disclosing import make_activity, make_recipient
from tests.factories import make_law, make_norm, make_purpose, make_subject, save
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
        (page_read, "KZ-94-V", "Nothing of it is changed", "until somebody other than whoever set the block lifts it"),
        (
            page_read,
            "RU-152-FZ",
            "they are not used, passed on",
            "until somebody other than whoever set the block lifts it",
        ),
    ],
)
def test_refusal_shows_norm_sentence_and_what_to_do(refused, law, sentence, to_do, subject, dpo, browser_client):
    """The norm is that of the law of the block; no other law of the operator is cited for it."""
    page = refused(browser_client(dpo), subject, dpo, law).content.decode()
    [other] = NORMS.keys() - {law}
    assert sentence in page and to_do in page and NORMS[law] in page
    assert NORMS[other] not in page


def sent(client, address, **changes):
    return client.post(address, form_fields(client.get(address).context, **changes))


def ground(client, lapp):
    """An activity that rests on what the policy declares only is activated."""
    link = make_activity(lapp).purposes.get()
    link.basis = save(LegalBasis(operator=lapp, code="contract", name_en="the contract", kind="contract"))
    save(link)
    return client.post(reverse("admin:registry_processingactivity_act", args=[link.activity_id, "activate"]))


def consent(client, lapp):
    """A consent to distribution is recorded that was not given apart."""
    subject, purpose = make_subject(lapp), make_purpose(lapp)
    given = {"consents-0-purpose": purpose.pk, "consents-0-kind": "distribution", "consents-0-given_on": "2026-01-01"}
    return sent(client, url("change", subject), **{"consents-TOTAL_FORMS": 1} | given)


def disclosure(client, lapp):
    """Data of somebody without a consent are given away."""
    activity, recipient = make_activity(lapp), make_recipient(lapp)
    address = f"{reverse('admin:registry_disclosure_add')}?person={make_subject(lapp).pk}"
    category = {"data_categories-0-data_category": activity.data_categories.get().data_category_id}
    said = {"activity": activity.pk, "recipient": recipient.pk, "disclosed_on": "2026-03-20", "ground": "consent"}
    return sent(client, address, **said | category)


def transfer(client, lapp):
    """A transfer to a country without protection is started."""
    activity = make_activity(lapp)
    base = save(Database(operator=lapp, code="crm", name_en="CRM", country="KZ"))
    save(ActivityDatabase(activity=activity, database=base))
    record = save(
        CrossBorderTransfer(
            operator=lapp, code="tags", name_en="Tags", activity=activity, recipient=make_recipient(lapp), country="TR"
        )
    )
    address = reverse("admin:registry_crossbordertransfer_change", args=[record.pk])
    return sent(client, address, started_on="2026-03-04")


def incompatible(client, lapp):
    """An activity is to keep its data where an incompatible purpose is served."""
    news, credit = make_activity(lapp, "news"), make_activity(lapp, "credit")
    one, other = (each.purposes.get().purpose for each in (news, credit))
    save(IncompatiblePurposes(operator=lapp, purpose=one, other=other))
    base = save(Database(operator=lapp, code="crm", name_en="CRM", country="KZ"))
    save(ActivityDatabase(activity=news, database=base))
    address = reverse("admin:registry_processingactivity_change", args=[credit.pk])
    return sent(client, address, **{"databases-TOTAL_FORMS": 1, "databases-0-database": base.pk})


@pytest.mark.parametrize(
    ("refused", "topic", "sentence", "to_do"),
    [
        (ground, "lawful_basis", "which no law of the operator knows as a ground", ">Decide</a>"),
        (consent, "distribution", "A consent to distribution is given apart", "Ask for one, or record what was given"),
        (disclosure, "lawful_basis", "There is no consent for “for-sales”, and no other ground.", "Record one first."),
        (
            transfer,
            "cross_border",
            "and nothing recorded opens it.",
            "Record the consent, the treaty or the law that does.",
        ),
        (incompatible, "purpose", "are incompatible purposes", "Keep them in separate databases."),
    ],
    ids=["ground", "consent", "disclosure", "transfer", "incompatible"],
)
def test_gate_shows_norm_sentence_and_what_to_do(refused, topic, sentence, to_do, lapp, dpo, browser_client):
    """Whichever gate refuses; a norm that nobody compared with the text of the law says so."""
    make_norm("KZ-94-V/77", topics=topic)
    page = refused(browser_client(dpo), lapp).content.decode()
    assert sentence in page and to_do in page and "KZ-94-V art. 77 (unverified)" in page
