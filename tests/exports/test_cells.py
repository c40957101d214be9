"""What the cells of a register say of a transfer across the border."""

import datetime as dt

import pytest

from registry import models as m
from registry.exports.past import resolve
from registry.exports.register import Register
from registry.operations.transfers import suspend
from tests.factories import save

pytestmark = pytest.mark.django_db


def transfers_printed(layout, column):
    return [row[column] for row in Register("lapp", resolve(None, "lapp"), layout, "en").rows()]


@pytest.mark.parametrize(
    ("started", "ended", "suspended", "printed"),
    [
        (-9, None, False, "IE: Google Ireland; consent"),
        (-9, 0, False, "IE: Google Ireland; consent"),  # its last day is one of them
        (-9, -1, False, "none recorded"),
        (-9, -1, True, "none recorded"),
        (-9, None, True, "IE: Google Ireland; consent; suspended since {today}"),
        (None, None, False, "IE: Google Ireland; consent; not started yet"),
    ],
)
def test_transfer_is_printed_as_it_stands(record, dpo, started, ended, suspended, printed):
    """A transfer that ended is left out of every layout, one that is suspended or has not begun is marked."""
    today = resolve(None, "lapp").day
    transfer = m.CrossBorderTransfer.objects.get()
    activity = m.ProcessingActivity.objects.get(code="for-others")
    save(m.ActivityDatabase(activity=activity, database=m.Database.objects.get()))
    on_behalf = m.CrossBorderTransfer(operator=record, code="on-behalf", name_en="Tags", activity=activity,
        recipient=transfer.recipient, country="IE", mechanism="consent")  # fmt: skip
    for each in (transfer, on_behalf):
        each.started_on = started and today + dt.timedelta(days=started)
        save(each)
        if suspended:
            suspend(each, by=dpo, role="dpo", reason="The agreement is being looked at")
            each.refresh_from_db()
        each.ended_on = today + dt.timedelta(days=ended) if ended is not None else None
        save(each)
    expected = [printed.format(today=today.isoformat())]
    assert transfers_printed("ru", "cross_border")[0] == expected
    assert transfers_printed("gdpr-controller", "transfers")[0] == expected
    assert transfers_printed("gdpr-processor", "transfers") == [expected]


@pytest.mark.parametrize(
    ("mechanism", "document", "printed"),
    [
        ("standard_clauses", "SCC 2021/914 of 2026-03-01", "standard contractual clauses: SCC 2021/914 of 2026-03-01"),
        ("standard_clauses", "", "standard contractual clauses: [missing]"),
        ("consent", "", "consent"),  # each person's own is the document
        ("consent", "Form 7", "consent: Form 7"),
        ("protecting_state", "", "the state ensures protection"),  # a list may say so
        ("protecting_state", "Order 5", "the state ensures protection: Order 5"),
        ("", "", "[missing]"),
        ("", "Contract 8", "[missing]: Contract 8"),
    ],
)
def test_transfer_names_the_document_of_its_safeguard(record, mechanism, document, printed):
    """Beside the mechanism stands its document (GDPR art. 30(1)(e)); one that is needed and not named is marked."""
    transfer = m.CrossBorderTransfer.objects.get()
    transfer.mechanism, transfer.document = mechanism, document
    save(transfer)
    expected = [f"IE: Google Ireland; {printed}; not started yet"]
    assert transfers_printed("ru", "cross_border")[0] == expected
    assert transfers_printed("gdpr-controller", "transfers")[0] == expected
