"""manage.py load_laws [FILE…] [--by USER] [--reason TEXT]"""

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.imports.inspection import FileRefused
from registry.imports.laws import load_laws
from registry.management.acting import acting
from registry.scope import ADMINISTRATOR


class Command(BaseCommand):
    help = "Brings the library of laws and norms to what the project's files say. Run again it changes nothing."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="*", metavar="FILE", help="default: registry/registers/laws/*.toml")
        parser.add_argument("--by", default="", metavar="USER", help="who loads, an administrator; default: the system")
        parser.add_argument("--reason", default="", metavar="TEXT")

    def handle(self, *, files, by, reason, **options):
        by, role = acting(by, [ADMINISTRATOR], object_type="law")
        try:
            loaded = load_laws(files, by=by, role=role, reason=reason)
        except FileRefused as refusal:
            raise CommandError(str(refusal)) from None
        counted = [
            ngettext("%d law", "%d laws", loaded.laws) % loaded.laws,
            ngettext("%d norm", "%d norms", loaded.norms) % loaded.norms,
            ngettext("%d deadline rule", "%d deadline rules", loaded.rules) % loaded.rules,
        ]
        self.stdout.write(_("%(found)s: %(count)d written.") % {"found": ", ".join(counted), "count": loaded.written})
        if loaded.kept:
            told = ngettext(
                "%d norm, rule, moved day or standing of a country is no longer in the files and is kept.",
                "%d norms, rules, moved days or standings of countries are no longer in the files and are kept.",
                loaded.kept,
            )
            self.stdout.write(told % loaded.kept)
