"""Blocked data are stored only, whatever route is tried; the block is lifted by a second person."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import Agreement, DataSubject, Suppression
from registry.operations.blocking import block, unblock
from tests.factories import make_law, make_subject, make_user

pytestmark = pytest.mark.django_db


def blocked(operator, by, law="KZ-94-V"):
    subject = make_subject(operator)
    with unit_of_work(by=by):
        block(subject, law=make_law(law), cause="breach_reported", why="says so", by=by, at=timezone.now())
    return DataSubject.objects.get(pk=subject.pk)


def test_blocked_person_is_stored_only(lapp, dpo):
    """Under 94-V nothing of the person is changed, neither by save() nor by update()."""
    subject = blocked(lapp, dpo)
    assert subject.state == "blocked"
    with unit_of_work(by=dpo):
        subject.email = "other@example.kz"
        with pytest.raises(ValidationError, match="blocked under KZ-94-V: changing them is refused"):
            subject.save()
        with pytest.raises(ValidationError, match="Some of these people are blocked"):
            DataSubject.objects.filter(pk=subject.pk).update(email="other@example.kz")
        with pytest.raises(ValidationError, match="blocked under KZ-94-V"):
            Agreement(subject=subject, number="1").save()


def test_russian_law_lets_blocked_data_be_clarified(lapp, dpo):
    """152-FZ blocks in order to clarify: a correction is saved."""
    subject = blocked(lapp, dpo, "RU-152-FZ")
    with unit_of_work(by=dpo):
        subject.email = "other@example.kz"
        subject.save()
    assert DataSubject.objects.get().email == "other@example.kz"


def test_opt_out_of_a_blocked_person_is_recorded(lapp, dpo):
    """What narrows the use of data no block forbids."""
    subject = blocked(lapp, dpo)
    with unit_of_work(by=dpo):
        Suppression(subject=subject, channel="email", since_on=timezone.localdate()).save()
    assert subject.suppressions.count() == 1


def test_block_is_lifted_by_somebody_else(lapp, dpo):
    """Who set the block does not lift it; a second block adds nothing, a second lifting neither."""
    subject, other = blocked(lapp, dpo), make_user("dpo", lapp)
    with unit_of_work(by=dpo):
        block(subject, law=make_law(), cause="other", why="again", by=dpo, at=timezone.now())
        assert subject.blocks.count() == 1
        with pytest.raises(ValidationError, match="Somebody else lifts it"):
            unblock(subject, by=dpo, at=timezone.now(), why="not confirmed")
    with unit_of_work(by=other):
        assert unblock(subject, by=other, at=timezone.now(), why="not confirmed") == 1
        assert unblock(subject, by=other, at=timezone.now(), why="not confirmed") == 0
    subject.refresh_from_db()
    assert subject.state == "active"


def test_state_follows_the_blocks(lapp, dpo):
    """Nobody makes a blocked person active by writing so."""
    subject = blocked(lapp, dpo)
    with unit_of_work(by=dpo):
        subject.state = "active"
        subject.save()
    assert DataSubject.objects.get().state == "blocked"
