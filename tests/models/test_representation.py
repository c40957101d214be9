"""People whose data somebody else enters: with papers, or not at all (Alfa-Lab 2.4)."""

import pytest
from django.core.exceptions import ValidationError

from registry.admin.findings import findings
from registry.models import Clause, Policy, Representative, SubjectCategory, SubjectInCategory
from tests.factories import make_subject, save, today

pytestmark = pytest.mark.django_db


@pytest.fixture
def represented(lapp):
    policy = save(Policy(operator=lapp, version="1", title="Privacy Policy"))
    save(Clause(policy=policy, number="2.4", obliges="Only with papers that prove it.", behaviours="B08"))
    return save(SubjectCategory(operator=lapp, code="represented", name_en="Represented persons", is_represented=True))


@pytest.fixture
def person(lapp):
    return make_subject(lapp)


def act_for(person, document="Certificate 12", begins=-1, ends=None):
    """A representative, whose authority begins and ends so many days from today."""
    term = {"valid_from": today(begins), "valid_until": None if ends is None else today(ends)}
    return save(Representative(subject=person, name="Серік", authority="parent", document=document, **term))


@pytest.mark.parametrize("paper", [None, {"document": ""}, {"ends": -1}, {"begins": 1}], ids=str)
def test_data_of_others_are_refused_without_papers(paper, person, represented):
    """No representative, one without a document, one whose authority is over or has not begun."""
    if paper is not None:
        act_for(person, **paper)
    with pytest.raises(ValidationError) as refusal:
        save(SubjectInCategory(subject=person, category=represented))
    [message] = refusal.value.messages
    assert message.startswith("People of “Represented persons” are represented by others, and nobody has proved")
    assert "policy, clause 2.4" in message
    assert not person.categories.exists()


def test_papers_open_the_category(person, represented, dpo):
    """Whoever is there stays when the paper ends; the desk says so."""
    paper = act_for(person)
    save(SubjectInCategory(subject=person, category=represented))
    assert "authority-lost" not in {finding.code for finding, _url in findings(person.operator, dpo)}
    paper.valid_until = today(-1)
    save(paper)
    [told] = [finding for finding, _url in findings(person.operator, dpo) if finding.code == "authority-lost"]
    assert told.message.startswith("1 person of “Represented persons” has no representative with a valid document.")
    person.categories.get().clean()


def test_other_categories_ask_for_nobody(person, lapp):
    """Who speaks for themselves needs no paper."""
    save(SubjectInCategory(subject=person, category=save(SubjectCategory(operator=lapp, code="own", name_en="Own"))))
    assert person.categories.exists()
