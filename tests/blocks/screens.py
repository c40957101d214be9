"""The ways of the admin: forms, inlines, acts, lists."""

import json

from django.urls import reverse
from django.utils import timezone

from registry.models import (
    Consent,
    DataCategory,
    Disclosure,
    DistributionCondition,
)
from tests.forms import form_fields

from .world import DAY, changed, fields_of, made


def page(view, record):
    return reverse(f"admin:registry_{record._meta.model_name}_{view}", args=[record.pk])


def read(world, record):
    world.client.post(page("read", record), {"why": "check"})


def submitted(world, fields):
    """Posts a form that was drawn before the block as if it were drawn now."""
    read(world, world.person)
    now = world.client.get(page("change", world.person)).context
    world.client.post(page("change", world.person), fields | {"_seen": now["seen"]})


def form(world):
    fields = form_fields(world.client.get(page("change", world.person)).context, email="other@example.kz")
    yield
    submitted(world, fields)


def inline_changed(model, prefix):
    def route(world):
        made(model, world)
        name, value = changed(model, world)
        value = getattr(value, "pk", value)
        context = world.client.get(page("change", world.person)).context
        yield
        submitted(world, form_fields(context, **{f"{prefix}-0-{name}": value}))

    return route


def on_the_page_of_a_consent(world, **changes):
    """Conditions are entered there, on a form drawn before the block."""
    consent = made(Consent, world, kind="distribution", is_separate=True)
    if "distribution_conditions-0-conditions" in changes:
        made(DistributionCondition, world, consent=consent)
    fields = form_fields(world.client.get(page("change", consent)).context, **changes)
    yield
    read(world, consent)
    now = world.client.get(page("change", consent)).context
    world.client.post(page("change", consent), fields | {"_seen": now["seen"]})


def condition_changed(world):
    yield from on_the_page_of_a_consent(world, **{"distribution_conditions-0-conditions": "by courier"})


def prohibition_entered(world):
    row = {"data_category": world.first(DataCategory).pk, "is_prohibited": "on"}
    changes = {f"distribution_conditions-0-{name}": value for name, value in row.items()}
    yield from on_the_page_of_a_consent(world, **changes, **{"distribution_conditions-TOTAL_FORMS": 1})


PUBLISHED = {"on": DAY, "url": "https://example.kz/conditions"}


def conditions_published(world):
    consent = made(Consent, world, kind="distribution", is_separate=True)
    yield
    read(world, consent)
    world.client.post(page("publish", consent), PUBLISHED)


def publish_conditions(world):
    consent = made(Consent, world, kind="distribution", is_separate=True)
    yield
    consent.publish_conditions(**PUBLISHED, at=timezone.now())


def consent_withdrawn(world):
    consent = made(Consent, world)
    yield
    read(world, consent)
    fields = {"received_on": timezone.localdate().isoformat(), "_reason": "a letter"}
    world.client.post(page("withdraw", consent), fields)


def withdrawn_at_the_desk(world):
    consent = made(Consent, world)
    yield
    read(world, world.person)
    today = timezone.localdate().isoformat()
    fields = {"received_on": today, "_reason": "a visit", "consents": consent.pk, "shown": str(consent.pk)}
    world.client.post(page("withdraw", world.person), fields)


def disclosed(world):
    said = fields_of(Disclosure, world)
    address = f"{reverse('admin:registry_disclosure_add')}?person={world.person.pk}"
    given = {name: said[name].pk for name in ("activity", "recipient")}
    given |= {"disclosed_on": timezone.localdate().isoformat(), "ground": "consent"}
    category = {"data_categories-0-data_category": world.first(DataCategory).pk}
    fields = form_fields(world.client.get(address).context, **given | category)
    yield
    world.client.post(address, fields)


def people_listed(model):
    """The list of the model as a file: whether the person is on it."""

    def route(world):
        made(model, world)
        yield
        url = reverse(f"admin:registry_{model._meta.model_name}_export")
        response = world.client.post(url, {"format": "json", "reason": "matrix"})
        rows = json.loads(b"".join(response.streaming_content))
        yield any("Қасымова" in json.dumps(row, ensure_ascii=False) for row in rows["rows"])

    return route
