import datetime as dt

import django.db.models.deletion
from django.db import migrations, models
from django.db.models import Case, Value, When
from django.db.models.functions import Coalesce


def place(apps, schema_editor):
    """As models/disclosure.py says of each that is saved."""
    open_ones = Coalesce("due_on", Value(dt.date(9999, 1, 1)))
    done = When(done_at__isnull=False, then=Value(dt.date.max))
    apps.get_model("registry", "Obligation").objects.update(
        urgent_on=Case(done, default=open_ones, output_field=models.DateField())
    )


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0017_all_were_told'),
    ]

    operations = [
        migrations.AddField(
            model_name='obligation',
            name='urgent_on',
            field=models.DateField(default=dt.date(9999, 1, 1), editable=False),
        ),
        migrations.RunPython(place, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='obligation',
            name='operator',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='registry.operator', verbose_name='operator'),
        ),
        migrations.AddIndex(
            model_name='obligation',
            index=models.Index(fields=['operator', 'urgent_on', 'id'], name='obligation_list'),
        ),
    ]
