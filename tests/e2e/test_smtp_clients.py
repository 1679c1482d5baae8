"""Mail handed to us by the programs of others: swaks, curl, msmtp, smtplib,
mutt, smtp-source, and `sendmail` as cron calls it."""

import email
import email.policy
import os
import smtplib
from email.message import EmailMessage

from fake_dns import FakeDns, zones
from harness import PABAL, Authority, Raw, ServerCase, body_of, free_port, message, program, run, wait_until
from peers import SmtpSink

ALICE, BOB = "alice@seoul.test", "bob@seoul.test"


class SmtpClients(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal = cls.class_server("seoul.test", accounts=("alice", "bob"))
        cls.password = cls.pabal.passwords[ALICE]
        cls.ca = Authority.get().certificate

    def setUp(self):
        super().setUp()
        # Each test finds an empty mailbox.
        with self.pabal.pop3(BOB, "pop3_plain") as client:
            for number in range(1, client.stat()[0] + 1):
                client.dele(number)

    def arrived(self, marker, count=1):
        mails = self.pabal.mails(BOB, count)
        self.assertEqual(len(mails), count)
        for mail in mails:
            self.assertIn(marker.encode(), mail)
        return mails[0]

    def environment(self):
        """Nobody's settings but ours."""
        return {"HOME": self.directory, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "dumb", "TMPDIR": self.directory}

    # ---- swaks ---------------------------------------------------------------

    def swaks(self, listener, *options, sender=ALICE, to=BOB, status=0):
        done = run([program("swaks"), "--server", f"{self.pabal.address}:{self.pabal.ports[listener]}", "--from", sender, "--to", to,
                    "--helo", "client.test", "--timeout", "20", *options], check=False, env=self.environment())
        if "requires Net::SSLeay" in done.error:
            self.skipTest("swaks lacks TLS: install the Debian package libnet-ssleay-perl (./dev setup does)")
        self.assertEqual(done.returncode, status, done.text + done.error)
        return done

    def test_swaks_plain(self):
        self.swaks("smtp", "--body", "swaks in the clear", sender="somebody@elsewhere.test")
        self.arrived("swaks in the clear")

    def test_swaks_starttls_and_auth_plain(self):
        done = self.swaks("submission", "--tls", "--tls-verify", "--tls-ca-path", self.ca, "--auth", "PLAIN", "--auth-user",
                          ALICE, "--auth-password", self.password, "--body", "after STARTTLS")
        self.assertIn("=== TLS started with cipher TLSv1.3", done.text)
        mail = self.arrived("after STARTTLS")
        self.assertIn(b"with ESMTPSA", mail)

    def test_swaks_implicit_tls_and_auth_login(self):
        self.swaks("submission_tls", "--tls-on-connect", "--tls-verify", "--tls-ca-path", self.ca, "--auth", "LOGIN",
                   "--auth-user", ALICE, "--auth-password", self.password, "--body", "over TLS from the start")
        self.arrived("over TLS from the start")

    def test_swaks_is_refused_with_a_wrong_password(self):
        done = self.swaks("submission", "--tls", "--auth", "PLAIN", "--auth-user", ALICE, "--auth-password", "wrong", status=28)
        self.assertIn("535 5.7.8", done.text)

    def test_swaks_lmtp(self):
        self.swaks("lmtp", "--protocol", "LMTP", "--body", "by LMTP")
        self.assertIn(b"with LMTP", self.arrived("by LMTP"))

    def test_no_open_relay(self):
        self.swaks("smtp", sender="spammer@elsewhere.test", to="victim@elsewhere.test", status=24)

    # ---- curl ----------------------------------------------------------------

    def curl(self, url, *options, mail=None):
        path = self.write("mail.eml", mail or message(ALICE, BOB, body="by curl\r\n"))
        return run([program("curl"), "--silent", "--show-error", "--max-time", "30", "--url", url, "--cacert", self.ca,
                    "--mail-from", ALICE, "--mail-rcpt", BOB, "--upload-file", path, *options], env=self.environment())

    def test_curl_smtp_with_starttls(self):
        self.curl(f"smtp://{self.pabal.address}:{self.pabal.ports['submission']}/client.test", "--ssl-reqd", "--user",
                  f"{ALICE}:{self.password}")
        self.arrived("by curl")

    def test_curl_smtps(self):
        self.curl(f"smtps://{self.pabal.address}:{self.pabal.ports['submission_tls']}/client.test", "--user",
                  f"{ALICE}:{self.password}")
        self.arrived("by curl")

    def test_curl_without_tls_where_the_listener_allows_it(self):
        self.curl(f"smtp://{self.pabal.address}:{self.pabal.ports['submission_plain']}/client.test", "--user",
                  f"{ALICE}:{self.password}", "--login-options", "AUTH=PLAIN")
        self.arrived("by curl")

    def test_bytes_stay_as_they_are(self):
        lines = ["", ".", "..", ". ", "a" * 998, "From here", "\tx  ", "0123456789" * 50]
        body = "\r\n".join(lines * 400) + "\r\n"
        sent = message(ALICE, BOB, body=body)
        self.curl(f"smtps://{self.pabal.address}:{self.pabal.ports['submission_tls']}/client.test", "--user",
                  f"{ALICE}:{self.password}", mail=sent)
        self.assertTrue(self.arrived("Hello").endswith(sent))

    # ---- msmtp ---------------------------------------------------------------

    def test_msmtp(self):
        for listener, starttls, method in (("submission", "on", "plain"), ("submission_tls", "off", "login"),
                                           ("submission", "on", "scram-sha-256")):
            with self.subTest(listener=listener, method=method):
                config = self.write("msmtprc", f"account default\nhost {self.pabal.address}\nport {self.pabal.ports[listener]}\n"
                                    f"tls on\ntls_starttls {starttls}\ntls_trust_file {self.ca}\nauth {method}\nuser {ALICE}\n"
                                    f"password {self.password}\nfrom {ALICE}\n")
                run([program("msmtp"), "-C", config, BOB], input=f"To: {BOB}\nFrom: {ALICE}\nSubject: msmtp\n\nby msmtp\n",
                    env=self.environment())
        self.arrived("by msmtp", 3)

    # ---- smtplib -------------------------------------------------------------

    def test_smtplib_with_8bit_and_utf8_addresses(self):
        self.pabal.add_account("보부상@seoul.test")
        mail = EmailMessage(policy=email.policy.SMTPUTF8)
        mail["From"], mail["To"], mail["Subject"] = ALICE, "보부상@seoul.test", "파발이 왔습니다"
        mail.set_content("여덟 비트 그대로\n", cte="8bit")

        def sent():
            with self.pabal.smtp("submission", ALICE) as client:
                return client.send_message(mail) == {}

        # The server may take two seconds to see a new account.
        def taken():
            try:
                return sent()
            except smtplib.SMTPRecipientsRefused:
                return False

        wait_until(taken, "the new account is known")
        got = self.pabal.mails("보부상@seoul.test", 1)[0]
        self.assertIn("여덟 비트 그대로".encode(), got)
        self.assertIn("Subject: 파발이 왔습니다".encode(), got)
        self.assertIn(b"with UTF8SMTPSA", got)

    def test_smtplib_auth_without_tls_is_not_offered(self):
        with self.pabal.smtp("smtp") as client:
            client.ehlo()
            self.assertFalse(client.has_extn("auth"))
            self.assertTrue(client.has_extn("starttls"))
            for extension in ("size", "pipelining", "8bitmime", "smtputf8", "chunking", "enhancedstatuscodes"):
                self.assertTrue(client.has_extn(extension), extension)
            self.assertFalse(client.has_extn("dsn"), "a stranger gets no reports of success")

    def test_a_user_sends_only_as_himself(self):
        with self.pabal.smtp("submission", ALICE) as client:
            with self.assertRaises(smtplib.SMTPSenderRefused) as refused:
                client.sendmail(BOB, [BOB], message(BOB, BOB))
        self.assertTrue(550 <= refused.exception.smtp_code < 560, refused.exception)

    def test_unknown_recipient(self):
        with self.pabal.smtp() as client:
            with self.assertRaises(smtplib.SMTPRecipientsRefused) as refused:
                client.sendmail("x@elsewhere.test", ["nobody@seoul.test"], message("x@elsewhere.test", "nobody@seoul.test"))
        code, text = refused.exception.recipients["nobody@seoul.test"]
        self.assertEqual((code, text[:5]), (550, b"5.1.1"))

    def test_whole_pipelined_session_in_one_segment(self):
        mail = message("x@elsewhere.test", BOB, body="pipelined\r\n")
        with Raw(self.pabal.address, self.pabal.ports["smtp"]) as raw:
            self.assertTrue(raw.reply().startswith("220 "))
            self.assertTrue(raw.ask("EHLO client.test").startswith("250 "))
            raw.send(b"MAIL FROM:<x@elsewhere.test>\r\nRCPT TO:<" + BOB.encode() + b">\r\nRCPT TO:<nobody@seoul.test>\r\nDATA\r\n")
            codes = [raw.reply()[:3] for _ in range(4)]
            raw.send(mail + b".\r\nMAIL FROM:<>\r\nRCPT TO:<" + BOB.encode() + b">\r\nBDAT " + str(len(mail)).encode() +
                     b" LAST\r\n" + mail + b"QUIT\r\n")
            codes += [raw.reply()[:3] for _ in range(5)]
        self.assertEqual(codes, ["250", "250", "550", "354", "250", "250", "250", "250", "221"])
        self.arrived("pipelined", 2)

    def test_text_behind_starttls_ends_the_connection(self):
        with Raw(self.pabal.address, self.pabal.ports["smtp"]) as raw:
            raw.reply()
            raw.ask("EHLO client.test")
            raw.send("STARTTLS\r\nMAIL FROM:<x@elsewhere.test>\r\n")
            answers = []
            try:
                while line := raw.line():
                    answers.append(line)
            except OSError:
                pass
            self.assertFalse([a for a in answers if a.startswith("250")], answers)

    # ---- mutt ----------------------------------------------------------------

    def test_mutt(self):
        picture = os.urandom(30000)
        attached = self.write("그림.png", picture)
        user = ALICE.replace("@", "%40")
        config = self.write("muttrc", f"""
set smtp_url="smtp://{user}:{self.password}@{self.pabal.address}:{self.pabal.ports['submission']}/"
set smtp_authenticators="plain"
set ssl_starttls=yes
set ssl_force_tls=yes
set ssl_ca_certificates_file="{self.ca}"
set certificate_file="{self.path('certificates')}"
set from="{ALICE}"
set use_from=yes
set realname="앨리스"
set record=""
set folder="{self.directory}"
set tmpdir="{self.directory}"
set charset="utf-8"
""")
        run([program("mutt"), "-n", "-F", config, "-s", "뮤트로 보냄", "-a", attached, "--", BOB], input="mutt 본문\n",
            env=self.environment())
        mail = email.message_from_bytes(self.pabal.mails(BOB, 1)[0], policy=email.policy.default)
        self.assertEqual(mail["Subject"], "뮤트로 보냄")
        parts = list(mail.iter_attachments())
        self.assertEqual(parts[0].get_payload(decode=True), picture)
        self.assertIn("mutt 본문", mail.get_body().get_content())

    # ---- load ----------------------------------------------------------------

    def test_smtp_source(self):
        sessions, mails = 50, 500
        run([program("smtp-source"), "-s", str(sessions), "-m", str(mails), "-l", "4096", "-f", "load@elsewhere.test", "-t", BOB,
             f"{self.pabal.address}:{self.pabal.ports['smtp']}"])
        with self.pabal.pop3(BOB, "pop3_plain") as client:
            self.assertEqual(client.stat()[0], mails)
            self.assertEqual(len({line.split()[1] for line in client.uidl()[1]}), mails)

    # ---- sendmail ------------------------------------------------------------

    def test_sendmail(self):
        sendmail = self.path("sendmail")
        os.symlink(PABAL, sendmail)
        os.makedirs(self.path(".config", "pabal"))
        self.write("secret", self.password + "\n")
        self.write(".config/pabal/agent.toml", f"""
user = "{ALICE}"
password_file = "{self.path('secret')}"
ca_file = "{self.ca}"
[smtp]
server = "{self.pabal.address}:{self.pabal.ports['submission']}"
tls = "starttls"
""")
        run([sendmail, "-t", "-i", "-f", ALICE], env=self.environment(),
            input=f"To: {BOB}\nBcc: {ALICE}\nSubject: cron\n\nsendmail body\n.\nstill the body\n")
        mail = self.arrived("sendmail body\r\n.\r\nstill the body")
        self.assertNotIn(b"Bcc:", mail)
        self.assertIn(b"\r\nMessage-ID:", mail)
        self.assertEqual(run([sendmail, "-f", ALICE, "nobody@seoul.test"], env=self.environment(), check=False,
                             input="Subject: x\n\nx\n").returncode, 67)  # EX_NOUSER


class OddAddresses(ServerCase):
    """Old phones have dots in odd places, devices leave the brackets out, forwarders make long ones."""

    SRS = "SRS0=Ab1c=XY=some-long-domain.example.test=bounce+b.25211.6039846.eb7e7e8ba282." + "x" * 200 + "@fwd.test"

    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test")
        self.pabal.cli("alias", "add", "taro..san@seoul.test", ALICE)

    def test_they_come_in_are_found_and_shown(self):
        for sender, to in (("MAIL FROM:<hana.@docomo.test>", "RCPT TO:<taro..san@seoul.test>"),
                           ("MAIL FROM:scanner@office.test.", "RCPT TO:alice@seoul.test."),
                           (f"MAIL FROM:<{self.SRS}>", 'RCPT TO:<"taro..san"@seoul.test>')):
            with self.pabal.smtp() as client:
                client.ehlo()
                self.assertEqual(client.docmd(sender)[0], 250)
                self.assertEqual(client.docmd(to)[0], 250)
                self.assertEqual(client.data(message("x@client.test", ALICE))[0], 250)
        mails = self.pabal.mails(ALICE, 3)
        self.assertEqual({mail.split(b"\r\n", 1)[0] for mail in mails},
                         {b'Return-Path: <"hana."@docomo.test>', b"Return-Path: <scanner@office.test>",
                          f"Return-Path: <{self.SRS}>".encode()})
        for written, count in (("taro..san@seoul.test", 2), ('"taro..san"@seoul.test', 2), ("hana.@docomo.test", 1),
                               (self.SRS, 1), ("scanner@office.test.", 1)):
            self.assertEqual(len(self.pabal.cli_json("track", written)), count, written)


class OutgoingToSmtpSink(ServerCase):
    def test_mails_reach_smtp_sink(self):
        port = free_port()
        dns = FakeDns(zones(("sink.test", "127.0.0.9"))).start()
        self.addCleanup(dns.stop)
        sink = SmtpSink("127.0.0.9", port)
        self.addCleanup(sink.stop)
        pabal = self.server("seoul.test", smtp_port=port, dns=dns.address)
        sent = [message(ALICE, "all@sink.test", body=f"number {n}\r\n") for n in range(30)]
        with pabal.smtp("submission", ALICE) as client:
            for mail in sent:
                client.sendmail(ALICE, ["all@sink.test"], mail)
        wait_until(lambda: len(sink.mails()) == len(sent) and not pabal.queue(), "smtp-sink has all mails")
        got = sorted(body_of(mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")).strip() for mail in sink.mails())
        self.assertEqual(got, sorted(body_of(mail).strip() for mail in sent))
