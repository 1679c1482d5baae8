"""Moving from another server: packaging/move-imap brings all that Dovecot keeps
for somebody into a Pabal, and what changed there since at the next run."""

import email.utils
import hashlib
import imaplib
import os
import re

from harness import REPOSITORY, Authority, ServerCase, run
from peers import Dovecot

ALICE = "alice@seoul.test"
MOVE = os.path.join(REPOSITORY, "packaging", "move-imap")
FOLDERS = ("INBOX", "Work", "Work/2024/Q1", "&1VyuAA-", "50% off", 'quo\\"te', "A&-B", "with space", "Sent")
FLAGS = ("", "\\Seen", "\\Seen \\Answered $Forwarded", "$label1 NonJunk", "\\Flagged \\Draft $MDNSent Wichtig", "\\Deleted")
MAILS = (
    b"Subject: plain\r\n\r\nHello.\r\n",
    b"Subject: no end of line\r\n\r\nHello.",
    b"Subject: a header alone\r\n",
    b"no header at all, only a text\r\n",
    b"Subject: octets \xc7\xd1\xb1\xdb\r\n\r\n\xb0\xa1 \x80 bare \r CR\r\n",
    b"Subject: large\r\n\r\n" + b"0123456789abcdef\r\n" * 20000,
)


def contents(imap):
    """-> {folder: [(hash, flags, instant)]}"""
    found = {}
    for folder in FOLDERS:
        imap.select(f'"{folder}"', readonly=True)
        found[folder] = mails = []
        _, data = imap.fetch("1:*", "(FLAGS INTERNALDATE BODY.PEEK[])")
        for part, behind in zip(data[::2], data[1::2]):
            said = part[0] + behind
            date = re.search(rb'INTERNALDATE "([^"]*)"', said)[1].decode().strip()
            flags = set(re.search(rb"FLAGS \(([^)]*)\)", said)[1].split()) - {b"\\Recent"}
            mails.append((hashlib.sha256(part[1]).hexdigest(), sorted(flags),
                          email.utils.parsedate_to_datetime(date.replace("-", " ", 2)).timestamp()))
    return found


def subscriptions(imap):
    return {line.split(b' "/" ')[1] for line in imap.lsub()[1]}


class Moving(ServerCase):
    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=("alice",))
        self.dovecot = Dovecot("127.0.0.1", ALICE, "old-secret", [], protocol="imap")
        self.addCleanup(self.dovecot.stop)
        self.old = imaplib.IMAP4("127.0.0.1", self.dovecot.port)
        self.addCleanup(self.old.shutdown)
        self.old.login(ALICE, "old-secret")
        for folder in FOLDERS[1:]:
            self.old.create(f'"{folder}"')
        for number, folder in enumerate(FOLDERS):
            for i, mail in enumerate(MAILS):
                self.append(folder, FLAGS[(number + i) % len(FLAGS)], mail, f'"{1 + i:2}-Mar-2{number:03} 23:59:5{i} +0900"')
        for folder in FOLDERS[::2]:
            self.old.subscribe(f'"{folder}"')

    def append(self, folder, flags, mail, date='" 2-Apr-2021 01:02:03 -0500"'):
        self.old.literal = mail
        self.assertEqual(self.old._simple_command("APPEND", f'"{folder}"', f"({flags})", date)[0], "OK")

    def move(self):
        old_password = self.write("old-password", "old-secret\n")
        new_password = self.write("new-password", self.pabal.passwords[ALICE] + "\n")
        return run([MOVE, "--from", f"127.0.0.1:{self.dovecot.port}", "--from-tls", "none", "--from-user", ALICE,
                    "--from-password-file", old_password, "--to", f"{self.pabal.address}:{self.pabal.ports['imap_tls']}",
                    "--to-user", ALICE, "--to-password-file", new_password, "--ca", Authority.get().certificate, self.path("state")])

    def new(self, user=ALICE):
        imap = imaplib.IMAP4(self.pabal.address, self.pabal.ports["imap_plain"])
        self.addCleanup(imap.shutdown)
        imap.login(user, self.pabal.passwords[user])
        return imap

    def test_everything_comes_and_a_second_run_brings_the_changes(self):
        self.move()
        new = self.new()
        self.assertEqual(contents(new), contents(self.old))
        self.assertLessEqual(subscriptions(self.old), subscriptions(new))

        self.old.select("INBOX")
        self.old.store("1:2", "FLAGS", "(\\Seen later)")
        self.old.store("4", "+FLAGS", "(\\Deleted)")
        self.old.expunge()
        self.append("INBOX", "$label1", b"Subject: came since\r\n\r\nNew.\r\n")
        self.move()
        self.assertEqual(contents(new), contents(self.old))
        self.move()
        self.assertEqual(contents(new), contents(self.old))

    def test_salvaged_maildirs_come_back(self):
        self.move()
        wanted = contents(self.new())
        self.pabal.stop()
        rescued = self.path("rescued")
        self.pabal.cli("store", "salvage", rescued)
        self.pabal.add_account("bob@seoul.test")
        self.pabal.start()
        for _ in range(2):
            run([MOVE, "--from-maildir", os.path.join(rescued, ALICE), "--to", f"{self.pabal.address}:{self.pabal.ports['imap_plain']}",
                 "--to-tls", "none", "--to-user", "bob@seoul.test", "--to-password-file",
                 self.write("bob", self.pabal.passwords["bob@seoul.test"] + "\n"), self.path("bob-state")])
        found = contents(self.new("bob@seoul.test"))
        self.assertEqual({name: sorted(mails) for name, mails in found.items()},
                         {name: sorted(mails) for name, mails in wanted.items()})
