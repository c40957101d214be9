"""Nobody's data serve a purpose without a live ground, whatever is done in whatever order: one query says so after every act."""

import datetime as dt
from contextlib import ExitStack, suppress
from unittest import mock

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, transaction
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from registry.journal import unit_of_work
from registry.models import (
    ActivityPurpose,
    Agreement,
    Consent,
    DataSubject,
    GroundDecision,
    ImportRun,
    LegalBasis,
    ProcessingActivity,
    Purpose,
    SubjectPurpose,
)
from registry.models.grounding import serve
from registry.operations.blocking import block, unblock
from registry.operations.withdrawal import withdraw
from tests.factories import make_law, make_norm, make_operator, make_purpose, make_subject, make_user, save
from tests.imports.crm import CRM, consent, person
from tests.imports.undoing import undone

from .test_ground import COMPLETE

pytestmark = pytest.mark.django_db

PEOPLE = st.integers(0, 19)
PURPOSES = st.sampled_from(["email-information", "news", "contract", "accounting"])
DAYS = st.sampled_from([0, 1, 30])
AHEAD = (0, 1, 30, 400)
REAL_NOW = timezone.now


class Register(RuleBasedStateMachine):
    """An operator under 94-V with four purposes: by consent, of marketing, by a contract that only the policy declares, by a norm."""

    taken = []  # what was not refused, of all examples

    def __init__(self):
        super().__init__()
        self.undone = ExitStack()

    @initialize()
    def open_office(self):
        self.days = 0
        self.undone.enter_context(mock.patch.object(timezone, "now", lambda: REAL_NOW() + dt.timedelta(days=self.days)))
        self.undone.enter_context(transaction.atomic())
        self.undone.callback(transaction.set_rollback, True)
        self.office = make_operator("kazger", bin="241040012133")
        self.officers = [make_user("dpo", self.office), make_user("dpo", self.office)]
        self.crm = CRM(self.office)
        for code in ("email-information", "contract", "accounting"):
            make_purpose(self.office, code)
        make_purpose(self.office, "news", is_marketing=True)
        named = {"operator": self.office, "name_en": "One"}
        self.activity = save(ProcessingActivity(code="one", **named))
        self.contract = save(LegalBasis(code="contract", kind="contract", **named))
        norm = make_norm("KZ-94-V/9", is_ground=True)
        self.norm = save(LegalBasis(code="norm", kind="law", norm=norm, **named))
        for code, basis in (
            ("contract", self.contract),
            ("accounting", self.norm),
            ("email-information", self.contract),
        ):
            self.link(code, basis)

    def teardown(self):
        self.undone.close()

    def link(self, code, basis):
        save(ActivityPurpose(operator=self.office, activity=self.activity, purpose=self.purpose(code), basis=basis))

    def purpose(self, code):
        return Purpose.objects.get(operator=self.office, code=code)

    def subject(self, number):
        crm_id = f"C{number:07}"
        return DataSubject.objects.filter(crm_id=crm_id).first() or make_subject(self.office, crm_id=crm_id)

    def act(self, do):
        """Whatever a rule of the register refuses has not happened."""
        with suppress(ValidationError):
            with transaction.atomic(), unit_of_work(by=self.officers[0], role="dpo"):
                do()
            self.taken.append(do.__qualname__)

    @rule(number=PEOPLE, code=PURPOSES, lasts=st.sampled_from([None, 0, 30]), whole=st.booleans())
    def give_consent(self, number, code, lasts, whole):
        today, subject = timezone.localdate(), self.subject(number)
        said = COMPLETE | ({"expires_on": today + dt.timedelta(days=lasts)} if lasts is not None else {})
        said |= {} if whole else {"data_list": ""}
        kind = "marketing" if code == "news" else "processing"
        record = Consent(subject=subject, purpose=self.purpose(code), kind=kind, given_on=today, **said)
        self.act(lambda: (record.full_clean(), record.save()))

    @rule(number=PEOPLE)
    def withdraw_all(self, number):
        subject = self.subject(number)
        self.act(lambda: withdraw(subject, by=self.officers[0], at=timezone.now()))

    @rule(number=PEOPLE, code=PURPOSES)
    def begin_to_serve(self, number, code):
        subject = self.subject(number)
        self.act(lambda: serve(subject, self.purpose(code), on=timezone.localdate()))

    @rule(number=PEOPLE, code=PURPOSES)
    def serve_by_hand(self, number, code):
        """On whatever the person has, fitting or not."""
        subject = self.subject(number)
        fields = {"ground": "norm", "basis": self.norm}
        if given := subject.consents.first():
            fields = {"ground": "consent", "consent": given}
        record = SubjectPurpose(
            subject=subject, purpose=self.purpose(code), since_on=timezone.localdate(), until_on=None, **fields
        )
        self.act(record.save)

    @rule(number=PEOPLE)
    def conclude_agreement(self, number):
        subject = self.subject(number)
        said = {"number": str(subject.agreements.count()), "concluded_on": timezone.localdate()}
        self.act(lambda: Agreement(subject=subject, **said).save())

    @rule(number=PEOPLE, ago=st.sampled_from([0, 1]))
    def end_agreement(self, number, ago):
        agreement = self.subject(number).agreements.last()
        if agreement is not None:
            agreement.ended_on = timezone.localdate() - dt.timedelta(days=ago)
            self.act(agreement.save)

    @rule(lasts=DAYS)
    def decide(self, lasts):
        today = timezone.localdate()
        decision = GroundDecision(
            operator=self.office, basis=self.contract, why="until consents are there", document="order 5", valid_from=today,
            valid_until=today + dt.timedelta(days=lasts), decided_at=timezone.now(), decided_by=self.officers[0],
        )  # fmt: skip
        self.act(lambda: (decision.full_clean(), decision.save()))

    @rule()
    def revoke(self):
        for decision in GroundDecision.objects.live(timezone.localdate()):
            self.act(lambda decision=decision: decision.revoke(by=self.officers[0], at=timezone.now()))

    @rule(code=PURPOSES)
    def take_basis_away(self, code):
        for link in ActivityPurpose.objects.filter(purpose=self.purpose(code)):
            self.act(link.delete)

    @rule(code=st.sampled_from(["contract", "accounting"]))
    def give_basis_back(self, code):
        basis = self.norm if code == "accounting" else self.contract
        self.act(lambda: self.link(code, basis))

    @rule(status=st.sampled_from(["suspended", "ended", "draft", "active"]))
    def change_activity(self, status):
        self.activity.refresh_from_db()
        self.activity.status = status
        self.activity.ended_on = timezone.localdate() if status == "ended" else None
        self.act(self.activity.save)

    @rule(bin=st.sampled_from(["", "241040012133"]))
    def change_operator(self, bin):
        self.office.refresh_from_db()
        self.office.bin = bin
        self.act(self.office.save)

    @rule(number=PEOPLE, everything=st.booleans())
    def block(self, number, everything):
        subject = self.subject(number)
        why = {"law": make_law(), "cause": "other", "why": "said so", "by": self.officers[0], "at": timezone.now()}
        self.act(lambda: block(subject, activity=None if everything else self.activity, **why))

    @rule(number=PEOPLE)
    def unblock(self, number):
        subject = self.subject(number)
        self.act(lambda: unblock(subject, by=self.officers[1], at=timezone.now(), why="not confirmed"))

    @rule(numbers=st.sets(PEOPLE, min_size=1, max_size=3), ends=st.sampled_from(["", "past", "later"]))
    def import_a_file(self, numbers, ends):
        today = timezone.localdate()
        said = consent(consent_given_on=today.isoformat(), consent_expires_on="")
        if ends == "later":
            said["consent_expires_on"] = (today + dt.timedelta(days=1)).isoformat()
        self.crm.load([person(number, **said) for number in sorted(numbers)])

    @rule(back=st.integers(0, 2))
    def undo_an_import(self, back):
        """The last one, or one before it: it comes to its end, and refers to nothing that is gone."""
        run = next(iter(ImportRun.objects.filter(operator=self.office, state="applied").order_by("-pk")[back:]), None)
        if run is not None:
            undone(self.crm, run)
            connection.check_constraints()

    @rule(days=st.sampled_from([1, 31]))
    def time_passes(self, days):
        self.days += days

    @invariant()
    def nobody_is_processed_without_a_ground(self):
        """Today, and on every day to come on which nobody does anything."""
        for days in AHEAD:
            on = timezone.localdate() + dt.timedelta(days=days)
            assert SubjectPurpose.objects.groundless(on).count() == 0


def test_nobody_is_processed_without_a_live_ground():
    """Consents, withdrawals, agreements, decisions, blocks, files and time in any order leave nobody behind."""
    Register.taken.clear()
    run_state_machine_as_test(
        Register,
        settings=settings(
            max_examples=3, stateful_step_count=22, derandomize=True, database=None,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        ),
    )  # fmt: skip
    assert Register.taken
