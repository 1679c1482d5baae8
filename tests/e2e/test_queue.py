"""Mail that has to wait: peers that are down or say later, DNS that fails, what
the sender is told, what the operator sees and can do."""

import email
import email.policy

from fake_dns import FakeDns, zones
from harness import ServerCase, free_port, message, wait_until
from peers import ScriptedPeer

ALICE, BOB = "alice@seoul.test", "bob@busan.test"
PEER = "127.0.0.2"
# Everything that takes minutes and days, in seconds.
FAST = {"retry_delays": ["1s"], "lifetime": "60s", "delay_notice_after": "0s"}
SHORT = {**FAST, "lifetime": "3s"}


class QueueCase(ServerCase):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.dns = FakeDns(zones(("busan.test", PEER))).start()
        self.addCleanup(self.dns.stop)

    def seoul(self, queue=None, **sections):
        self.pabal = self.server("seoul.test", smtp_port=self.port, dns=self.dns.address,
                                 sections={"queue": queue or FAST, **sections})
        return self.pabal

    def peer(self, **options):
        peer = ScriptedPeer(PEER, self.port, **options)
        self.addCleanup(peer.stop)
        return peer

    def send(self, to=BOB, mail=None, sender=ALICE, mail_options=(), rcpt_options=()):
        """-> its id, as our 250 names it"""
        to = [to] if isinstance(to, str) else to
        with self.pabal.smtp("submission", ALICE) as client:
            client.ehlo_or_helo_if_needed()
            code, text = client.mail(sender, mail_options)
            self.assertEqual(code, 250, text)
            for one in to:
                code, text = client.rcpt(one, rcpt_options)
                self.assertEqual(code, 250, text)
            code, text = client.data(mail or message(ALICE, to[0], body="to be carried\r\n"))
            self.assertEqual(code, 250, text)
        return text.decode().split()[-1]

    def attempts(self):
        return sum(entry["attempts"] for entry in self.pabal.queue())

    def wait_for_attempts(self, number=1):
        return wait_until(lambda: self.attempts() >= number and self.pabal.queue(), f"{number} attempts were made")

    def wait_for_empty_queue(self):
        wait_until(lambda: not self.pabal.queue(), "the queue is empty")

    def kinds(self, trace_id):
        return [kind for kind, _ in self.pabal.journey(trace_id)]

    def dsn(self, mail):
        """Checks the shape of a DSN (RFC 3464, 6522). -> [fields of each recipient]"""
        parsed = email.message_from_bytes(mail, policy=email.policy.default)
        self.assertEqual(parsed.get_content_type(), "multipart/report", mail.decode("utf-8", "replace"))
        self.assertEqual(parsed["Content-Type"].params["report-type"], "delivery-status")
        self.assertIn(b"Return-Path: <>", mail)
        self.assertIn("auto-", parsed["Auto-Submitted"])
        text, status, original = parsed.iter_parts()
        self.assertEqual(text.get_content_type(), "text/plain")
        self.assertIn(status.get_content_type(), ("message/delivery-status", "message/global-delivery-status"))
        self.assertTrue(original.get_content_type() in ("message/rfc822", "text/rfc822-headers", "message/global",
                                                        "message/global-headers"), original.get_content_type())
        if status.get_content_type() == "message/delivery-status":
            return list(status.iter_parts())[1:]
        # RFC 6533, which Python does not know: blocks of fields in UTF-8.
        raw = mail.partition(b"message/global-delivery-status")[2].partition(b"\r\n\r\n")[2].partition(b"\r\n\r\n--")[0]
        return [email.message_from_bytes(block, policy=email.policy.SMTPUTF8) for block in raw.split(b"\r\n\r\n")[1:]]

    def only_dsn(self):
        return self.dsn(self.pabal.mails(ALICE, 1)[0])


class Waiting(QueueCase):
    def test_peer_is_down_and_comes_back(self):
        self.seoul()
        trace_id = self.send()
        entry, = self.wait_for_attempts(2)
        self.assertEqual((entry["message"], entry["to"], entry["from"], entry["state"], entry["destination"]),
                         (trace_id, BOB, ALICE, "waiting", "busan.test"))
        self.assertTrue(entry["last_status"].startswith("4."), entry)
        self.assertIn(BOB, self.pabal.cli("queue", "list").text)
        shown, = self.pabal.cli_json("queue", "show", trace_id)
        self.assertEqual(shown["entry"], entry["entry"])
        self.assertIn("last answer", self.pabal.cli("queue", "show", trace_id).text)
        waiting, = self.pabal.cli_json("track", trace_id)
        self.assertEqual((waiting["id"], waiting["status"]), (trace_id, "waiting"))
        peer = self.peer()
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.mails), 1)
        mail_from, recipients, data = peer.mails[0]
        self.assertTrue(mail_from.startswith(f"MAIL FROM:<{ALICE}>"), mail_from)
        self.assertEqual(recipients, [f"RCPT TO:<{BOB}>"])
        self.assertTrue(data.endswith(b"to be carried\r\n"))
        self.assertIn("relayed", self.kinds(trace_id))

    def test_waiting_mail_survives_a_restart_and_a_kill(self):
        self.seoul()
        for n in range(3):
            self.send(mail=message(ALICE, BOB, body=f"number {n}\r\n"))
        self.wait_for_attempts(3)
        self.pabal.stop()
        self.pabal.start()
        self.assertEqual(len(self.pabal.queue()), 3)
        self.pabal.kill()
        peer = self.peer()
        self.pabal.start()
        self.wait_for_empty_queue()
        self.assertEqual(sorted(data.splitlines()[-1] for _, _, data in peer.mails), [b"number 0", b"number 1", b"number 2"])

    def test_recipient_by_recipient(self):
        """One taken, one later, one never: three fates of one mail (RFC 5321 §4.5.4.1)."""
        later = {"answer": "450 4.2.0 not now"}

        def on_rcpt(line):
            return "550 5.1.1 nobody" if "nobody" in line else later["answer"] if "later" in line else "250 2.1.5 ok"

        peer = self.peer(replies={"RCPT": on_rcpt})
        self.seoul()
        self.send([BOB, "later@busan.test", "nobody@busan.test"])
        wait_until(lambda: len(self.pabal.queue()) == 1 and self.attempts() >= 1, "only the one for later waits")
        self.assertEqual(peer.mails[0][1], [f"RCPT TO:<{BOB}>"])
        failed, = self.only_dsn()
        self.assertEqual((failed["Action"], failed["Status"]), ("failed", "5.1.1"))
        self.assertIn("nobody@busan.test", failed["Final-Recipient"])
        later["answer"] = "250 2.1.5 ok"
        self.wait_for_empty_queue()
        self.assertEqual(peer.mails[1][1], ["RCPT TO:<later@busan.test>"])

    def test_greeting_of_421_and_dropped_connection(self):
        state = {"banner": "421 4.3.2 not now"}
        peer = self.peer(replies={"": lambda _: state["banner"]})
        self.seoul()
        self.send()
        self.wait_for_attempts(1)
        state["banner"] = "220 peer.test"
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.mails), 1)


class Operator(QueueCase):
    def test_hold_release_retry_drop(self):
        self.seoul({**FAST, "retry_delays": ["1h"]})
        first, second = self.send(), self.send()
        wait_until(lambda: all(entry["attempts"] == 1 for entry in self.pabal.queue()), "both were tried")
        self.pabal.cli("queue", "hold", first)
        states = {entry["message"]: entry["state"] for entry in self.pabal.queue()}
        self.assertEqual(states, {first: "held", second: "waiting"})
        metrics = self.pabal.metrics()
        self.assertEqual([metrics[f'pabal_queue_recipients{{state="{state}"}}'] for state in ("held", "waiting")], ["1", "1"])
        peer = self.peer()
        self.assertEqual(self.pabal.cli_json("queue", "retry", "--destination", "busan.test")["changed"] >= 1, True)
        wait_until(lambda: [entry["message"] for entry in self.pabal.queue()] == [first], "only the held one is left")
        self.assertEqual(len(peer.mails), 1)
        self.pabal.cli("queue", "release", first)
        self.pabal.cli("queue", "retry", "--all", check=False)
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.mails), 2)

    def test_dropped_mail_is_gone_and_nobody_is_told(self):
        self.seoul()
        trace_id = self.send()
        self.wait_for_attempts()
        self.pabal.cli("queue", "drop", trace_id)
        self.wait_for_empty_queue()
        self.assertIn("dropped", self.kinds(trace_id))
        self.assertEqual(self.pabal.mails(ALICE), [])
        self.assertNotEqual(self.pabal.cli("queue", "show", trace_id, check=False).returncode, 0)

    def test_journey_of_a_mail(self):
        self.peer()
        self.seoul()
        trace_id = self.send()
        self.wait_for_empty_queue()
        by_id, = self.pabal.cli_json("track", trace_id)
        self.assertEqual(by_id["status"], "relayed")
        for address in (ALICE, BOB):
            self.assertEqual([mail["id"] for mail in self.pabal.cli_json("track", address)], [trace_id])
        text = self.pabal.cli("track", trace_id).text
        for fact in (ALICE, BOB, "10 mail.busan.test", f"RCPT TO:<{BOB}>", PEER, "client.test"):
            self.assertIn(fact, text)
        self.assertNotEqual(self.pabal.cli("track", "nobody@nowhere.test", check=False).returncode, 0)


class Reports(QueueCase):
    def test_dsn_when_the_lifetime_ends(self):
        self.seoul(SHORT)
        trace_id = self.send()
        failed, = self.only_dsn()
        self.assertEqual(failed["Action"], "failed")
        self.assertRegex(failed["Status"], r"^[45]\.4\.")
        self.assertIn(BOB, failed["Final-Recipient"])
        self.assertEqual(self.pabal.queue(), [])
        self.assertTrue({"failed", "dsn"} <= set(self.kinds(trace_id)))

    def test_no_dsn_for_the_null_reverse_path(self):
        self.seoul(SHORT, relay={"trusted_networks": ["127.0.0.0/8"]})
        with self.pabal.smtp() as client:
            client.sendmail("", [BOB], message(ALICE, BOB))
        self.wait_for_attempts()
        self.wait_for_empty_queue()
        self.assertEqual(self.pabal.mails(ALICE), [])

    def test_delay_notice(self):
        self.seoul({**FAST, "delay_notice_after": "1s"})
        self.send()
        delayed, = self.only_dsn()
        self.assertEqual(delayed["Action"], "delayed")
        self.assertEqual(len(self.pabal.queue()), 1)
        self.wait_for_attempts(4)
        self.assertEqual(len(self.pabal.mails(ALICE)), 1)  # told once

    def test_notify_success_and_never(self):
        self.peer()  # knows no DSN: we are the last who can tell
        self.seoul()
        self.send(rcpt_options=["NOTIFY=SUCCESS", "ORCPT=rfc822;first@busan.test"], mail_options=["RET=HDRS", "ENVID=box+2B7"])
        relayed, = self.only_dsn()
        self.assertEqual(relayed["Action"], "relayed")
        self.assertIn("first@busan.test", relayed["Original-Recipient"])
        mail = self.pabal.mails(ALICE)[0]
        self.assertIn(b"Original-Envelope-Id: box+7", mail)
        self.assertNotIn(b"to be carried", mail)
        self.send("nobody@nowhere.test", rcpt_options=["NOTIFY=NEVER"])
        self.wait_for_empty_queue()
        self.assertEqual(len(self.pabal.mails(ALICE)), 1)

    def test_notify_success_is_passed_on_to_who_knows_it(self):
        peer = self.peer(extensions=["DSN"])
        self.seoul()
        self.send(rcpt_options=["NOTIFY=SUCCESS,FAILURE"], mail_options=["RET=FULL", "ENVID=e1"])
        self.wait_for_empty_queue()
        mail_from, (rcpt,), _ = peer.mails[0]
        self.assertIn("ENVID=e1", mail_from)
        self.assertIn("RET=FULL", mail_from)
        self.assertIn("NOTIFY=SUCCESS,FAILURE", rcpt)
        self.assertEqual(self.pabal.mails(ALICE), [])


class Dns(QueueCase):
    def test_servfail_waits_until_it_is_repaired(self):
        self.dns.failing = {"busan.test"}
        peer = self.peer()
        self.seoul()
        self.send()
        entry, = self.wait_for_attempts()
        self.assertTrue(entry["last_status"].startswith("4."), entry)
        self.dns.failing = set()
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.mails), 1)

    def test_domain_that_does_not_exist(self):
        self.seoul()
        self.send("bob@nowhere.test")
        failed, = self.only_dsn()
        self.assertEqual(failed["Status"], "5.1.2")

    def test_null_mx(self):
        self.dns.records["deaf.test"] = {"MX": ["0 ."], "A": [PEER]}
        self.seoul()
        self.send("bob@deaf.test")
        failed, = self.only_dsn()
        self.assertEqual(failed["Status"], "5.1.10")  # RFC 7505 §5

    def test_second_mx_and_address_without_mx(self):
        self.dns.records["busan.test"] = {"MX": ["10 down.busan.test", "20 mail.busan.test"]}
        self.dns.records["down.busan.test"] = {"A": ["127.0.0.3"]}
        self.dns.records["bare.test"] = {"A": [PEER]}
        peer = self.peer()
        self.seoul()
        self.send()
        self.send("bob@bare.test")
        self.wait_for_empty_queue()
        self.assertEqual(len(peer.mails), 2)


class Conversion(QueueCase):
    def test_eight_bits_to_a_peer_of_seven(self):
        peer = self.peer(extensions=["PIPELINING"])
        self.seoul()
        text = "여덟 비트는 일곱 비트로\r\n"
        mail = message(ALICE, BOB, body=text).replace(b"\r\n\r\n", b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
                                                      b"charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", 1)
        self.send(mail=mail, mail_options=["BODY=8BITMIME"])
        self.wait_for_empty_queue()
        mail_from, _, data = peer.mails[0]
        self.assertNotIn("BODY", mail_from)
        self.assertTrue(data.isascii())
        parsed = email.message_from_bytes(data, policy=email.policy.default)
        self.assertEqual(parsed.get_content().strip(), text.strip())

    def test_eight_bits_to_a_peer_of_eight_stay(self):
        peer = self.peer()
        self.seoul()
        mail = message(ALICE, BOB, body="여덟 비트\r\n").replace(b"\r\n\r\n", b"\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; "
                                                              b"charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", 1)
        self.send(mail=mail, mail_options=["BODY=8BITMIME"])
        self.wait_for_empty_queue()
        self.assertIn("BODY=8BITMIME", peer.mails[0][0])
        self.assertTrue(peer.mails[0][2].endswith(mail))

    def test_utf8_address_to_a_peer_without_smtputf8(self):
        peer = self.peer(extensions=["8BITMIME"])
        self.seoul()
        mail = message(ALICE, "보부상@busan.test", subject="안녕")
        with self.pabal.smtp("submission", ALICE) as client:
            client.ehlo_or_helo_if_needed()
            client.command_encoding = "utf-8"
            self.assertEqual(client.mail(ALICE, ["SMTPUTF8", "BODY=8BITMIME"])[0], 250)
            self.assertEqual(client.rcpt("보부상@busan.test")[0], 250)
            self.assertEqual(client.data(mail)[0], 250)
        failed, = self.only_dsn()
        self.assertEqual((failed["Action"], failed["Status"]), ("failed", "5.6.7"))
        self.assertEqual(peer.mails, [])
