"""People who share an IIN, an e-mail or a phone with others: what those opted out of holds for them, too, and so does a block
of the very person under another CRM id.
"""

import datetime as dt
from collections import defaultdict

from django.db import connection
from django.db.models import F
from django.db.models.functions import Lower

from registry.journal.history import history_model
from registry.models import Block, DataSubject, JournalEntry, Suppression
from registry.models.among import among
from registry.models.planner import without
from registry.rules.deadlines import day_of
from registry.rules.suppression import CARRIES
from registry.search import people_with

TABLE = DataSubject._meta.db_table
# Capitals make no other mailbox, as far as the database knows them: SQLite knows those of ASCII.
AS_COMPARED = {"iin": F, "email": Lower, "phone": F}
OF_A_PERSON = {"iin": "p.iin", "email": "lower(p.email)", "phone": "p.phone"}


def opted_out_elsewhere(operator, on) -> dict[int, dict[str, dt.date]]:
    """Channel → since when, by id of the person: opt-outs that hold by an address alone, of somebody who has not opted out."""
    found = defaultdict(dict)
    for field in CARRIES:
        held = _held("p.id, others.channel, others.since_on", field)
        for person, channel, since_on in _of_standing(held, operator, on, field):
            since_on = dt.date.fromisoformat(str(since_on))  # SQLite has texts
            found[person][channel] = min(since_on, found[person].get(channel, dt.date.max))
    return found


def opt_outs_of_others(person, on) -> list[tuple[str, Suppression]]:
    """(field of the address, opt-out) of everybody else whose opt-out holds for this person, earliest first."""
    found = {}
    for field, channels in CARRIES.items():
        if value := getattr(person, field):
            others = [pk for pk in people_with(person.operator, field, value) if pk != person.pk]
            live = Suppression.objects.live(on).filter(operator=person.operator_id, channel__in=channels)
            for opt_out in live.filter(among("subject_id", others)).select_related("subject"):
                found.setdefault(opt_out.pk, (field, opt_out))
    return sorted(found.values(), key=lambda each: (each[1].since_on, each[1].pk))


def opted_out_for_others(operator, on) -> set[int]:
    """Ids of people whose opt-out holds by an address for somebody else, who has not opted out."""
    found = set()
    for field in CARRIES:
        held = _held("others.address, others.channel", field)
        held = f"SELECT DISTINCT person FROM standing WHERE (address, channel) IN ({held})"
        found.update(person for (person,) in _of_standing(held, operator, on, field))
    return found


def _held(columns, field):
    """Whoever has the address of somebody who opted out, and has not opted out."""
    return f"""
        SELECT {columns}
        FROM {TABLE} p JOIN others ON others.address = {OF_A_PERSON[field]}
        LEFT JOIN standing own ON own.person = p.id AND own.channel = others.channel
        WHERE p.operator_id = %s AND p.crm_id IS NOT NULL AND own.person IS NULL
    """


def _of_standing(select, operator, on, field):
    live = Suppression.objects.live(on).filter(operator=operator, channel__in=CARRIES[field]).order_by()
    address = AS_COMPARED[field](f"subject__{field}")
    standing, values = (
        live.exclude(**{f"subject__{field}": ""})
        .values_list("subject_id", "channel", "since_on", address)
        .query.sql_with_params()
    )
    query = f"""
        WITH standing (person, channel, since_on, address) AS ({standing}),
        others AS (SELECT address, channel, min(since_on) AS since_on FROM standing GROUP BY address, channel)
        {select}
    """
    # Without statistics everybody looks like one person, and all people are looked through for each.
    with without("nestloop"), connection.cursor() as cursor:
        cursor.execute(query, [*values, operator.pk])
        return cursor.fetchall()


def blocks_of_iins(operator) -> dict[str, dict[int | None, dt.date]]:
    """What is blocked of the person of an IIN, and since when: activities by their ids, None for everything."""
    standing = Block.objects.standing().filter(operator=operator).exclude(subject__iin="")
    found = defaultdict(dict)
    for iin, activity, set_at in standing.values_list("subject__iin", "activity", "set_at"):
        found[iin][activity] = min(day_of(set_at), found[iin].get(activity, dt.date.max))
    return found


def sharing(operator, seq, turned) -> list:
    """Ids, a query for each kind of address, of those who have one, past or present, of somebody whose opt-outs, blocks or address
    moved since that entry; `turned`: ids of people some opt-out of whom ended by the calendar.
    """

    def written(model):
        entries = JournalEntry.objects.filter(seq__gt=seq, operator=operator.code, object_type=model._meta.model_name)
        return history_model(model).objects.filter(history_id__in=entries.values("history_id")).order_by()

    people = written(DataSubject).values("id")
    stored = [model.objects.filter(subject__in=people).order_by() for model in (Suppression, Block)]
    moved = turned.union(*(found.values("subject_id") for found in (written(Suppression), written(Block), *stored)))
    ids = list(moved.values_list("subject_id", flat=True))
    past = history_model(DataSubject).objects.filter(among("id", ids), operator=operator).order_by()
    people = DataSubject.objects.filter(operator=operator).order_by()
    return [
        people.alias(compared=address(field))
        .filter(compared__in=past.exclude(**{field: ""}).values_list(address(field)))
        .values("pk")
        for field, address in AS_COMPARED.items()
        if ids
    ]
