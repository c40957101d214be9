"""What a cell of a register says, in one language. What is not known is marked: never left blank, never filled in."""

from registry.choices import Operation
from registry.rules.transfers import CONSENT, FINDING


def or_missing(words, value):
    return value or words("missing")


def names(words, rows):
    return [words.name(row) for row in rows]


def status(words, activity):
    """The activity's status with its last day where it has one."""
    row = activity.row
    text = words.known("status", row.status)
    return f"{text}, {words('until') % row.ended_on.isoformat()}" if row.ended_on else text


def lacking(words, activity):
    return [words.known("lacks", code) for code in activity.lacking]


def citation(record, words, norm):
    """The article, with the mark of one that was not read in an official text."""
    text = f"{norm.act} {norm.article}".strip() if norm.act else ""
    text = text or words("norm") % {"law": record.law_of(norm).code, "article": norm.article}
    return words.marked(text, norm.verified)


def cited(record, words, code):
    """The citation of a norm by its code; one that the library did not hold then is unverified."""
    if norm := record.norm_by_code(code):
        return citation(record, words, norm)
    return words.marked(code, "unverified")


def ground(record, words, each):
    """The legal basis of a purpose as declared, its norm, and whether a law of the operator knows it."""
    if each.basis is None:
        return words("missing")
    parts = [f"{words.name(each.basis)} ({words.known('basis', each.basis.kind)})"]
    if norm := record.norm_of(each.basis):
        parts.append(citation(record, words, norm))
    if not record.known_to_law(each.basis):
        parts.append(words("declared_only"))
    return "; ".join(parts)


def storage_terms(record, words, activity, category=None):
    """The storage periods of the activity; of one data category, where it is given: its own rules, else those of all data."""
    rules = [(rule, of) for rule, of in activity.retention if category is None or of is None or of.id == category.id]
    if category is not None:
        own = [(rule, None) for rule, of in rules if of is not None]
        rules = own or rules
    return [storage_term(record, words, rule, of) for rule, of in rules]


def storage_term(record, words, rule, category):
    term = words.period(rule.period, rule.unit) if rule.period is not None else ""
    norm = record.norm(rule.norm_id)
    parts = [" ".join(filter(None, [term, words.known("trigger", rule.trigger)]))]
    parts.append(citation(record, words, norm) if norm else "")
    parts.append(words.known("then", rule.then) if rule.then else words("missing"))
    if not term and not norm:
        parts.insert(0, words("missing"))
    text = "; ".join(filter(None, parts))
    return f"{words.name(category)}: {text}" if category is not None else text


def controller(record, words):
    """Name and contacts of the operator, each marked where it is not known."""
    row = record.operator
    if row is None:
        return [words("missing")]
    contacts = [row.address, row.email, row.phone]
    return [words.name(row), *(filter(None, contacts) if any(contacts) else [words("missing")])]


def person(words, row):
    return ", ".join(filter(None, [row.name, row.position, row.email, row.phone]))


def recipient(words, row):
    country = row.country or words("missing")
    return f"{words.name(row)} ({words.known('recipient', row.kind)}, {country})"


def transfer(record, words, row):
    """Where the data go, to whom, what makes that lawful, and what keeps them from going."""
    to = words.name(record.recipient(row))
    parts = [f"{row.country or words('missing')}: {to}", safeguard(words, row), standstill(words, row)]
    return "; ".join(filter(None, parts))


def safeguard(words, transfer):
    """The mechanism with its document, marked where one is needed and not named: see `rules.transfers`."""
    needs_one = transfer.mechanism and transfer.mechanism not in (CONSENT, FINDING)
    document = transfer.document or (words("missing") if needs_one else "")
    return ": ".join(filter(None, [words.known("mechanism", transfer.mechanism) or words("missing"), document]))


def standstill(words, transfer):
    """Why nothing goes at that moment, where nothing does: the transfer had not begun, or was suspended."""
    if transfer.started_on is None:
        return words("not_started")
    return words("suspended_since") % transfer.suspended_on.isoformat() if transfer.suspended_on else ""


def measure(words, row):
    kind = words.known("measure", row.kind)
    return f"{words.name(row)} ({kind})" if kind else words.name(row)


def person_with_contacts(words, row):
    """A responsible person with telephone and e-mail, each marked where it is not known (152-FZ art. 22(3)(7.1)).

    The postal address, which it asks for too, is entered by hand.
    """
    contacts = [
        f"{words('phone')}: {row.phone or words('missing')}",
        f"{words('email')}: {row.email or words('missing')}",
    ]
    return ", ".join(filter(None, [row.name, row.position, *contacts]))


def operations(words, activity):
    """What is done with the data, in the order of the choices."""
    chosen = set(activity.row.operations.split())
    return [words.known("operation", code) for code in Operation.values if code in chosen]


def methods(words, activity):
    """Whether by machine, and whether over a network."""
    row = activity.row
    answers = {"automated": row.is_automated, "over_network": row.over_network}
    return [f"{words(asked)}: {words.yes_no(answer) or words('missing')}" for asked, answer in answers.items()]


def data_category(words, row):
    """A data category with the marks that raise duties."""
    marks = [words(mark) for mark in ("is_special", "is_biometric") if getattr(row, mark)]
    return f"{words.name(row)} ({', '.join(marks)})" if marks else words.name(row)


def database(words, row):
    """A database and its place."""
    abroad = words("abroad") if row.is_abroad and not row.country else ""
    place = [row.country or words("missing"), abroad, row.address, row.provider]
    kind = [words.known("form", row.form), words.known("standing", row.standing)]
    return f"{words.name(row)}: {', '.join(filter(None, place))} ({', '.join(filter(None, kind))})"


def end_of_processing(record, words, activity):
    """The last day where it is known, else the terms and events that end the processing."""
    if activity.row.ended_on:
        return [activity.row.ended_on.isoformat()]
    return storage_terms(record, words, activity) or [words("missing")]
