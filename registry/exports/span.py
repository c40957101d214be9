"""From when to when an audit export shows entries."""

import datetime as dt
from typing import NamedTuple

from django.core.exceptions import ValidationError
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _

from registry.exports import trail
from registry.exports.past import parse_moment
from registry.journal.canonical import moment as utc_text
from registry.rules.dates import HOME_ZONE


class Span(NamedTuple):
    """Entries at `since` or later, up to those at `until`; None where nothing limits them."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None

    def entries(self, operator_codes=None):
        """(number of the first entry, head of the last one), each None where nothing limits it.

        ValidationError where no entry lies in the span.
        """
        first = trail.first_since(self.since) if self.since else None
        if self.until is None:
            return first, None
        head = trail.head_at(self.until, operator_codes)
        if head is None or head.seq < (first or 1):
            raise ValidationError(
                _("No entry of the journal lies in that time. Choose an earlier beginning or a later end.")
            )
        return first, head

    def asked(self, first):
        """What is kept of it with the export run."""
        kept = {"from": utc_text(self.since), "first": first} if self.since else {}
        return kept | ({"to": utc_text(self.until)} if self.until else {})


WHOLE = Span()


def parse_span(since, until, now):
    """Two texts as a Span: days, whole ones in Almaty, or times. ValidationError for what is none, or runs backwards."""
    span = Span(_beginning(since, now), parse_moment(until, now))
    if span.since and span.until and span.since > span.until:
        raise ValidationError(
            _("The time ends (%(until)s) before it begins (%(since)s). Swap them.") % {"since": since, "until": until}
        )
    return span


def _beginning(text, now):
    """The first moment of a day, where parse_moment takes the last; a time as it stands there."""
    text = (text or "").strip()
    try:
        day = parse_date(text)
        begins_at = dt.datetime.combine(day, dt.time.min, HOME_ZONE).astimezone(dt.UTC) if day else None
    except (ValueError, OverflowError):
        begins_at = None
    return begins_at if begins_at and begins_at <= now else parse_moment(text, now)
