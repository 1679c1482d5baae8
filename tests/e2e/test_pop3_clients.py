"""Mail read from us by the programs of others: curl, fetchmail, getmail6,
mutt, poplib; and what POP3 promises about deletion and locks (RFC 1939)."""

import glob
import mailbox
import os
import poplib

from harness import WAIT_SECONDS, Authority, Raw, ServerCase, message, program, retrieve, run, wait_until

BOB = "bob@busan.test"


def with_lf(mail):
    return mail.replace(b"\r\n", b"\n")


class Pop3Clients(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal = cls.class_server("busan.test", accounts=("bob",))
        cls.password = cls.pabal.passwords[BOB]
        cls.ca = Authority.get().certificate

    def setUp(self):
        super().setUp()
        with self.pabal.pop3(BOB, "pop3_plain") as client:
            for number in range(1, client.stat()[0] + 1):
                client.dele(number)
        self.sent = [message("alice@seoul.test", BOB, f"mail {n}", f"line\r\n.dots\r\n..\r\nFrom me\r\nNUL \0 in it\r\n{'x' * 900}\r\n" * n)
                     for n in range(1, 6)]
        with self.pabal.smtp() as client:
            for mail in self.sent:
                client.sendmail("alice@seoul.test", [BOB], mail)
        self.stored = self.pabal.mails(BOB, len(self.sent))
        for stored, sent in zip(self.stored, self.sent):
            self.assertTrue(stored.endswith(sent))

    def count(self):
        with self.pabal.pop3(BOB, "pop3_plain") as client:
            return client.stat()[0]

    def assert_same_mails(self, found):
        self.assertEqual(sorted(with_lf(mail) for mail in found), sorted(with_lf(mail) for mail in self.stored))

    # ---- curl ----------------------------------------------------------------

    def test_curl(self):
        for scheme, listener, options in (("pop3", "pop3", ["--ssl-reqd"]), ("pop3s", "pop3_tls", []),
                                          ("pop3", "pop3_plain", [])):
            with self.subTest(listener=listener):
                base = f"{scheme}://{self.pabal.address}:{self.pabal.ports[listener]}/"
                common = [program("curl"), "--silent", "--show-error", "--max-time", "30", "--cacert", self.ca, "--user",
                          f"{BOB}:{self.password}", *options]
                listing = run([*common, base], env=self.environment()).text.split()
                self.assertEqual(listing, [t for n, mail in enumerate(self.stored, 1) for t in (str(n), str(len(mail)))])
                self.assertEqual(run([*common, base + "3"], env=self.environment()).stdout, self.stored[2])

    # ---- fetchmail -----------------------------------------------------------

    def fetchmail(self, *options):
        inbox = self.path("inbox")
        config = self.write("fetchmailrc", f"""
poll localhost protocol pop3 port {self.pabal.ports['pop3_tls']} auth password
  user "{BOB}" password "{self.password}" ssl sslcertck sslcertfile "{self.ca}"
  mda "{self.path('deliver')}"
""")
        self.write("deliver", f"#!/bin/sh\nexec cat > \"$(mktemp {inbox}-XXXXXX)\"\n", 0o700)
        run([program("fetchmail"), "-f", config, "--nosyslog", "--nodetach", "--pidfile", self.path("pid"), "-i",
             self.path("ids"), *options], env=self.environment())
        found = []
        for path in glob.glob(inbox + "-*"):
            with open(path, "rb") as mail:
                found.append(mail.read())
            os.unlink(path)
        return found

    def test_fetchmail_keeps_and_then_deletes(self):
        def lines_of_body(mails):
            return sorted(with_lf(mail).partition(b"\n\n")[2] for mail in mails)

        # fetchmail adds a Received field of its own.
        self.assertEqual(lines_of_body(self.fetchmail("--keep", "--uidl")), lines_of_body(self.stored))
        self.assertEqual(self.count(), len(self.stored))
        self.assertEqual(lines_of_body(self.fetchmail("--fetchall", "--nokeep")), lines_of_body(self.stored))
        self.assertEqual(self.count(), 0)

    # ---- getmail -------------------------------------------------------------

    def test_getmail(self):
        maildir = self.path("Maildir")
        for name in ("", "new", "cur", "tmp"):
            os.mkdir(os.path.join(maildir, name))
        user = ""
        if os.geteuid() == 0:  # as root it delivers only for somebody else
            user = "user = nobody\n"
            os.chmod(self.directory, 0o755)
            run(["chown", "-R", "nobody", maildir])
        for delete in ("false", "true"):
            self.write("getmailrc", f"""
[retriever]
type = SimplePOP3SSLRetriever
server = {self.pabal.address}
port = {self.pabal.ports['pop3_tls']}
username = {BOB}
password = {self.password}
ca_certs = {self.ca}
[destination]
type = Maildir
path = {maildir}/
{user}[options]
delete = {delete}
read_all = {delete}
delivered_to = false
received = false
""")
            run([program("getmail"), "--getmaildir", self.directory, "--rcfile", "getmailrc"], env=self.environment())
            self.assertEqual(self.count(), 0 if delete == "true" else len(self.stored))
        found = []
        for path in glob.glob(os.path.join(maildir, "new", "*")):
            with open(path, "rb") as mail:
                found.append(mail.read())
        self.assertEqual(len(found), 2 * len(self.stored))  # kept and read again, then deleted
        self.assert_same_mails(set(found))

    # ---- mutt ----------------------------------------------------------------

    def test_mutt(self):
        box = self.path("box")
        config = self.write("muttrc", f"""
set ssl_ca_certificates_file="{self.ca}"
set certificate_file="{self.path('certificates')}"
set ssl_force_tls=yes
set pop_authenticators="user"
set pop_delete=no
set folder="{self.directory}"
set tmpdir="{self.directory}"
set record=""
set mbox_type=Maildir
set confirmappend=no
set confirmcreate=no
set wait_key=no
set quit=yes
set move=no
set header_cache=""
set message_cachedir=""
push "<tag-pattern>~A<enter><tag-prefix><copy-message>{box}<enter><quit>"
""")
        user = BOB.replace("@", "%40")
        url = f"pops://{user}:{self.password}@{self.pabal.address}:{self.pabal.ports['pop3_tls']}/"
        screen = self.in_terminal([program("mutt"), "-n", "-F", config, "-f", url])
        self.assertTrue(os.path.exists(box), screen)
        subjects = sorted(mail["Subject"] for mail in mailbox.Maildir(box))
        self.assertEqual(subjects, [f"mail {n}" for n in range(1, 6)], screen)
        self.assertEqual(self.count(), len(self.stored))

    # ---- poplib --------------------------------------------------------------

    def test_poplib_at_each_listener(self):
        for listener in ("pop3", "pop3_tls", "pop3_plain"):
            with self.subTest(listener=listener), self.pabal.pop3(BOB, listener) as client:
                self.assertEqual(client.stat(), (5, sum(map(len, self.stored))))
                sizes = [line.decode() for line in client.list()[1]]
                self.assertEqual(sizes, [f"{n} {len(mail)}" for n, mail in enumerate(self.stored, 1)])
                self.assertEqual([retrieve(client, n) for n in range(1, 6)], self.stored)

    def test_uidl_stays_the_same(self):
        def uids():
            with self.pabal.pop3(BOB) as client:
                return [line.split()[1] for line in client.uidl()[1]]

        first = uids()
        self.assertEqual(len(set(first)), 5)
        with self.pabal.pop3(BOB) as client:
            client.dele(2)
        self.assertEqual(uids(), first[:1] + first[2:])

    def test_top(self):
        with self.pabal.pop3(BOB) as client:
            head = self.stored[2].partition(b"\r\n\r\n")[0]
            self.assertEqual(b"\r\n".join(client.top(3, 0)[1]).rstrip(), head)
            # client.top undoes the dots
            self.assertEqual(client.top(3, 2)[1][-2:], [b"line", b".dots"])

    def test_capabilities(self):
        with self.pabal.pop3(BOB) as client:
            offered = client.capa()
        for name in ("TOP", "UIDL", "PIPELINING", "RESP-CODES", "AUTH-RESP-CODE", "UTF8", "SASL"):
            self.assertIn(name, offered)

    def test_no_login_without_tls(self):
        client = poplib.POP3(self.pabal.address, self.pabal.ports["pop3"], timeout=WAIT_SECONDS)
        self.addCleanup(client.close)
        self.assertNotIn("USER", client.capa())
        self.assertIn("STLS", client.capa())
        with self.assertRaises(poplib.error_proto):
            client.user(BOB)
            client.pass_(self.password)

    def test_deletion_only_on_quit(self):
        client = poplib.POP3(self.pabal.address, self.pabal.ports["pop3_plain"], timeout=WAIT_SECONDS)
        client.user(BOB)
        client.pass_(self.password)
        client.dele(1)
        self.assertEqual(client.stat()[0], 4)
        client.close()  # no QUIT

        def unlocked():
            try:
                return self.count() == 5
            except poplib.error_proto:
                return False

        wait_until(unlocked, "all five mails are still there")
        with self.pabal.pop3(BOB) as again:
            again.dele(1)
            again.dele(2)
            again.rset()
            again.dele(5)
        self.assertEqual(self.pabal.mails(BOB), self.stored[:4])

    def test_one_session_per_mailbox(self):
        with self.pabal.pop3(BOB):
            other = poplib.POP3(self.pabal.address, self.pabal.ports["pop3_plain"], timeout=WAIT_SECONDS)
            self.addCleanup(other.close)
            other.user(BOB)
            with self.assertRaisesRegex(poplib.error_proto, r"\[IN-USE\]"):
                other.pass_(self.password)
        self.assertEqual(self.count(), 5)

    def test_wrong_password(self):
        client = poplib.POP3(self.pabal.address, self.pabal.ports["pop3_plain"], timeout=WAIT_SECONDS)
        self.addCleanup(client.close)
        client.user(BOB)
        with self.assertRaisesRegex(poplib.error_proto, r"\[AUTH\]"):
            client.pass_("wrong")

    def test_pipelined_retrieval(self):
        with Raw(self.pabal.address, self.pabal.ports["pop3_plain"]) as raw:
            raw.line()
            raw.send(f"USER {BOB}\r\nPASS {self.password}\r\n" + "".join(f"RETR {n}\r\n" for n in range(1, 6)) + "QUIT\r\n")
            answers = []
            while line := raw.line() or None:
                answers.append(line)
                if line.startswith("+OK") and len([a for a in answers if a.startswith("+OK")]) == 3:
                    break
            self.assertTrue(all(a.startswith("+OK") for a in answers), answers)
            rest = b""
            while block := raw.socket.recv(65536):
                rest += block
            self.assertIn(b"+OK", rest[-200:])
