"""What the permissions file would say of one person now, and whose opt-outs and blocks decide it beside their own."""

from functools import cached_property

from registry.exports.permissions import PermissionsFile
from registry.exports.shared_addresses import opt_outs_of_others
from registry.models import Block, Suppression
from registry.rules.permissions import permissions


class PermissionsOfOne(PermissionsFile):
    """As the file of everybody at `at`, but others are looked for by the addresses of the one person, whether they have a CRM id or not."""

    def __init__(self, person, at):
        super().__init__(person.operator, at, whole=True)
        self.person = person

    @cached_property
    def facts_of_one(self):
        [(_person, facts)] = self.facts_of_people([self.person])
        return facts

    @cached_property
    def permissions(self):
        return permissions(self.facts_of_one)

    @cached_property
    def opt_outs_of_others(self) -> list[tuple[str, Suppression]]:
        """(field of the address, opt-out), earliest first, but for channels that the person opted out of too."""
        own = set(Suppression.objects.live(self.on).filter(subject=self.person).values_list("channel", flat=True))
        return [each for each in opt_outs_of_others(self.person, self.on) if each[1].channel not in own]

    @cached_property
    def opted_out_elsewhere(self):
        found = {}
        for _field, opt_out in self.opt_outs_of_others:
            found.setdefault(opt_out.channel, opt_out.since_on)
        return {self.person.pk: found}

    @cached_property
    def blocks_of_others(self) -> list[Block]:
        """Of others with the same IIN, the earliest first."""
        if not self.person.iin:
            return []
        standing = Block.objects.standing().filter(operator=self.operator, subject__iin=self.person.iin)
        return list(standing.exclude(subject=self.person).select_related("subject").order_by("set_at", "pk"))
