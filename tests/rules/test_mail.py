"""What the headers of a message say."""

import datetime as dt

import pytest

from registry.rules.mail import (
    case_numbers,
    is_automatic,
    is_delivery_report,
    message_ids,
    received_at,
    sender_check,
)

OWN = {"info@alit.kz"}
NOW = dt.datetime(2026, 4, 2, 12, 0, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("name", "value", "automatic"),
    [
        ("auto-submitted", "auto-replied", True),
        ("auto-submitted", "auto-generated; owner=x", True),
        ("auto-submitted", "no", False),
        ("precedence", "Bulk", True),
        ("precedence", "list", True),
        ("precedence", "junk", True),
        ("precedence", "auto_reply", True),
        ("precedence", "first-class", False),
        ("x-auto-response-suppress", "All", True),
        ("list-id", "<news.example.kz>", True),
        ("return-path", "<>", True),
        ("return-path", "<a@b.kz>", False),
        ("content-type", "multipart/report; report-type=delivery-status", True),
        ("content-type", "multipart/mixed", False),
        ("subject", "Automatic reply", False),
    ],
)
def test_machine_says_that_it_is_one(name, value, automatic):
    """Whatever a machine says so with: nothing goes back to it."""
    assert is_automatic({name: [value]}, "a@b.kz", OWN) is automatic


@pytest.mark.parametrize(
    ("sender", "automatic"),
    [
        ("MAILER-DAEMON@example.kz", True),
        ("noreply@example.kz", True),
        ("no-reply+tag@example.kz", True),
        ("do_not_reply@example.kz", True),
        ("bounces=a@example.kz", True),
        ("postmaster@example.kz", True),
        ("Info@Alit.kz", True),  # ourselves
        ("noreen@example.kz", False),
        ("n.reply@example.kz", False),
        ("", False),
    ],
)
def test_machine_is_known_by_its_address(sender, automatic):
    """Nobody reads what goes to noreply; and what we send ourselves is no request."""
    assert is_automatic({}, sender, OWN) is automatic


def test_report_of_a_mail_server_is_told_from_a_receipt():
    """Only one that says whether a letter arrived is worth a look."""
    assert is_delivery_report({"content-type": ["multipart/report; report-type=delivery-status"]})
    assert not is_delivery_report({"content-type": ['multipart/report; report-type="disposition-notification"']})
    assert not is_delivery_report({"content-type": ["text/plain"]})


@pytest.mark.parametrize(
    ("results", "check"),
    [
        (["mx.alit.kz; dmarc=pass header.from=example.kz"], "confirmed"),
        (["mx.alit.kz; dmarc=fail (p=reject) header.from=example.kz; dkim=pass header.d=other.org"], "forged"),
        (["mx.alit.kz; dkim=pass header.d=example.kz; spf=fail smtp.mailfrom=relay.org"], "confirmed"),
        (["mx.alit.kz; dkim=pass header.d=mail.example.kz"], "confirmed"),
        (["mx.alit.kz; dkim=pass header.d=other.org"], "unknown"),  # somebody else signed it
        (["mx.alit.kz; spf=pass smtp.mailfrom=a@example.kz"], "confirmed"),
        (["mx.alit.kz; spf=fail smtp.mailfrom=a@example.kz"], "forged"),
        (["mx.alit.kz; dkim=fail header.d=example.kz"], "forged"),
        (["mx.alit.kz; spf=softfail smtp.mailfrom=a@example.kz; dkim=none"], "unknown"),
        (["mx.alit.kz; none"], "unknown"),
        (["MX.ALIT.KZ 1; dmarc=pass (a;b (c)) header.from=example.kz"], "confirmed"),
        (["mx.evil.org; dmarc=pass header.from=example.kz"], "unknown"),  # not our server
        (["mx.alit.kz; dmarc=fail", "mx.alit.kz; dmarc=pass"], "forged"),  # ours stands on top
        (["mx.evil.org; dmarc=fail", "mx.alit.kz; dmarc=pass header.from=example.kz"], "confirmed"),
        ([], "unknown"),
        (["((((", ";;;=", ""], "unknown"),
    ],
)
def test_sender_is_checked_by_our_own_server_only(results, check):
    """Anybody can write that somebody confirmed them."""
    headers = {"authentication-results": results}
    assert sender_check(headers, "mx.alit.kz", "example.kz") == check
    assert sender_check(headers, "", "example.kz") == "unknown"  # we have said of no server that it is ours


@pytest.mark.parametrize(
    ("headers", "moment"),
    [
        # The newest Received stands on top; comments and the folding do not matter.
        (
            {
                "received": [
                    "by mx; Wed, 1 Apr 2026 10:00:00 +0500 (ALMT)",
                    "by relay; Wed, 1 Apr 2026 09:00:00 +0500",
                ],
                "date": ["Tue, 31 Mar 2026 09:00:00 +0500"],
            },
            dt.datetime(2026, 4, 1, 5, 0, tzinfo=dt.UTC),
        ),
        ({"date": ["Tue, 31 Mar 2026 09:00:00 +0500"]}, dt.datetime(2026, 3, 31, 4, 0, tzinfo=dt.UTC)),
        ({"received": ["by mx"], "date": ["31 Mar 2026 09:00"]}, dt.datetime(2026, 3, 31, 9, 0, tzinfo=dt.UTC)),
    ],
)
def test_message_came_when_the_newest_server_got_it(headers, moment):
    """By its Received header, else by the date of the sender."""
    assert received_at(headers, NOW) == (moment, "")


@pytest.mark.parametrize(
    ("headers", "says"),
    [
        ({"received": ["by mx; Thu, 2 Apr 2026 12:00:01 +0000"]}, "It is dated in the future"),
        ({"date": ["Wed, 31 Dec 9999 23:59:59 -1200"]}, "It"),
        ({"date": ["Thu, 1 Jan 1970 00:00:00 +0000"]}, "It bears no date that can be read"),
        ({"date": ["yesterday"]}, "It bears no date that can be read"),
        ({"date": ["Wed, 99 Xxx 2026"]}, "It bears no date that can be read"),
        ({}, "It bears no date that can be read"),
    ],
)
def test_message_without_a_sound_date_came_now(headers, says):
    """Never in the future, for no term begins there; and it is said."""
    moment, remark = received_at(headers, NOW)
    assert moment == NOW
    assert remark.startswith(says) and remark.endswith("the time it was fetched counts as the time it came.")


def test_ids_and_numbers_are_found_wherever_they_stand():
    """What a message answers, and of which case it speaks."""
    headers = {"in-reply-to": ["<b@x> (Tue)"], "references": ["<a@x>\r\n <b@x> <not an id> <"]}
    assert message_ids(headers, "in-reply-to", "references") == ["<b@x>", "<a@x>"]
    assert message_ids({"in-reply-to": ["<" + "a" * 400 + ">"]}, "in-reply-to") == []
    assert case_numbers("Re: Обращение R-2026-0007 и r-2026-12345") == ["R-2026-0007", "R-2026-12345"]
    assert case_numbers("XR-2026-0007 R-2026-007 A-2026-0001 R-2026-0007-1") == []
