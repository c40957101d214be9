"""manage.py what_if --country CC --law CODE --protects yes|no [--on DATE] [--operator CODE] [--by USER]"""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from registry.choices import COUNTRIES
from registry.management.acting import acting, operator_of, those_who_may
from registry.models import Law
from registry.operations.transfers import what_if

MAY_ASK = those_who_may("view_crossbordertransfer")


class Command(BaseCommand):
    help = (
        "Lists the cross-border transfers that would be suspended and taken up again if a country did, or did not, ensure protection "
        "under a law from a day on. Changes nothing; the journal keeps that it was asked."
    )

    def add_arguments(self, parser):
        parser.add_argument("--country", required=True, metavar="CC", help="two letters, ISO 3166")
        parser.add_argument("--law", required=True, metavar="CODE", help="for example KZ-94-V")
        parser.add_argument("--protects", required=True, choices=["yes", "no"])
        parser.add_argument("--on", default="", metavar="DATE", help="as on that day; default: today")
        parser.add_argument("--operator", default="", metavar="CODE", help="only this operator; default: all")
        parser.add_argument("--by", default="", metavar="USER", help="who asks; default: the system")

    def handle(self, *, country, law, protects, on, operator, by, **options):
        country = country.upper()
        if country not in COUNTRIES:
            raise CommandError(_("“%s” is no country code. Write two letters of ISO 3166, for example KZ.") % country)
        named = operator_of(operator) if operator else None
        by, role = acting(by, MAY_ASK, named, object_type="crossbordertransfer")
        found = what_if(
            country, law_of(law), protects=protects == "yes", on=day_of(on), by=by, role=role, operator=named
        )
        for title, transfers in (
            (_("Would be suspended: %s"), found.suspended),
            (_("Would be taken up again: %s"), found.resumed),
        ):
            self.stdout.write(title % len(transfers))
            for each in transfers:
                self.stdout.write(f"  {each.operator.code}  {each.code}  {each}")


def law_of(code):
    law = Law.objects.filter(code=code).first()
    if law is None:
        known = ", ".join(Law.objects.values_list("code", flat=True)) or _("none")
        raise CommandError(_("There is no law “%(code)s”. Known are: %(known)s.") % {"code": code, "known": known})
    return law


def day_of(text):
    try:
        day = parse_date(text) if text else timezone.localdate()
    except ValueError:
        day = None
    if day is None:
        raise CommandError(_("“%s” is no day. Write it as 2026-01-31.") % text)
    return day
