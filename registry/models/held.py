"""Records about a person are held by the person's blocks, on every route: a form, a command, save() and update() in a shell."""

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from registry.choices import HandlingAct
from registry.rules.blocking import BlockFacts, block_blockers

from .gate import refuse


def standing_blocks(subject_id):
    """The blocks of a person that stand, as the gate asks for them."""
    from .block import Block  # blocks are about people, people are held by blocks

    found = Block.objects.standing().filter(subject=subject_id).values_list("law__code", "activity")
    return [BlockFacts(law, activity) for law, activity in found]


class HeldQuerySet(models.QuerySet):
    """Writes of many rows at once would walk past save(): for people who are blocked they are refused."""

    SUBJECT = "subject"

    def refuse_blocked(self, rows=None):
        people = (
            self.values(self.SUBJECT) if rows is None else [getattr(row, f"{self.SUBJECT}_id", row.pk) for row in rows]
        )
        from .block import Block

        if Block.objects.standing().of_everything().filter(subject__in=people).exists():
            raise ValidationError(
                _("Some of these people are blocked: nothing was written. Leave them out, or lift the blocks.")
            )

    def update(self, **values):
        self.refuse_blocked()
        return super().update(**values)

    def delete(self):
        self.refuse_blocked()
        return super().delete()

    def bulk_update(self, rows, *args, **options):
        rows = list(rows)
        self.refuse_blocked(rows)
        return super().bulk_update(rows, *args, **options)

    def bulk_create(self, rows, *args, **options):
        rows = list(rows)
        self.refuse_blocked([row for row in rows if getattr(row, f"{self.SUBJECT}_id", row.pk)])
        return super().bulk_create(rows, *args, **options)


class HeldByBlocks(models.Model):
    """Says which act a save is; while a block stands that refuses it, nothing is written."""

    class Meta:
        abstract = True

    def held_subject_id(self):
        return self.subject_id

    def held_activities(self):
        """Ids of the activities the record belongs to; None: to the person as a whole."""
        return

    def handling_act(self, stored):
        """What saving it does with the person's data."""
        return HandlingAct.CHANGE

    def refuse_while_blocked(self, act):
        subject_id = self.held_subject_id()
        if subject_id is not None and (blocks := standing_blocks(subject_id)):
            refuse(block_blockers(act, blocks, activities=self.held_activities()))

    def clean(self):
        super().clean()
        if self._state.adding or self.has_changed():
            self.refuse_while_blocked(self.handling_act(self.stored()))

    def has_changed(self):
        """A form saved as it was changes nothing, and nothing refuses it."""
        stored = self.stored()
        names = [field.attname for field in self._meta.concrete_fields if field.name in self.FIELD_CLASSES]
        return stored is None or any(getattr(stored, name) != getattr(self, name) for name in names)

    def delete(self, **kwargs):
        self.refuse_while_blocked(HandlingAct.CHANGE)
        return super().delete(**kwargs)
