"""What becomes of a mail that one of ours hands in, and of the addresses that
lead to several: aliases with a member who takes nothing, groups, the mail of
the system."""

import email
import os
import smtplib

from harness import PABAL, ServerCase, message, run, wait_until

ALICE, BOB, CAROL = "alice@seoul.test", "bob@seoul.test", "carol@seoul.test"


def mail(*fields, body="Hello.\r\n"):
    return ("".join(field + "\r\n" for field in fields) + "\r\n" + body).encode()


class Submission(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal = cls.class_server("seoul.test", accounts=("alice", "bob", "carol"),
                                     sections={"relay": {"trusted_networks": ["127.0.0.0/8"]}})

    def submit(self, data, sender=ALICE, to=(BOB,), user=ALICE):
        """-> the reply to the end of the data"""
        with self.pabal.smtp("submission", user) as client:
            client.ehlo_or_helo_if_needed()
            self.assertEqual(client.mail(sender)[0], 250)
            for one in to:
                self.assertEqual(client.rcpt(one)[0], 250, one)
            code, text = client.data(data)
            return code, text.decode()

    def reply_to(self, recipient, size=0):
        """The code that a stranger's RCPT is answered by."""
        with self.pabal.smtp() as client:
            client.ehlo()
            client.mail("x@elsewhere.test", [f"SIZE={size}"])
            return client.rcpt(recipient)[0]

    def newest(self, user=BOB, subject=None):
        """The newest mail, of this subject once it has come."""
        found = []

        def there():
            found[:] = [m for m in map(email.message_from_bytes, self.pabal.mails(user)) if subject in (None, m["Subject"])]
            return found

        wait_until(there, f"{subject} has come to {user}")
        return found[-1]

    # ---- what is added and taken off -----------------------------------------

    def test_nobody_is_told_of_a_blind_copy(self):
        fields = (f"From: {ALICE}", f"To: {BOB}", f"Bcc: {CAROL},\r\n dave@elsewhere.test", f"Resent-Bcc: {CAROL}",
                  "Return-Path: <x@elsewhere.test>", "Content-Length: 7", "Subject: blind")
        self.assertEqual(self.submit(mail(*fields, body="Bcc: body\r\n"), to=(BOB, CAROL))[0], 250)
        for user in (BOB, CAROL):
            got = self.newest(user, "blind")
            self.assertIsNone(got["Bcc"])
            self.assertIsNone(got["Resent-Bcc"])
            self.assertIsNone(got["Content-Length"])
            self.assertEqual(got.get_all("Return-Path"), [f"<{ALICE}>"])
            self.assertEqual(got.get_payload(), "Bcc: body\r\n")
            self.assertNotIn("dave", got.as_string())

    def test_what_is_missing_is_added(self):
        self.assertEqual(self.submit(mail("Subject: bare"))[0], 250)
        got = self.newest(subject="bare")
        self.assertEqual(got["From"], ALICE)
        self.assertTrue(got["Date"] and got["Message-ID"])
        self.assertEqual(self.submit(b"only text\r\n")[0], 250)
        got = self.newest()
        self.assertEqual((got["From"], got.get_payload()), (ALICE, "only text\r\n"))

    def test_machines_of_a_trusted_network_are_helped_too(self):
        with self.pabal.smtp() as client:
            client.sendmail("scanner@seoul.test", [BOB], mail("Subject: scan", f"Bcc: {CAROL}"))
        got = self.newest(subject="scan")
        self.assertEqual(got["From"], "scanner@seoul.test")
        self.assertTrue(got["Date"] and got["Message-ID"])
        self.assertIsNone(got["Bcc"])

    # ---- who sends -----------------------------------------------------------

    def test_a_mail_is_sent_on_under_the_name_of_its_author(self):
        author = (f"Date: Mon, 30 Nov 2026 09:00:00 +0900", "From: stranger@elsewhere.test", f"To: {ALICE}", "Subject: again",
                  "Message-ID: <o1@elsewhere.test>")
        self.assertEqual(self.submit(mail(f"Resent-From: Alice <{ALICE}>", f"Resent-To: {BOB}", *author))[0], 250)
        got = self.newest(subject="again")
        self.assertEqual((got["From"], got["Message-ID"]), ("stranger@elsewhere.test", "<o1@elsewhere.test>"))
        self.assertTrue(got["Resent-Date"] and got["Resent-Message-ID"])
        self.assertEqual(self.submit(mail(f"Resent-From: {CAROL}", *author))[0], 553)

    def test_nobody_sends_as_another(self):
        good = f"From: {ALICE}"
        other = CAROL
        for fields, code in (
                ((f"From: {other}",), 553), ((f"From : {other}",), 550), ((good, f"From : {other}"), 550),
                ((good, f"From: {other}"), 550), ((good, *["X: y"] * 10_000, f"From: {other}"), 550),
                ((f" From: {other}", good), 550), ((f"From: {other} <{ALICE}>",), 553), ((f"From: <{ALICE}> <{other}>",), 550),
                ((f"From: {ALICE}, {other}",), 553), ((f"From: Us: {ALICE}, {other};",), 553),
                ((f"From: <@seoul.test:{ALICE}>",), 550), ((good, f"Sender: {other}"), 553),
                ((good, f"Sender: {ALICE}, {ALICE}"), 550), ((f"Resent-From: {other}", good), 553),
                ((f"Resent-From: {ALICE}", f"Resent-Sender: {other}", good), 553), ((good, "no field"), 550),
                ((good, "X: a\0b"), 550)):
            with self.subTest(fields=fields[:3]):
                self.assertEqual(self.submit(mail(*fields))[0], code)

    def test_members_send_as_their_group(self):
        group = "info@seoul.test"
        self.pabal.cli("account", "add", group, "--group")
        self.assertIn(f"may send as {group}", self.pabal.cli("acl", "set", group, ALICE, "lrswipte").text)
        self.pabal.cli("acl", "set", group, BOB, "lrswi")
        self.pabal.cli("alias", "add", "hello@seoul.test", group)
        for address in (group, "hello@seoul.test"):
            wait_until(lambda: self.submit(mail(f"From: {address}", "Subject: answer"))[0] == 250, "alice may send")
        self.assertEqual(self.submit(mail("From: x@seoul.test", "Subject: answer"))[0], 553)
        self.assertEqual(self.submit(mail(f"From: {group}"), sender=BOB, to=(ALICE,), user=BOB)[0], 553)
        with self.pabal.imap(ALICE) as session:
            _, names = session.lsub("Shared/", "*")
            self.assertIn(b'Shared/' + group.encode() + b'/INBOX', b" ".join(names))
        self.pabal.cli("acl", "set", group, ALICE, "none")
        with self.pabal.imap(ALICE) as session:
            self.assertNotIn(b"INBOX", b" ".join(filter(None, session.lsub("Shared/", "*")[1])))

    # ---- who gets it ---------------------------------------------------------

    def test_members_of_an_alias_stand_for_themselves(self):
        full, off = "dave@seoul.test", "eve@seoul.test"
        for address in (full, off):
            self.pabal.add_account(address)
        for target in (ALICE, full, off, "x@elsewhere.test"):
            self.pabal.cli("alias", "add", "team@seoul.test", target)
        self.pabal.cli("account", "disable", off)
        self.pabal.cli("account", "quota", full, "1KiB")
        wait_until(lambda: self.reply_to(full, 2000) == 452, "the server knows that there is no room")
        with self.pabal.smtp() as client:
            client.sendmail("x@elsewhere.test", ["team@seoul.test", off], mail("Subject: for all", body="x" * 2000 + "\r\n"))
            with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
                client.ehlo()
                client.sendmail("x@elsewhere.test", [full], mail("Subject: for one", body="x" * 2000 + "\r\n"))
            self.assertEqual(refused.exception.recipients[full][0], 452)
        self.newest(ALICE, "for all")
        wait_until(lambda: [e for e in self.pabal.queue() if e["to"] == "team@seoul.test"], "the full one is waited for")
        self.pabal.cli("account", "quota", full, "0")
        self.pabal.cli("account", "enable", off)
        self.newest(off, "for all")
        wait_until(lambda: self.reply_to(full, 2000) == 250, "the server knows that there is room")
        self.pabal.cli("queue", "retry", "--destination", "seoul.test")
        self.newest(full, "for all")
        self.assertEqual(len([m for m in self.pabal.mails(ALICE) if b"for all" in m]), 1)

    def test_each_copy_tells_by_which_address_it_came(self):
        self.pabal.cli("domain", "catch-all", "seoul.test", ALICE)
        self.addCleanup(self.pabal.cli, "domain", "catch-all", "seoul.test")
        wait_until(lambda: self.reply_to("shop17@seoul.test") == 250, "the catch-all is known")
        with self.pabal.smtp() as client:
            client.sendmail("x@elsewhere.test", ["shop17@seoul.test", "bob+list@seoul.test"], mail("Subject: two"))
        for user, address in ((ALICE, "shop17@seoul.test"), (BOB, "bob+list@seoul.test")):
            got = self.newest(user, "two")
            self.assertEqual(got.get_all("X-Original-To"), [address])
            self.assertEqual(got.get_all("Delivered-To"), [address])
            whole = [m for m in self.pabal.mails(user) if b"Subject: two" in m][-1]
            with self.pabal.imap(user) as session:
                session.select("INBOX")
                number = session.search(None, "SUBJECT", "two")[1][0].split()[-1]
                _, data = session.fetch(number, "(RFC822.SIZE BODY.PEEK[])")
                self.assertEqual(data[0][1], whole)
                self.assertIn(f"RFC822.SIZE {len(whole)} ".encode(), data[0][0])
                session.copy(number, "Archive")
                session.select("Archive")
                self.assertEqual(session.fetch("1", "BODY.PEEK[]")[1][0][1], whole)
        self.assertTrue(self.pabal.cli("store", "check").text)

    def test_the_mail_of_the_system_reaches_somebody(self):
        os.makedirs(self.path(".config", "pabal"))
        self.write(".config/pabal/agent.toml", f'[smtp]\nserver = "{self.pabal.address}:{self.pabal.ports["smtp"]}"\ntls = "none"\n')
        run([PABAL, "sendmail", "-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root"], env=self.environment(),
            input="From: root (Cron Daemon)\nTo: root\nSubject: cron\n\nout\n")
        got = self.newest(ALICE, "cron")
        self.assertEqual(got["From"], "Cron Daemon <root@mail.seoul.test>")
        run([PABAL, "sendmail", "-tf", BOB, "--"], env=self.environment(), input="To: carol\nSubject: glued\n\nout\n")
        self.assertEqual(self.newest(CAROL, "glued")["Return-Path"], f"<{BOB}>")
        with self.pabal.smtp() as client:
            client.sendmail("", [f"{name}@mail.seoul.test" for name in ("postmaster", "abuse", "hostmaster", "mailer-daemon")],
                            mail("Subject: roles"))
            self.assertIn("roles", self.newest(ALICE, "roles")["Subject"])
            self.assertEqual(client.mail("")[0], 250)
            self.assertEqual(client.rcpt("nobody@mail.seoul.test")[0], 550)

    def test_a_mailer_that_cannot_hand_over_says_so_and_keeps_the_mail(self):
        os.makedirs(self.path(".config", "pabal"))
        self.write(".config/pabal/agent.toml", f'[smtp]\nserver = "{self.pabal.address}:1"\ntls = "none"\n')
        done = run([PABAL, "sendmail", "--", BOB], env=self.environment(), input="Subject: lost?\n\nx\n", check=False)
        self.assertEqual(done.returncode, 75, done.error)  # EX_TEMPFAIL
        self.assertIn("dead.letter", done.error)
