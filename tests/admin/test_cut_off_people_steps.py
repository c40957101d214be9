"""A hand-over, and the word that all were told, where the database fails in the middle: what is committed stays, and the page says so."""

import pytest
from django.db import OperationalError

from registry.models import Disclosure, HandOverRun, Obligation, TellingRun
from registry.operations import handover, telling
from tests.disclosing import make_activity, make_consented, make_recipient
from tests.factories import save
from tests.operations.test_telling import handed_over

from . import test_handover, test_telling

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def one_by_one(monkeypatch):
    monkeypatch.setattr(handover, "CHUNK", 1)


def to_be_handed_over(lapp):
    """Two people; (address, what is sent, what is counted once it is done)."""
    activity = make_activity(lapp)
    for _each in range(2):
        make_consented(activity)
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    return test_handover.url(buyer), test_handover.said(activity, confirmed="1"), Disclosure.objects.all()


def to_be_told(lapp):
    buyer = make_recipient(lapp, "buyer", kind="acquirer")
    run = handed_over(lapp, buyer, make_activity(lapp), people=2)
    told = Obligation.objects.filter(done_at__isnull=False)
    return test_telling.page_of(run, "told"), test_telling.said(confirmed="1"), told


def failing(monkeypatch, module, *, after):
    """Has every chunk fail once so many are written."""

    def fails(*args, **kwargs):
        if written:
            raise OperationalError("asem1@example.kz")
        written.append(1)
        return whole(*args, **kwargs)

    whole, written = module.write, [] if after else [1]
    monkeypatch.setattr(module, "write", fails)


STEPS = [
    (to_be_handed_over, handover, HandOverRun, "Hand-over"),
    (to_be_told, telling, TellingRun, "Record that all were told"),
]


@pytest.mark.parametrize("after", [0, 1])
@pytest.mark.parametrize(("prepared", "module", "model", "called"), STEPS)
def test_failure_in_the_middle_is_told_on_the_page_of_the_run(
    lapp, client_of_dpo, monkeypatch, caplog, prepared, module, model, called, after
):
    """Nobody is told that it was not saved; “Go on” may fail again, and does the rest once the database is back."""
    lapp.bin = "241040012133"
    address, said, done = prepared(save(lapp))
    with monkeypatch.context() as broken:
        failing(broken, module, after=after)
        first = client_of_dpo.post(address, said, follow=True)
        run = model.objects.latest("pk")
        again = client_of_dpo.post(test_telling.page_of(run, "continue"), follow=True)
    for response in (first, again):
        assert response.redirect_chain == [(test_telling.page_of(run), 302)]
        assert f"{after} of 2 people. It was cut off." in response.content.decode()
    assert f"{called} #{run.pk} was cut off. The database refused the work" in caplog.text
    assert (done.count(), "asem1" in caplog.text) == (after, False)
    client_of_dpo.post(test_telling.page_of(run, "continue"))
    run.refresh_from_db()
    assert (run.is_at_work, run.rows_done, done.count()) == (False, 2, 2)
