"""The default import-export resource on a plain model with simple-history: a person's columns and their history, no more.

No consents, no salt, no journal, no normalising of names, phones and e-mails: it does less than ours, and in fewer rows.
"""

import time

from . import made_up

COLUMNS = ["crm_id", "surname", "given_name", "patronymic", "iin", "email", "phone", "birth_date", "language"]


def plain_model():
    """A throw-away model of the person's columns; its tables are made here."""
    from django.db import connection, models
    from simple_history.models import HistoricalRecords

    class PlainPerson(models.Model):
        crm_id = models.CharField(max_length=64, unique=True)
        surname = models.CharField(max_length=200, blank=True)
        given_name = models.CharField(max_length=200, blank=True)
        patronymic = models.CharField(max_length=200, blank=True)
        iin = models.CharField(max_length=12, blank=True)
        email = models.CharField(max_length=254, blank=True)
        phone = models.CharField(max_length=20, blank=True)
        birth_date = models.DateField(null=True, blank=True)
        language = models.CharField(max_length=2, blank=True)
        history = HistoricalRecords(history_user_id_field=models.BigIntegerField(null=True))

        class Meta:
            app_label = "registry"

        def __str__(self):
            return self.crm_id

    with connection.schema_editor() as editor:
        editor.create_model(PlainPerson)
        editor.create_model(PlainPerson.history.model)
    return PlainPerson


def rate(model, count):
    """Rows a second of its dry run and import together, all new."""
    import tablib
    from import_export.resources import modelresource_factory

    model.objects.all().delete()
    rows = []
    for number in range(1, count + 1):
        cells = made_up.row(number)[: len(COLUMNS)]
        day, month, year = cells[7].split(".")
        rows.append([*cells[:7], f"{year}-{month}-{day}", cells[8]])
    resource = modelresource_factory(model, meta_options={"import_id_fields": ["crm_id"], "exclude": ["id"]})()
    begun = time.perf_counter()
    for dry_run in (True, False):
        result = resource.import_data(
            tablib.Dataset(*rows, headers=COLUMNS), dry_run=dry_run, raise_errors=True, use_transactions=True
        )
    taken = time.perf_counter() - begun
    assert result.totals["new"] == count == model.objects.count() == model.history.filter(history_type="+").count()
    return count / taken
