"""Where data may lie: an operator under 94-V keeps a base in Kazakhstan (art. 12(2)); copies abroad are tolerated beside it."""

from typing import NamedTuple

from django.utils.translation import gettext as _

from registry.choices import NormTopic
from registry.rules.blockers import Blocker

KAZAKHSTAN, KZ_LAW = "KZ", "KZ-94-V"


class DatabaseFacts(NamedTuple):
    """`is_abroad`: known to lie abroad, whatever the country."""

    name: str
    country: str
    is_abroad: bool = False

    @property
    def lies_abroad(self):
        return self.is_abroad or self.country not in ("", KAZAKHSTAN)


def localisation_blockers(laws: tuple[str, ...], databases: tuple[DatabaseFacts, ...]) -> list[Blocker]:
    """What the databases of one activity lack; empty means open."""
    topic, found = NormTopic.LOCALISATION, []
    if not databases:
        found.append(Blocker("no-database", _("No database is named."), topic, "databases"))
    elif KZ_LAW in laws and not any(database.country == KAZAKHSTAN for database in databases):
        found.append(Blocker("no-local-database", _("None of the databases lies in Kazakhstan."), topic, "databases"))
    for database in databases:
        if not database.country:
            message = _("The country of database “%(database)s” is not known.") % {"database": database.name}
            found.append(Blocker("database-country", message, topic, "databases"))
    return found


def copy_blockers(
    laws: tuple[str, ...], database: DatabaseFacts, beside: dict[str, tuple[DatabaseFacts, ...]]
) -> list[Blocker]:
    """What one database abroad lacks: a base in Kazakhstan beside it in each activity. `beside`: all databases of an activity, by name.

    A database that no activity keeps data in yet has nothing to be a copy of.
    """
    if KZ_LAW not in laws or not database.lies_abroad:
        return []
    found = []
    for activity, databases in beside.items():
        if not any(each.country == KAZAKHSTAN for each in databases):
            message = _(
                "“%(activity)s” keeps its data here, abroad, and in no database in Kazakhstan. Name one there that holds them, too."
            ) % {"activity": activity}
            found.append(Blocker("no-local-copy", message, NormTopic.LOCALISATION, "country"))
    return found
