"""The user agent of the command line: send, inbox, read, save, fetch; against
our own server, Dovecot and smtp-sink."""

import glob
import json
import mailbox
import os

from harness import PABAL, Authority, ServerCase, body_of, free_port, message, run, wait_until
from peers import Dovecot, SmtpSink

ALICE, BOB = "alice@seoul.test", "bob@seoul.test"
PICTURE = bytes(range(256)) * 200 + b"\r\n.\r\n\n\r"


class AgentCase(ServerCase):
    def environment(self):
        return {"HOME": self.directory, "PATH": os.environ["PATH"], "LANG": "C.UTF-8"}

    def agent(self, *arguments, check=True, input=None, **more):
        return run([PABAL, *arguments], input=input, check=check, env={**self.environment(), **more}, cwd=self.directory)


class AgainstPabal(AgentCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal = cls.class_server("seoul.test", accounts=("alice", "bob"))

    def setUp(self):
        super().setUp()
        with self.pabal.pop3(BOB, "pop3_plain") as client:
            for number in range(1, client.stat()[0] + 1):
                client.dele(number)

    def server_flags(self, user, listener):
        tls = {"submission": "starttls", "pop3": "starttls"}.get(listener, "implicit")
        password = self.write("password-" + user, self.pabal.passwords[user] + "\n")
        return ["--server", f"{self.pabal.address}:{self.pabal.ports[listener]}", "--tls", tls,
                "--user", user, "--password-file", password, "--ca", Authority.get().certificate]

    def send(self, *arguments, input="본문입니다.\n둘째 줄.\n", listener="submission", to=BOB, check=True):
        return self.agent("send", "--from", f"앨리스 <{ALICE}>", "--to", to, *arguments,
                          *self.server_flags(ALICE, listener), input=input, check=check)

    def pop(self, command, *arguments, listener="pop3_tls"):
        return self.agent(command, *arguments, *self.server_flags(BOB, listener))

    def test_send_and_read(self):
        picture = self.write("그림 파일.png", PICTURE)
        html = self.write("letter.html", "<p>안녕 <b>부산</b></p>\n")
        self.send("--subject", "서울에서 온 편지", "--text", "-", "--html", html, "--attach", picture)
        self.pabal.mails(BOB, 1)
        for listener in ("pop3_tls", "pop3"):
            listing = self.pop("inbox", listener=listener).text
            self.assertIn("서울에서 온 편지", listing)
            self.assertIn("앨리스", listing)
        self.assertEqual(len(json.loads(self.pop("inbox", "--json").text)), 1)
        shown = self.pop("read", "1").text
        for text in ("서울에서 온 편지", "본문입니다.", "둘째 줄.", "그림 파일.png", "앨리스"):
            self.assertIn(text, shown)
        self.assertEqual(self.pop("read", "1", "--raw").stdout, self.pabal.mails(BOB)[0])
        folder = self.path("saved")
        os.mkdir(folder)
        self.pop("save", "1", folder)
        self.pop("save", "1", folder)  # overwrites nothing
        saved = sorted(os.listdir(folder))
        self.assertIn("그림 파일.png", saved)
        self.assertEqual(len(saved), 2, saved)
        for name in saved:
            with open(os.path.join(folder, name), "rb") as file:
                self.assertEqual(file.read(), PICTURE)

    def test_send_over_implicit_tls_to_several(self):
        self.send("--cc", f"밥 <{BOB}>", "--bcc", ALICE, "--subject", "x", listener="submission_tls", to=ALICE)
        for user in (ALICE, BOB):
            mail = self.pabal.mails(user, 1)[-1]
            self.assertNotIn(b"Bcc", mail)
            self.assertIn("본문입니다.", self.pop("read", "1").text)

    def test_partly_refused(self):
        done = self.send("--to", "nobody@seoul.test", "--subject", "x", check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn("nobody@seoul.test", done.error)
        self.assertIn("5.1.1", done.error)
        self.pabal.mails(BOB, 1)

    def test_wrong_password_and_wrong_certificate_are_explained(self):
        wrong = self.write("wrong", "wrong\n")
        flags = self.server_flags(BOB, "pop3_tls")
        done = self.agent("inbox", *flags[:-4], "--password-file", wrong, *flags[-2:], check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertRegex(done.error, r"^pabal: .*\n$")
        done = self.agent("inbox", *flags[:-2], check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("certificate", done.error)

    def fill(self, count):
        sent = [message(ALICE, BOB, f"number {n}", f"From the first line\r\n>From quoted\r\n.\r\n{n}\r\n") for n in range(count)]
        with self.pabal.smtp() as client:
            for mail in sent:
                client.sendmail("x@elsewhere.test", [BOB], mail)
        return self.pabal.mails(BOB, count)

    def test_fetch_into_maildir(self):
        stored = self.fill(5)
        maildir = self.path("Maildir")
        for command, left in ((["--keep"], 5), (["--keep"], 5)):
            self.pop("fetch", *command, "--to", f"maildir:{maildir}")
            self.assertEqual(len(self.pabal.mails(BOB)), left)
        found = []
        for path in glob.glob(os.path.join(maildir, "new", "*")):
            with open(path, "rb") as mail:
                found.append(mail.read())
        self.assertEqual(sorted(mail.replace(b"\r\n", b"\n") for mail in found),
                         sorted(mail.replace(b"\r\n", b"\n") for mail in stored))  # the second time nothing is new
        self.assertEqual(len(mailbox.Maildir(maildir)), 5)

    def test_each_target_gets_all_before_any_is_deleted(self):
        self.fill(3)
        kept, moved = self.path("kept"), self.path("moved")
        self.pop("fetch", "--keep", "--to", f"maildir:{kept}")
        self.pop("fetch", "--delete", "--to", f"maildir:{moved}")
        self.assertEqual(self.pabal.mails(BOB), [])
        self.assertEqual(sorted(mail["Subject"] for mail in mailbox.Maildir(moved)), [f"number {n}" for n in range(3)])

    def test_a_target_that_is_gone_has_got_nothing(self):
        self.fill(2)
        path = self.path("gone")
        self.pop("fetch", "--keep", "--to", f"mbox:{path}")
        os.rename(path, path + ".elsewhere")
        self.pop("fetch", "--delete", "--to", f"mbox:{path}")
        box = mailbox.mbox(path)
        self.addCleanup(box.close)
        self.assertEqual([mail["Subject"] for mail in box], ["number 0", "number 1"])

    def test_what_an_emptied_mbox_no_longer_has_is_fetched_before_it_is_deleted(self):
        self.fill(2)
        path = self.path("emptied")
        self.pop("fetch", "--keep", "--to", f"mbox:{path}")
        os.truncate(path, 0)
        self.pop("fetch", "--keep", "--to", f"mbox:{path}")
        self.assertEqual(os.path.getsize(path), 0)
        self.pop("fetch", "--delete", "--to", f"mbox:{path}")
        box = mailbox.mbox(path)
        self.addCleanup(box.close)
        self.assertEqual([mail["Subject"] for mail in box], ["number 0", "number 1"])
        self.assertEqual(self.pabal.mails(BOB), [])

    def test_fetch_into_mbox_and_delete(self):
        stored = self.fill(4)
        path = self.path("box")
        self.pop("fetch", "--delete", "--to", f"mbox:{path}")
        self.assertEqual(self.pabal.mails(BOB), [])
        box = mailbox.mbox(path)
        self.addCleanup(box.close)
        self.assertEqual([mail["Subject"] for mail in box], [f"number {n}" for n in range(4)])
        # Lines that begin with From are quoted there, and nothing else is changed.
        lines = box[0].get_payload().splitlines()
        self.assertEqual([line.lstrip(">") for line in lines if line], ["From the first line", "From quoted", ".", "0"])
        self.assertTrue(lines[0].startswith(">From"), lines)
        self.assertEqual(len(stored), 4)


class AgainstOthers(AgentCase):
    def test_dovecot(self):
        mails = [message(ALICE, BOB, f"Dovecot {n}", "본문\n").replace(b"\r\n", b"\n") for n in range(3)]
        dovecot = Dovecot("127.0.0.1", "bob", "geheim", mails)
        self.addCleanup(dovecot.stop)
        flags = ["--server", f"127.0.0.1:{dovecot.port}", "--tls", "none", "--insecure", "--user", "bob"]
        listing = self.agent("inbox", *flags, PABAL_PASSWORD="geheim").text
        self.assertIn("Dovecot 2", listing)
        maildir = self.path("Maildir")
        self.agent("fetch", "--delete", "--to", f"maildir:{maildir}", *flags, PABAL_PASSWORD="geheim")
        found = [mail["Subject"] for mail in mailbox.Maildir(maildir)]
        self.assertEqual(sorted(found), [f"Dovecot {n}" for n in range(3)])
        self.assertIn("No mail", self.agent("inbox", *flags, PABAL_PASSWORD="geheim").text)

    def test_smtp_sink(self):
        port = free_port()
        sink = SmtpSink("127.0.0.1", port)
        self.addCleanup(sink.stop)
        self.agent("send", "--from", ALICE, "--to", BOB, "--subject", "안녕", "--server", f"127.0.0.1:{port}", "--tls", "none",
                   input="to the sink\n")
        mail, = wait_until(sink.mails, "smtp-sink has it")
        self.assertIn(b"to the sink", body_of(mail.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")))
        self.assertIn(b"Subject: =?", mail)
