"""Change history that the journal can commit to: a salted row for every write of a tracked record."""

import os
from functools import cache

from django.db import models
from django.utils import timezone
from simple_history.models import HistoricalRecords

from .canonical import commitments, plain_value
from .unit import OutsideUnitOfWork, Pending, current_unit

ACTIONS = {"+": "create", "~": "change", "-": "delete"}


@cache
def history_model(model):
    """The model of its history rows. `model.history` is a manager whose class is made anew whenever it is asked for."""
    return model.history.model


def new_salt():
    return os.urandom(32)


class SaltedHistory(models.Model):
    """The salt binds the row's personal values to its journal entry and dies with them."""

    salt = models.BinaryField(max_length=32, default=new_salt, editable=False)

    class Meta:
        abstract = True


class History(HistoricalRecords):
    """HistoricalRecords inside a unit of work: salted, with the actor as a plain number, and an entry for each row.

    A save that changes nothing writes nothing.
    """

    def __init__(self, *, excluded_fields=()):
        super().__init__(
            bases=[SaltedHistory],
            history_id_field=models.BigAutoField(primary_key=True),
            history_user_id_field=models.BigIntegerField(null=True),
            excluded_fields=list(excluded_fields),
        )

    def copy_fields(self, model):
        fields = super().copy_fields(model)
        for field in fields.values():  # read by object id only; every other index would cost each write
            field.db_index = field.name == model._meta.pk.name
        return fields

    def get_meta_options(self, model):
        return super().get_meta_options(model) | {"default_permissions": (), "ordering": ("-history_id",)}

    def create_historical_record(self, instance, history_type, using=None):
        unit = current_unit()
        if unit is None or unit.reading:
            raise OutsideUnitOfWork(f"{instance._meta.label} was written outside journal.unit_of_work.")
        history = history_model(type(instance))
        previous = None if history_type == "+" else history.objects.filter(id=instance.pk).first()
        row = history(
            history_date=getattr(instance, "_history_date", timezone.now()),
            history_type=history_type,
            history_user_id=unit.by,
            history_change_reason=unit.reason or None,
            **{field.attname: getattr(instance, field.attname) for field in self.fields_included(instance)},
        )
        fields = changed_fields(previous, row)
        if history_type == "~" and previous is not None and not fields:
            return
        row.save(using=using)
        unit.add(entry_for(row, instance, [] if history_type == "-" else fields, unit))


def changed_fields(previous, row):
    """Names of the tracked fields that got a value, or another one than in the row before, sorted."""
    names = []
    for tracked in row.tracked_fields:
        if tracked.primary_key:
            continue
        field = row._meta.get_field(tracked.name)
        before = plain_value(field, getattr(previous, field.attname)) if previous is not None else None
        if plain_value(field, getattr(row, field.attname)) != before:
            names.append(tracked.name)
    return sorted(names)


def entry_for(row, instance, fields, unit):
    """The pending entry of a history row, commitments made now."""
    public, personal = commitments(row)
    said = {
        "object": instance._meta.model_name,
        "uid": str(instance.uid),
        "row": row.history_id,
        "fields": fields or None,
        "public": public,
        "personal": personal,
        "run": unit.run,
    }
    return Pending(
        ACTIONS[row.history_type],
        said,
        instance.journal_operator(),
        instance._meta.model_name,
        instance.uid,
        type(row),
        row.history_id,
        unit.run,
        tuple(instance.journal_subjects()),
    )
