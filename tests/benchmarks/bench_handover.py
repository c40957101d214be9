"""A hand-over of 100,000 people, as the worker does it: shown before, done, and its page afterwards.

python -m tests.benchmarks.bench_handover [PEOPLE]                                      SQLite
TEST_DATABASE=postgresql python -m tests.benchmarks.bench_handover [PEOPLE]

Nine tenths go; one tenth has not consented that the data go to third parties. Every row has its history row and its entry.
"""

import time

from tests.benchmarks import report, setting
from tests.benchmarks.bench_grounds import GIVEN_ON, put

PEOPLE = 100_000
PEOPLE_A_SECOND = 400


def seeded(operator, people):
    """The activity that everybody's data serve."""
    from registry.models import Consent, DataSubject, SubjectPurpose
    from tests.disclosing import COMPLETE, make_activity
    from tests.factories import make_rule

    make_rule("KZ-TRANSFER-NOTICE", trigger="third_party_transfer", amount=10)
    activity = make_activity(operator)
    purpose, one = activity.purposes.get().purpose, {"operator": operator}
    persons = put(DataSubject, [DataSubject(crm_id=f"C{each:07}", surname="Ким", **one) for each in range(people)])
    said = {"purpose": purpose, "given_on": GIVEN_ON, **COMPLETE, **one}
    consents = put(
        Consent,
        [
            Consent(subject=each, **said | {"third_parties": number % 10 > 0})
            for number, each in enumerate(persons)
        ],
    )  # fmt: skip
    about = {"purpose": purpose, "ground": "consent", "since_on": GIVEN_ON, **one}
    put(SubjectPurpose, [SubjectPurpose(subject=each.subject, consent=each, **about) for each in consents])
    return activity


def main():
    setting.open_database()
    from django.utils import timezone

    from registry import tasks
    from registry.operations import telling
    from registry.operations.handover import HandOver, preview
    from tests.disclosing import make_recipient

    people = setting.given(1, "BENCH_PEOPLE", PEOPLE)
    operator = setting.emptied()
    activity = seeded(operator, people)
    said = HandOver(make_recipient(operator, "buyer", kind="acquirer"), (activity,), timezone.localdate(), "consent")
    of = f"of {people:,} people, {setting.label()}"

    begun = time.perf_counter()
    counts = preview(said)
    report.record(f"looking at each beforehand, {of}", time.perf_counter() - begun, "s")
    begun = time.perf_counter()
    run = tasks.begin_handover(said, by=None, at=timezone.now(), role="system", here=True)
    seconds = time.perf_counter() - begun
    assert (
        (run.people, run.without_ground)
        == (counts.people, counts.without_ground)
        == (people - people // 10, people // 10)
    )
    report.record(f"handing over {of}", people / seconds, "people/s", PEOPLE_A_SECOND)
    begun = time.perf_counter()
    assert telling.by_day(run)[0]["waiting"] == run.people
    report.record(f"the words that are owed {of}", time.perf_counter() - begun, "s", 1, at_least=False)


if __name__ == "__main__":
    main()
