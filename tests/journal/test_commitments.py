"""Property: what is committed to in memory opens again from the row as read back, on both databases."""

import datetime as dt
import json

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from registry import journal
from registry.journal import canonical
from registry.models import Consent, DataSubject, JournalEntry
from tests.factories import make_operator, make_purpose, save

# Letters of the three languages and beyond; no surrogates and no NUL, which no form and no file lets through.
names = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp", "Cf"]), min_size=1, max_size=40
)
days = st.dates(dt.date(1950, 1, 1), dt.date(2025, 12, 31))
answers = st.none() | st.booleans()


@pytest.mark.django_db
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    surname=names,
    born=st.none() | days,
    given_on=days,
    answer=answers,
    reason=st.text(max_size=20).filter(lambda text: "\x00" not in text and text.isprintable()),
)
def test_commitments_open_from_the_database(db, surname, born, given_on, answer, reason):
    """Whatever people are called and whatever they agreed to, the row read back opens its entry."""
    with transaction.atomic():
        operator = make_operator("lapp")
        purpose = make_purpose(operator)
        with journal.unit_of_work(by=None, reason=reason):
            subject = DataSubject(operator=operator, surname=surname, birth_date=born)
            subject.save()
            Consent(
                operator=operator, subject=subject, purpose=purpose, given_on=given_on, third_parties=answer,
                withdrawn_at=dt.datetime(2026, 1, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=5))), evidence=surname,
            ).save()  # fmt: skip
        for model in (DataSubject, Consent):
            row = model.history.get()
            said = json.loads(
                JournalEntry.objects.get(object_type=model._meta.model_name, history_id=row.history_id).body
            )
            assert (said["public"], said["personal"]) == canonical.commitments(row)
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_another_value_does_not_open(lapp):
    """A row changed behind the journal's back opens neither commitment."""
    subject = save(DataSubject(operator=lapp, surname="Қасымова"))
    row = subject.history.get()
    said = json.loads(JournalEntry.objects.get(object_type="datasubject").body)
    row.surname = "Касымова"
    assert canonical.commitments(row)[1] != said["personal"]
    row.language = "kk"
    assert canonical.commitments(row)[0] != said["public"]


def test_floats_are_refused():
    """A float has no one spelling; nothing with one is ever hashed."""
    with pytest.raises(TypeError):
        canonical.canonical({"amount": 1.1})
