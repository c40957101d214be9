"""Responsible persons out of CSV: the lines of a vocabulary, taken as one change (appointments.py)."""

from collections import Counter
from operator import itemgetter

from django.core.exceptions import ValidationError

from registry.exports.register_file import doubled
from registry.models import ResponsiblePerson

from .appointments import Appointment, as_one, meant, turn
from .vocabulary import OwnLoader, VocabularyResource


class AppointmentLoader(OwnLoader):
    """A line means the entry that it may be, and lines come in their turn."""

    def __init__(self, resource, dataset=None):
        super().__init__(resource, dataset)
        kept = [resource.appointment_of(each) for each in resource.get_queryset()]
        number, stored = Counter(each.key for each in kept), {each.key: each for each in kept}
        lines = [resource.appointment_in(dict(zip(dataset.headers, row, strict=True))) for row in dataset]
        found = meant({each.key: each for each in lines}, stored)
        self.doubled = {key: before for key, before in found.items() if number[before] > 1}
        self.places |= {key: self.places[before] for key, before in found.items()}
        turns = [turn(each, stored.get(found.get(each.key))) for each in lines]
        dataset._data = [row for _turn, row in sorted(zip(turns, dataset._data, strict=True), key=itemgetter(0))]

    def get_instance(self, row):
        if before := self.doubled.get(self.resource.key_of(row)):
            raise doubled(ResponsiblePerson._meta.verbose_name, before)
        return super().get_instance(row)


class AppointmentResource(VocabularyResource):
    """All lines stand or fall together: the gate of the active activities is asked once, unless a line is refused anyway."""

    class Meta(VocabularyResource.Meta):
        instance_loader_class = AppointmentLoader

    def appointment_of(self, record):
        return self.appointment_in({name: self.fields[name].export(record) for name in Appointment._fields})

    def appointment_in(self, row):
        return Appointment.said(
            {name: self.fields[name].widget.as_written(row.get(name, "")) for name in Appointment._fields}
        )

    def after_init_instance(self, instance, new, row, **kwargs):
        super().after_init_instance(instance, new, row, **kwargs)
        instance.asks_gate = False

    def after_import(self, dataset, result, **kwargs):
        """What is refused is told in the order of the file."""
        super().after_import(dataset, result, **kwargs)
        result.invalid_rows.sort(key=lambda row: row.number)

    def import_data_inner(self, *args, **kwargs):
        try:
            with as_one(self.operator):
                result = super().import_data_inner(*args, **kwargs)
        except ValidationError as refusal:
            if not (result.has_errors() or result.has_validation_errors()):
                self.handle_import_error(result, refusal)
        return result
