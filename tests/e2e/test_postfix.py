"""Postfix as the other server, in both directions, over STARTTLS."""

import email
import email.policy
import smtplib

from fake_dns import FakeDns, zones
from harness import WAIT_SECONDS, Authority, ServerCase, body_of, free_port, message, run, program, wait_until
from peers import Postfix

ALICE, BOB = "alice@seoul.test", "bob@busan.test"
SEOUL, BUSAN = "127.0.0.2", "127.0.0.3"


def with_lf(data):
    return data.replace(b"\r\n", b"\n")


class BesidePostfix(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        program("postfix")
        port = free_port()
        cls.dns = FakeDns(zones(("busan.test", BUSAN), ("seoul.test", SEOUL))).start()
        cls.addClassCleanup(cls.dns.stop)
        cls.pabal = cls.class_server("seoul.test", address=SEOUL, accounts=("alice", "carol"), smtp_port=port,
                                     dns=cls.dns.address, sections={"queue": {"retry_delays": ["1s"]}})
        cls.postfix = Postfix("busan.test", BUSAN, port, ["bob"], {"seoul.test": (SEOUL, port)}, Authority.get())
        cls.addClassCleanup(cls.postfix.stop)

    def setUp(self):
        super().setUp()
        self.before = len(self.postfix.mails("bob"))
        for user in (ALICE, "carol@seoul.test"):
            with self.pabal.pop3(user, "pop3_plain") as client:
                for number in range(1, client.stat()[0] + 1):
                    client.dele(number)

    def to_postfix(self, mails, **options):
        with self.pabal.smtp("submission", ALICE) as client:
            for mail in mails:
                client.sendmail(ALICE, [BOB], mail, **options)

    def new_at_postfix(self, count):
        def enough():
            found = self.postfix.mails("bob")
            return found if len(found) >= self.before + count else None

        found = wait_until(enough, f"{count} new mails in Postfix's Maildir\n{self.postfix.log()[-2000:]}")
        self.assertEqual(len(found), self.before + count)
        return found

    def from_postfix(self, mail, recipients, sender=BOB):
        with smtplib.SMTP(BUSAN, self.postfix.port, local_hostname="client.test", timeout=WAIT_SECONDS) as client:
            client.ehlo()
            return client.sendmail(sender, recipients, mail, mail_options=["BODY=8BITMIME"])

    def test_many_to_postfix_share_connections(self):
        logged_before = len(self.postfix.log())
        sent = [message(ALICE, BOB, f"to Postfix {n}", f"number {n}\r\n.dot\r\n" + "x" * 700 + "\r\n") for n in range(20)]
        self.to_postfix(sent)
        found = self.new_at_postfix(len(sent))
        bodies = {body_of(mail.replace(b"\n", b"\r\n")) for mail in found}
        for mail in sent:
            self.assertIn(body_of(mail), bodies)
        log = self.postfix.log()[logged_before:]
        self.assertLess(log.count(": connect from "), len(sent))
        self.assertIn("TLS connection established from", log)
        wait_until(lambda: not self.pabal.queue(), "our queue is empty")

    def test_eight_bits_and_utf8_to_postfix(self):
        mail = message(ALICE, BOB, "안녕", "여덟 비트\r\n")
        self.to_postfix([mail], mail_options=["BODY=8BITMIME", "SMTPUTF8"])
        self.assertTrue(any(found.endswith(with_lf(mail)) for found in self.new_at_postfix(1)))

    def test_unknown_user_at_postfix_makes_a_dsn(self):
        with self.pabal.smtp("submission", ALICE) as client:
            client.sendmail(ALICE, ["nobody@busan.test"], message(ALICE, "nobody@busan.test"))
        report = email.message_from_bytes(self.pabal.mails(ALICE, 1)[0], policy=email.policy.default)
        _, status, _ = report.iter_parts()
        failed = list(status.iter_parts())[1]
        self.assertEqual((failed["Action"], failed["Status"]), ("failed", "5.1.1"))
        self.assertIn("550 5.1.1", failed["Diagnostic-Code"])

    def test_from_postfix(self):
        sent = [message(BOB, ALICE, f"from Postfix {n}", "여덟 비트\r\n..\r\n" * 10) for n in range(20)]
        for mail in sent:
            self.from_postfix(mail, [ALICE])
        got = self.pabal.mails(ALICE, len(sent))
        self.assertEqual(sorted(map(body_of, got)), sorted(map(body_of, sent)))
        self.assertIn(b"with ESMTPS", got[0])

    def test_several_recipients_from_postfix_one_of_them_unknown(self):
        mail = message(BOB, ALICE, "to three", "for three\r\n")
        self.from_postfix(mail, [ALICE, "carol@seoul.test", "nobody@seoul.test"])
        for user in (ALICE, "carol@seoul.test"):
            self.assertEqual(body_of(self.pabal.mails(user, 1)[0]), body_of(mail))
        # Postfix tells its user what we said.
        reports = [found for found in self.new_at_postfix(1) if b"nobody@seoul.test" in found and b"550 5.1.1" in found]
        self.assertEqual(len(reports), 1)

    def test_load_from_postfix(self):
        mails = 100
        run([program("smtp-source"), "-s", "10", "-m", str(mails), "-l", "5000", "-f", BOB, "-t", ALICE,
             f"{BUSAN}:{self.postfix.port}"])
        self.assertEqual(len(self.pabal.mails(ALICE, mails)), mails)
