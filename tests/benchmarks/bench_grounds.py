"""Who is processed without a live ground, asked of 50,000 people: the time of the one query, and that it finds nobody. Then what an
officer waits for who withdraws one consent among them, and how many people a second stop when their consents have ended.

python -m tests.benchmarks.bench_grounds [PEOPLE]                                       SQLite
TEST_DATABASE=postgresql python -m tests.benchmarks.bench_grounds [PEOPLE]

Six tenths rest on a consent, three on an agreement, one on a norm. The rows go straight into the live tables, without history.
"""

import datetime as dt
import statistics
import time

from tests.benchmarks import report, setting

PEOPLE = 50_000
AT_ONCE = 5_000
RUNS = 5
SECONDS = 2
WITHDRAWN, ENDED = 20, 5_000
GIVEN_ON = dt.date(2026, 1, 1)


def put(model, records):
    """Past the guards of bulk_create: nobody here is blocked, and nothing is told to the journal."""
    from django.db.models import QuerySet

    return QuerySet(model).bulk_create(records, batch_size=AT_ONCE)


def seeded(operator, people):
    from registry.models import (
        ActivityPurpose,
        Agreement,
        Consent,
        DataSubject,
        LegalBasis,
        ProcessingActivity,
        Purpose,
        SubjectPurpose,
    )
    from tests.factories import make_norm, make_purpose, save

    named = {"operator": operator, "name_en": "One"}
    by_consent = Purpose.objects.get(operator=operator)
    activity = save(ProcessingActivity(code="one", **named))
    norm = make_norm("KZ-94-V/9", is_ground=True)
    bases = {kind: save(LegalBasis(code=kind, kind=kind, norm=norm, **named)) for kind in ("contract", "law")}
    purposes = {kind: make_purpose(operator, kind) for kind in bases}
    for kind, basis in bases.items():
        save(ActivityPurpose(operator=operator, activity=activity, purpose=purposes[kind], basis=basis))
    whole = {"until_purpose_reached": True, "third_parties": False, "cross_border": False, "publication": False}
    persons = put(
        DataSubject,
        [DataSubject(operator=operator, crm_id=f"C{number:07}", surname="Ким") for number in range(people)],
    )
    about = {"operator": operator, "since_on": GIVEN_ON}
    consents = put(
        Consent,
        [
            Consent(operator=operator, subject=each, purpose=by_consent, given_on=GIVEN_ON, data_list="e-mail", **whole)
            for number, each in enumerate(persons)
            if number % 10 < 6
        ],
    )
    agreements = put(
        Agreement,
        [
            Agreement(operator=operator, subject=each, number="1", concluded_on=GIVEN_ON)
            for number, each in enumerate(persons)
            if 6 <= number % 10 < 9
        ],
    )
    served = [
        SubjectPurpose(subject=each.subject, purpose=by_consent, ground="consent", consent=each, **about)
        for each in consents
    ]
    served += [
        SubjectPurpose(subject=each.subject, purpose=purposes["contract"], ground="agreement", agreement=each,
                       basis=bases["contract"], **about)
        for each in agreements
    ]  # fmt: skip
    served += [
        SubjectPurpose(subject=each, purpose=purposes["law"], ground="norm", basis=bases["law"], **about)
        for number, each in enumerate(persons)
        if number % 10 == 9
    ]
    put(SubjectPurpose, served)


def main():
    connection = setting.open_database()
    from django.utils import timezone

    from registry.models import SubjectPurpose

    people = setting.given(1, "BENCH_ROWS", PEOPLE)
    seeded(setting.emptied(), people)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    today, seconds = timezone.localdate(), []
    for _run in range(RUNS):
        begun = time.perf_counter()
        found = SubjectPurpose.objects.groundless(today).count()
        seconds.append(time.perf_counter() - begun)
    of = f"of {people:,} people, {setting.label()}"
    live = SubjectPurpose.objects.live(today).count()
    report.record(f"purposes served {of}", live, "", people)
    report.record(f"processed without a live ground {of}", found, "", 0, at_least=False)
    report.record(f"asking for them {of}", statistics.median(seconds), "s", SECONDS, at_least=False)
    report.record(f"withdrawing one consent {of}", withdrawn_in(WITHDRAWN) * 1000, "ms")
    report.record(f"stopping where consents have ended {of}", ENDED / ended_in(ENDED), "people/s")


def withdrawn_in(count):
    """Seconds a consent, the median of so many."""
    from django.utils import timezone

    from registry.journal import unit_of_work
    from registry.models import Consent

    seconds = []
    for consent in Consent.objects.order_by("pk")[:count]:
        begun = time.perf_counter()
        with unit_of_work(**setting.ACTING, operator=consent.operator):
            consent.withdraw(by=None, at=timezone.now())
        seconds.append(time.perf_counter() - begun)
    return statistics.median(seconds)


def ended_in(count):
    """Seconds until the data of so many people, whose consents have ended since, serve nothing any more."""
    from django.db.models import QuerySet
    from django.utils import timezone

    from registry.journal import unit_of_work
    from registry.models import Consent
    from registry.models.grounding import settle

    today = timezone.localdate()
    people = list(Consent.objects.order_by("-pk").values_list("subject", flat=True)[:count])
    QuerySet(Consent).filter(subject__in=people).update(ended_on=today - dt.timedelta(days=1))
    begun = time.perf_counter()
    with unit_of_work(**setting.ACTING, operator="lapp"):
        assert settle(today, subject__in=people) == count
    return time.perf_counter() - begun


if __name__ == "__main__":
    main()
