from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("registry", "0022_keys_folded_anew"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="disclosure",
            index=models.Index(
                condition=models.Q(("notice_is_condition", True), ("notified_at", None)),
                fields=["operator", "notice_due_on"],
                name="disclosure_to_tell",
            ),
        ),
    ]
