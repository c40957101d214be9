"""What an answer pack says of the processing: out of the activities that the person's data are part of."""

from registry.choices import Operation, Source
from registry.exports.citations import cited
from registry.exports.pack_parts import Section, Table
from registry.models import CrossBorderTransfer


def purposes(extract) -> Section:
    """Purposes with the bases as they are declared, and whether a law of the operator knows them; then what each of them rests on
    for this person."""
    words = extract.words
    laws = set(extract.operator.laws.values_list("law", flat=True))
    rows = [
        (words.name(link.purpose), words.name(activity), *basis(extract, link, laws))
        for activity, links in extract.activities
        for link in links
    ]
    named = {link.purpose_id for _activity, links in extract.activities for link in links}
    missing = words("missing")
    rows += [(words.name(purpose), words("no_activity"), missing, missing) for purpose in others(extract, named)]
    columns = tuple(words(code) for code in ("purpose", "activity", "declared_basis", "norm_of_basis"))
    table = Table(tuple(rows), columns, shares=(26, 22, 24, 28))
    return extract.section("purposes", table, grounds(extract), nothing="no_purposes")


def others(extract, named):
    """Purposes that the person's data serve and no activity names."""
    found = {each.purpose_id: each.purpose for each in (*extract.consents, *extract.served)}
    return sorted((each for pk, each in found.items() if pk not in named), key=lambda purpose: purpose.code)


def grounds(extract):
    words = extract.words
    rows = [
        (words.name(each.purpose), ground(extract, each), extract.day(each.since_on),
         ", ".join(filter(None, [extract.day(each.until_on) if each.until_on else "", words.known("stop", each.stop)])) or "—")
        for each in extract.served
    ]  # fmt: skip
    columns = words("purpose"), words("stood_on"), words("since"), words("until")
    return Table(tuple(rows), columns, shares=(32, 34, 14, 20))


def ground(extract, each):
    """What a purpose rests on for this person: the consent, the agreement, or the basis."""
    words = extract.words
    if each.consent_id:
        return words("ground.consent") % extract.day(each.consent.given_on)
    agreement = words("ground.agreement") % each.agreement.number if each.agreement_id else ""
    return "\n".join(filter(None, [agreement, words.name(each.basis)])) or words.known("ground", each.ground)


def basis(extract, link, laws):
    words, row = extract.words, link.basis
    if row is None:
        return "\n".join(filter(None, [words("missing"), link.document])), words("missing")
    document = link.document or row.document
    declared = "\n".join(filter(None, [f"{words.name(row)} ({words.known('basis', row.kind)})", document]))
    known = cited(row.norm, extract.language) if row.norm_id else ""
    if not row.known_under(laws):
        known = "\n".join(filter(None, [known, words("declared_only")]))
    return declared, known


def categories(extract) -> Section:
    """Which categories of data serve which purpose, and why they are needed."""
    words, rows = extract.words, []
    for activity, links in extract.activities:
        kept = {link.pk for link in links}
        needed = [each for each in activity.data_categories.all() if each.activity_purpose_id in kept]
        names = {link.pk: words.name(link.purpose) for link in links}
        for each in sorted(needed, key=lambda each: (names[each.activity_purpose_id], each.data_category.code)):
            rows.append(
                (category(words, each.data_category), names[each.activity_purpose_id],
                 words.or_missing(each.necessity), words.yes_no_or_missing(each.is_mandatory))
            )  # fmt: skip
    columns = tuple(words(code) for code in ("data_category", "purpose", "necessity", "mandatory"))
    return extract.section("categories", Table(tuple(dict.fromkeys(rows)), columns, shares=(29, 26, 26, 19)))


def category(words, row):
    marks = [words(mark) for mark in ("is_special", "is_biometric") if getattr(row, mark)]
    marks.append(words.known("availability", row.availability))
    marks = ", ".join(filter(None, marks))
    return f"{words.name(row)} ({marks})" if marks else words.name(row)


def sources(extract) -> Section:
    """Where the data come from: as recorded for the person, and as the activities say."""
    words = extract.words
    rows = [(words("recorded_source"), words.or_missing(extract.person.source))]
    for activity, _links in extract.activities:
        chosen = activity.sources.split()
        named = [words.known("source", code) for code in Source.values if code in chosen]
        rows.append((words.name(activity), words.or_missing(", ".join(named))))
    return extract.section("sources", Table(tuple(rows)))


def methods(extract) -> Section:
    """What is done with the data, whether by machine, whether over a network, and for whom."""
    words, rows = extract.words, []
    for activity, _links in extract.activities:
        chosen = activity.operations.split()
        done = [words.known("operation", code) for code in Operation.values if code in chosen]
        behalf = f"\n{words('on_behalf_of')}: {activity.on_behalf_of}" if activity.on_behalf_of else ""
        rows.append(
            (f"{words.name(activity)}{behalf}{when(extract, activity)}{decisions(words, activity)}", words.or_missing(", ".join(done)),
             words.yes_no_or_missing(activity.is_automated), words.yes_no_or_missing(activity.over_network))
        )  # fmt: skip
    columns = tuple(words(code) for code in ("activity", "operations", "yes_no.automated", "yes_no.network"))
    return extract.section("methods", Table(tuple(rows), columns, shares=(28, 30, 23, 19)))


def when(extract, activity):
    """The days of an activity, and that it rests or has ended."""
    words = extract.words
    said = [words("since_day") % extract.day(activity.started_on)] if activity.started_on else []
    said += [words("until_day") % extract.day(activity.ended_on)] if activity.ended_on else []
    if activity.status in (activity.Status.SUSPENDED, activity.Status.ENDED):
        said.append(words.known("status", activity.status))
    return f"\n{', '.join(said)}" if said else ""


def decisions(words, activity):
    """How a machine decides about rights, and who reviews it: 94-V art. 19-1 has it explained."""
    if not activity.decides_rights:
        return ""
    logic = f"{words('decides_rights')}: {words.or_missing(activity.decision_logic)}"
    return f"\n{logic}\n{words('decision_review')}: {words.or_missing(activity.decision_review)}"


def recipients(extract) -> Section:
    """Who receives data in the course of these activities."""
    words, found = extract.words, {}
    for activity, _links in extract.activities:
        for link in activity.recipients.all():
            found.setdefault(link.recipient, []).append(words.name(activity))
    rows = [
        (with_policy(words, row), words.known("recipient", row.kind), extract.country(row.country), "\n".join(names))
        for row, names in sorted(found.items(), key=lambda pair: pair[0].code)
    ]
    columns = tuple(words(code) for code in ("recipient", "kind", "country", "activity"))
    return extract.section("recipients", Table(tuple(rows), columns, shares=(32, 24, 18, 26)))


def with_policy(words, row):
    """An external service has a policy of its own, which people are pointed to."""
    return f"{words.name(row)}\n{words('its_policy')}: {row.policy_url}" if row.policy_url else words.name(row)


def transfers(extract) -> Section:
    """To which countries data go in the course of these activities, to whom, and on what ground."""
    words = extract.words
    activities = [activity.pk for activity, _links in extract.activities]
    rows = [
        (extract.country(row.country), words.name(row.recipient),
         words.or_missing(words.known("mechanism", row.mechanism)), period(extract, row),
         "\n".join(words.name(each.data_category) for each in row.data_categories.all()) or words("missing"))
        for row in CrossBorderTransfer.objects.filter(operator=extract.operator, activity__in=activities)
        .select_related("recipient").prefetch_related("data_categories__data_category").order_by("code")
    ]  # fmt: skip
    columns = tuple(words(code) for code in ("country", "recipient", "mechanism", "period", "data_categories"))
    return extract.section("transfers", Table(tuple(rows), columns, shares=(16, 24, 22, 18, 20)))


def period(extract, row):
    """From when to when data go; a transfer that has not begun, or that is suspended, says so."""
    words = extract.words
    said = [words("since_day") % extract.day(row.started_on) if row.started_on else words("not_started")]
    if row.ended_on:
        said.append(words("until_day") % extract.day(row.ended_on))
    elif row.suspended_on:
        said.append(words("suspended_since") % extract.day(row.suspended_on))
    return "\n".join(said)


def storage(extract) -> Section:
    """How long data are kept, after what, and what happens then."""
    words, rows = extract.words, []
    for activity, _links in extract.activities:
        links = sorted(activity.retention.all(), key=lambda link: (link.rule.code, link.data_category_id or 0))
        terms = [storage_term(extract, link) for link in links]
        rows.append((words.name(activity), words.or_missing("\n".join(terms))))
    return extract.section("storage", Table(tuple(rows)))


def storage_term(extract, link):
    words, rule = extract.words, link.rule
    term = words.period(rule.period, rule.unit) if rule.period is not None else ""
    counted = " ".join(filter(None, [term, words.known("trigger", rule.trigger)]))
    norm = cited(rule.norm, extract.language) if rule.norm_id else ""
    if not term and not norm:
        counted = f"{words('missing')} {counted}"
    said = "; ".join(filter(None, [counted, norm, words.known("then", rule.then) or words("missing")]))
    return f"{words.name(link.data_category)}: {said}" if link.data_category_id else said


def databases(extract) -> Section:
    """Where data lie, by country."""
    words = extract.words
    found = {link.database for activity, _links in extract.activities for link in activity.databases.all()}
    rows = []
    for row in sorted(found, key=lambda row: (row.country, row.code)):
        kind = [words.known("form", row.form), words.known("standing", row.standing)]
        place = words("abroad") if row.is_abroad and not row.country else extract.country(row.country)
        rows.append((place, words.name(row), ", ".join(filter(None, kind)), words.or_missing(row.address)))
    columns = words("country"), words("database"), words("kind"), words("address")
    return extract.section("databases", Table(tuple(rows), columns, shares=(20, 30, 20, 30)))


def measures(extract) -> Section:
    """What protects the data (152-FZ art. 14(7) asks how the duties of art. 18.1 are fulfilled)."""
    words = extract.words
    found = {link.measure for activity, _links in extract.activities for link in activity.measures.all()}
    rows = [
        (words.name(row), words.or_missing(words.known("measure", row.kind)))
        for row in sorted(found, key=lambda row: row.code)
    ]
    return extract.section("measures", Table(tuple(rows), (words("measure"), words("kind")), shares=(70, 30)))
