"""Consent to distribution through its pages: conditions are entered on it, their publication is recorded and waits on the desk."""

import datetime as dt
import html

import pytest
from django.urls import reverse
from django.utils import timezone

from registry.models import Consent, DataCategory, DistributionCondition, User
from tests.disclosing import COMPLETE, make_activity
from tests.factories import make_norm, make_operator, make_request, make_rule, make_subject, make_user, save
from tests.forms import form_fields, url

from .case_pages import act, address, identified, refusal_of

pytestmark = pytest.mark.django_db
PAGE = "https://almaenergy.kz/conditions"


@pytest.fixture
def alma(db):
    operator = make_operator("almaenergy", laws=("KZ-94-V", "RU-152-FZ"), bin="241040012133")
    make_norm("RU-152-FZ/10.1", law="RU-152-FZ", topics="distribution")
    make_rule("RU-DISTR-PUBLISH", law="RU-152-FZ", trigger="distribution_consent", amount=3)
    return operator


@pytest.fixture
def consent(alma):
    """Given long enough ago for its publication to be overdue."""
    purpose = make_activity(alma).purposes.get().purpose
    given = {"kind": "distribution", "is_separate": True, "given_on": timezone.localdate() - dt.timedelta(days=30)}
    return save(Consent(subject=make_subject(alma), purpose=purpose, **COMPLETE | given))


@pytest.fixture
def officer(alma, browser_client):
    return browser_client(make_user("dpo", alma))


def entered(officer, consent, **row):
    changes = {f"distribution_conditions-0-{name}": value for name, value in row.items()}
    fields = form_fields(officer.get(url(consent)).context, **changes, **{"distribution_conditions-TOTAL_FORMS": 1})
    return officer.post(url(consent), fields, follow=True)


def publish(officer, consent, **fields):
    return officer.post(
        url(consent, "publish"), {"on": timezone.localdate().isoformat(), "url": PAGE} | fields, follow=True
    )


def text_of(response):
    return html.unescape(response.content.decode())


def test_conditions_are_entered_on_the_page_of_the_consent(officer, consent):
    """By category; whoever reads the consent sees them, and nothing else of it is changed there."""
    category = DataCategory.objects.get()
    entered(officer, consent, data_category=category.pk, is_prohibited="on", conditions="never")
    said = DistributionCondition.objects.get()
    assert (said.consent, said.data_category, said.is_prohibited, said.conditions) == (consent, category, True, "never")
    assert said.history.get().history_change_reason == "test"
    assert "never" in text_of(officer.get(url(consent, "publish")))
    assert not officer.get(url(consent)).context["adminform"].form.fields


def test_row_that_says_nothing_is_refused(officer, consent):
    """What to do stands on the form, with the norm."""
    text = text_of(entered(officer, consent, data_category=DataCategory.objects.get().pk))
    assert "Say that it may not be distributed, or under which conditions it may." in text
    assert "RU-152-FZ art. 10.1 (unverified)" in text
    assert not DistributionCondition.objects.exists()


def test_consent_of_another_kind_is_only_read(officer, consent):
    """It has no conditions, no publication, and its page cannot be posted."""
    other = save(Consent(subject=consent.subject, purpose=consent.purpose, **COMPLETE, given_on=consent.given_on))
    page = officer.get(url(other))
    assert not page.context["inline_admin_formsets"]
    assert "Conditions published" not in text_of(page) and "to be published by" not in text_of(page)
    assert officer.post(url(other), {}).status_code == 403
    assert officer.get(url(other, "publish")).status_code == 404


def test_auditor_reads_prohibitions_and_publishes_nothing(alma, consent, browser_client):
    """Which categories are forbidden is no personal value; in which words is one."""
    save(
        DistributionCondition(
            consent=consent, data_category=DataCategory.objects.get(), is_prohibited=True, conditions="never"
        )
    )
    auditor = browser_client(make_user("auditor", alma))
    text = text_of(auditor.get(url(consent)))
    assert "phone" in text and "never" not in text
    assert publish(auditor, consent).status_code == 403


def test_publication_that_came_late_is_recorded_and_said(officer, consent):
    """The officer reads by how much; the page shows it from then on, and the desk waits no longer."""
    text = text_of(publish(officer, consent))
    consent.refresh_from_db()
    assert (consent.conditions_published_on, consent.conditions_url) == (timezone.localdate(), PAGE)
    today, due = timezone.localdate().isoformat(), consent.publication_due_on.isoformat()
    assert f"Recorded as late: published on {today}, due by {due}." in text
    assert ", late" in text and PAGE in text
    assert officer.get("/admin/").context["desk"]["due"]["to_publish"]["count"] == 0


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"on": "2020-01-01"}, "2020-01-01 is before the consent of"),
        ({"on": "2999-01-01"}, "2999-01-01 is in the future: nothing is published yet. Correct the date."),
        ({"url": ""}, "Enter the address of the page where everybody can read them."),
        ({"url": "no address"}, "Enter a valid URL."),
    ],
)
def test_publication_without_a_day_or_an_address_is_refused(fields, sentence, officer, consent):
    """Beside the field, and nothing is recorded."""
    page = publish(officer, consent, **fields)
    [name] = fields
    assert sentence in page.context["form"].errors[name][0]
    assert f'<a href="#id_{name}" data-field>' in text_of(page)
    consent.refresh_from_db()
    assert consent.conditions_published_on is None


def test_desk_counts_what_is_to_be_published(officer, consent):
    """How many, how many late, and the first day due; the list of them is a click away."""
    due = officer.get("/admin/").context["desk"]["due"]
    assert due["to_publish"] == {"count": 1, "late": 1, "first_on": consent.publication_due_on}
    listed = reverse("admin:registry_consent_changelist")
    for choice, count in (("open", 1), ("overdue", 1)):
        assert len(officer.get(f"{listed}?conditions={choice}").context["cl"].result_list) == count
    publish(officer, consent)
    assert not officer.get(f"{listed}?conditions=open").context["cl"].result_list


def test_demand_to_stop_distribution_ends_that_consent_alone(officer, consent):
    """What the demand lacks is said first; then its page offers the consents to distribution, and no other."""
    other = save(Consent(subject=consent.subject, purpose=consent.purpose, **COMPLETE, given_on=consent.given_on))
    dpo = User.objects.get()
    case = identified(make_request(consent.operator, kind="stop_distribution"), consent.subject, dpo)
    [blocker] = officer.get(address(case, "act", "withdraw")).context["blockers"]
    assert (blocker["code"], blocker["norm"]) == ("no-data-list", "RU-152-FZ art. 10.1 (unverified)")
    assert "It is not recorded which data" in refusal_of(act(officer, case, "record", act="removed", note="site"))[0]
    case.demand = "phone"
    save(case)
    assert officer.get(address(case)).context["main"]["label"] == "Withdraw consents"
    assert act(officer, case, "withdraw", consents=[consent.pk], shown=str(consent.pk)).status_code == 302
    consent.refresh_from_db()
    other.refresh_from_db()
    assert (consent.withdrawn_at, other.withdrawn_at) == (case.received_at, None)
