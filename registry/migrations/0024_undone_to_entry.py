from django.db import migrations, models


def begin_anew(apps, schema_editor):
    """Undos on their way do not know how far they came: they look at all again, and pass over whom they put back."""
    runs = apps.get_model("registry", "ImportRun").objects.filter(state="undoing")
    apps.get_model("registry", "ListedRow").objects.filter(run__in=runs, kind="left").delete()
    runs.update(rows_done=0, undone=0, left=0)


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0023_notices_to_be_given"),
    ]

    operations = [
        migrations.AddField(
            model_name="importrun",
            name="undone_seq",
            field=models.BigIntegerField(blank=True, null=True, verbose_name="undone to entry"),
        ),
        migrations.RunPython(begin_anew, migrations.RunPython.noop),
    ]
