"""Canonical text and commitments, version 1. What is hashed here can never be hashed otherwise."""

import datetime as dt
import decimal
import hashlib
import hmac
import uuid
from functools import cache

import orjson
from django.db import models
from django.utils import timezone

GENESIS = bytes(32)
BODY_PREFIX = b"PDR1\0"
PUBLIC_PREFIX = b"PDR1-public\0"
# The commitment to the values leaves these out: they bind the row to its entry, they are not what it says.
UNCOMMITTED = frozenset({"id", "history_id", "salt", "history_change_reason"})
PLAIN_TEXT = (models.CharField, models.TextField)


def canonical(values):
    """UTF-8 bytes: keys sorted by code point, no spaces, nulls and empty texts left out; raises TypeError on a float."""
    said = {}
    for key, value in values.items():
        if value is None or value == "":
            continue
        if isinstance(value, float):
            raise TypeError("The journal knows no floats: use a decimal at a fixed scale.")
        said[key] = value
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS)


def moment(value):
    """A time as UTC with microseconds and Z."""
    return value.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def plain_value(field, value):
    """What a field's value is in canonical text, the same before the row is written and after it is read back."""
    if value is None or value == "":
        return None
    if isinstance(field, models.ForeignKey):
        return value.pk if isinstance(value, models.Model) else value
    value = field.to_python(value)
    if isinstance(value, dt.datetime):
        return moment(value if timezone.is_aware(value) else timezone.make_aware(value, dt.UTC))
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, decimal.Decimal):
        return f"{value:.{field.decimal_places}f}"
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, float):
        raise TypeError(f"{field.name}: the journal knows no floats.")
    return value


def row_values(row):
    """(public, personal) canonical values of a history row; the change reason is personal and called `reason`."""
    public, personal = {}, {}
    for name, attname, field, is_text, is_personal in _committed(row._meta, row.instance_type):
        value = getattr(row, attname)
        if not (is_text and value.__class__ is str):  # text stands as it is; an import commits to millions
            value = plain_value(field, value)
        if value is not None and value != "":
            (personal if is_personal else public)[name] = value
    if row.history_change_reason:
        personal["reason"] = row.history_change_reason
    return public, personal


@cache
def _committed(meta, model):
    """What is committed to of a history row's fields: name, attname, field, whether it is plain text, whether personal."""
    names = {field: "history_user" if field.name == "history_user_id" else field.name for field in meta.concrete_fields}
    return [
        (name, field.attname, field, type(field) in PLAIN_TEXT, model.FIELD_CLASSES.get(name) == "personal")
        for field, name in names.items()
        if field.name not in UNCOMMITTED
    ]


def public_commitment(values):
    return hashlib.sha256(PUBLIC_PREFIX + canonical(values)).hexdigest()


def personal_commitment(salt, values):
    return hmac.digest(bytes(salt), canonical(values), "sha256").hex()


def commitments(row):
    """The two commitments of a history row, `public` and `personal`, in hex."""
    public, personal = row_values(row)
    return public_commitment(public), personal_commitment(row.salt, personal)


def body_digest(body):
    return hashlib.sha256(BODY_PREFIX + body).digest()


def chain(previous, body):
    """The next link: SHA-256 over the previous hash and the digest of the body, both as raw bytes."""
    return hashlib.sha256(previous + body_digest(body)).digest()
