"""Where messages come from: a mailbox read by IMAP, or a folder of .eml files.

Each message is handed out as its bytes; once it is filed, and committed, it is marked as read, or moved to done/.
"""

import imaplib
import ipaddress
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.utils.translation import gettext as _
from imap_tools import ImapToolsError, MailBox, MailBoxStartTls, MailBoxUnencrypted

from .folders import SETTLED_SECONDS, place_for

SCHEMES = {"imaps": (MailBox, 993), "imap+starttls": (MailBoxStartTls, 143), "imap": (MailBoxUnencrypted, 143)}
WAITING = "UNSEEN UNDELETED"
TIMEOUT_SECONDS = 60
# What a mail server, or the way to it, may do.
FAILURES = (ImapToolsError, imaplib.IMAP4.error, OSError)
# After these nothing more comes.
LOST = (imaplib.IMAP4.abort, ConnectionError, TimeoutError, ssl.SSLError)


class MailboxRefused(Exception):
    """The mailbox cannot be read at all: why, and what to do, in a sentence."""


class Waiting(NamedTuple):
    """A message that was not taken yet. `done` is called after it is filed; `name` finds it again, and is nobody's."""

    name: str
    read: Callable[[], bytes]
    done: Callable[[], None]


class Account(NamedTuple):
    """A mailbox as the settings name it: variables end in the operator's code, in capitals."""

    url: str
    password: str
    authserv: str

    @classmethod
    def of(cls, operator):
        return cls(**settings.MAILBOXES.get(suffix_of(operator.code), {"url": "", "password": "", "authserv": ""}))

    @property
    def user(self):
        return unquote(urlsplit(self.url).username or "")

    @property
    def address(self):
        """What the mailbox is written to by, where its user's name tells."""
        return self.user if "@" in self.user else ""


def suffix_of(code):
    return code.upper().replace("-", "_")


@contextmanager
def imap(operator) -> Iterator[Iterator[Waiting]]:
    """The unread messages of the operator's mailbox, oldest first. MailboxRefused where it cannot be opened."""
    account = Account.of(operator)
    if not account.url:
        name = f"IMAP_URL_{suffix_of(operator.code)}"
        raise MailboxRefused(
            _("No mailbox of %(code)s is known. Set %(name)s.") % {"code": operator.code, "name": name}
        )
    box = _opened(account)
    try:
        yield _unread(box)
    finally:
        _logged_out(box)


def _opened(account):
    parts = urlsplit(account.url)
    if parts.scheme not in SCHEMES or not parts.hostname:
        raise MailboxRefused(_("The address of the mailbox begins with imaps://, then user@host. Correct it."))
    if parts.scheme == "imap" and not _is_loopback(parts.hostname):
        raise MailboxRefused(
            _("Without TLS a mailbox is read on this machine only. Write imaps:// or imap+starttls://.")
        )
    kind, port = SCHEMES[parts.scheme]
    secured = {} if kind is MailBoxUnencrypted else {"ssl_context": ssl.create_default_context()}
    try:
        box = kind(parts.hostname, parts.port or port, timeout=TIMEOUT_SECONDS, **secured)
    except (*FAILURES, ValueError) as error:
        raise MailboxRefused(_("The mail server does not answer (%s).") % type(error).__name__) from None
    user, password = account.user, account.password or unquote(parts.password or "")
    try:
        login = box.login if f"{user}{password}".isascii() else box.login_utf8
        return login(user, password, initial_folder=unquote(parts.path.strip("/")) or "INBOX")
    except FAILURES as error:
        _logged_out(box)
        said = _("The mail server does not let us read this mailbox (%s). Check user, password and folder.")
        raise MailboxRefused(said % type(error).__name__) from None


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _logged_out(box):
    with suppress(*FAILURES):  # a server that is gone needs no good-bye
        box.logout()


def _unread(box):
    uids = sorted(box.uids(WAITING, charset=None), key=int)
    for uid in uids:
        yield Waiting(f"UID {uid}", partial(_raw, box, uid), partial(_mark_as_read, box, uid))


def _raw(box, uid):
    """The message byte by byte, without marking it as read: the library hands out what it has parsed."""
    status, said = box.client.uid("fetch", uid, "(BODY.PEEK[])")
    for each in said if status == "OK" else ():
        if isinstance(each, tuple):
            return each[1]
    raise OSError("The mail server does not hand out the message.")


def _mark_as_read(box, uid):
    """The flag alone: the library's own call for it also removes for good whatever others have marked as deleted."""
    status, _said = box.client.uid("store", uid, "+FLAGS.SILENT", r"(\Seen)")
    if status != "OK":
        raise OSError("The mail server does not mark the message as read.")


def files(folder: Path) -> Iterator[Waiting]:
    """The .eml files of a folder, oldest first; neither links nor what is still being written."""
    found = [
        path for path in folder.iterdir() if path.suffix.lower() == ".eml" and path.is_file() and not path.is_symlink()
    ]
    for path in sorted(found, key=lambda path: (path.stat().st_mtime, path.name)):
        if time.time() - path.stat().st_mtime >= SETTLED_SECONDS:
            yield Waiting("", path.read_bytes, partial(_moved, path))


def _moved(path):
    """Out of the way; nothing that lies there is overwritten."""
    path.rename(place_for(path, path.parent / "done"))
