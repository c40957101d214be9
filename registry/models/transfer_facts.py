"""What a transfer is judged by besides its own record: the library, the policy, the databases. And what happens when that changes."""

from collections import defaultdict

from django.utils import timezone

from registry.choices import Trigger
from registry.rules.deadlines import due, start_of
from registry.rules.transfers import PolicyClauses, Protection, TransferFacts, suspension

from .country import CountryProtection
from .deadline import DeadlineRule, working_days
from .policy import Clause
from .transfer import CrossBorderTransfer

# Clauses are told apart by the behaviours they are marked with: cross-border transfer, and beside it
TRANSFER, RECIPIENTS, BODY, CONSENTS = "B19", "B17", "B21", "B03"


def in_force(record, on):
    return (record.valid_from or on) <= on <= (record.valid_until or on)


class Surroundings:
    """Read once, asked for many transfers. `supposed` says what a country's standing under a law would be: (law, country) → protects."""

    def __init__(self, supposed=None):
        self.supposed = supposed or {}
        self.countries, self.rules = defaultdict(list), defaultdict(list)
        for row in CountryProtection.objects.select_related("law"):
            self.countries[row.law.code, row.country].append(row)
        for rule in DeadlineRule.objects.filter(trigger=Trigger.CROSS_BORDER_NOTICE).select_related("law"):
            self.rules[rule.law.code].append(rule)
        self._clauses, self._calendars = {}, {}

    def facts(self, transfer, on) -> TransferFacts:
        """The transfer's own values as they are here, what it refers to as it is stored."""
        operator, rules = transfer.operator, []
        laws = sorted((each.law.code, each.law.calendar_country) for each in operator.laws.all())
        for law, country in laws:
            rules += [(law, country or operator.country, rule) for rule in self.rules[law] if in_force(rule, on)]
        return TransferFacts(
            on=on,
            today=timezone.localdate(),
            country=transfer.country,
            own_country=operator.country,
            protections=tuple(self.protection(law, transfer.country, on) for law, _country in laws),
            only_protecting_states=bool(operator.only_protecting_states),
            mechanism=transfer.mechanism,
            document=transfer.document,
            databases=tuple(link.database.facts() for link in transfer.activity.databases.all()),
            notice_laws=tuple(dict.fromkeys(law for law, _country, _rule in rules)),
            waits=self.waits(rules, transfer.authority_notified_on),
            clauses=self.clauses(operator),
            **{name: getattr(transfer, name) for name in DATES},
        )

    def is_suspended(self, transfer, on):
        return suspension(self.facts(transfer, on)) != ""

    def protection(self, law, country, on):
        if (law, country) in self.supposed:
            return Protection(law, self.supposed[law, country], "")
        for row in self.countries[law, country]:
            if in_force(row, on):
                return Protection(law, row.protects, row.source_with_mark)
        return Protection(law)

    def waits(self, rules, notified_on):
        """The last day on which nothing goes, under each law that makes a transfer wait."""
        if notified_on is None:
            return ()
        ends = []
        for law, country, rule in rules:
            if country not in self._calendars:
                self._calendars[country] = working_days(country)
            ends.append((law, due(rule.term, start_of(notified_on), self._calendars[country]).on))
        return tuple(ends)

    def clauses(self, operator) -> PolicyClauses:
        """Which clauses of the policy ask for a step. One that speaks of transfers alone is a definition, unless its section asks for
        notice or consent: there it is the rule about states."""
        if operator.pk not in self._clauses:
            found = Clause.objects.filter(operator=operator, in_force=True).order_by("-policy", "sort_key")
            marked = {clause.number: set(clause.behaviours.split()) for clause in found}
            marked = {number: marks for number, marks in marked.items() if TRANSFER in marks}
            notice = _first(marked, lambda marks: BODY in marks)
            consent = _first(marked, lambda marks: CONSENTS in marks)
            sections = {number.partition(".")[0] for number in (notice, consent) if number}
            states = {number: marks for number, marks in marked.items() if number.partition(".")[0] in sections}
            self._clauses[operator.pk] = PolicyClauses(
                notice=notice,
                information=_first(marked, lambda marks: marks == {TRANSFER, RECIPIENTS}),
                protection=_first(states, lambda marks: marks == {TRANSFER}),
                consent=consent,
            )
        return self._clauses[operator.pk]


DATES = (
    "information_received_on", "authority_notified_on", "notice_number", "prohibited_on", "started_on", "ended_on",
)  # fmt: skip


def _first(marked, fits):
    return next((number for number, marks in marked.items() if fits(marks)), "")


def settle_transfers(**at_stake):
    """Suspends the running transfers that must not go on today, takes up again those that may: each with its own history and entry.

    `at_stake` are filters of CrossBorderTransfer. Returns (suspended, taken up), as lists; a second call finds nothing.
    """
    today, around = timezone.localdate(), Surroundings()
    suspended, resumed = [], []
    for transfer in CrossBorderTransfer.objects.started(today).filter(**at_stake).with_links().order_by("pk"):
        if transfer.stand(today, around):
            transfer.save()
            (suspended if transfer.is_suspended else resumed).append(transfer)
    return suspended, resumed


def would_change(country, law, *, protects, on, **scope):
    """The transfers of that day that a country's standing would suspend and take up again, as two lists; nothing is written."""
    now, then = Surroundings(), Surroundings({(law.code, country): protects})
    suspended, resumed = [], []
    running = CrossBorderTransfer.objects.started(on).filter(country=country, operator__laws__law=law, **scope)
    for transfer in (
        running.exclude(suspension=CrossBorderTransfer.Suspension.OFFICER).with_links().order_by("operator", "code")
    ):
        before, after = (around.is_suspended(transfer, on) for around in (now, then))
        if before != after:
            (suspended if after else resumed).append(transfer)
    return suspended, resumed
