"""What the headers of a message say: whether a machine sent it, whether its sender is to be believed, when it came.

Headers are a mapping of lower-case names to lists of texts, in the order of the message; the newest `Received` comes first.
"""

import datetime as dt
import re
from email.utils import parsedate_to_datetime

from django.utils.translation import gettext as _

# RFC 3834 and what mail programs say instead: whoever answers these by machine may never stop.
_BULK = frozenset(("bulk", "junk", "list", "auto_reply"))
_MACHINES_OWN = ("x-auto-response-suppress", "x-autoreply", "x-autorespond", "x-autoresponder", "list-id")
_NOBODY = re.compile(
    r"(?:mailer-daemon|postmaster|(?:do[-_.]?)?not?[-_.]?reply|bounces?|auto[-_.]?reply)(?:[-+._=].*)?"
)
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{3,248}>")
_CASE_NUMBER = re.compile(r"(?<![\w-])R-\d{4}-\d{4,9}(?![\w-])", re.IGNORECASE)
# No message is older than mail on the internet as it is dated now.
OLDEST = dt.datetime(1990, 1, 1, tzinfo=dt.UTC)
CONFIRMED, UNKNOWN, FORGED = "confirmed", "unknown", "forged"


def is_automatic(headers: dict[str, list[str]], sender: str, own: set[str]) -> bool:
    """Whether a machine sent it: no acknowledgement goes to it. `own` are the operator's own addresses, in small letters."""

    def values(name):
        return [value.strip().lower() for value in headers.get(name, ())]

    submitted = any(value.partition(";")[0].strip() != "no" for value in values("auto-submitted") if value)
    bulk = any(value in _BULK for value in values("precedence"))
    null_path = any(value == "<>" for value in values("return-path"))
    report = any(value.startswith("multipart/report") for value in values("content-type"))
    marked = any(name in headers for name in _MACHINES_OWN)
    address = sender.lower()
    nobody = bool(_NOBODY.fullmatch(address.partition("@")[0]))
    return submitted or bulk or null_path or report or marked or nobody or address in own


def is_delivery_report(headers: dict[str, list[str]]) -> bool:
    """Whether a mail server tells what became of a letter."""
    said = " ".join(headers.get("content-type", ())).lower()
    return "multipart/report" in said and "disposition-notification" not in said


def sender_check(headers: dict[str, list[str]], authserv: str, domain: str) -> str:
    """What our own mail server found out about the sender (RFC 8601): confirmed, forged, or unknown.

    Only the topmost result under our server's own name counts: whatever stands below it may have come with the message.
    """
    said = next(
        (each for each in map(_results, headers.get("authentication-results", ())) if each[0] == authserv.lower()), None
    )
    if not authserv or said is None or not domain:
        return UNKNOWN
    results = said[1]
    dmarc = {result for method, result, _of in results if method == "dmarc"}
    if dmarc & {"pass", "fail"}:
        return FORGED if "fail" in dmarc else CONFIRMED
    aligned = [result for method, result, of in results if method in ("dkim", "spf") and _is_aligned(of, domain)]
    if "pass" in aligned:
        return CONFIRMED
    failed = any(method in ("dkim", "spf") and result in ("fail", "hardfail") for method, result, _of in results)
    return FORGED if failed else UNKNOWN


def _results(text):
    """(name of the server, [(method, result, domain it is about)]) of an Authentication-Results header."""
    plain, before = text[:20_000], None
    while plain != before:  # comments stand within comments
        before, plain = plain, re.sub(r"\([^()]*\)", " ", plain)
    server, *found = plain.split(";")
    results = []
    for each in found:
        method = re.match(r"\s*([\w-]+)(?:/\d+)?\s*=\s*(\w+)", each)
        of = re.search(r"(?:header\.d|header\.from|smtp\.mailfrom|header\.i)\s*=\s*\"?([^\s;\"]+)", each)
        if method:
            results.append((method[1].lower(), method[2].lower(), of[1].rpartition("@")[2].lower() if of else ""))
    return server.split()[0].lower() if server.split() else "", results


def _is_aligned(of, domain):
    """Whether one is the other, or lies within it."""
    domain = domain.lower()
    return bool(of) and (of == domain or domain.endswith(f".{of}") or of.endswith(f".{domain}"))


def received_at(headers: dict[str, list[str]], now: dt.datetime) -> tuple[dt.datetime, str]:
    """When the message came, by the newest Received header, else by Date, else now; and what is wrong with these, in a sentence."""
    given = [line.rpartition(";")[2] for line in headers.get("received", ())[:1]]
    for text in [*given, *headers.get("date", ())[:1]]:
        moment = _moment(text)
        if moment is not None and moment > now:
            return now, _("It is dated in the future: the time it was fetched counts as the time it came.")
        if moment is not None:
            return moment, ""
    return now, _("It bears no date that can be read: the time it was fetched counts as the time it came.")


def _moment(text):
    try:
        moment = parsedate_to_datetime(text.strip())
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    moment = moment.replace(tzinfo=moment.tzinfo or dt.UTC)
    try:
        moment = moment.astimezone(dt.UTC)
    except OverflowError:
        return None
    return moment if moment >= OLDEST else None


def message_ids(headers: dict[str, list[str]], *names: str) -> list[str]:
    """The ids of messages that these headers name, each once."""
    found = (each for name in names for value in headers.get(name, ()) for each in _MESSAGE_ID.findall(value[:20_000]))
    return list(dict.fromkeys(found))


def case_numbers(subject: str) -> list[str]:
    """Numbers of requests in a subject line."""
    return list(dict.fromkeys(number.upper() for number in _CASE_NUMBER.findall(subject)))
