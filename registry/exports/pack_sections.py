"""What an answer pack says of the person: out of the rows of that one person alone, and of no row of anybody else."""

import json
from collections.abc import Iterator

from registry.exports.citations import article, cited, norms_of
from registry.exports.letter_texts import Said
from registry.exports.pack_parts import Section, Table
from registry.exports.runs import STARTED
from registry.models import Consent, JournalEntry, RequestMark, SubjectRequest
from registry.rules.deadlines import day_of

VALUES = ("surname", "given_name", "patronymic", "iin", "birth_date", "phone", "email", "language", "crm_id")
# Entries of the journal by which somebody saw the person's values.
READINGS = ("view", "list", "search", "history", "import.preview", "import.list.view", STARTED)
RIGHTS = (
    "KZ-94-V/24(1)(2)", "KZ-94-V/24(1)(3)", "KZ-94-V/24(1)(4)", "KZ-94-V/24(1)(5)", "KZ-94-V/24(1)(6)",
    "KZ-94-V/24(1)(7)", "KZ-94-V/19-1", "KZ-94-V/25(2)(9)",
    "RU-152-FZ/14(3)", "RU-152-FZ/15(2)", "RU-152-FZ/20(3)", "RU-152-FZ/21(5)", "RU-152-FZ/21(5.1)",
    "EU-GDPR/7(3)", "EU-GDPR/12(3)", "EU-GDPR/12(5)",
)  # fmt: skip


def confirmation(extract) -> Section:
    """That data are processed, whose, and how they stand; or that there are none."""
    words, person = extract.words, extract.person
    if person is None:
        return extract.section("confirmation", lines=[words("nothing_held")])
    first = person.history.order_by("history_id").first()
    categories = [
        words.name(each.category) for each in extract.rows("categories", "category", order=("category__code",))
    ]
    facts = [
        (words("standing"), words.known("state", person.state)),
        *((words("blocked_since"), block) for block in blocked(extract)),
        (words("in_register_since"), extract.day(first and day_of(first.history_date))),
        (words("subject_categories"), words.or_missing("\n".join(categories))),
    ]
    return extract.section("confirmation", Table(tuple(facts)), lines=[words("confirmed")])


def blocked(extract):
    """Blocks that stand: since when, and of what. Why, is the operator's note."""
    for block in extract.rows("blocks", "activity", order=("set_at", "pk")):
        if block.lifted_at is None:
            what = extract.words.name(block.activity) or extract.words("everything")
            yield f"{extract.day(day_of(block.set_at))} ({what})"


def values(extract) -> Section:
    """Field by field: what is held, from where, and when it was confirmed."""
    words, person = extract.words, extract.person
    source, confirmed = words.or_missing(person.source), extract.day(person.confirmed_on)
    rows = []
    for name in VALUES:
        value = value_of(extract, name)
        rows.append((words(name), value or words("none_held"), source if value else "—", confirmed if value else "—"))
    columns = [words(code) for code in ("field", "value", "source", "confirmed_on")]
    return extract.section("values", Table(tuple(rows), tuple(columns), shares=(24, 36, 24, 16)))


def value_of(extract, name):
    value = getattr(extract.person, name)
    if name == "birth_date":
        return extract.day(value) if value else ""
    return extract.words.known("lang", value) if name == "language" else value or ""


def consents(extract) -> Section:
    """Each consent with the items of 94-V art. 8(4), and what became of it."""
    return extract.section("consents", *(consent_card(extract, consent) for consent in extract.consents))


def consent_card(extract, consent):
    words = extract.words
    policy = consent.policy and ", ".join(
        filter(None, [consent.policy.title, consent.policy.version, consent.policy.url])
    )
    facts = [
        (words("standing_of_consent"), standing(extract, consent)),
        (words("given_on"), extract.day(consent.given_on)),
        (words("channel"), words.or_missing(consent.channel)),
        (words("evidence"), words.or_missing(consent.evidence)),
        (words("term"), term(extract, consent)),
        (words("third_parties"), words.yes_no_or_missing(consent.third_parties)),
        (words("cross_border"), words.yes_no_or_missing(consent.cross_border)),
        (words("publication"), words.yes_no_or_missing(consent.publication)),
        (words("data_list"), words.or_missing(consent.data_list)),
        (words("policy"), words.or_missing(policy)),
        (words("other_terms"), consent.other_terms or "—"),
    ]
    if consent.kind == Consent.Kind.DISTRIBUTION:
        facts += conditions_of_distribution(extract, consent)
    return Table(tuple(facts), title=f"{words.name(consent.purpose)} ({words.known('consent', consent.kind)})")


def conditions_of_distribution(extract, consent):
    """What the person forbade and what they allowed, category by category, and when that was published (152-FZ art. 10.1)."""
    words, told = extract.words, consent.distribution_conditions.select_related("data_category")
    forbidden, allowed = [], []
    for each in told.order_by("data_category__code"):
        name = words.name(each.data_category)
        if each.is_prohibited:
            forbidden.append(name)
        if each.conditions:
            allowed.append(f"{name}: {each.conditions}")
    published = consent.conditions_published_on and extract.day(consent.conditions_published_on)
    return [
        (words("not_distributed"), "\n".join(forbidden) or "—"),
        (words("conditions"), "\n".join(allowed) or "—"),
        (words("conditions_published"), "\n".join(filter(None, [published, consent.conditions_url])) or "—"),
    ]


def term(extract, consent):
    if consent.expires_on:
        return extract.words("until_day") % extract.day(consent.expires_on)
    return extract.words("until_purpose_reached" if consent.until_purpose_reached else "missing")


def standing(extract, consent):
    words = extract.words
    if consent.withdrawn_at:
        return f"{words('withdrawn_on')} {extract.day(day_of(consent.withdrawn_at))}"
    if consent.ended_on and consent.ended_on < extract.today:
        return f"{words('renewed')} {extract.day(consent.ended_on)}"
    if Consent.objects.in_force(extract.today).filter(pk=consent.pk).exists():
        return words("in_force")
    return words("expired")


def agreements(extract) -> Section:
    words = extract.words
    rows = [
        (each.number, extract.day(each.concluded_on), extract.day(each.ended_on) if each.ended_on else "—")
        for each in extract.rows("agreements", order=("concluded_on", "pk"))
    ]
    columns = words("agreement"), words("concluded_on"), words("ended_on")
    return extract.section("agreements", Table(tuple(rows), columns, shares=(50, 25, 25)))


def opt_outs(extract) -> Section:
    words = extract.words
    rows = [
        (words.known("channel", each.channel), extract.day(each.since_on),
         extract.day(each.ended_on) if each.ended_on else "—", words.or_missing(each.source))
        for each in extract.rows("suppressions", order=("since_on", "pk"))
    ]  # fmt: skip
    columns = tuple(words(code) for code in ("opt_out_channel", "since", "until", "known_from"))
    return extract.section("opt_outs", Table(tuple(rows), columns, shares=(26, 18, 18, 38)))


def disclosures(extract) -> Section:
    """What left about this person, to whom, when and on which ground. What was given of many people at once names nobody."""
    words, rows = extract.words, []
    fetched = ("recipient", "activity", "norm__law")
    for each in extract.rows("disclosures", *fetched, order=("disclosed_on", "pk")):
        given = [words.name(link.data_category) for link in each.data_categories.select_related("data_category")]
        ground = [words.known("disclosed", each.ground), cited(each.norm, extract.language) if each.norm_id else ""]
        rows.append(
            (extract.day(each.disclosed_on), words.name(each.recipient), extract.country(each.recipient.country),
             "\n".join(filter(None, [*ground, words("handover") if each.is_handover else ""])),
             words.or_missing("\n".join(given)))
        )  # fmt: skip
    columns = tuple(
        words(code) for code in ("disclosed_on", "recipient", "country", "ground_of_disclosure", "data_categories")
    )
    return extract.section("disclosures", Table(tuple(rows), columns, shares=(14, 25, 15, 26, 20)))


def readings(extract) -> Section:
    """Who had access: by role, out of the journal; whoever of the staff it was is nobody's business here."""
    words = extract.words
    rows = [
        (words.known("role", role), words.known("reading", action), str(times), extract.day(first), extract.day(last))
        for (role, action), (times, first, last) in sorted(readings_of(extract).items())
    ]
    columns = tuple(words(code) for code in ("role", "how", "times", "first_on", "last_on"))
    table = Table(tuple(rows), columns, shares=(29, 27, 14, 15, 15))
    return extract.section(
        "readings", table, lines=[words("readings_note")] if rows else (), nothing="nothing.readings"
    )


def readings_of(extract):
    """(role, action) → how often, first and last day; entries that name the person among those they touch.

    An export names people where it starts or as it lists them, chunk by chunk: however often, they were taken into it once.
    """
    found, exports = {}, set()
    entries = JournalEntry.objects.filter(
        subjects__uid=extract.person.uid, operator=extract.operator.code, action__in=READINGS
    )
    for action, at, run, body in entries.order_by("seq").values_list("action", "at", "run", "body").iterator():
        if run is not None and action in ("list", STARTED):  # a list on a page bears the number of no run
            if run in exports:
                continue
            exports.add(run)
            action = STARTED
        key = json.loads(body).get("role") or "system", action
        times, first, _last = found.get(key, (0, day_of(at), None))
        found[key] = times + 1, first, day_of(at)
    return found


def earlier_requests(extract) -> Section:
    """Other requests about the same person: number, kind, days. What was asked and answered stands in their own letters."""
    words = extract.words
    requests = SubjectRequest.objects.filter(subject=extract.person, received_at__lte=extract.request.received_at)
    rows = [
        (each.number, words.known("kind", each.kind), extract.day(day_of(each.received_at)),
         extract.day(day_of(each.closed_at)) if each.closed_at else "—")
        for each in requests.exclude(pk=extract.request.pk).order_by("received_at", "pk")
    ]  # fmt: skip
    columns = tuple(words(code) for code in ("number_of", "kind", "received_on", "closed_on"))
    return extract.section("requests", Table(tuple(rows), columns, shares=(22, 42, 18, 18)))


def rights(extract) -> Section:
    """What each law of the operator gives the person."""
    by_law = {}
    for norm in norms_of(extract.operator, RIGHTS, extract.today):
        by_law.setdefault(norm.law, []).append((article(norm, extract.language), norm.text_in(extract.language)))
    tables = [Table(tuple(rows), title=law.name_in(extract.language)) for law, rows in by_law.items()]
    return extract.section("rights", *tables)


def asking(extract) -> Section:
    """Where to write, and under which subject line, as the operator's policy says."""
    words = extract.words
    marks = RequestMark.objects.filter(operator=extract.operator).order_by("request_kind", "mailbox", "subject_line")
    rows = [
        (words.known("kind", mark.request_kind), mark.mailbox, mark.subject_line or "—")
        for mark in marks.exclude(request_kind="authority")
    ]
    columns = words("what_for"), words("mailbox"), words("subject_line")
    how = words("how_to_ask" if rows else "how_to_ask_plain")
    return extract.section("asking", Table(tuple(rows), columns, shares=(34, 30, 36)), lines=[how])


def complaints(extract) -> Section:
    said = Said(extract.request, extract.language)
    first, *norms = said.complaint()
    return extract.section("complaints", lines=[first, *(f"– {norm}" for norm in norms)])


def operator(extract) -> Section:
    """The operator and who answers for personal data, as they are published."""
    words, row = extract.words, extract.operator
    facts = [
        (words("name"), words.or_missing(row.name_in(extract.language))),
        (words("bin"), words.or_missing(row.bin)),
        (words("address"), words.or_missing(row.address)),
        (words("contacts"), words.or_missing("\n".join(filter(None, [row.email, row.phone])))),
        (words("sites"), words.or_missing(row.sites.replace(" ", "\n"))),
        *((words("responsible_person"), line) for line in responsible(extract)),
    ]
    return extract.section("operator", Table(tuple(facts)))


def responsible(extract) -> Iterator[str]:
    in_office = extract.operator.responsible_persons.in_office(extract.today)
    for each in in_office:
        yield "\n".join(filter(None, [each.name, each.position, each.email, each.phone]))
    if not in_office:
        yield extract.words("missing")
