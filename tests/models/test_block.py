"""Blocked data are stored only, whatever route is tried; the block is lifted by a second person."""

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from registry.journal import unit_of_work
from registry.models import Agreement, Block, DataSubject, Suppression
from registry.operations.blocking import block, unblock
from tests.factories import make_law, make_norm, make_subject, make_user

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
        with pytest.raises(ValidationError, match="blocked under KZ-94-V: changing them is refused"):
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


def test_block_set_while_a_record_is_being_edited_counts(lapp, dpo):
    """Who read the person before the block and saves after it meets it, and does not make the person active again."""
    read_before = make_subject(lapp)
    with unit_of_work(by=dpo):
        block(
            DataSubject.objects.get(pk=read_before.pk), law=make_law(), cause="other", why="says so", by=dpo,
            at=timezone.now(),
        )  # fmt: skip
        read_before.email = "other@example.kz"
        with pytest.raises(ValidationError, match="blocked under KZ-94-V"):
            read_before.save()
    assert DataSubject.objects.get().state == "blocked"


def test_blocks_are_not_lifted_in_bulk(lapp, dpo):
    """No query lifts a block past the second person, or takes it away."""
    blocked(lapp, dpo)
    standing = Block.objects.standing()
    with unit_of_work(by=dpo):
        for act in (lambda: standing.update(lifted_at=timezone.now()), standing.delete):
            with pytest.raises(ValidationError, match="set and lifted one by one"):
                act()
    assert standing.count() == 1


def test_refusal_names_the_norm_of_the_law_of_the_block(lapp, dpo):
    """Whatever laws the operator has: the block was set under one of them, and what is unverified says so."""
    make_norm("KZ-94-V/1(3)", topics="blocking", verified="verified")
    make_norm("RU-152-FZ/21(1)", law="RU-152-FZ", topics="blocking")
    for law, norm in (("KZ-94-V", "KZ-94-V art. 1(3)"), ("RU-152-FZ", "RU-152-FZ art. 21(1) (unverified)")):
        subject = blocked(lapp, dpo, law)
        with unit_of_work(by=dpo), pytest.raises(ValidationError) as refusal:
            subject.delete()
        assert refusal.value.messages == [
            f"The data are blocked under {law}: destroying them is refused until somebody else lifts the block. [{norm}]"
        ]
