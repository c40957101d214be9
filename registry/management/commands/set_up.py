"""manage.py set_up [FILE…]: the first start: registers, one administrator and one DPO. A second start changes nothing."""

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from registry import journal
from registry.choices import Role
from registry.imports.registers import operator_code_of
from registry.models import Membership, Operator, ResponsiblePerson, User
from registry.passwords import one_time_password

ADMINISTRATOR, DPO = "administrator", "dpo"


class Command(BaseCommand):
    help = "Loads the registers that are missing and adds the first administrator and DPO; their passwords are printed once."

    def add_arguments(self, parser):
        parser.add_argument("files", nargs="*", metavar="FILE", help="default: every file of registry/registers")

    def handle(self, *, files, **options):
        call_command("load_laws", stdout=self.stdout)
        call_command("load_register", *files, all=not files, new_only=True, stdout=self.stdout)
        code = operator_code_of(files[0]) if files else "lapp"
        with journal.unit_of_work(by=None, role="system"):
            passwords = {} if User.objects.exists() else add_first_users(code)
        for username, password in passwords.items():
            said = {"username": username, "password": password}
            self.stdout.write(_("user %(username)s  one-time password %(password)s") % said)
        if passwords:
            self.stdout.write(_("Each password works once: a new one is asked for at the first login."))


def add_first_users(code):
    """The administrator, and a DPO of every operator who is this one's responsible person; their passwords by user name."""
    passwords = {name: one_time_password() for name in (ADMINISTRATOR, DPO)}
    add_user(ADMINISTRATOR, passwords[ADMINISTRATOR], is_administrator=True)
    person = ResponsiblePerson.objects.filter(operator__code=code, user=None).first()
    dpo = add_user(DPO, passwords[DPO], **({"full_name": person.name, "email": person.email} if person else {}))
    for operator in Operator.objects.all():
        Membership(user=dpo, operator=operator, role=Role.DPO).save()
    if person is not None:
        person.user = dpo
        person.save()
    return passwords


def add_user(username, password, **fields):
    user = User.objects.create_user(username, password, must_change_password=True, **fields)
    journal.record("user.create", object_type="user", uid=user.uid, fields=sorted(["username", *fields]))
    return user
