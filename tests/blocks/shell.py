"""The ways of a shell: every model that blocks hold, and the acts of records and operations."""

from django.utils import timezone

from registry.models import (
    Consent,
    DataSubject,
    Disclosure,
    DistributionCondition,
    Recipient,
    SubjectPurpose,
    SubjectRequest,
)
from registry.models.grounding import serve
from registry.operations.handover import HandOver
from registry.operations.withdrawal import withdraw as withdraw_all
from registry.tasks import begin_handover
from tests.factories import make_request

from .world import changed, fields_of, made

# The ways of a shell, of every model that blocks hold.


def added(model):
    def route(world):
        record = model(**fields_of(model, world))
        yield
        record.save()

    return route


def bulk_created(model):
    def route(world):
        record = model(**fields_of(model, world))
        yield
        model.objects.bulk_create([record])

    return route


def on_stored(act):
    def of_model(model):
        def route(world):
            record, (name, value) = made(model, world), changed(model, world)
            yield
            act(model.objects.get(pk=record.pk), model.objects.filter(pk=record.pk), name, value)

        return route

    return of_model


def saved(record, rows, name, value):
    setattr(record, name, value)
    record.save()


def bulk_updated(record, rows, name, value):
    setattr(record, name, value)
    rows.model.objects.bulk_update([record], [name])


SHELL = {
    "add": added,
    "save()": on_stored(saved),
    "delete()": on_stored(lambda record, rows, name, value: record.delete()),
    "rows.update()": on_stored(lambda record, rows, name, value: rows.update(**{name: value})),
    "rows.delete()": on_stored(lambda record, rows, name, value: rows.delete()),
    "bulk_create()": bulk_created,
    "bulk_update()": on_stored(bulk_updated),
}


# Acts of records and operations.


def withdraw(world):
    consent = made(Consent, world)
    yield
    Consent.objects.get(pk=consent.pk).withdraw(by=world.officer, at=timezone.now())


def withdraw_and_change(world):
    consent = made(Consent, world)
    yield
    consent.data_list, consent.withdrawn_at, consent.withdrawn_by = "phone", timezone.now(), world.officer
    consent.save()


def forbid_distribution(world):
    condition = made(DistributionCondition, world)
    yield
    condition.is_prohibited = True
    condition.save()


def begin_to_serve(world):
    consent = made(Consent, world)
    yield
    serve(consent.subject, consent.purpose, on=timezone.localdate())


def stop_serving(world):
    record = made(SubjectPurpose, world)
    yield
    record.refresh_from_db()
    record.stop_now("expired", on=timezone.localdate())


def note_notice(world):
    disclosure = made(Disclosure, world, notice_is_condition=True)
    yield
    Disclosure.objects.get(pk=disclosure.pk).tell(by=world.officer, at=timezone.now())


def handed_over(world):
    activity = fields_of(Disclosure, world)["activity"]
    buyer = world.named(Recipient, "buyer", kind="acquirer", country="KZ")
    said = HandOver(buyer, (activity,), timezone.localdate(), "consent")
    yield
    begin_handover(said, by=world.officer, at=timezone.now(), role="dpo")


def depersonalise(world):
    yield
    world.person.state = "depersonalised"
    world.person.save()


def depersonalise_many(world):
    yield
    DataSubject.objects.filter(pk=world.person.pk).update(state="depersonalised")


def in_a_case(kind, act):
    def route(world):
        made(Consent, world)
        case = make_request(world.operator, kind=kind)
        with world.unit():
            case.link_person(world.person, by=world.officer, at=timezone.now())
        yield
        act(SubjectRequest.objects.get(pk=case.pk), world)

    return route


def withdraw_in_case(case, world):
    withdraw_all(case.subject, request=case, by=world.officer, at=timezone.now())


def opt_out_in_case(case, world):
    case.opt_out(["email"], by=world.officer, at=timezone.now())
