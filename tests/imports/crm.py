"""Made-up exports of a CRM, and the way from a file into the register."""

import csv
import io

from registry.imports import storage
from registry.imports.apply import apply, take
from registry.imports.crm_file import Said
from registry.imports.plan import make_plan

HEADER = [
    "crm_id", "surname", "given_name", "patronymic", "iin", "email", "phone", "birth_date", "language",
    "consent_purpose", "consent_given_on", "consent_channel", "consent_expires_on", "third_parties", "cross_border",
    "publication", "agreement_number", "agreement_on",
]  # fmt: skip


def person(number, **cells):
    """One row of a CRM as a dict; everything in it is right."""
    digits = f"{number:07}"
    return {
        "crm_id": f"C{number:07}",
        "surname": "Қасымова",
        "given_name": "Әсем",
        "email": f"asem{number}@example.kz",
        "phone": f"8 (701) {digits[:3]}-{digits[3:5]}-{digits[5:]}",
        "language": "ru",
    } | cells


def consent(**cells):
    return {
        "consent_purpose": "email-information",
        "consent_given_on": "11.09.2024",
        "consent_channel": "written",
        "consent_expires_on": "11.09.2094",
        "third_parties": "нет",
        "cross_border": "нет",
        "publication": "нет",
    } | cells


def csv_of(rows, header=None):
    header = header or [name for name in HEADER if any(name in row for row in rows)]
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([header, *([row.get(name, "") for name in header] for row in rows)])
    return text.getvalue().encode()


class CRM:
    """Imports rows or bytes into an operator and keeps the last plan."""

    acting = {"by": None, "role": "system"}

    def __init__(self, operator):
        self.operator = operator

    def upload(self, content):
        content = content if isinstance(content, bytes) else csv_of(content)
        return storage.upload(
            operator=self.operator, owner=None, role="system", file_name="people.csv", chunks=[content]
        )

    def plan(self, content, *, accept_damaged_names=False, **said):
        run = self.upload(content)
        self.shown = make_plan(run, Said(**said), accept_damaged_names=accept_damaged_names, **self.acting)
        return run

    def apply(self, run, **kwargs):
        return apply(take(run, token=run.token, by=None), **self.acting, **kwargs)

    def load(self, content, **kwargs):
        return self.apply(self.plan(content, **kwargs))

    def counts(self, run):
        return {
            kind: getattr(run, kind) for kind in ("new", "changed", "same", "rejected", "stopped") if getattr(run, kind)
        }

    def reasons(self, run):
        return {row.line: row.reasons for row in run.listed_rows.all()}
