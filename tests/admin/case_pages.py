"""The pages of cases as a browser asks for them: what a form was drawn from is sent back with it."""

import datetime as dt

from django.urls import reverse
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import SubjectRequest
from registry.rules.dates import HOME_ZONE
from tests.forms import form_fields


def moment(text):
    return dt.datetime.fromisoformat(text).replace(tzinfo=HOME_ZONE)


def address(case, view="change", *args):
    return reverse(f"admin:registry_{case._meta.model_name}_{view}", args=[case.pk, *args])


def fields_of(context, **changes):
    """The fields of the form as it stands, a moment in its two halves."""
    fields = form_fields(context, **changes)
    if isinstance(at := fields.pop("received_at", None), dt.datetime):
        at = timezone.localtime(at)
        fields |= {"received_at_0": f"{at:%Y-%m-%d}", "received_at_1": f"{at:%H:%M:%S}"} | changes
    return fields


def text_of(client, url):
    return client.get(url).content.decode()


def sent(client, url, **fields):
    """The page is opened, then its form is sent."""
    context = client.get(url).context
    return client.post(url, {"_seen": context["seen"] if context else ""} | fields)


def act(client, case, name, **fields):
    return sent(client, address(case, "act", name), **fields)


def letter_act(client, letter, name, **fields):
    return sent(client, address(letter.case, "letter_act", letter.pk, name), **fields)


def refusal_of(response):
    """Every sentence the page answers with: above the form, in it, and what stands in the way."""
    context = response.context
    form = context["form"] if context.get("possible") else None
    errors = [error for errors in form.errors.values() for error in errors] if form else []
    return [*context["refusals"], *errors, *(blocker["message"] for blocker in context.get("blockers", []))]


def again(case):
    return type(case).objects.get(pk=case.pk)


def identified(case, subject, by):
    """The case with its person found and the identity checked."""
    at = case.received_at + dt.timedelta(hours=1)
    with unit_of_work(by=by, role="dpo", operator=case.operator):
        case.link_person(subject, by=by, at=at)
        case.identify("document", by=by, at=at)
    return SubjectRequest.objects.get(pk=case.pk)


def closed(case, by):
    with unit_of_work(by=by, role="dpo", operator=case.operator):
        case.close_as("no_request", by=by, at=case.received_at + dt.timedelta(hours=1), note="a test of the mailbox")
    return again(case)
