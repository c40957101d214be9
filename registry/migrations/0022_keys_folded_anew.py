"""Keys of the people search as `rules.names.fold` makes them since ё, apostrophes and hyphens are folded, too."""

from django.db import migrations
from django.db.models import F, Q, Value
from django.db.models.functions import Replace

FOLDED = {
    "ё": "е",
    "\u0307": "",
    " \u0301": "'",  # what the compatibility form of ´ is
    **dict.fromkeys("`‘’ʻʼ", "'"),
    **dict.fromkeys(map(chr, (*range(0x2010, 0x2016), 0x2212)), "-"),
}


def fold_anew(apps, schema_editor):
    people = apps.get_model("registry", "DataSubject").objects.using(schema_editor.connection.alias)
    concerned, key = Q(), F("search_key")
    for mark, folded in FOLDED.items():
        concerned |= Q(search_key__contains=mark)
        key = Replace(key, Value(mark), Value(folded))
    people.filter(concerned).update(search_key=key)


class Migration(migrations.Migration):

    dependencies = [
        ('registry', '0021_messages_taken_for'),
    ]

    operations = [
        migrations.RunPython(fold_anew, migrations.RunPython.noop),
    ]
