"""Lists and searches among a million people: server time of whole requests, the median of nine.

python -m tests.benchmarks.bench_lists [PEOPLE]                                         SQLite
TEST_DATABASE=postgresql-server python -m tests.benchmarks.bench_lists [PEOPLE]         with pg_trgm
TEST_DATABASE=postgresql python -m tests.benchmarks.bench_lists [PEOPLE]                without

Nine tenths of the people belong to one operator, one tenth to another. The rows go straight into the live tables, without
history and with made-up journal entries: how they are written is bench_import's subject.
"""

import datetime as dt
import os
import random
import re
import statistics
import sys
import time

from .report import record

PEOPLE = 1_000_000
AT_ONCE = 5_000
RUNS, WARM_UPS = 9, 2
MILLISECONDS = 80
SURNAMES = (
    "Ахметов Қасымов Иванов Нұрпейісов Сейіт Серік Бекмұхамбетов Жұмабай Омаров Петров Әбдірахман Тоқтар Сүлеймен Оспан "
    "Кузнецов Смирнов Попов Васильев Әлімхан Ким Ли Шевчен Байжан Ермек Қалиев Мұрат Тілеу Досмұхамед Рахим Хасен"
).split()
GIVEN = "Әсем Данияр Айгүл Сергей Мұрат Ольга Ержан Гүлнара Әлия Елена Дмитрий Айдана Нұрлан Бақыт Жанна Тимур Дінара".split()
PATRONYMICS = ["", "", "Ерланқызы", "Серікұлы", "Мұратқызы", "Сергеевич", "Ивановна", "Нұрланұлы"]
ENDINGS = ["", "ов", "ова", "ев", "ева", "ұлы", "қызы", "ин", "ина"]
LANGUAGES = ["ru"] * 60 + ["kk"] * 35 + [""] * 4 + ["en"]
KINDS = ["marketing"] * 90 + ["processing"] * 9 + ["cross_border"]
CHANNELS = ["email"] * 80 + ["call"] * 19 + ["message"]


# Making a register


def person(number, operator):
    """A made-up person, the same for the same number; one in 97,003 has a surname nobody else has."""
    from registry.rules.names import search_key

    rng = random.Random(number)
    surname = rng.choice(SURNAMES) + rng.choice(ENDINGS)
    if number % 97_003 == 777:
        surname = "Өтемісұлы-Ғаббасова"
    born = dt.date(1950, 1, 1) + dt.timedelta(days=rng.randrange(20000))
    said = {
        "surname": surname,
        "given_name": rng.choice(GIVEN),
        "patronymic": rng.choice(PATRONYMICS),
        "iin": f"{born:%y%m%d}{rng.randrange(10**6):06}",
        "email": f"{rng.choice('abcdefghkmnprst')}.user{rng.randrange(10**6)}@{rng.choice(['mail.ru', 'gmail.com', 'inbox.kz'])}",
        "phone": f"+77{rng.choice(['01', '02', '05', '07', '77'])}{rng.randrange(10**7):07}",
        "crm_id": f"C{number:07}",
    }
    state = "blocked" if rng.random() < 0.005 else "active"
    rest = {"birth_date": str(born), "language": rng.choice(LANGUAGES), "source": "bench", "state": state}
    return {
        "id": number,
        "uid": f"{number:032x}",
        "operator_id": operator,
        **said,
        **rest,
        "search_key": search_key(**said),
    }


def consent(number, operator, purposes):
    rng = random.Random(-number)
    given_on = str(dt.date(2024, 1, 1) + dt.timedelta(days=rng.randrange(900)))
    return {
        "id": number, "uid": f"{number:032x}", "operator_id": operator, "subject_id": number,
        "purpose_id": purposes[rng.randrange(100) == 0], "kind": rng.choice(KINDS), "given_on": given_on,
        "until_purpose_reached": True, "data_list": "", "other_terms": "", "channel": "CRM", "evidence": "",
        "conditions_url": "",
    }  # fmt: skip


def opt_out(number, operator):
    rng = random.Random(number * 3)
    since = str(dt.date(2024, 1, 1) + dt.timedelta(days=rng.randrange(900)))
    return {
        "id": number, "uid": f"{number:032x}", "operator_id": operator, "subject_id": number,
        "channel": rng.choice(CHANNELS), "since_on": since, "source": "CRM",
    }  # fmt: skip


def agreement(number, operator):
    rng = random.Random(number * 5)
    on = None if rng.random() < 0.1 else str(dt.date(2020, 1, 1) + dt.timedelta(days=rng.randrange(2300)))
    return {
        "id": number, "uid": f"{number:032x}", "operator_id": operator, "subject_id": number, "number": f"A-{number}",
        "concluded_on": on,
    }  # fmt: skip


def entry(seq, code, n, actor):
    """What an import writes, by the million; one in a thousand is an officer's: a page opened, a policy changed."""
    at = f"{dt.datetime(2026, 1, 1) + dt.timedelta(seconds=seq)}+00:00"
    officers = seq % 1000 == 0
    opened = seq % 2000 == 0
    return {
        "seq": seq, "n": n, "at": at if os.environ.get("TEST_DATABASE", "").startswith("postgresql") else at[:19],
        "actor": actor if officers else None, "action": "view" if opened else "change" if officers else "create",
        "operator": code, "object_type": "policy" if officers and not opened else "datasubject", "object_uid": f"{seq:032x}",
        "history_id": None if opened else seq, "run": None if officers else 1, "body": "{}" + " " * 400, "hash": "0" * 64,
    }  # fmt: skip


def build(count, operators, purposes, actors):
    from registry.journal import copying
    from registry.models import Agreement, Consent, DataSubject, JournalEntry, Suppression

    numbers = {each.pk: 0 for each in operators}

    def rows_of(start, end):
        tables = {DataSubject: [], Consent: [], Suppression: [], Agreement: [], JournalEntry: []}
        for number in range(start, end):
            small = number % 10 == 3
            operator = operators[small]
            tables[DataSubject].append(person(number, operator.pk))
            tables[Consent].append(consent(number, operator.pk, purposes[small]))
            tables[Suppression].append(opt_out(number, operator.pk))
            tables[Agreement].append(agreement(number, operator.pk))
            numbers[operator.pk] += 1
            seq = FIRST_SEQ + number
            tables[JournalEntry].append(entry(seq, operator.code, FIRST_SEQ + numbers[operator.pk], actors[small]))
        return tables

    from django.db import transaction

    for start in range(1, count + 1, AT_ONCE):
        with transaction.atomic():
            for model, rows in rows_of(start, min(start + AT_ONCE, count + 1)).items():
                copying.insert(model, list(rows[0]), [tuple(row.values()) for row in rows])
    go_on_numbering(FIRST_SEQ + count, {each.code: FIRST_SEQ + numbers[each.pk] for each in operators})


FIRST_SEQ = 1000  # what the operators and users of the benchmark wrote comes before


def go_on_numbering(seq, numbers):
    """The journal goes on after the made-up entries, and so do the ids."""
    from django.db import connection

    from registry.models import JournalHead

    head = JournalHead.objects.get(pk=1)
    head.seq, head.numbers = seq, head.numbers | numbers
    head.save()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("VACUUM ANALYZE")  # autovacuum's work, done at once


# Measuring


def median(request, times=RUNS):
    """Milliseconds of a whole request through Django, middleware and template included."""
    taken = []
    for number in range(WARM_UPS + times):
        begun = time.perf_counter()
        response = request()
        if number >= WARM_UPS:
            taken.append((time.perf_counter() - begun) * 1000)
        assert response.status_code == 200, response
    return statistics.median(taken), response


def lists(client, count):
    """Name → address of the lists: pages, filters, and filters that few or no rows fit."""
    people, consents = "/admin/registry/datasubject/", "/admin/registry/consent/"
    agreements, opt_outs = "/admin/registry/agreement/", "/admin/registry/suppression/"
    entries = "/admin/registry/journalentry/"
    purposes = client.purposes
    day = "{0}__gte=2025-03-03&{0}__lt=2025-03-04"
    years = "{0}__gte=2024-01-01&{0}__lt=2027-01-01"
    return {
        "people": people,
        "people, page 2": f"{people}?p=2",
        "people, page 200": f"{people}?p=200",
        "people, far page": f"{people}?after={count // 10}&p=2",
        "people, language ru": f"{people}?language__exact=ru",
        "people, language en": f"{people}?language__exact=en",
        "people, state active": f"{people}?state__exact=active",
        "people, state blocked": f"{people}?state__exact=blocked",
        "people, state depersonalised": f"{people}?state__exact=depersonalised",
        "people, language en and blocked": f"{people}?language__exact=en&state__exact=blocked",
        "people, sorted by state": f"{people}?o=4",
        "consents": consents,
        "consents, far page": f"{consents}?after=2024-02-02~{count // 2}&p=2",
        "consents, usual purpose": f"{consents}?purpose__id__exact={purposes[0]}",
        "consents, rare purpose": f"{consents}?purpose__id__exact={purposes[1]}",
        "consents, usual kind": f"{consents}?kind__exact=marketing",
        "consents, rare kind": f"{consents}?kind__exact=cross_border",
        "consents, no such kind": f"{consents}?kind__exact=distribution",
        "consents, usual purpose and kind": f"{consents}?purpose__id__exact={purposes[0]}&kind__exact=marketing",
        "consents, usual purpose, rare kind": f"{consents}?purpose__id__exact={purposes[0]}&kind__exact=cross_border",
        "consents, usual purpose, no such kind": f"{consents}?purpose__id__exact={purposes[0]}&kind__exact=distribution",
        "consents, one day": f"{consents}?{day.format('given_on')}",
        "consents, three years": f"{consents}?{years.format('given_on')}",
        "consents, rare kind of one day": f"{consents}?{day.format('given_on')}&kind__exact=cross_border",
        "agreements": agreements,
        "agreements, far page": f"{agreements}?after={count // 10}&p=2",
        "agreements, one day": f"{agreements}?{day.format('concluded_on')}",
        "agreements, six years": f"{agreements}?concluded_on__gte=2020-01-01&concluded_on__lt=2027-01-01",
        "agreements, without a date": f"{agreements}?concluded_on__isnull=True",
        "opt-outs": opt_outs,
        "opt-outs, usual channel": f"{opt_outs}?channel__exact=email",
        "opt-outs, rare channel": f"{opt_outs}?channel__exact=message",
        "opt-outs, one day": f"{opt_outs}?{day.format('since_on')}",
        "journal": entries,
        "journal, far page": f"{entries}?after={FIRST_SEQ + count // 20}&p=2",
        "journal, created": f"{entries}?action=create",
        "journal, opened": f"{entries}?action=view",
        "journal, exports started": f"{entries}?action=export.start",
        "journal, deleted": f"{entries}?action=delete",
        "journal, policies": f"{entries}?object=policy",
        "journal, activities": f"{entries}?object=processingactivity",
        "journal, one actor": f"{entries}?actor={client.actor}",
        "journal, an actor who did nothing": f"{entries}?actor=0&object=norm",
        "journal, one day": f"{entries}?from=2026-01-02&until=2026-01-02",
        "journal, by number": f"{entries}?q={FIRST_SEQ + 5}",
        "journal, by uid": f"{entries}?q={count // 3:032x}",
        "imports": "/admin/registry/importrun/",
    }  # fmt: skip


SEARCHES = {
    "part of a name": ("мұхамбет", "any"),
    "a rare name, in Kazakh letters": ("Өтемісұлы", "any"),
    "in capitals": ("ӨТЕМІСҰЛЫ", "any"),
    "in Russian letters": ("отемисулы", "any"),
    "part of a rare name": ("аббасов", "name"),
    "two words": ("ғаббасова сергей", "any"),
    "two frequent words": ("ова айгүл", "any"),
    "part of an e-mail": ("user12345", "any"),
    "part of an e-mail, e-mail only": ("r4242@mail", "email"),
    "digits of a phone": ("7012345", "phone"),
    "four digits of a phone": ("4242", "phone"),
    "three digits": ("424", "any"),
    "a whole phone": ("8 (701) 234-56-78", "any"),
    "an IIN": ("790101123456", "iin"),
    "part of an IIN": ("790101", "iin"),
    "a CRM number": ("C0012345", "crm_id"),
    "a term nearly everybody has": ("ова", "any"),
    "a name, where only e-mails have it": ("user", "name"),
    "no match": ("ыыыыы", "any"),
    "no match, of frequent pieces": ("ованова", "any"),
    "two letters": ("ка", "any"),
}


def measure(client, whose, count):
    from django.db import connection

    where = f"{connection.vendor}{'' if client.indexed else ', no index'}, {whose}"
    for name, address in lists(client, count).items():
        value, _response = median(lambda address=address: client.get(address))
        record(f"lists ({where}): {name}", value, "ms", MILLISECONDS, at_least=False)
    for name, (term, by) in SEARCHES.items():
        asked = {"q": term, "by": by}
        value, response = median(lambda asked=asked: client.post("/admin/find-a-person/", asked))
        hits = len(set(re.findall(r"/datasubject/(\d+)/change/", response.content.decode())))
        record(f"search ({where}): {name}, {hits} hits", value, "ms", MILLISECONDS, at_least=False)


def main(count):
    from django.contrib.auth import get_user_model
    from django.db import connection
    from django.test import Client

    from registry import search
    from tests import factories

    operators = [factories.make_operator(code) for code in ("large", "small")]
    purposes = [[factories.make_purpose(each, code).pk for code in ("news", "rare")] for each in operators]
    users = [factories.make_user("dpo", each) for each in operators]
    if not search.is_installed():
        print(f"{connection.vendor}: people are searched without an index. {search.install()}")
    begun = time.perf_counter()
    build(count, operators, purposes, [user.pk for user in users])
    print(
        f"{connection.vendor}: {count} people with consents, opt-outs, agreements, entries: {time.perf_counter() - begun:.0f} s"
    )
    for user, own in zip(users, purposes, strict=True):
        client = Client(headers={"host": "127.0.0.1"})
        client.force_login(get_user_model().objects.get(pk=user.pk), backend="registry.scope.RoleBackend")
        client.purposes, client.actor, client.indexed = own, user.pk, search.is_installed()
        share = "nine tenths" if user is users[0] else "one tenth"
        measure(client, f"{share} of {count:,}", count)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    import django

    django.setup()
    from django.db import connection

    connection.creation.create_test_db(verbosity=0)
    main(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE)
    connection.close()
