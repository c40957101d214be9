"""Whatever grounds and transfers rest on: when it changes, what rested on it goes on otherwise, or stops."""

from django.db import models, transaction
from django.utils import timezone


class MovesGrounds(models.Model):
    """A record that grounds rest on. After each change of it nobody's data serve a purpose without a live ground."""

    class Meta:
        abstract = True

    def rests_on_it(self):
        """Whose purposes may rest on it, as filters of SubjectPurpose."""
        return {"operator": self.operator_id}

    def save(self, **kwargs):
        with transaction.atomic():
            super().save(**kwargs)
            self.settle_grounds(self.rests_on_it())

    def delete(self, **kwargs):
        at_stake = self.rests_on_it()
        with transaction.atomic():
            deleted = super().delete(**kwargs)
            self.settle_grounds(at_stake)
        return deleted

    def settle_grounds(self, at_stake):
        from .grounding import settle  # it asks for consents and bases, which move grounds themselves

        settle(timezone.localdate(), **at_stake)


class MovesOwnGrounds(MovesGrounds):
    """As MovesGrounds, of one person: a consent, an agreement."""

    class Meta:
        abstract = True

    def rests_on_it(self):
        return {"subject": self.subject_id}


class SettlesTransfers(models.Model):
    """A record that the lawfulness of running transfers hangs on. A change of it suspends them, or takes them up again."""

    class Meta:
        abstract = True

    def transfers_at_stake(self):
        """Which transfers may be concerned, as filters."""
        return {"operator": self.operator_id}

    def save(self, **kwargs):
        at_stake = self.transfers_at_stake() if self.pk else {}
        with transaction.atomic():
            super().save(**kwargs)
            self.settle_transfers(at_stake or self.transfers_at_stake())

    def delete(self, **kwargs):
        at_stake = self.transfers_at_stake()
        with transaction.atomic():
            deleted = super().delete(**kwargs)
            self.settle_transfers(at_stake)
        return deleted

    def settle_transfers(self, at_stake):
        from .transfer_facts import settle_transfers  # it asks for records that settle transfers themselves

        settle_transfers(**at_stake)
