"""Records about a person are held by the person's blocks, on every route: a form, a command, save() and update() in a shell."""

from django.apps import apps
from django.db import connection, models

from registry.choices import HandlingAct
from registry.rules.blocking import BlockFacts, block_blockers

from .gate import refuse


def standing_blocks(people):
    """The blocks that stand of these people (ids, or a queryset of them), as the gate asks for them."""
    found = apps.get_model("registry", "Block").objects.standing().filter(subject__in=people).order_by()
    return [BlockFacts(law, activity) for law, activity in found.values_list("law__code", "activity").distinct()]


def blocks_by_person(people):
    """As `standing_blocks`, those of each of these people who has any."""
    found = apps.get_model("registry", "Block").objects.standing().filter(subject__in=people).order_by()
    blocks = {}
    for subject, law, activity in found.values_list("subject", "law__code", "activity").distinct():
        blocks.setdefault(subject, []).append(BlockFacts(law, activity))
    return blocks


def hold(people):
    """Whoever blocks one of these people at this moment is waited for, and whoever does so next waits."""
    if connection.in_atomic_block and connection.features.has_select_for_update:
        found = apps.get_model("registry", "DataSubject").objects.select_for_update().filter(pk__in=people)
        list(found.order_by("pk").values_list("pk"))


class HeldQuerySet(models.QuerySet):
    """Writes of many rows at once would walk past save(): they ask the same gate, of all the people together."""

    SUBJECT = "subject"

    def act_of(self, names):
        """What writing these fields of many rows does with the data."""
        return self.model.WRITING

    def refuse_blocked(self, act, people):
        blocks = standing_blocks(people)
        # Rows of several activities: a block of any of them refuses.
        activities = frozenset(block.activity for block in blocks) if self.model.OF_ACTIVITIES else None
        refuse(block_blockers(act, blocks, activities=activities))

    def people(self):
        return self.order_by().values(self.SUBJECT)

    def update(self, **values):
        self.refuse_blocked(self.act_of(values), self.people())
        return super().update(**values)

    def delete(self):
        self.refuse_blocked(HandlingAct.DESTROY, self.people())
        return super().delete()

    delete.alters_data = delete.queryset_only = True

    def bulk_update(self, rows, fields, **options):
        rows, fields = list(rows), list(fields)
        self.refuse_blocked(self.act_of(fields), [row.held_subject_id() for row in rows])
        return super().bulk_update(rows, fields, **options)

    def bulk_create(self, rows, *args, **options):
        rows = list(rows)
        for act in {row.handling_act(None) for row in rows}:
            people = [row.held_subject_id() for row in rows if row.handling_act(None) == act]
            self.refuse_blocked(act, [pk for pk in people if pk])
        return super().bulk_create(rows, *args, **options)


class HeldByBlocks(models.Model):
    """Says which act a save is; while a block stands that refuses it, nothing is written."""

    WRITING = HandlingAct.CHANGE  # what writing such a record does with the person's data
    OF_ACTIVITIES = False

    class Meta:
        abstract = True

    def held_subject_id(self):
        return self.subject_id

    def held_activities(self):
        """Ids of the activities the record belongs to; None: to the person as a whole."""
        return

    def handling_act(self, stored):
        """What saving it does with the person's data."""
        return self.WRITING

    def held_from(self, act):
        """What keeps the record from it: a blocker for each law under which a block stands."""
        subject_id = self.held_subject_id()
        blocks = standing_blocks([subject_id]) if subject_id is not None else []
        return block_blockers(act, blocks, activities=self.held_activities()) if blocks else []

    def clean(self):
        super().clean()
        if self._state.adding or self.has_changed():
            refuse(self.held_from(self.handling_act(self.stored())))

    def has_changed(self):
        """A form saved as it was changes nothing, and nothing refuses it."""
        stored = self.stored()
        return stored is None or bool(self.changed_fields(stored))

    def save(self, **kwargs):
        if (subject_id := self.held_subject_id()) is not None:
            hold([subject_id])
        super().save(**kwargs)

    def delete(self, **kwargs):
        if (subject_id := self.held_subject_id()) is not None:
            hold([subject_id])
        refuse(self.held_from(HandlingAct.DESTROY))
        return super().delete(**kwargs)
