"""Special and biometric categories, and decisions about rights by a machine: what is refused on every route."""

import pytest
from django.core.exceptions import ValidationError

from registry import journal
from registry.exports.register_file import dump_register
from registry.imports.laws import REGISTERS
from registry.imports.registers import load_register
from registry.imports.toml_tables import TablesRefused
from registry.models import ActivityDataCategory, Clause, DataCategory, LegalBasis, Operator, Policy
from tests.factories import make_operator, save
from tests.world import make_world

pytestmark = pytest.mark.django_db
REFUSED = "The operator declares that it processes no special categories: “%s” is not marked as special or biometric, and not collected."


@pytest.fixture
def almaenergy(db):
    """An operator whose policy excludes special categories; the clause about their distribution says something else."""
    operator = make_operator("almaenergy", laws=("RU-152-FZ",), excludes_special=True)
    policy = save(Policy(operator=operator, version="1", title="Privacy Policy"))
    save(Clause(policy=policy, number="5.6", obliges="They are not processed.", behaviours="B33"))
    save(Clause(policy=policy, number="5.7", obliges="They are distributed under art. 10.1.", behaviours="B27 B33"))
    return operator


@pytest.mark.parametrize("mark", ["is_special", "is_biometric"])
def test_marking_is_refused_where_special_categories_are_excluded(mark, almaenergy):
    """New or stored, through a form or in a shell, with the clause of the policy."""
    health = DataCategory(operator=almaenergy, code="health", name_en="Health", **{mark: True})
    with pytest.raises(ValidationError) as refusal:
        save(health)
    assert refusal.value.messages[0].startswith(REFUSED % "Health")
    assert "policy, clause 5.6]" in refusal.value.messages[0]
    setattr(health, mark, False)
    save(health)
    setattr(health, mark, True)
    with pytest.raises(ValidationError, match="no special categories"), journal.unit_of_work(by=None):
        health.save()
    health.refresh_from_db()
    assert not health.is_special_or_biometric


def test_marking_is_open_to_every_other_operator(lapp):
    """A policy that is silent excludes nothing."""
    assert save(DataCategory(operator=lapp, code="health", name_en="Health", is_special=True)).pk


def test_declaration_is_refused_while_special_categories_are_kept(almaenergy):
    """They are named; where none is left the operator may declare it."""
    almaenergy.excludes_special = False
    save(almaenergy)
    health = save(DataCategory(operator=almaenergy, code="health", name_en="Health", is_special=True))
    save(DataCategory(operator=almaenergy, code="phone", name_en="Phone"))
    almaenergy.excludes_special = True
    with pytest.raises(ValidationError) as refusal:
        save(almaenergy)
    assert refusal.value.messages == [
        "Categories that are marked as special or biometric: “Health”. Delete them, or correct their marks first. "
        "[policy, clause 5.6]"
    ]
    health.is_special = False
    save(health)
    assert save(almaenergy).excludes_special


def test_declaration_is_part_of_the_register_file(tmp_path, db):
    """Almaenergy’s file declares it; a file that lists a special category beside it is refused whole, with the clause."""
    operator = load_register(REGISTERS / "almaenergy.toml").operator
    assert operator.excludes_special
    assert not Operator.objects.exclude(pk=operator.pk).filter(excludes_special=True).exists()
    written = tmp_path / "almaenergy.toml"
    written.write_text(
        dump_register(operator) + '\n[[data_category]]\ncode = "health"\nname_en = "Health"\nis_special = true\n',
        encoding="utf-8",
    )
    with pytest.raises(TablesRefused, match="processes no special categories: “Health”.*policy, clause 5.6"):
        load_register(written, overwrite=True)
    assert not DataCategory.objects.filter(code="health").exists()


def rest_on_contract(world):
    """The purpose of the activity rests on a contract, which a law knows as a ground."""
    link, norm = world["activitypurpose"], world["norm"]
    contract = LegalBasis(operator=world["operator"], code="agreement", name_en="Agreement", kind="contract", norm=norm)
    link.basis = save(contract)
    return save(link)


def codes(activity):
    return [each.code for each in type(activity).objects.get(pk=activity.pk).blockers()]


def test_special_category_needs_consent_or_a_norm(db):
    """A contract carries other data, and no special category; an active activity takes in none either."""
    world = make_world("lapp")
    activity, link = world["processingactivity"], world["activitypurpose"]
    health = save(DataCategory(operator=world["operator"], code="health", name_en="Health", is_special=True))
    save(ActivityDataCategory(activity_purpose=link, activity=activity, data_category=health, necessity="to insure"))
    assert codes(activity) == []  # it rests on consent
    rest_on_contract(world)
    assert codes(activity) == ["special-no-ground"]


def test_active_activity_does_not_turn_special(db):
    """Neither the mark on a category in use nor a decision about rights without its ground passes the gate."""
    world = make_world("lapp")
    activity, category = world["processingactivity"], world["datacategory"]
    rest_on_contract(world)
    with journal.unit_of_work(by=None):
        activity.activate()
    category.is_special = True
    with pytest.raises(ValidationError, match="is a special or biometric category, and purpose"):
        save(category)
    activity.decides_rights = True
    with pytest.raises(ValidationError, match="A machine decides about rights for purpose"):
        save(activity)


def test_decisions_about_rights_are_automated(db):
    """Both answers cannot be given at once, not even past clean()."""
    activity = make_world("lapp")["processingactivity"]
    activity.decides_rights, activity.is_automated = True, False
    with pytest.raises(ValidationError, match="What decides about rights by itself is automated."):
        save(activity)
