"""What an answer pack is made of, and what it is made from: the rows of one person, and the register they are processed under."""

import datetime as dt
from typing import NamedTuple

from django.utils import timezone

from registry.exports.letter_words import Day
from registry.exports.pack_words import PackWords
from registry.models import ProcessingActivity
from registry.rules.deadlines import day_of


class Table(NamedTuple):
    """Rows of texts under headings; without headings they are labels and values. `shares` are the widths of the columns."""

    rows: tuple[tuple[str, ...], ...]
    columns: tuple[str, ...] = ()
    title: str = ""
    shares: tuple[int, ...] = ()


class Section(NamedTuple):
    """`lines` stand before the tables."""

    code: str
    heading: str
    tables: tuple[Table, ...] = ()
    lines: tuple[str, ...] = ()

    @property
    def count(self):
        return sum(len(table.rows) for table in self.tables)

    @property
    def texts(self):
        for table in self.tables:
            yield from (table.title, *table.columns, *(cell for row in table.rows for cell in row))
        yield from (self.heading, *self.lines)


class Concerned(NamedTuple):
    """An activity that the person's data are part of, with those of its purposes that they serve."""

    activity: ProcessingActivity
    purposes: tuple


class Extract:
    """The person a request is about, and all that may be said to them. Whatever a section reads, it reads from here.

    `person` is None where the register holds nobody: then nothing but the operator and the rights is said.
    """

    def __init__(self, request, language, at=None):
        self.request, self.person, self.operator = request, request.subject, request.operator
        self.at = at or timezone.now()
        self.words = PackWords(language)
        self.language = language
        self.consents = list(self._rows("consents", "purpose", "policy", order=("given_on", "pk")))
        self.served = self.rows("purposes", "purpose", "consent", "agreement", "basis", order=("since_on", "pk"))
        self.activities = list(self._activities()) if self.person else []

    @property
    def today(self) -> dt.date:
        return day_of(self.at)

    @property
    def day_of_receipt(self) -> dt.date:
        return day_of(self.request.received_at)

    def _rows(self, related, *fetched, order):
        return getattr(self.person, related).select_related(*fetched).order_by(*order) if self.person else ()

    def rows(self, related, *fetched, order=("pk",)):
        """The person's own rows of a kind."""
        return list(self._rows(related, *fetched, order=order))

    def _activities(self):
        served = {each.purpose_id for each in (*self.consents, *self.served)}
        categories = set(self.person.categories.values_list("category", flat=True))
        for activity in ProcessingActivity.objects.with_links().filter(operator=self.operator).order_by("code"):
            # Of an activity about people like this one all purposes, else those that a consent or the register names.
            of_category = any(link.subject_category_id in categories for link in activity.subject_categories.all())
            links = [link for link in activity.purposes.all() if of_category or link.purpose_id in served]
            if links:
                yield Concerned(activity, tuple(sorted(links, key=lambda link: link.purpose.code)))

    def day(self, on):
        """A day as people write it; marked where it is not known."""
        if on is None:
            return self.words("missing")
        return str(Day(on, "en")) if self.language == "en" else f"{on:%d.%m.%Y}"

    def country(self, code):
        return self.words.or_missing(self.words.known("country", code))

    def section(self, code, *tables, lines=(), nothing="nothing"):
        """A section; one without a row says that there is none."""
        tables = tuple(table for table in tables if table.rows)
        section = Section(code, self.words(f"section.{code}"), tables, tuple(lines))
        if section.count or section.lines:
            return section
        return section._replace(tables=(), lines=(self.words(nothing),))
