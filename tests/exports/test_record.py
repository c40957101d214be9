"""What an activity lacked at a moment: its gate, asked about the past."""

import inspect
import re

import pytest
from django.utils import timezone

from registry import models as m
from registry.exports.past import Past, resolve
from registry.exports.record import Record
from registry.exports.terms import TERMS
from registry.journal import unit_of_work
from registry.rules import activity as gate
from registry.rules.compatibility import kept_blockers
from registry.rules.localisation import localisation_blockers
from tests.factories import make_purpose, save, today


def told(moment):
    """What the register says each activity lacked then."""
    return {each.row.code: list(each.lacking) for each in Record(Past(moment, "lapp")).activities}


def asked():
    """What the gate says each activity lacks now; one that ended is asked no more."""
    activities = {each.code: each for each in m.ProcessingActivity.objects.all()}
    ended = [code for code, each in activities.items() if each.status == "ended"]
    blockers = {code: [] if code in ended else each.blockers() for code, each in activities.items()}
    return {code: list(dict.fromkeys(each.code for each in found)) for code, found in blockers.items()}


def nothing_yet(operator, dpo):
    pass


def lose_the_norm(operator, dpo):
    basis = m.LegalBasis.objects.get()
    basis.norm, basis.kind = None, "contract"
    save(basis)


def decide_for_later(operator, dpo):
    decide(dpo, today(2), today(9))


def decide_for_now(operator, dpo):
    decide(dpo, today(-9), today(1))


def decide(dpo, first, last):
    decided = {"why": "Civil Code", "document": "Order 7", "decided_at": timezone.now(), "decided_by": dpo}
    save(m.GroundDecision(basis=m.LegalBasis.objects.get(), valid_from=first, valid_until=last, **decided))


def revoke(operator, dpo):
    with unit_of_work(by=dpo):
        m.GroundDecision.objects.live(today()).get().revoke(by=dpo, at=timezone.now())


def share_the_database(operator, dpo):
    letters = save(m.ProcessingActivity(operator=operator, code="letters", name_en="Letters"))
    save(m.ActivityPurpose(activity=letters, purpose=make_purpose(operator, "news")))
    save(m.ActivityDatabase(activity=letters, database=m.Database.objects.get()))


def declare_incompatible(operator, dpo):
    news, contracts = (m.Purpose.objects.get(code=code) for code in ("news", "contracts"))
    save(m.IncompatiblePurposes(operator=operator, purpose=news, other=contracts))


def end_the_letters(operator, dpo):
    end("letters")


def end_the_clients(operator, dpo):
    end("clients")


def end(code):
    with unit_of_work(by=None):
        m.ProcessingActivity.objects.get(code=code).end(today())


# One after the other, each with what the clients' activity lacks from then on.
STORY = [
    (nothing_yet, []),
    (lose_the_norm, ["basis-unknown"]),
    (decide_for_later, ["basis-unknown"]),
    (decide_for_now, []),
    (share_the_database, []),
    (declare_incompatible, ["incompatible-kept"]),
    (revoke, ["basis-unknown", "incompatible-kept"]),
    (end_the_letters, ["basis-unknown"]),
    (end_the_clients, []),
]


@pytest.mark.django_db
def test_what_is_missing_is_what_the_gate_says(record, dpo):
    """The register marks as missing exactly what keeps an activity from being activated, and of a past moment what kept it then."""
    said = []
    for step, lacking in STORY:
        step(record, dpo)
        moment = resolve(None, "lapp")
        assert told(moment) == asked(), step
        assert told(moment)["clients"] == lacking, step
        said.append((moment, told(moment)))
    assert [told(moment) for moment, _then in said] == [then for _moment, then in said]


def test_every_blocker_of_the_gate_has_its_words():
    """Whatever the gate finds missing the register says in words, never as a bare code."""
    sources = "".join(inspect.getsource(each) for each in (gate, localisation_blockers, kept_blockers))
    codes = re.findall(r'Blocker\(\s*"([a-z-]+)"', sources)
    assert set(codes) == {term.removeprefix("lacks.") for term in TERMS if term.startswith("lacks.")}
