"""What a browser asks for and posts back, and what the journal says of it."""

import json

from django.urls import reverse

from registry.models import JournalEntry


def form_fields(context, **changes):
    """The fields of a change form as it stands, with changes; a reason is given."""
    fields = {"_seen": context["seen"], "_reason": "test"}
    forms = [context["adminform"].form]
    for inline in context["inline_admin_formsets"]:
        forms += [inline.formset.management_form, *inline.formset.forms]
    for form in forms:
        for name in form.fields:
            value = form[name].value()
            if value is not None and value is not False:
                fields[form.add_prefix(name)] = "on" if value is True else value
    return {name: value for name, value in (fields | changes).items() if value is not None}


def url(record, view="change"):
    return reverse(f"admin:registry_{record._meta.model_name}_{view}", args=[record.pk])


def post(client, record, **changes):
    return client.post(url(record), form_fields(client.get(url(record)).context, **changes))


def last_entry(action=None):
    entries = JournalEntry.objects.filter(action=action) if action else JournalEntry.objects.all()
    entry = entries.latest("seq")
    return entry, json.loads(entry.body)
