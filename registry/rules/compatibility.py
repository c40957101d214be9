"""Incompatible purposes: data that serve them are never brought together in one database (policies 5.3 and 6.3; 94-V art. 14)."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker


class Incompatible(NamedTuple):
    """A pair of purposes, by id and by name, and the clause of the policy that parts them."""

    one: int
    other: int
    one_name: str
    other_name: str
    clause: str = ""


def together_blockers(
    database: str, kept: frozenset[int], added: frozenset[int], pairs: list[Incompatible]
) -> list[Blocker]:
    """Why purposes must not be added to those that a database serves; empty means they may. Purposes are ids."""
    found = []
    for pair in pairs:
        ends = {pair.one, pair.other}
        if ends <= kept | added and ends & (added - kept):
            message = _(
                "“%(one)s” and “%(other)s” are incompatible purposes: their data are not brought together in database “%(database)s”. "
                "Keep them in separate databases."
            ) % {"one": pair.one_name, "other": pair.other_name, "database": database}
            found.append(Blocker("incompatible-purposes", message, NormTopic.PURPOSE, "databases", clause=pair.clause))
    return found


class KeptFacts(NamedTuple):
    """What a database serves already, and the purposes that are asked about; both as ids."""

    database: str
    purposes: frozenset[int]
    asked: frozenset[int]
    pairs: tuple[Incompatible, ...]


def kept_blockers(facts: KeptFacts) -> list[Blocker]:
    """The incompatible purposes that a database serves together, where one of them is asked about; empty means there are none."""
    found = {}
    for pair in facts.pairs:
        ends = frozenset((pair.one, pair.other))
        if ends <= facts.purposes and ends & facts.asked and ends not in found:
            message = _(
                "“%(one)s” and “%(other)s” are incompatible purposes, and database “%(database)s” keeps the data of both. Move those of "
                "one to another database."
            ) % {"one": pair.one_name, "other": pair.other_name, "database": facts.database}
            found[ends] = Blocker("incompatible-kept", message, NormTopic.PURPOSE, "databases", clause=pair.clause)
    return list(found.values())


class MergeFacts(NamedTuple):
    """Two databases of one operator; purposes are ids."""

    name: str
    into: str
    is_same: bool
    merged_into: str  # where the first went already
    target_merged_into: str
    purposes: frozenset[int]
    target_purposes: frozenset[int]


def merge_blockers(facts: MergeFacts, pairs: list[Incompatible]) -> list[Blocker]:
    """Why the first database must not be merged into the second; empty means open."""
    said = facts._asdict()
    if facts.is_same:
        return [Blocker("same-database", _("A database is not merged into itself. Choose another one."), "", "into")]
    if facts.merged_into:
        message = _("“%(name)s” was merged into “%(merged_into)s” already.") % said
        return [Blocker("merged-already", message, "", "into")]
    if facts.target_merged_into:
        message = _("“%(into)s” was itself merged into “%(target_merged_into)s”. Choose that one.") % said
        return [Blocker("target-merged", message, "", "into")]
    return together_blockers(facts.into, facts.target_purposes, facts.purposes, pairs)
