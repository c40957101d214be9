"""Ways through the pages of a CRM import."""

import re

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from registry.models import ImportRun, JournalEntry
from tests.imports.crm import csv_of

IMPORT = reverse("admin:registry_datasubject_import")


def upload(client, content, name="people.csv", **said):
    """Sends a file and follows to where the browser is sent: the page of its run where it can be read."""
    content = content if isinstance(content, bytes) else csv_of(content)
    file = SimpleUploadedFile(name, content, content_type="text/csv")
    return client.post(IMPORT, {"import_file": file, "format": "0", "resource": "0", **said}, follow=True)


def hidden(response):
    """The hidden fields of the confirmation the page sent."""
    return dict(re.findall(r'<input type="hidden" name="(token)" value="([^"]+)"', response.content.decode()))


def page_of(run):
    return reverse("admin:registry_importrun_change", args=[run.pk])


def step(name, run):
    return reverse(f"admin:registry_importrun_{name}", args=[run.pk])


def confirm(client, response, run=None, *, follow=False, **given):
    """Presses “Apply this plan” on a page that was sent, perhaps edited."""
    run = run or ImportRun.objects.latest("pk")
    return client.post(step("apply", run), hidden(response) | given, follow=follow)


def answers(response, **said):
    """What the browser would post of the form as it was sent, with changes; None leaves a field out."""
    form = response.context["form"]
    fields = {name: form[name].value() for name in form.fields}
    fields = {name: "on" if value is True else value for name, value in fields.items() if value not in (None, False)}
    return {name: value for name, value in (fields | said).items() if value is not None}


def send(client, response, **said):
    run = ImportRun.objects.latest("pk")
    return client.post(step("columns", run), answers(response, **said), follow=True)


def actions(run):
    return list(
        JournalEntry.objects.filter(run=run.pk, history_id=None).order_by("seq").values_list("action", flat=True)
    )
