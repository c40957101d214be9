"""manage.py load_laws [FILE…] [--by USER] [--reason TEXT]"""

from django.core.management.base import BaseCommand, CommandError

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
        self.stdout.write(
            f"{loaded.laws} laws, {loaded.norms} norms, {loaded.rules} deadline rules: {loaded.written} written."
        )
        if loaded.kept:
            self.stdout.write(
                f"{loaded.kept} norms, rules, moved days or standings of countries are no longer in the files and are kept."
            )
