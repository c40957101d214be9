"""What left is in the answer to the person: to whom, when, on which ground, and nobody else's."""

import datetime as dt

import pytest
from django.utils import timezone
from django.utils.formats import date_format

from registry.exports.answer_pack import pack_of
from registry.models import ActivityDatabase, ActivityRecipient, CrossBorderTransfer, Database
from registry.operations.transfers import suspend
from tests.disclosing import make_activity, make_consented, make_disclosure, make_recipient
from tests.factories import make_norm, make_request, save

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 3, 20)
AT = dt.datetime(2026, 4, 1, 7, tzinfo=dt.UTC)


@pytest.fixture
def activity(lapp):
    lapp.bin = "241040012133"
    return make_activity(save(lapp))


def rows(person, language, code="disclosures"):
    request = make_request(person.operator, subject=person, received_at=AT)
    pack = pack_of(request, language, at=AT)
    section = next(section for section in pack.sections if section.code == code)
    return [row for table in section.tables for row in table.rows] or list(section.lines)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ("20 March 2026", "Courier LLP", "Kazakhstan", "consent of the data subject", "phone")),
        ("ru", ("20.03.2026", "Courier LLP", "Казахстан", "согласие субъекта", "phone")),
        ("kk", ("20.03.2026", "Courier LLP", "Қазақстан", "субъектінің келісімі", "phone")),
    ],
)
def test_person_is_told_what_really_left(language, said, activity, lapp):
    """Recipient, country, day, ground and categories, in the person's language; what left of others is not theirs to know."""
    person, courier = make_consented(activity), make_recipient(lapp)
    make_disclosure(person, activity, courier, on=DAY)
    make_disclosure(make_consented(activity), activity, make_recipient(lapp, "other"), on=DAY)
    assert rows(person, language) == [said]


def test_norm_is_cited_with_its_mark(activity, lapp):
    """The ground of the law is named, and says that it was not read in an official text."""
    norm = make_norm("KZ-94-V/9(1)", is_ground=True)
    person = make_consented(activity)
    make_disclosure(person, activity, make_recipient(lapp), on=DAY, ground="norm", norm=norm)
    [(_day, _recipient, _country, ground, _categories)] = rows(person, "en")
    assert ground == "a norm\nKZ-94-V, article 9, paragraph 1 (unverified)"


def test_request_of_a_state_body_is_told_without_its_text(activity, lapp):
    """That data went, and to whom; what the body wrote is its own."""
    person = make_consented(activity)
    ministry = make_recipient(lapp, "ministry", kind="state_body")
    asked = {"request_number": "17-3/456", "request_reasons": "a secret check", "given": "the telephone"}
    make_disclosure(person, activity, ministry, on=DAY, ground="state_request", **asked)
    assert rows(person, "en")[0][3] == "reasoned request of a state body"
    request = make_request(lapp, subject=person, received_at=AT)
    assert "secret" not in "\n".join(pack_of(request, "en", at=AT).texts)


def test_nothing_left_is_said_so(activity):
    """An empty list is an answer, too."""
    assert rows(make_consented(activity), "en") == ["None recorded."]


def test_external_service_is_named_with_its_policy(activity, lapp):
    """Whoever acts under a policy of its own is named with its address."""
    url = "https://pay.example/policy"
    service = make_recipient(lapp, "pay", kind="service_provider", policy_url=url)
    save(ActivityRecipient(activity=activity, recipient=service))
    person = make_consented(activity)
    request = make_request(lapp, subject=person, received_at=AT)
    recipients = next(each for each in pack_of(request, "en", at=AT).sections if each.code == "recipients")
    assert recipients.tables[0].rows[0][0] == f"Pay LLP\nits own policy: {url}"


def test_transfer_is_told_as_it_stands(activity, lapp, dpo):
    """From when on data go, and since when or until when; the person is told of one that ended, too."""
    today, person = timezone.localdate(), make_consented(activity)
    base = save(Database(operator=lapp, code="crm", name_en="CRM", country="KZ"))
    save(ActivityDatabase(activity=activity, database=base))
    since = date_format(today - dt.timedelta(days=9), "j F Y")
    transfer = CrossBorderTransfer(operator=lapp, code="tags", name_en="Tags", activity=activity,
        recipient=make_recipient(lapp), country="IE", mechanism="consent")  # fmt: skip

    def period():
        [row] = rows(person, "en", "transfers")
        return row[3]

    save(transfer)
    assert period() == "not started yet"
    transfer.started_on = today - dt.timedelta(days=9)
    save(transfer)
    assert period() == f"since {since}"
    suspend(transfer, by=dpo, role="dpo", reason="The agreement is being looked at")
    assert period() == f"since {since}\nsuspended since {date_format(today, 'j F Y')}"
    transfer.refresh_from_db()
    transfer.ended_on = today
    save(transfer)
    assert period() == f"since {since}\nuntil {date_format(today, 'j F Y')}"
