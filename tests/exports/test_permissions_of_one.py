"""One person's answer on their page is the row of the file: both are decided by the same facts, found in two ways."""

import datetime as dt
import random

import pytest
from django.utils import timezone

from registry.exports.permissions import PermissionsFile
from registry.exports.permissions_of_one import PermissionsOfOne
from registry.models import ActivityPurpose, DataSubject, ProcessingActivity, Suppression
from tests.factories import make_operator, make_purpose, make_subject, save

from .test_permissions import office, operator_purpose, person  # noqa: F401 -- office is a fixture
from .test_permissions_shared import ADDRESSES, CHANNELS, IIN, blocked, changed, having, opt_out

pytestmark = pytest.mark.django_db

POOLS = {
    "iin": ["", IIN, "791028302728"],
    "email": ["", "asem@example.kz", "Asem@Example.kz", "masem@example.kz", "a_em@example.kz"],
    "phone": ["", "+77010000001", "+77010000002"],
}


def of_file(operator, at):
    rows = (row for rows in PermissionsFile(operator, at, whole=True).chunks() for row in rows)
    return {row.crm_id: row.allowed for row in rows}


def made_up(operator, chance, number):
    """Somebody with addresses that others have, too, a consent of any kind or none, opt-outs and perhaps a block."""
    subject = person(
        operator, f"C{number}", third_parties=chance.random() < 0.5, data_list=chance.choice(["", "name"])
    ).subject
    subject = changed(subject, **{field: chance.choice(pool) for field, pool in POOLS.items()})
    for channel in (*CHANNELS, "post"):
        if chance.random() < 0.2:
            since = dt.date(2026, 3, chance.randint(1, 9))
            [given] = opt_out(subject, channel, since_on=since)
            if chance.random() < 0.3:
                changed(given, ended_on=since)
    return subject


@pytest.mark.parametrize("seed", range(3))
def test_page_and_file_say_the_same(office, seed):  # noqa: F811
    """Whatever addresses people share, whoever opted out or is blocked."""
    chance = random.Random(seed)
    activity = save(ProcessingActivity(operator=office, code="mailing", name_en="Mailing"))
    save(ActivityPurpose(activity=activity, purpose=operator_purpose(office)))
    people = [made_up(office, chance, number) for number in range(30)]
    for subject in chance.sample(people, 3):
        blocked(subject, activity=chance.choice([None, activity]))
    at = timezone.now()
    everybody = DataSubject.objects.filter(operator=office).select_related("operator")
    answers = of_file(office, at)
    assert {each.crm_id: PermissionsOfOne(each, at).permissions for each in everybody} == answers
    assert len({answer.why for answer in answers.values()}) > 3


def test_others_are_named_with_the_address_that_carries_it(office):  # noqa: F811
    """A mailbox carries an opt-out of e-mail and no other; the earliest comes first; whoever else opted out is not looked at."""
    first = having(office, "C1", email="Asem@Example.kz", phone=ADDRESSES["phone"])
    opt_out(first, *CHANNELS, since_on=dt.date(2026, 3, 2))
    opt_out(having(office, "C2", email="asem@example.kz"), "email", since_on=dt.date(2026, 3, 1))
    opt_out(having(office, "C3", email="masem@example.kz"), "email")
    [ended] = opt_out(having(office, "C4", email="asem@example.kz"), "email", since_on=dt.date(2026, 2, 1))
    changed(ended, ended_on=dt.date(2026, 2, 2))
    foreign = make_operator("lapp", bin="201240037894")
    save(
        Suppression(
            subject=make_subject(foreign, crm_id="C1", email="asem@example.kz"),
            channel="email",
            since_on=dt.date(2026, 1, 1),
        )
    )
    theirs = having(office, "C5", email="asem@example.kz", phone=ADDRESSES["phone"])
    opt_out(theirs, "message")
    known = PermissionsOfOne(theirs, timezone.now())
    assert [(field, each.channel, each.subject.crm_id) for field, each in known.opt_outs_of_others] == [
        ("email", "email", "C2"),
        ("email", "email", "C1"),
        ("phone", "call", "C1"),
    ]


def test_opt_out_is_named_once(office):  # noqa: F811
    """By the IIN, where somebody has the mailbox as well: it carries more."""
    opt_out(having(office, "C1", **ADDRESSES), "email")
    known = PermissionsOfOne(having(office, "C2", **ADDRESSES), timezone.now())
    assert [field for field, _opt_out in known.opt_outs_of_others] == ["iin"]


def test_whoever_has_no_crm_id_gets_an_answer(office):  # noqa: F811
    """No file names them; what is allowed holds all the same."""
    make_purpose(office, code="other")
    nobody = make_subject(office, crm_id="", email="", phone="")
    assert PermissionsOfOne(nobody, timezone.now()).permissions.why == "no_ground"
