"""Rows a second of a CRM import: the default import-export resource against ours, dry run and apply on both sides.

python -m tests.benchmarks.bench_import [ROWS]            SQLite
TEST_DATABASE=postgresql python -m tests.benchmarks.bench_import [ROWS]
"""

import csv
import datetime as dt
import io
import os
import random
import sys
import time

PEOPLE = ["crm_id", "surname", "given_name", "patronymic", "email", "phone", "birth_date", "language"]
CONSENTS = ["consent_purpose", "consent_given_on", "consent_channel", "third_parties", "cross_border", "publication"]
DEFAULT_ROWS = 3000


def made_up_people(count, prefix):
    """Rows of people and their consents; the same for the same arguments."""
    rng = random.Random(prefix)
    surnames = ["Қасымова", "Иванов", "Нұрпейісов", "Ким", "Ахметова", "Сейітқызы"]
    given = ["Әсем", "Данияр", "Айгүл", "Сергей", "Мұрат", "Ольга"]
    for number in range(count):
        born = dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(20000))
        person = [f"{prefix}{number:07}", rng.choice(surnames), rng.choice(given), "", f"p{prefix}{number}@example.kz",
                  f"+7701{rng.randrange(10**7):07}", str(born), rng.choice(["ru", "kk"])]  # fmt: skip
        consent = [
            "email-information",
            str(dt.date(2024, 1, 1) + dt.timedelta(days=number % 600)),
            "web form",
            "no",
            "no",
            "no",
        ]
        yield person, consent


def csv_bytes(header, rows):
    text = io.StringIO()
    csv.writer(text, delimiter=";").writerows([header, *rows])
    return text.getvalue().encode()


def by_default(operator, count):
    """The resource import-export makes of the model, nothing set: rows a second of dry run and import together."""
    import tablib
    from import_export.resources import modelresource_factory

    from registry.journal import unit_of_work
    from registry.models import DataSubject

    rows = [[*person, operator.pk] for person, _consent in made_up_people(count, "D")]
    resource = modelresource_factory(
        DataSubject, meta_options={"import_id_fields": ["crm_id"], "fields": [*PEOPLE, "operator"]}
    )()
    begun = time.perf_counter()
    for dry_run in (True, False):
        with unit_of_work(by=None, role="system", operator=operator):
            result = resource.import_data(
                tablib.Dataset(*rows, headers=[*PEOPLE, "operator"]), dry_run=dry_run, raise_errors=True
            )
    taken = time.perf_counter() - begun
    assert result.totals["new"] == count == DataSubject.objects.filter(crm_id__startswith="D").count()
    return count / taken


def by_ours(operator, content, count):
    """Plan and apply together, and apply alone."""
    from registry.imports import storage
    from registry.imports.apply import apply, take
    from registry.imports.plan import make_plan

    acting = {"by": None, "role": "system"}
    run = storage.upload(operator=operator, owner=None, role="system", file_name="bench.csv", chunks=[content])
    begun = time.perf_counter()
    make_plan(run, **acting)
    planned = time.perf_counter()
    apply(take(run, token=run.token, by=None), **acting)
    ended = time.perf_counter()
    assert (run.rejected, run.stopped) == (0, 0)
    return count / (ended - begun), count / (planned - begun), count / (ended - planned), run


def main(count):
    from django.db import connection

    from tests import factories

    operator = factories.make_operator()
    factories.make_purpose(operator)
    default = by_default(operator, count)
    print(f"{connection.vendor}: default resource, people: {default:.0f} rows/s (dry run and import, {count} rows)")
    more = count * 10
    people = csv_bytes(PEOPLE, (person for person, _consent in made_up_people(more, "P")))
    both, plan, apply, _run = by_ours(operator, people, more)
    report("people", both, plan, apply, default, more)
    full = csv_bytes(PEOPLE + CONSENTS, (person + consent for person, consent in made_up_people(more, "F")))
    report("people and consents", *by_ours(operator, full, more)[:3], default, more)
    both, plan, apply, run = by_ours(operator, full, more)
    assert run.same == more
    report("the same file again", both, plan, apply, default, more)


def report(what, both, plan, apply, default, count):
    print(
        f"  ours, {what}: {both:.0f} rows/s (plan {plan:.0f}, apply {apply:.0f}, {count} rows): {both / default:.1f} times"
    )


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection

    connection.creation.create_test_db(verbosity=0)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_ROWS)
    connection.close()
