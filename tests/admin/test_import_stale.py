"""Buttons of a page that was true a moment ago: an import moves on by itself, and a double click is no fault."""

import json

import pytest
from django.utils import timezone

from registry.admin import import_page, import_steps
from registry.imports import storage
from registry.imports.apply import take
from registry.imports.crm_file import Said
from registry.models import DataSubject, ImportRun, JournalEntry
from tests import factories
from tests.imports.crm import person

from .import_pages import confirm, page_of, step, upload

pytestmark = pytest.mark.django_db
ENDED = "This import came to its end meanwhile: nothing is left to be given up. Its page says what came of it."
TAKEN = "Another process is at this import, or ended it. Look again in a minute."


@pytest.fixture(autouse=True)
def purpose(lapp):
    return factories.make_purpose(lapp)


@pytest.fixture
def run(natalia):
    upload(natalia, [person(1)])
    return ImportRun.objects.get()


def stands(run, state):
    ImportRun.objects.update(state=state, applied_at=timezone.now(), undone_at=timezone.now(), alive_at=timezone.now())
    run.refresh_from_db()


def told(response):
    """The sentence of a refusal, which leads to the page of the run."""
    text = response.content.decode()
    assert response.status_code == 400
    assert f'href="{page_of(ImportRun.objects.get())}"' in text.partition('id="content-main"')[2]
    return text.partition('<p class="notice bad">')[2].partition("</p>")[0]


@pytest.mark.parametrize(
    ("state", "code", "sentence"),
    [
        ("applied", "ended", ENDED),
        ("undoing", "taken", TAKEN),
        ("undone", "ended", ENDED),
        ("cancelled", "cancelled", "This import was given up. Its page says what had been applied by then."),
        ("refused", "refused", "This import was refused. Its page says why."),
        (
            "expired",
            "expired",
            "The file had its time and was deleted; nothing of it was written. Upload it again to import it.",
        ),
    ],
)
def test_giving_up_what_came_to_its_end_is_answered_by_a_sentence(natalia, run, state, code, sentence):
    """The import ended while somebody looked for the button: nothing is done, and it is said why."""
    stands(run, state)
    assert told(natalia.post(step("cancel", run))) == sentence
    assert ImportRun.objects.get().state == state
    entry = JournalEntry.objects.get(action="refused")
    assert (entry.object_uid, json.loads(entry.body)["reason_code"]) == (run.uid, code)


def test_giving_up_a_plan_that_was_confirmed_in_that_moment(natalia, run, monkeypatch):
    """Another tab confirmed it between the look at the run and its end: it is being applied, and giving that up is another question."""
    whole = import_steps.cancel

    def confirmed_meanwhile(given, **actor):
        take(ImportRun.objects.get(), token=given.token, by=given.owner)
        return whole(given, **actor)

    monkeypatch.setattr(import_steps, "cancel", confirmed_meanwhile)
    assert told(natalia.post(step("cancel", run))) == TAKEN
    assert ImportRun.objects.get().state == "applying"


@pytest.mark.parametrize("state", ["applying", "undoing"])
def test_older_button_does_not_give_up_what_writes_by_now(natalia, run, state):
    """“Give this plan up” beside an import begun in another tab: the question comes first, and its answer is for it alone."""
    stands(run, state)
    ImportRun.objects.update(rows=5, rows_expected=5, rows_done=2, step_role="")
    other = {"applying": "undoing", "undoing": "applying"}[state]
    for sent in ({}, {"rest": "planned"}, {"rest": other}):
        asked = natalia.post(step("cancel", run), sent).content.decode()
        assert f'<input type="hidden" name="rest" value="{state}">' in asked
        assert '<span class="value">2</span><span class="note">of 5</span>' in asked
        assert ImportRun.objects.get().state == state
    assert not JournalEntry.objects.filter(action="import.cancel").exists()
    assert natalia.post(step("cancel", run), {"rest": state}).url == page_of(run)
    assert ImportRun.objects.get().state == "cancelled"


@pytest.mark.parametrize("state", ["asking", "planned", "applied", "undone", "refused", "cancelled", "expired"])
def test_going_on_with_what_came_to_its_end_is_answered_by_a_sentence(natalia, run, state):
    """The worker took it up and finished it before the button was pressed."""
    stands(run, state)
    assert told(natalia.post(step("continue", run))) == TAKEN
    assert ImportRun.objects.get().state == state


def test_stopping_a_colleagues_reading_that_just_ended(run, lapp, client):
    """By then it is a plan, and a plan is its owner's: the officer is told, the plan waits."""
    client.force_login(factories.make_user("dpo", lapp), backend="registry.scope.RoleBackend")
    sentence = "The file is read: whether its plan is applied or given up is for its owner to say."
    assert told(client.post(step("cancel", run))) == sentence
    assert ImportRun.objects.get().state == "planned"


def test_second_undo_leads_to_the_page_and_says_when_it_was_undone(natalia, run):
    """A double click, or another tab: nothing is undone twice."""
    confirm(natalia, natalia.get(page_of(run)), follow=True)
    natalia.post(step("undo", run), {"reason": "the wrong file"})
    undone = JournalEntry.objects.count()
    for answer in (
        natalia.get(step("undo", run), follow=True),
        natalia.post(step("undo", run), {"reason": "again"}, follow=True),
    ):
        assert answer.redirect_chain == [(page_of(run), 302)]
        run.refresh_from_db()
        year = str(timezone.localtime(run.undone_at).year)
        (message,) = map(str, answer.context["messages"])
        assert message.startswith("This import was undone before: ") and year in message
    assert (DataSubject.objects.count(), JournalEntry.objects.count()) == (0, undone)


def test_undo_of_what_is_being_undone(natalia, run):
    """The second of two clicks is told that the first is at work."""
    stands(run, "undoing")
    assert told(natalia.post(step("undo", run), {"reason": "again"})) == TAKEN
    assert told(natalia.get(step("undo", run))) == TAKEN


@pytest.mark.parametrize("state", ImportRun.State.values)
def test_whoever_may_not_finish_it_learns_nothing(run, lapp, kazger, client, state):
    """A colleague's run, in whatever state, is no run for another registrar, nor for a stranger."""
    stands(run, state)
    for user in (factories.make_user("registrar", lapp), factories.make_user("dpo", kazger)):
        client.force_login(user, backend="registry.scope.RoleBackend")
        answers = {client.post(step(name, run), {"reason": "x"}).status_code for name in ("continue", "cancel", "undo")}
        assert answers == {404}
    assert ImportRun.objects.get().state == state


def test_page_of_a_plan_that_is_read_otherwise_in_that_moment(natalia, run, monkeypatch):
    """Its columns were named anew in another tab while the page was drawn: it shows no plan, and is no error."""
    whole = import_page.may_see_rejected

    def read_anew_meanwhile(*args):
        storage.write_plan(run, {"said": Said()._asdict(), "reason": ""})
        return whole(*args)

    monkeypatch.setattr(import_page, "may_see_rejected", read_anew_meanwhile)
    answer = natalia.get(page_of(run))
    assert (answer.status_code, answer.context["plan"]) == (200, None)
