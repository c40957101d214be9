"""A small operator with one record of everything: for tests that walk over all models and all screens."""

import datetime as dt

from registry.models import (
    ActivityClause,
    ActivityDatabase,
    ActivityDataCategory,
    ActivityMeasure,
    ActivityPurpose,
    ActivityRecipient,
    ActivityRetention,
    ActivitySubjectCategory,
    Agreement,
    AuthorityRequest,
    Block,
    CalendarFeed,
    Clause,
    Consent,
    CountryProtection,
    CrossBorderTransfer,
    Database,
    DataCategory,
    DayOverride,
    DeadlineRule,
    Disclosure,
    DisclosureCategory,
    ExportRun,
    GroundDecision,
    HandOverRun,
    ImportRun,
    ImportSource,
    JournalEntry,
    LegalBasis,
    Message,
    Norm,
    Obligation,
    OperatorTerm,
    Policy,
    ProcessingActivity,
    Recipient,
    RequestMark,
    ResponsiblePerson,
    RetentionRule,
    SecurityMeasure,
    SubjectCategory,
    SubjectInCategory,
    SubjectRequest,
    Suppression,
    TellingRun,
    Tracker,
    TransferCategory,
    Undertaking,
)
from registry.rules.dates import HOME_ZONE

from .factories import make_norm, make_operator, make_purpose, make_subject, make_user, save

DAY = dt.date(2026, 3, 20)
RECEIVED_AT = dt.datetime(2026, 3, 20, 10, tzinfo=HOME_ZONE)


def make_feed(user, operator):
    digest = CalendarFeed.digest_of(f"{user.pk} of {operator.code}")
    return save(CalendarFeed(operator=operator, user=user, token_digest=digest, made_at=RECEIVED_AT, made_by=user))


def add_recipient(operator):
    return save(
        Recipient(
            operator=operator, code="ministry", name_en=f"Ministry of {operator.code}", kind="state_body", country="KZ"
        )
    )


def make_world(code):
    """Records by model name; the activity in it is complete, and still a draft."""
    operator = make_operator(code, bin="241040012133")
    norm = Norm.objects.first() or make_norm("KZ-94-V/8", topics="lawful_basis", is_ground=True)
    world = {"operator": operator, "norm": norm, "law": norm.law, "operatorlaw": operator.laws.get()}
    # Neither moves a date of the requests below.
    world["deadlinerule"] = DeadlineRule.objects.first() or save(
        DeadlineRule(law=norm.law, code="KZ-BREACH", trigger="security_breach", amount=1, unit="day", norm=norm)
    )
    world["dayoverride"] = DayOverride.objects.first() or save(
        DayOverride(country="RU", day_on=dt.date(2026, 8, 22), is_working=True, source="Decree 12")
    )

    world["countryprotection"] = CountryProtection.objects.first() or save(
        CountryProtection(law=norm.law, country="AQ", protects=False, source="Order 1")
    )

    def add(model, **fields):
        record = save(model(operator=operator, **fields))
        return world.setdefault(model._meta.model_name, record)

    def named(model, code="one", **fields):
        return add(model, code=code, name_en=f"{model._meta.verbose_name} of {operator.code}".capitalize(), **fields)

    policy = add(
        Policy,
        version="1",
        title=f"Policy of {code}",
        effective_on=dt.date(2024, 1, 1),
        published_on=dt.date(2024, 1, 1),
    )
    clause = add(Clause, policy=policy, number="3.2", obliges="Answer requests.", behaviours="B10")
    add(OperatorTerm, code="authority", request_kind="authority", amount=10, unit="day", clause=clause)
    add(RequestMark, mailbox="mail@example.kz", subject_line="Withdrawal", request_kind="withdrawal", clause=clause)
    add(ResponsiblePerson, name=f"Person of {code}", email="person@example.kz", appointed_on=dt.date(2024, 1, 1))
    world["purpose"] = purpose = make_purpose(operator, name_en=f"Purpose of {code}")
    basis = named(LegalBasis, kind="consent", norm=norm)
    category = named(DataCategory, availability="restricted")
    subjects = named(SubjectCategory)
    database = named(Database, country="KZ", standing="original")
    rule = named(RetentionRule, trigger="purpose_reached", period=1, unit="day", then="destroy")
    measure = named(SecurityMeasure, kind="technical")
    recipient = named(Recipient, kind="processor", country="IE", agreement_number="1")
    named(Tracker, provider=recipient)
    activity = named(
        ProcessingActivity, started_on=dt.date(2024, 1, 1), operations="collection storage", sources="subject"
    )
    link = add(ActivityPurpose, activity=activity, purpose=purpose, basis=basis)
    add(ActivityDataCategory, activity=activity, activity_purpose=link, data_category=category, necessity="to write")
    add(ActivitySubjectCategory, activity=activity, subject_category=subjects)
    add(ActivityRecipient, activity=activity, recipient=recipient)
    add(ActivityDatabase, activity=activity, database=database)
    add(ActivityRetention, activity=activity, rule=rule)
    add(ActivityMeasure, activity=activity, measure=measure)
    add(ActivityClause, activity=activity, clause=clause)
    transfer = named(CrossBorderTransfer, activity=activity, recipient=recipient, country="IE")
    add(TransferCategory, transfer=transfer, data_category=category)
    world["datasubject"] = subject = make_subject(operator)
    add(SubjectInCategory, subject=subject, category=subjects)
    add(Consent, subject=subject, purpose=purpose, given_on=dt.date(2025, 1, 1))
    add(Agreement, subject=subject, number="A-1")
    add(Suppression, subject=subject, channel="email", since_on=dt.date(2025, 1, 1))
    lifted = {"lifted_at": RECEIVED_AT, "lifted_by": make_user("dpo", operator), "why_lifted": "not confirmed"}
    add(Block, subject=subject, law=norm.law, cause="other", why="said so", set_at=RECEIVED_AT, **lifted)
    promise = {"document": "NDA 5", "starts_on": dt.date(2024, 1, 1)}
    add(Undertaking, recipient=recipient, **promise)
    reasons = {"request_number": "17-3/456", "request_reasons": "a check", "given": "the telephone"}
    ministry = add_recipient(operator)
    given = add(
        Disclosure,
        activity=activity,
        recipient=ministry,
        subject=subject,
        ground="state_request",
        disclosed_on=DAY,
        **reasons,
    )
    add(DisclosureCategory, disclosure=given, data_category=category)
    contract = save(LegalBasis(operator=operator, code="contract", name_en=f"Contract of {code}", kind="contract"))
    term = {"valid_from": DAY, "valid_until": dt.date(2999, 12, 31), "decided_at": RECEIVED_AT}
    add(GroundDecision, basis=contract, why="Civil Code", document="Order 7", decided_by=lifted["lifted_by"], **term)
    add(ImportSource, name=f"CRM of {code}")
    add(SubjectRequest, kind="information", channel="desk", received_at=RECEIVED_AT, subject=subject)
    add(Obligation, subject=subject, recipient=recipient, what="stop", due_on=dt.date(2026, 4, 22))
    add(AuthorityRequest, body="Ministry", body_number="17-3/456", received_at=RECEIVED_AT)
    add(Message, digest="0" * 64, received_at=RECEIVED_AT, fetched_at=RECEIVED_AT, standing="automatic")
    world["importrun"] = ImportRun.objects.create(operator=operator, file_name="people.csv")
    begun = {"handed_over_on": DAY, "ground": "consent", "state": "handed_over", "begun_at": RECEIVED_AT}
    world["handoverrun"] = HandOverRun.objects.create(operator=operator, recipient=recipient, **begun)
    told = {"told_on": DAY, "how": "mailing", "state": "told", "begun_at": RECEIVED_AT}
    world["tellingrun"] = TellingRun.objects.create(operator=operator, handover=world["handoverrun"], **told)
    world["exportrun"] = ExportRun.objects.create(operator=operator, kind="register")
    world["membership"] = make_user("auditor", operator, username=f"auditor-of-{code}").memberships.get()
    world["user"] = world["membership"].user
    world["calendarfeed"] = make_feed(world["user"], operator)
    world["journalentry"] = JournalEntry.objects.filter(operator=code).latest("seq")
    return world
