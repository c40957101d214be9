"""A real IMAP server on loopback for the tests alone: Debian's dovecot, with one mailbox, over plain IMAP and TLS."""

import imaplib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

PROGRAM = "/usr/sbin/dovecot"
USER, PASSWORD = "info@lapp.kz", "not a secret"
PATIENCE_SECONDS = 20
CONFIGURATION = """
protocols = imap
listen = 127.0.0.1
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
ssl = yes
ssl_cert = <{folder}/certificate.pem
ssl_key = <{folder}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain
mail_location = maildir:{folder}/mail
default_internal_user = {internal}
default_internal_group = {internal_group}
default_login_user = {login}
{chroots}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/mail
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
"""
NO_CHROOTS = "service anvil {\n  chroot =\n}\nservice imap-login {\n  chroot =\n}\nservice stats {\n  chroot =\n}"


def needed():
    """Skips, or fails where the run says it must be there."""
    if Path(PROGRAM).exists():
        return
    if os.environ.get("REQUIRE_IMAP") == "1":
        pytest.fail("An IMAP server is required (REQUIRE_IMAP=1) and not found: install dovecot-imapd.")
    pytest.skip("No IMAP server is found: install dovecot-imapd to run these tests.")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ImapServer:
    """Runs until `stop`. As root it reads mail as nobody, which it insists on; else as whoever runs the tests."""

    def __init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="imap"))  # short: names of sockets have a limit
        self.folder.chmod(0o755)
        self.port, self.tls_port = free_port(), free_port()
        self.configure()
        self.process = subprocess.Popen(
            ["setpriv", "--pdeathsig", "TERM", PROGRAM, "-F", "-c", self.folder / "dovecot.conf"],
            umask=0o022, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self.wait()

    def configure(self):
        is_root = os.geteuid() == 0
        me = pwd.getpwnam("nobody") if is_root else pwd.getpwuid(os.geteuid())
        (self.folder / "mail").mkdir(mode=0o700)
        os.chown(self.folder / "mail", me.pw_uid, me.pw_gid)
        (self.folder / "users").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n", encoding="utf-8")
        (self.folder / "users").chmod(0o644)
        certificate = ("-keyout", self.folder / "key.pem", "-out", self.folder / "certificate.pem")
        named = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *certificate, *named],
            check=True, capture_output=True,
        )  # fmt: skip
        accounts = ("dovecot", "dovecot", "dovenull", "") if is_root else (me.pw_name,) * 3 + (NO_CHROOTS,)
        named = dict(zip(("internal", "internal_group", "login", "chroots"), accounts, strict=True))
        text = CONFIGURATION.format(
            folder=self.folder, port=self.port, tls_port=self.tls_port, uid=me.pw_uid, gid=me.pw_gid, **named
        )
        (self.folder / "dovecot.conf").write_text(text, encoding="utf-8")

    def wait(self):
        for _look in range(PATIENCE_SECONDS * 20):
            try:
                return self.client().logout()
            except (OSError, imaplib.IMAP4.error):
                time.sleep(0.05)
        log = self.folder / "log"
        self.stop_process()
        pytest.fail(f"dovecot does not answer: {log.read_text() if log.exists() else 'it wrote no log'}")

    def client(self):
        client = imaplib.IMAP4("127.0.0.1", self.port, timeout=10)
        client.login(USER, PASSWORD)
        client.select("INBOX")
        return client

    def put(self, *messages, flags=""):
        """Leaves messages in the mailbox, as a mail server would: byte by byte, unread."""
        client = self.client()
        for message in messages:
            client.append("INBOX", flags, None, message)
        client.logout()

    def empty(self):
        client = self.client()
        client.store("1:*", "+FLAGS", r"(\Deleted)") if client.select("INBOX")[1] != [b"0"] else None
        client.expunge()
        client.logout()

    def flags(self):
        """The flags of each message, in order."""
        client = self.client()
        _status, said = client.uid("fetch", "1:*", "(FLAGS)")
        client.logout()
        return [imaplib.ParseFlags(each) for each in said if each]

    def stop_process(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def stop(self):
        self.stop_process()
        shutil.rmtree(self.folder, ignore_errors=True)
