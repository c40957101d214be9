"""Special categories and decisions about rights in the admin: refused with norm, sentence and what to do."""

import pytest

from registry.models import Clause, DataCategory, Policy
from tests.factories import make_norm, make_user, save
from tests.forms import form_fields, post, url
from tests.world import make_world

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db):
    return make_world("lapp")


@pytest.fixture
def client_of_dpo(world, browser_client):
    return browser_client(make_user("dpo", world["operator"]))


def test_mark_is_refused_on_the_form(world, client_of_dpo):
    """The clause that excludes special categories and the norm that names them stand in the refusal."""
    operator = world["operator"]
    make_norm("KZ-94-V/7(1)", topics="special_categories", verified="verified")
    policy = save(Policy(operator=operator, version="2", title="Policy"))
    save(Clause(policy=policy, number="5.6", obliges="They are not processed.", behaviours="B33"))
    assert post(client_of_dpo, operator, excludes_special="true").status_code == 302
    answer = post(client_of_dpo, world["datacategory"], is_special="on")
    assert answer.status_code == 200
    page = answer.content.decode()
    assert "The operator declares that it processes no special categories" in page
    assert "Leave it out, or change the policy first and then the declaration on the page of the operator." in page
    assert "[policy, clause 5.6; KZ-94-V art. 7(1)]" in page
    assert not DataCategory.objects.special_or_biometric().exists()


def test_declaration_is_refused_on_the_form_of_the_operator(world, client_of_dpo):
    """While a category is marked; it is named."""
    category = world["datacategory"]
    assert post(client_of_dpo, category, is_biometric="on").status_code == 302
    page = post(client_of_dpo, world["operator"], excludes_special="true").content.decode()
    assert f"Categories that are marked as special or biometric: “{category}”." in page
    world["operator"].refresh_from_db()
    assert not world["operator"].excludes_special


def test_activity_names_what_its_decisions_lack(world, client_of_dpo):
    """On its page, with the norm as it is verified; said so, nothing is missing any more."""
    make_norm("KZ-94-V/19-1", topics="automated_decisions", verified="secondary")
    activity = world["processingactivity"]
    assert post(client_of_dpo, activity, decides_rights="true").status_code == 302
    page = client_of_dpo.get(url(activity))
    found = {each["code"]: (each["norm"], each["field"]) for each in page.context["blockers"]}
    norm = "KZ-94-V art. 19-1 (secondary source)"
    assert found == {
        "decision-no-logic": (norm, "decision_logic"), "decision-no-review": (norm, "decision_review"),
    }  # fmt: skip
    said = {"decision_logic": "Late payments count.", "decision_review": "Head of credit"}
    assert client_of_dpo.post(url(activity), form_fields(page.context, **said)).status_code == 302
    assert not client_of_dpo.get(url(activity)).context["blockers"]
