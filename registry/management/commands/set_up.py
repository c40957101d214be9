"""First start: the five registers, one administrator and one DPO with one-time passwords. A second start changes nothing."""

import secrets

from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from registry import journal
from registry.choices import Role
from registry.models import Membership, Operator, ResponsiblePerson, User

ONE_TIME_PASSWORD_BYTES = 15
ADMINISTRATOR, DPO = "administrator", "dpo"


class Command(BaseCommand):
    help = "Loads the registers that are missing and adds the first administrator and DPO; their passwords are printed once."

    def handle(self, *args, **options):
        call_command("load_laws", stdout=self.stdout)
        call_command("load_register", all=True, new_only=True, stdout=self.stdout)
        if User.objects.exists():
            return
        self.add_user(ADMINISTRATOR, is_administrator=True)
        dpo = self.add_user(DPO)
        with journal.unit_of_work(by=None, role="system"):
            for operator in Operator.objects.all():
                Membership(user=dpo, operator=operator, role=Role.DPO).save()
            person = ResponsiblePerson.objects.filter(operator__code="lapp", user=None).first()
            if person is not None:
                dpo.full_name, dpo.email, person.user = person.name, person.email, dpo
                dpo.save()
                person.save()
        self.stdout.write(_("Each password works once: a new one is asked for at the first login."))

    def add_user(self, username, **fields):
        password = secrets.token_urlsafe(ONE_TIME_PASSWORD_BYTES)
        with journal.unit_of_work(by=None, role="system"):
            user = User.objects.create_user(username, password, must_change_password=True, **fields)
            journal.record("user.create", object_type="user", fields=["username"])
        self.stdout.write(
            _("user %(username)s  one-time password %(password)s") % {"username": username, "password": password}
        )
        return user
