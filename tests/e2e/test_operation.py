"""Running a server: what it says of a bad config, one process per data
directory, draining, changes while it runs, quotas, metrics, secrets."""

import os
import resource
import smtplib
import sqlite3
import subprocess
import threading
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from harness import PABAL, WAIT_SECONDS, Raw, ServerCase, accepts, end_process, message, program, raw_base64, run, wait_until

ALICE = "alice@seoul.test"


class Configuration(ServerCase):
    def complaint(self, text):
        path = self.write("pabal.toml", text)
        said = []
        for command in ("check-config", "serve"):
            done = run([PABAL, command, "--config", path], check=False)
            self.assertNotEqual(done.returncode, 0)
            said.append(done.error.rstrip("\n"))
        self.assertEqual(said[0], said[1])
        self.assertEqual(said[0].count("\n"), 0, said[0])
        return said[0].replace(path, "pabal.toml")

    def test_each_mistake_is_one_line_with_its_place(self):
        start = '[server]\nhostname = "mail.seoul.test"\n'
        for text, place, words in (
                (start + '[[listener]]\nprotocol = "smtp"\naddress = "127.0.0.1:25"\ntls = "sterttls"\n', 6, ["sterttls", "starttls"]),
                (start + "[limits]\nmesage_octets_max = 3\n", 4, ["mesage_octets_max", "message_octets_max"]),
                (start + '[queue]\nlifetime = "5 days"\n', 4, ["5 days", "5d"]),
                (start + "[quue]\n", 3, ["quue", "queue"]),
                (start + '[[listener]]\nprotocol = "pop3"\naddress = "127.0.0.1:110"\n', 3, ["log in", "plaintext_auth"]),
                (start + "this is not TOML\n", 3, []),
                ("[log]\n", None, ["server.hostname"]),
        ):
            with self.subTest(text=text):
                said = self.complaint(text)
                self.assertTrue(said.startswith("pabal: pabal.toml:" + (f"{place}: " if place else "")), said)
                for word in words:
                    self.assertIn(word, said)

    def test_config_that_is_not_there(self):
        done = run([PABAL, "serve", "--config", self.path("nowhere.toml")], check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("pabal init", done.error)
        self.assertEqual(done.error.count("\n"), 1)

    def test_init_makes_what_serve_needs_and_changes_nothing_that_is_there(self):
        folder = self.path("new")
        arguments = [PABAL, "init", "seoul.test", "--dir", folder, "--address", "127.0.0.1", "--port-offset", "10000",
                     "--non-interactive"]
        said = run(arguments).text
        for text in ("MX", "v=spf1", "Password", "admin@seoul.test", "pabal serve --config"):
            self.assertIn(text, said)
        config = os.path.join(folder, "pabal.toml")
        with open(config, encoding="utf-8") as file:
            text = file.read()
        with open(config, "w", encoding="utf-8") as file:  # or it would ask the network
            file.write(text.replace("#dnssec = true", "dnssec = false"))
        run([PABAL, "check-config", "--config", config])
        self.assertEqual(os.stat(os.path.join(folder, "key.pem")).st_mode & 0o077, 0)
        again = run(arguments, check=False)
        self.assertNotEqual(again.returncode, 0)
        self.assertIn("nothing was changed", again.error)


class Running(ServerCase):
    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=("alice",))

    def test_second_instance_is_refused(self):
        done = run([PABAL, "serve", "--config", self.pabal.config], check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("another pabal is running", done.error)
        with self.pabal.smtp() as client:
            client.sendmail("x@elsewhere.test", [ALICE], message("x@elsewhere.test", ALICE))

    def test_address_in_use_is_one_line(self):
        other = self.server("busan.test", accounts=("bob",), smtp_port=self.pabal.ports["smtp"], start=False)
        done = run([PABAL, "serve", "--config", other.config], check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn(str(self.pabal.ports["smtp"]), done.error)

    def test_drain_lets_a_mail_finish(self):
        with Raw(self.pabal.address, self.pabal.ports["smtp"]) as raw:
            raw.reply()
            for command in ("EHLO client.test", "MAIL FROM:<x@elsewhere.test>", f"RCPT TO:<{ALICE}>"):
                self.assertTrue(raw.ask(command).startswith("250"))
            self.assertTrue(raw.ask("DATA").startswith("354"))
            raw.send("Subject: half\r\n\r\nfirst half\r\n")
            process = self.pabal.process
            process.terminate()
            wait_until(lambda: not accepts(self.pabal.address, self.pabal.ports["smtp"]), "no new sessions are taken")
            self.assertIsNone(process.poll())
            raw.send("second half\r\n.\r\n")
            self.assertTrue(raw.reply().startswith("250 2.0.0"))
            # Then it says goodbye, or the connection is closed.
            self.assertTrue(raw.line()[:3] in ("421", ""))
        self.pabal.stop()
        self.pabal.start()
        self.assertTrue(self.pabal.mails(ALICE, 1)[0].endswith(b"first half\r\nsecond half\r\n"))

    def test_idle_session_does_not_stop_the_stop(self):
        with Raw(self.pabal.address, self.pabal.ports["smtp"]) as raw:
            raw.reply()
            self.pabal.process.terminate()
            self.assertTrue(raw.line().startswith("421 "))
            self.pabal.stop()

    def test_too_few_descriptors_end_the_start_with_an_error(self):
        """Wherever they run out, in the first loop or while others start beside it: a status and the reason, no signal."""
        self.pabal.stop()
        served = 0
        for limit in range(20, 80):
            with self.subTest(limit=limit), open(self.path("said"), "w+b") as said:
                process = subprocess.Popen(
                    [PABAL, "serve", "--config", self.pabal.config], stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                    preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
                self.addCleanup(end_process, process)
                wait_until(lambda: process.poll() is not None or accepts(self.pabal.address, self.pabal.ports["metrics"]),
                           "it serves or has ended")
                status = end_process(process)
                said.seek(0)
                text = said.read().decode()
                self.assertIn(status, (0, 1), text)
                if status == 1:
                    self.assertIn("LimitNOFILE", text)
                served += status == 0
        self.assertGreater(served, 0)

    def test_newer_schema_is_refused_untouched(self):
        self.pabal.stop()
        files = [os.path.join(self.pabal.directory, "data", name) for name in os.listdir(os.path.join(self.pabal.directory, "data"))]
        database = next(path for path in files if path.endswith((".db", ".sqlite", ".sqlite3")))
        with sqlite3.connect(database) as connection:
            connection.execute("UPDATE meta SET value = '9999' WHERE key = 'schema_version'")
        connection.close()

        def contents():
            found = {}
            for path in files:
                # The index of the log is SQLite's scratch space; an empty log is no change.
                if os.path.isfile(path) and not path.endswith(("-shm", "-wal", "lock")):
                    with open(path, "rb") as file:
                        found[path] = file.read()
            return found

        before = contents()
        for arguments in (["serve"], ["account", "list"]):
            done = self.pabal.cli(*arguments, check=False)
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("9999", done.error)
            self.assertIn("nothing was changed", done.error)
        self.assertEqual(contents(), before)

    def test_account_alias_and_password_while_it_runs(self):
        def taken(address):
            with self.pabal.smtp() as client:
                client.helo()
                client.mail("x@elsewhere.test")
                return client.rcpt(address)[0] == 250

        for address in ("bob@seoul.test", "sales@seoul.test", "who@busan.test", "whoever@seoul.test"):
            self.assertFalse(taken(address))
        self.pabal.add_account("bob@seoul.test")
        wait_until(lambda: taken("bob@seoul.test"), "the account is known", 2)
        self.pabal.cli("alias", "add", "sales@seoul.test", "bob@seoul.test")
        wait_until(lambda: taken("sales@seoul.test"), "the alias is known", 2)
        self.pabal.cli("domain", "add", "busan.test")
        self.pabal.add_account("who@busan.test")
        wait_until(lambda: taken("who@busan.test"), "the domain is known", 2)
        with self.pabal.smtp() as client:
            client.sendmail("x@elsewhere.test", ["sales@seoul.test", "bob+tag@seoul.test", "postmaster@seoul.test"],
                            message("x@elsewhere.test", "sales@seoul.test", "to the alias"))
        self.assertIn(b"to the alias", self.pabal.mails("bob@seoul.test", 1)[0])
        self.assertIn(b"to the alias", self.pabal.mails(ALICE, 1)[0])
        self.pabal.cli("domain", "catch-all", "seoul.test", ALICE)
        wait_until(lambda: taken("whoever@seoul.test"), "the catch-all is known", 2)

        old = self.pabal.passwords[ALICE]
        self.pabal.cli("account", "password", ALICE, "--password-file", self.pabal.new_password(ALICE))

        def changed():
            try:
                with self.pabal.smtp("submission", ALICE):
                    return True
            except smtplib.SMTPAuthenticationError:
                return False

        wait_until(changed, "the new password works", 2 + 3)
        new, self.pabal.passwords[ALICE] = self.pabal.passwords[ALICE], old
        self.assertFalse(changed())
        self.pabal.passwords[ALICE] = new
        self.pabal.cli("alias", "remove", "sales@seoul.test", "bob@seoul.test")
        self.pabal.cli("domain", "catch-all", "seoul.test")
        wait_until(lambda: not taken("sales@seoul.test"), "the alias is gone", 2)

    def test_quota(self):
        self.pabal.add_account("small@seoul.test", "--quota", "20KiB")
        mail = message("x@elsewhere.test", "small@seoul.test", body="y" * 70 + "\r\n" + ("x" * 70 + "\r\n") * 150)

        def deliver():
            with self.pabal.smtp() as client:
                try:
                    client.sendmail("x@elsewhere.test", ["small@seoul.test"], mail)
                except smtplib.SMTPRecipientsRefused as refused:
                    return refused.recipients["small@seoul.test"]
                except smtplib.SMTPDataError as refused:
                    return refused.smtp_code, refused.smtp_error
                return 250, b""

        wait_until(lambda: deliver()[0] == 250, "the account is known")
        answers = [deliver() for _ in range(3)]
        code, text = answers[-1]
        self.assertEqual((code, text[:5]), (452, b"4.2.2"), answers)
        kept = len(self.pabal.mails("small@seoul.test"))
        self.assertTrue(1 <= kept <= 2, kept)
        self.pabal.cli("account", "quota", "small@seoul.test", "1MiB")
        wait_until(lambda: deliver()[0] == 250, "the new quota is known")

    def test_quota_holds_for_mails_that_come_at_once(self):
        narrow, room, sessions = "narrow@seoul.test", 200 * 1024, 20
        self.pabal.add_account(narrow, "--quota", f"{room // 1024}KiB")
        body = ("x" * 70 + "\r\n") * 640
        all_let_in = threading.Barrier(sessions, timeout=WAIT_SECONDS)

        def known():
            with self.pabal.smtp() as client:
                client.ehlo()
                client.mail("x@elsewhere.test")
                return client.rcpt(narrow)[0] == 250

        def hand_in(number):
            with self.pabal.smtp() as client:
                client.ehlo()
                client.mail("x@elsewhere.test")  # without a SIZE: nobody can know what comes
                self.assertEqual(client.rcpt(narrow)[0], 250)
                all_let_in.wait()
                return client.data(message("x@elsewhere.test", narrow, f"at once {number}", body))[0]

        wait_until(known, "the account is known")
        with ThreadPoolExecutor(sessions) as pool:
            answers = list(pool.map(hand_in, range(sessions)))
        self.assertEqual({250, 452}, set(answers))
        self.assertEqual(answers.count(250), room // len(body))
        kept = self.pabal.mails(narrow, answers.count(250))
        self.assertEqual(len(kept), answers.count(250))
        self.assertLessEqual(sum(map(len, kept)), room)
        for number, answer in enumerate(answers):
            subject = b"at once %d\r\n" % number
            self.assertEqual(len([mail for mail in kept if subject in mail]), int(answer == 250))

    def test_too_big(self):
        self.pabal.stop()
        self.pabal.write_config(sections={"limits": {"message_octets_max": "10KiB"}})
        self.pabal.start()
        with self.pabal.smtp() as client:
            client.ehlo()
            self.assertEqual(client.esmtp_features["size"], "10240")
            code, text = client.mail("x@elsewhere.test", ["SIZE=20000"])
            self.assertEqual((code, text[:5]), (552, b"5.3.4"))
            client.rset()
            with self.assertRaises(smtplib.SMTPDataError) as refused:
                client.esmtp_features.pop("size")
                client.sendmail("x@elsewhere.test", [ALICE], message("x@elsewhere.test", ALICE, body=("x" * 70 + "\r\n") * 200))
            self.assertEqual(refused.exception.smtp_code, 552)
        self.assertEqual(self.pabal.mails(ALICE), [])

    def test_no_secret_in_the_log(self):
        password = self.pabal.passwords[ALICE]
        with self.pabal.smtp("submission", ALICE) as client:
            client.sendmail(ALICE, [ALICE], message(ALICE, ALICE, body="the body is nobody's business\r\n"))
        with self.pabal.pop3(ALICE, "pop3_plain"):
            pass
        for method in ("PLAIN", "LOGIN"):
            done = run([program("swaks"), "--server", f"{self.pabal.address}:{self.pabal.ports['submission_plain']}", "--from", ALICE,
                        "--to", ALICE, "--auth", method, "--auth-user", ALICE, "--auth-password", password])
            self.assertIn("235", done.text)
        # A wrong one, nearly right, and a secret where a command is expected.
        with Raw(self.pabal.address, self.pabal.ports["submission_plain"]) as raw:
            raw.reply()
            raw.ask("EHLO client.test")
            raw.ask("AUTH PLAIN " + raw_base64(f"\0{ALICE}\0{password}x"))
            raw.ask(password)
        self.pabal.stop()
        log = self.pabal.log()
        self.assertIn("smtp.accepted", log)
        for secret in (password, raw_base64(password), raw_base64(f"\0{ALICE}\0{password}"), "nobody's business"):
            self.assertNotIn(secret, log)
        for path in (self.pabal.directory, os.path.join(self.pabal.directory, "data")):
            for name in os.listdir(path):
                if os.path.isfile(os.path.join(path, name)) and not name.startswith("password-"):
                    with open(os.path.join(path, name), "rb") as file:
                        self.assertNotIn(password.encode(), file.read(), name)

    def test_log_is_one_event_per_line(self):
        with self.pabal.smtp() as client:
            client.sendmail("x@elsewhere.test", [ALICE], message("x@elsewhere.test", ALICE, subject="two\r\n lines"))
        self.pabal.stop()
        events = self.pabal.events()
        self.assertEqual(len(events), len(self.pabal.log().splitlines()))
        names = [event["event"] for event in events]
        for name in ("server.listening", "smtp.accepted", "server.stopping", "server.stopped"):
            self.assertIn(name, names)
