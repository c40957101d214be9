"""How a register is laid out: 94-V's list of necessary and sufficient data, 152-FZ's notification, GDPR's two records.

A row is a dict of column → text, or list of texts where several may stand. What is mandatory and not known is marked, never
left blank and never filled in. A changed column or word is a new `version`: registers of the past are compared by their bytes.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from registry.exports.cells import (
    controller,
    data_category,
    database,
    end_of_processing,
    ground,
    lacking,
    measure,
    methods,
    names,
    operations,
    or_missing,
    person,
    person_with_contacts,
    recipient,
    status,
    storage_terms,
    transfer,
)
from registry.exports.record import by_code


class Layout(NamedTuple):
    """`norms` are cited with the mark they had then; `by_hand` are lines for what the register does not hold.

    On paper a line is a sheet of its own, unless the layout `is_table`.
    """

    code: str
    version: int
    columns: tuple[str, ...]
    rows: Callable
    left_out: Callable = lambda record: []
    norms: tuple[str, ...] = ()
    by_hand: tuple[str, ...] = ()
    person: Callable = person
    nothing: str = ""
    is_table: bool = False


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


def notification(record, words) -> Iterator[dict]:
    """A line for each purpose of each activity of the operator's own, with what art. 22(3) asks for each purpose."""
    for activity in own(record):
        for each in activity.purposes or (None,):
            categories = [data_category(words, row) for _link, row in each.needed] if each else []
            yield {
                "activity_code": activity.row.code,
                "activity": words.name(activity.row),
                "status": status(words, activity),
                "purpose": or_missing(words, each and words.name(each.purpose)),
                "data_categories": categories or [words("missing")],
                "subject_categories": names(words, activity.subject_categories) or [words("missing")],
                "ground": ground(record, words, each) if each else words("missing"),
                "operations": operations(words, activity) or [words("missing")],
                "methods": methods(words, activity),
                "measures": [measure(words, row) for row in activity.measures] or [words("missing")],
                "started_on": or_missing(words, activity.row.started_on and activity.row.started_on.isoformat()),
                "end_of_processing": end_of_processing(record, words, activity),
                "cross_border": [transfer(record, words, row) for row in activity.transfers] or [words("none")],
                "databases": [database(words, row) for row in activity.databases] or [words("missing")],
                "lacking": lacking(words, activity),
            }


def controller_record(record, words) -> Iterator[dict]:
    """A line for each activity that the operator carries out as controller, with the items (a) to (g) of art. 30(1).

    Whether there is a representative, and how joint controllers are reached, the register does not hold.
    """
    for activity in own(record):
        categories = {category.id: category for each in activity.purposes for _link, category in each.needed}
        yield {
            "activity_code": activity.row.code,
            "activity": words.name(activity.row),
            "status": status(words, activity),
            "controller": controller(record, words),
            "joint_controllers": activity.row.joint_operators or words("none"),
            "dpo": [person(words, row) for row in record.responsible] or [words("missing")],
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


def processor_record(record, words) -> Iterator[dict]:
    """A line for each activity carried out on behalf of another, by principal, with the items (a) to (d) of art. 30(2).

    Of a principal the register holds the name alone.
    """
    for activity in sorted(for_others(record), key=lambda each: each.row.on_behalf_of):
        processors = [recipient(words, row) for row in activity.recipients if row.kind == "processor"]
        yield {
            "activity_code": activity.row.code,
            "activity": words.name(activity.row),
            "status": status(words, activity),
            "processor": controller(record, words),
            "other_processors": processors or [words("none")],
            "on_behalf_of": or_missing(words, activity.row.on_behalf_of),
            "dpo": [person(words, row) for row in record.responsible] or [words("missing")],
            "operations": operations(words, activity) or [words("missing")],
            "purposes": [words.name(each.purpose) for each in activity.purposes] or [words("missing")],
            "transfers": [transfer(record, words, row) for row in activity.transfers] or [words("none")],
            "measures": [measure(words, row) for row in activity.measures] or [words("missing")],
            "lacking": lacking(words, activity),
        }


def own(record):
    return [activity for activity in record.activities if activity.row.role != "processor"]


def for_others(record):
    return [activity for activity in record.activities if activity.row.role == "processor"]


def on_behalf_of_others(record):
    return [activity.row.code for activity in for_others(record)]


LAYOUTS = {
    "kz": Layout(
        "kz",
        3,
        ("activity_code", "activity", "status", "data_category", "marks", "subject_categories", "purpose", "necessity",
         "mandatory", "ground", "document", "availability", "storage_term", "lacking"),
        necessary_data,
        by_hand=("approval",),
        is_table=True,
    ),
    "ru": Layout(
        "ru",
        3,
        ("activity_code", "activity", "status", "purpose", "data_categories", "subject_categories", "ground",
         "operations", "methods", "measures", "started_on", "end_of_processing", "cross_border", "databases", "lacking"),
        notification,
        on_behalf_of_others,
        norms=("RU-152-FZ/22(3)", "RU-152-FZ/22(3)(7.1)", "RU-152-FZ/RKN 180"),
        by_hand=("postal_address", "encryption", "access", "security_information"),
        person=person_with_contacts,
    ),
    "gdpr-controller": Layout(
        "gdpr-controller",
        3,
        ("activity_code", "activity", "status", "controller", "joint_controllers", "dpo", "purposes", "grounds",
         "subject_categories", "data_categories", "recipients", "transfers", "erasure_terms", "measures", "lacking"),
        controller_record,
        on_behalf_of_others,
        by_hand=("representative", "joint_controller_contacts"),
    ),
    "gdpr-processor": Layout(
        "gdpr-processor",
        3,
        ("activity_code", "activity", "status", "processor", "other_processors", "on_behalf_of", "dpo", "operations",
         "purposes", "transfers", "measures", "lacking"),
        processor_record,
        norms=("EU-GDPR/30(2)",),
        by_hand=("representative", "principal_contacts"),
        nothing="on_behalf_of_others",
    ),
}  # fmt: skip
