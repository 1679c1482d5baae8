"""What is turned away leaves a trace: a line in the log, and an entry that
`pabal track ADDRESS` finds. And strangers get no reports that others would
have to bear."""

import imaplib
import poplib
import smtplib
import socket
import time

from fake_dns import FakeDns, zones
from harness import Raw, ServerCase, free_port, message, run, wait_until, PABAL
from peers import ScriptedPeer

ALICE, BOB = "alice@seoul.test", "bob@seoul.test"
STRANGER = "somebody@elsewhere.test"


class Traces(ServerCase):
    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=("alice", "bob"),
                                 sections={"limits": {"message_octets_max": "20KiB"}})

    def events(self, name):
        return [event for event in self.pabal.events() if event["event"] == name]

    def tracked(self, address):
        """[(kind, {fact: value})] of what was refused, newest first."""
        return [(found["events"][0]["kind"], {fact["name"]: fact["value"] for fact in found["events"][0]["facts"]})
                for found in self.pabal.cli_json("track", address) if not found["id"]]

    def test_recipients_and_mails(self):
        with self.pabal.smtp() as client:
            client.ehlo("scanner (2nd floor)")
            client.mail(STRANGER)
            self.assertEqual(client.rcpt("nobody@seoul.test")[0], 550)
            self.assertEqual(client.rcpt("far@busan.test")[0], 550)
            self.assertEqual(client.docmd("RCPT TO:<bad@-x.test>")[0], 553)
            self.assertEqual(client.rcpt(BOB)[0], 250)
            self.assertEqual(client.data(message(STRANGER, BOB, body="x" * 70 + "\r\n" + ("y" * 70 + "\r\n") * 300))[0], 552)
            self.assertEqual(client.docmd(f"MAIL FROM:<{STRANGER}> SIZE=99999999")[0], 552)
        (kind, facts), = self.tracked("nobody@seoul.test")
        self.assertEqual(kind, "refused")
        self.assertEqual((facts["from"], facts["to"]), (f"<{STRANGER}>", "<nobody@seoul.test>"))
        self.assertEqual(facts["by"], f"scanner (2nd floor) [{self.pabal.address}]")
        self.assertTrue(facts["reply"].startswith("550 5.1.1"), facts)
        self.assertIn("5.7.1", self.tracked("far@busan.test")[0][1]["reply"])
        self.assertIn("5.1.3", self.tracked("bad@-x.test")[0][1]["reply"])
        self.assertEqual([facts["command"] for _, facts in self.tracked(STRANGER)], ["MAIL", "DATA", "RCPT", "RCPT", "RCPT"])
        self.assertEqual(self.tracked(BOB)[0][1]["reply"][:9], "552 5.3.4")
        logged = self.events("smtp.refused")
        self.assertEqual([event["to"] for event in logged],
                         ["<nobody@seoul.test>", "<far@busan.test>", "<bad@-x.test>", f"<{BOB}>", ""])
        self.assertTrue(all(event["level"] == "info" and event["from"] == f"<{STRANGER}>" for event in logged), logged)
        text = self.pabal.cli("track", "nobody@seoul.test").text
        self.assertTrue(text.startswith("Refused\n"), text)
        self.assertIn("5.1.1", text)
        self.assertIn("refused", self.pabal.cli("track", STRANGER).text)

    def test_logins_of_every_protocol(self):
        with self.pabal.smtp("submission") as client:
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                client.login(ALICE, "wrong")
        imap = self.pabal.imap()
        with self.assertRaises(imaplib.IMAP4.error):
            imap.login(ALICE, "wrong")
        imap.shutdown()
        pop3 = poplib.POP3(self.pabal.address, self.pabal.ports["pop3_plain"], timeout=20)
        pop3.user(ALICE)
        with self.assertRaises(poplib.error_proto):
            pop3.pass_("wrong")
        pop3.close()
        for name in ("smtp.auth_failed", "imap.auth_failed", "pop3.auth_failed"):
            events = self.events(name)
            self.assertTrue(events, name)
            for event in events:
                self.assertEqual((event["user"], event["level"]), (ALICE, "warning"))
                self.assertIn(self.pabal.address, event["peer"])
        tracked = self.tracked(ALICE)
        self.assertEqual({kind for kind, _ in tracked}, {"login refused"})
        protocols = [facts["protocol"].split()[0] for _, facts in tracked]
        self.assertEqual(set(protocols), {"SMTP", "IMAP", "POP3"})
        self.assertNotIn("wrong", [facts.get("command") for _, facts in tracked])
        for _, facts in tracked:
            self.assertEqual(facts["account"], ALICE)
            self.assertIn(self.pabal.address, facts["by"])

    def test_wrong_passwords_count_over_all_protocols(self):
        """The first waits a second, and each that follows twice as long, whatever it speaks."""
        def waited(attempt):
            begun = time.monotonic()
            attempt()
            return time.monotonic() - begun

        def by_imap():
            imap = self.pabal.imap()
            self.addCleanup(imap.shutdown)
            self.assertRaises(imaplib.IMAP4.error, imap.login, ALICE, "wrong")

        def by_smtp():
            with self.pabal.smtp("submission") as client:
                client.ehlo()
                client.user, client.password = ALICE, "wrong"
                self.assertRaises(smtplib.SMTPAuthenticationError, client.auth, "PLAIN", client.auth_plain)

        def by_pop3():
            pop3 = poplib.POP3(self.pabal.address, self.pabal.ports["pop3_plain"], timeout=20)
            self.addCleanup(pop3.close)
            pop3.user(ALICE)
            self.assertRaises(poplib.error_proto, pop3.pass_, "wrong")

        for attempt, seconds in ((by_imap, 1), (by_smtp, 2), (by_pop3, 4)):
            self.assertGreaterEqual(waited(attempt), seconds, attempt.__name__)

    def test_log_tells_a_disabled_account_and_the_client_is_not_told(self):
        self.pabal.cli("account", "disable", ALICE)
        said = set()
        for user, password in ((ALICE, self.pabal.passwords[ALICE]), ("nobody@seoul.test", "wrong")):
            imap = self.pabal.imap()
            with self.assertRaises(imaplib.IMAP4.error) as refused:
                imap.login(user, password)
            imap.shutdown()
            said.add(str(refused.exception))
        self.assertEqual(len(said), 1, said)
        reasons = {event["user"]: event["reason"] for event in self.events("imap.auth_failed")}
        self.assertEqual(reasons, {ALICE: "account is disabled", "nobody@seoul.test": "wrong password"})
        self.assertIn("account is disabled", [facts.get("reason") for _, facts in self.tracked(ALICE)])

    def test_tls_that_fails(self):
        for name, protocol in (("submission_tls", "smtp"), ("imap_tls", "imap"), ("pop3_tls", "pop3")):
            with Raw(self.pabal.address, self.pabal.ports[name]) as client:
                client.send("EHLO this is no TLS\r\n")
                while client.socket.recv(1000):
                    pass
            event = wait_until(lambda: self.events(protocol + ".tls_failed"), f"{protocol} tells of TLS")[0]
            self.assertNotIn("during the TLS handshake", event["reason"])
            with socket.create_connection((self.pabal.address, self.pabal.ports[name]), timeout=20):
                pass
            wait_until(lambda: "closed the connection during the TLS handshake" in
                       self.events(protocol + ".tls_failed")[-1]["reason"], f"{protocol} tells of the end")

    def test_one_client_cannot_fill_it(self):
        for _ in range(12):
            with self.pabal.smtp() as client:
                client.ehlo()
                client.mail(STRANGER)
                for _ in range(9):
                    client.rcpt("nobody@seoul.test")
        self.assertEqual(len(self.pabal.cli_json("track", "nobody@seoul.test", "--max", "500")), 60)
        self.assertEqual(len(self.events("smtp.refused")), 108)


class Seats(ServerCase):
    """So many sessions there may be of one host, whatever they speak."""

    REFUSALS = {"smtp": "421", "pop3": "-ERR [SYS/TEMP]", "imap": "* BYE [UNAVAILABLE]"}

    def greeting(self, name):
        connection = socket.create_connection((self.pabal.address, self.pabal.ports[name]), timeout=20)
        self.addCleanup(connection.close)
        return connection, connection.makefile("rb").readline().decode()

    def test_of_one_host_are_shared_by_all_protocols(self):
        self.pabal = self.server("seoul.test", accounts=("alice",),
                                 sections={"server": {"loops": 2}, "limits": {"sessions_per_ip_max": 3}})
        seated = [self.greeting(name)[0] for name in self.REFUSALS]
        for name, refusal in self.REFUSALS.items():
            self.assertTrue(self.greeting(name)[1].startswith(refusal), name)
        refused = [event["event"] for event in self.pabal.events() if event["event"].endswith(".session_refused")]
        self.assertEqual(sorted(refused), sorted(f"{name}.session_refused" for name in self.REFUSALS))
        # Who goes makes room for the next, whatever he speaks.
        seated[0].close()
        wait_until(lambda: self.greeting("imap")[1].startswith("* OK"), "the seat is free")


class Strangers(ServerCase):
    """What a stranger writes as reverse-path may be anybody's."""

    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.dns = FakeDns(zones(("victim.test", "127.0.0.2"))).start()
        self.addCleanup(self.dns.stop)
        self.victim = ScriptedPeer("127.0.0.2", self.port)
        self.addCleanup(self.victim.stop)
        self.pabal = self.server("seoul.test", smtp_port=self.port, dns=self.dns.address)

    def submit(self, listener, sender, login=None):
        with self.pabal.smtp(listener, login) as client:
            client.ehlo_or_helo_if_needed()
            offered = client.has_extn("dsn")
            client.mail(sender, ["RET=FULL", "ENVID=x1"])
            self.assertEqual(client.rcpt(ALICE, ["NOTIFY=SUCCESS,FAILURE"])[0], 250)
            self.assertEqual(client.data(message(sender, ALICE, body="much text\r\n" * 100))[0], 250)
        return offered

    def test_no_reports_of_success_for_strangers(self):
        self.assertFalse(self.submit("smtp", "forged@victim.test"))
        self.assertEqual(len(self.pabal.mails(ALICE, 1)), 1)
        self.assertEqual(self.pabal.queue(), [])
        self.assertEqual(self.victim.mails, [])

    def test_users_get_the_header_alone(self):
        self.assertTrue(self.submit("submission", ALICE, ALICE))
        report, = [mail for mail in self.pabal.mails(ALICE, 2) if b"delivery-status" in mail]
        self.assertIn(b"Action: delivered", report)
        self.assertIn(b"text/rfc822-headers", report)
        self.assertNotIn(b"much text", report)


class Loops(ServerCase):
    def test_a_domain_whose_mx_is_this_server_fails_at_once(self):
        dns = FakeDns({}).start()
        self.addCleanup(dns.stop)
        pabal = self.server("seoul.test", dns=dns.address)
        dns.records.update(zones(("circle.test", pabal.address)))
        for to in ("bob@circle.test", f"bob@[{pabal.address}]"):
            with pabal.smtp("submission", ALICE) as client:
                client.sendmail(ALICE, [to], message(ALICE, to))
        reports = [mail for mail in pabal.mails(ALICE, 2) if b"Status: 5.4.6" in mail]
        self.assertEqual(len(reports), 2)


class Dnssec(ServerCase):
    def test_behind_a_resolver_that_strips_signatures_mail_leaves(self):
        port = free_port()
        dns = FakeDns(zones(("busan.test", "127.0.0.2"), ("busan.example", "127.0.0.2"))).start()
        self.addCleanup(dns.stop)
        peer = ScriptedPeer("127.0.0.2", port)
        self.addCleanup(peer.stop)
        anchor = self.path("root.key")
        with open(anchor, "w", encoding="ascii") as file:
            file.write(". IN DS 20326 8 2 E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D\n")
        pabal = self.server("seoul.test", smtp_port=port, dns=dns.address,
                            sections={"dns": {"dnssec": True, "trust_anchor_file": anchor}})
        wait_until(lambda: [event for event in pabal.events() if event["event"] == "dns.dnssec"],
                   "the server has found out about DNSSEC")
        with pabal.smtp("submission", ALICE) as client:
            client.sendmail(ALICE, ["bob@busan.example"], message(ALICE, "bob@busan.example"))
        wait_until(lambda: peer.mails, "the mail has left")
        event, = [event for event in pabal.events() if event["event"] == "dns.dnssec"]
        self.assertEqual((event["state"], event["level"]), ("stripped", "warning"))
        self.assertIn("DNSSEC cannot be checked here", pabal.cli("queue", "list").text)
        self.assertIn("DNSSEC cannot be checked here", run([PABAL, "check-config", "--config", pabal.config]).error)
