"""How a register is laid out: 94-V's list of necessary and sufficient data, and GDPR's record of the controller.

A row is a dict of column → text, or list of texts where several may stand. What is mandatory and not known is marked, never
left blank and never filled in. A changed column or word is a new `version`: registers of the past are compared by their bytes.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from registry.exports.record import by_code


class Layout(NamedTuple):
    code: str
    version: int
    columns: tuple[str, ...]
    rows: Callable
    left_out: Callable = lambda record: []


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
    return text if norm.verified == "verified" else f"{text} ({words.known('verified', norm.verified)})"


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


def necessary_data(record, words) -> Iterator[dict]:
    """A line for each data category of each purpose of each activity."""
    for activity in record.activities:
        for each in activity.purposes or (None,):
            for link, category in (each and each.needed) or ((None, None),):
                marks = ("is_identifier", "is_special", "is_biometric")
                yield {
                    "activity_code": activity.row.code,
                    "activity": words.name(activity.row),
                    "status": status(words, activity),
                    "data_category": or_missing(words, words.name(category)),
                    "marks": [words(mark) for mark in marks if category is not None and getattr(category, mark)],
                    "subject_categories": names(words, activity.subject_categories) or [words("missing")],
                    "purpose": or_missing(words, each and words.name(each.purpose)),
                    "necessity": or_missing(words, link and link.necessity),
                    "mandatory": or_missing(words, link and words.yes_no(link.is_mandatory)),
                    "ground": ground(record, words, each) if each else words("missing"),
                    "document": or_missing(
                        words, each and (each.link.document or (each.basis and each.basis.document))
                    ),
                    "availability": or_missing(words, category and words.known("availability", category.availability)),
                    "storage_term": storage_terms(record, words, activity, category) or [words("missing")],
                    "lacking": lacking(words, activity),
                }


def controller_record(record, words) -> Iterator[dict]:
    """A line for each activity that the operator carries out as controller, with the items (a) to (g) of art. 30(1)."""
    for activity in record.activities:
        if activity.row.role == "processor":
            continue
        categories = {category.id: category for each in activity.purposes for _link, category in each.needed}
        yield {
            "activity_code": activity.row.code,
            "activity": words.name(activity.row),
            "status": status(words, activity),
            "controller": controller(record, words),
            "joint_controllers": activity.row.joint_operators or words("none"),
            "representative": words("none"),
            "dpo": [person(row) for row in record.responsible] or [words("missing")],
            "purposes": [words.name(each.purpose) for each in activity.purposes] or [words("missing")],
            "grounds": list(dict.fromkeys(ground(record, words, each) for each in activity.purposes))
            or [words("missing")],
            "subject_categories": names(words, activity.subject_categories) or [words("missing")],
            "data_categories": names(words, by_code(categories.values())) or [words("missing")],
            "recipients": [recipient(words, row) for row in activity.recipients] or [words("none")],
            "transfers": [transfer(record, words, row) for row in activity.transfers] or [words("none")],
            "erasure_terms": storage_terms(record, words, activity) or [words("missing")],
            "measures": [measure(words, row) for row in activity.measures] or [words("missing")],
            "lacking": lacking(words, activity),
        }


def on_behalf_of_others(record):
    return [activity.row.code for activity in record.activities if activity.row.role == "processor"]


def controller(record, words):
    """Name and contacts of the operator, each marked where it is not known."""
    row = record.operator
    if row is None:
        return [words("missing")]
    contacts = [row.address, row.email, row.phone]
    return [words.name(row), *(filter(None, contacts) if any(contacts) else [words("missing")])]


def person(row):
    return ", ".join(filter(None, [row.name, row.position, row.email, row.phone]))


def recipient(words, row):
    country = row.country or words("missing")
    return f"{words.name(row)} ({words.known('recipient', row.kind)}, {country})"


def transfer(record, words, row):
    """Where the data go, to whom, and what makes that lawful."""
    to = words.name(record.recipient(row))
    mechanism = words.known("mechanism", row.mechanism) or words("missing")
    return f"{row.country or words('missing')}: {to}; {mechanism}"


def measure(words, row):
    kind = words.known("measure", row.kind)
    return f"{words.name(row)} ({kind})" if kind else words.name(row)


LAYOUTS = {
    "kz": Layout(
        "kz",
        1,
        ("activity_code", "activity", "status", "data_category", "marks", "subject_categories", "purpose", "necessity",
         "mandatory", "ground", "document", "availability", "storage_term", "lacking"),
        necessary_data,
    ),
    "gdpr-controller": Layout(
        "gdpr-controller",
        1,
        ("activity_code", "activity", "status", "controller", "joint_controllers", "representative", "dpo", "purposes",
         "grounds", "subject_categories", "data_categories", "recipients", "transfers", "erasure_terms", "measures",
         "lacking"),
        controller_record,
        on_behalf_of_others,
    ),
}  # fmt: skip
