"""manage.py load_register FILE… | --all [--overwrite] [--new-only] [--by USER] [--reason TEXT]"""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from registry.imports.inspection import FileRefused
from registry.imports.laws import REGISTERS
from registry.imports.registers import CREATED, OVERWRITTEN, UNCHANGED, RegisterEdited, load_register, operator_code_of
from registry.management.acting import acting, those_who_may
from registry.models import Operator, ProcessingActivity

OUTCOMES = {
    CREATED: gettext_lazy("%s created"),
    UNCHANGED: gettext_lazy("%s unchanged"),
    OVERWRITTEN: gettext_lazy("%s overwritten"),
}


class Command(BaseCommand):
    help = "Loads registers from TOML files. One that is there and differs is left, naming what differs, unless --overwrite."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="*", metavar="FILE")
        parser.add_argument("--all", action="store_true", help="every file of registry/registers")
        parser.add_argument("--overwrite", action="store_true", help="make a register that is there what the file says")
        parser.add_argument("--new-only", action="store_true", help="leave operators alone that are there already")
        parser.add_argument(
            "--by", default="", metavar="USER", help="who loads, a DPO of the operator; default: the system"
        )
        parser.add_argument("--reason", default="", metavar="TEXT")

    def handle(self, *, files, by, reason, **options):
        if bool(files) == options["all"]:
            raise CommandError(_("Name the files to load, or give --all."))
        refused = False
        for path in [Path(file) for file in files] or sorted(REGISTERS.glob("*.toml")):
            refused = not self.load(path, by, reason, options["overwrite"], options["new_only"]) or refused
        if refused:
            raise CommandError(_("Not every register was loaded: see above."))

    def acting(self, by, code, operator):
        if by and code and operator is None:
            raise CommandError(_("Operator “%s” is new, nobody has a role there yet. Load it without --by.") % code)
        return acting(by if code else "", those_who_may("change_operator"), operator, object_type="operator")

    def load(self, path, by, reason, overwrite, new_only):
        try:
            code = operator_code_of(path)
            operator = Operator.objects.filter(code=code).first()
            if new_only and operator is not None:
                told = _("%(file)s: operator %(code)s is there already, left alone.")
                self.stdout.write(told % {"file": path.name, "code": code})
                return True
            by, role = self.acting(by, code, operator)
            loaded = load_register(path, by=by, role=role, reason=reason, overwrite=overwrite)
        except RegisterEdited as refusal:
            self.stderr.write(str(refusal))
            told = _(
                "%s: the register differs from the file and is left as it is. --overwrite makes it what the file says; what the "
                "file does not have is deleted then."
            )
            self.stderr.write(told % path.name)
            return False
        except FileRefused as refusal:
            self.stderr.write(str(refusal))
            return False
        activities = ProcessingActivity.objects.filter(operator=loaded.operator)
        counted = [
            ngettext("%d record", "%d records", loaded.records) % loaded.records,
            ngettext("%d activity", "%d activities", activities.count()) % activities.count(),
        ]
        blockers = sum(len(activity.blockers()) for activity in activities)
        told = ngettext("%(found)s with %(count)d blocker.", "%(found)s with %(count)d blockers.", blockers)
        said = f"{path.name}: {OUTCOMES[loaded.outcome] % loaded.operator.code}, {', '.join(counted)}"
        self.stdout.write(told % {"found": said, "count": blockers})
        return True
