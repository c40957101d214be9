"""The terms of the laws and of the operators' own policies as the project's files say them, for tests without a database."""

import datetime as dt
import tomllib

from registry.imports.laws import LAWS, REGISTERS
from registry.rules.dates import HOME_ZONE
from registry.rules.deadlines import Term, due, longer
from registry.rules.working_days import WorkingDays

EXTENDED = "+"


def tables(path, name):
    return {row["code"]: row for row in tomllib.loads(path.read_text(encoding="utf-8")).get(name, [])}


def rules_of(law):
    return tables(LAWS / f"{law.lower()}.toml", "deadline_rule")


def promises_of(operator):
    return tables(REGISTERS / f"{operator}.toml", "operator_term")


def moment(text):
    """Noon in Almaty of a day, a time there, or a moment with its zone."""
    at = dt.datetime.fromisoformat(text if len(text) > len("2026-01-01") else f"{text}T12:00")
    return at if at.tzinfo else at.replace(tzinfo=HOME_ZONE)


def due_of(rule, event, country, *, is_extended=False, asked=""):
    """What the clock says: a day, a moment in UTC, or an empty text where there is no date."""
    term = Term(rule.get("amount", 0), rule["unit"])
    if is_extended:
        term = longer(term, rule["extension"])
    asked_on = dt.date.fromisoformat(asked) if asked else None
    found = due(term, moment(event), WorkingDays(country), asked_on=asked_on)
    if found.at:
        return f"{found.at:%Y-%m-%dT%H:%M:%SZ}"
    return found.on.isoformat() if found.on else ""


def in_force(rule, event):
    day = moment(event).astimezone(HOME_ZONE).date()
    return rule.get("valid_from", day) <= day <= rule.get("valid_until", day)


def due_by_law(rules, code, event, country, **asked):
    """The same of a rule by its code, “RU-INFO+” being the extended term. The rule must be in force on the day of the event."""
    rule = rules[code.removesuffix(EXTENDED)]
    assert in_force(rule, event), f"{code} is not in force on {event}"
    return due_of(rule, event, country, is_extended=code.endswith(EXTENDED), **asked)
