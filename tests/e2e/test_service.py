"""What an operator and systemd see of the server: checks before it starts, being
told when it is ready, certificates renewed and logs rotated while it runs, and
files that always belong to the one that the server runs as."""

import hashlib
import os
import shutil
import signal
import socket
import ssl
import unittest

from harness import PABAL, Authority, Raw, ServerCase, message, program, run, wait_until

ALICE = "alice@seoul.test"
NOBODY = 65534


class ServiceCase(ServerCase):
    def folder(self, name):
        os.mkdir(self.path(name))
        return self.path(name)


def contents(path):
    with open(path, "rb") as file:
        return file.read()


def shown_certificate(server, name):
    """The hash of the certificate that a listener shows."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with Raw(server.address, server.ports[name]) as raw:
        if not name.endswith("_tls"):
            raw.line()
            for command in {"smtp": ["EHLO x.test", "STARTTLS"], "pop3": ["STLS"], "imap": ["1 STARTTLS"]}[name]:
                raw.send(command + "\r\n")
                while raw.line()[3:4] == "-":
                    pass
        with context.wrap_socket(raw.socket) as tls:
            return hashlib.sha256(tls.getpeercert(True)).hexdigest()


class Reload(ServiceCase):
    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=("alice",))

    def events_named(self, name):
        return [event for event in self.pabal.events() if event["event"] == name]

    def hang_up(self, event):
        before = len(self.events_named(event))
        self.pabal.process.send_signal(signal.SIGHUP)
        wait_until(lambda: len(self.events_named(event)) > before, event)

    def test_a_new_certificate_is_shown_by_every_listener(self):
        names = ("smtp", "submission_tls", "pop3", "pop3_tls", "imap", "imap_tls")
        before = {shown_certificate(self.pabal, name) for name in names}
        self.assertEqual(len(before), 1)
        with self.pabal.imap(ALICE) as session:
            certificate, key = Authority.get().issue("mail.seoul.test", self.pabal.address, self.folder("new"))
            shutil.copy(certificate, self.pabal.certificate)
            shutil.copy(key, self.pabal.key)
            self.hang_up("server.reloaded")
            after = {shown_certificate(self.pabal, name) for name in names}
            self.assertEqual(len(after), 1)
            self.assertNotEqual(before, after)
            self.assertEqual(session.noop()[0], "OK", "who was there stays")

    def test_a_broken_certificate_changes_nothing(self):
        before = shown_certificate(self.pabal, "imap_tls")
        whole = contents(self.pabal.certificate)
        other, other_key = Authority.get().issue("mail.seoul.test", self.pabal.address, self.folder("other"))
        for broken in (b"", whole[:200], contents(other)):
            with open(self.pabal.certificate, "wb") as out:
                out.write(broken)
            self.assertEqual(self.pabal.cli("check-config", check=False).returncode, 1)
            self.hang_up("server.reload_failed")
            self.assertEqual(shown_certificate(self.pabal, "imap_tls"), before)
        os.unlink(self.pabal.certificate)
        self.hang_up("server.reload_failed")
        self.assertEqual(shown_certificate(self.pabal, "imap_tls"), before)
        with open(self.pabal.certificate, "wb") as out:
            out.write(whole)
        self.hang_up("server.reloaded")

    def test_hanging_up_while_it_starts_and_stops_ends_nothing(self):
        self.pabal.stop()
        self.pabal.spawn()

        def takes_signals():
            with open(f"/proc/{self.pabal.process.pid}/status", encoding="ascii") as status:
                return int(status.read().split("SigBlk:")[1].split()[0], 16) & 1

        wait_until(takes_signals, "main() has begun")
        while self.pabal.process.poll() is None and not self.events_named("server.listening")[len(self.pabal.ports):]:
            self.pabal.process.send_signal(signal.SIGHUP)
        self.pabal.await_start()
        with Raw(self.pabal.address, self.pabal.ports["smtp"]) as raw:
            raw.reply()
            for command in ("EHLO client.test", "MAIL FROM:<x@elsewhere.test>", f"RCPT TO:<{ALICE}>", "DATA"):
                raw.ask(command)
            raw.send("Subject: half\r\n\r\n")
            self.pabal.process.terminate()
            wait_until(lambda: len(self.events_named("server.stopping")) > 1, "it stops")
            for _ in range(5):
                self.pabal.process.send_signal(signal.SIGHUP)
            raw.send("whole\r\n.\r\n")
            self.assertTrue(raw.reply().startswith("250"))
        self.pabal.stop()

    def test_a_log_file_is_rotated(self):
        self.pabal.stop()
        path = self.path("pabal.log")
        self.pabal.write_config(sections={"log": {"format": "text", "level": "info", "file": path}})
        self.pabal.start()
        os.rename(path, path + ".1")
        self.pabal.process.send_signal(signal.SIGHUP)
        wait_until(lambda: os.path.exists(path) and "server.reloaded" in open(path).read(), "the new file")
        self.assertNotIn("server.reloaded", open(path + ".1").read())
        with self.pabal.smtp() as client:
            client.sendmail("x@elsewhere.test", [ALICE], message("x@elsewhere.test", ALICE))
        wait_until(lambda: "smtp.accepted" in open(path).read(), "what comes goes into it")
        self.pabal.stop()
        self.assertIn("server.stopped", open(path).read())
        self.assertRegex(open(path).readline(), r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d ")


class Systemd(ServiceCase):
    def test_it_is_told_of_every_step(self):
        pabal = self.server("seoul.test", accounts=("alice",), start=False)
        for path in (self.path("notify"), "@pabal-" + os.path.basename(self.path("notify")) + str(os.getpid())):
            with self.subTest(path=path), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
                systemd.bind("\0" + path[1:] if path[0] == "@" else path)
                systemd.settimeout(30)
                os.environ["NOTIFY_SOCKET"] = path
                try:
                    pabal.spawn()
                finally:
                    del os.environ["NOTIFY_SOCKET"]
                self.assertEqual(systemd.recv(4096).decode().split("\n")[0], "READY=1")
                with pabal.smtp() as client:
                    self.assertEqual(client.noop()[0], 250, "ready means ready")
                pabal.process.send_signal(signal.SIGHUP)
                self.assertRegex(systemd.recv(4096).decode(), r"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                self.assertTrue(systemd.recv(4096).decode().startswith("READY=1\n"))
                pabal.process.terminate()
                self.assertEqual(systemd.recv(4096).decode(), "STOPPING=1")
                pabal.stop()

    def test_a_server_that_cannot_serve_says_so_and_is_never_ready(self):
        pabal = self.server("seoul.test", accounts=("alice",), start=False)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd, socket.socket() as taken:
            systemd.bind(self.path("notify"))
            systemd.setblocking(False)
            taken.bind((pabal.address, pabal.ports["imap"]))
            taken.listen()
            done = run([PABAL, "serve", "--config", pabal.config], check=False,
                       env={**os.environ, "NOTIFY_SOCKET": self.path("notify")})
            self.assertEqual(done.returncode, 1, done.error)
            self.assertIn(str(pabal.ports["imap"]), done.error)
            os.unlink(pabal.key)
            done = run([PABAL, "serve", "--config", pabal.config], check=False,
                       env={**os.environ, "NOTIFY_SOCKET": self.path("notify")})
            self.assertEqual(done.returncode, 78, "to try again would be in vain")
            self.assertIn(pabal.key, done.error)
            with self.assertRaises(BlockingIOError):
                systemd.recv(4096)

    def test_the_journal_gets_priorities(self):
        pabal = self.server("seoul.test", accounts=("alice",), start=False)
        pabal.write_config(sections={"log": {"format": "text"}})
        with open(pabal.log_path, "ab") as log:
            found = os.fstat(log.fileno())
        os.environ["JOURNAL_STREAM"] = f"{found.st_dev}:{found.st_ino}"
        try:
            pabal.start()
            os.unlink(pabal.certificate)
            pabal.process.send_signal(signal.SIGHUP)
            wait_until(lambda: "server.reload_failed" in pabal.log(), "it says so")
            pabal.stop()
        finally:
            del os.environ["JOURNAL_STREAM"]
        lines = pabal.log().splitlines()
        self.assertTrue(all(line[0] == "<" and line[2] == ">" for line in lines), lines)
        for priority, event in (("<6>", "server.listening"), ("<3>", "server.reload_failed")):
            self.assertTrue(any(line.startswith(priority) and event in line for line in lines), event)


class Checks(ServiceCase):
    """What check-config says of a config that reads well."""

    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=("alice",), start=False)
        good = self.certificate("ninety-days", "-days", "90")
        self.pabal.certificate, self.pabal.key = good["certificate"], good["key"]
        self.pabal.write_config()

    def check(self, status, *words, **sections):
        self.pabal.write_config(sections=sections)
        done = self.pabal.cli("check-config", check=False)
        said = done.error + done.text
        self.assertEqual(done.returncode, status, said)
        for word in words:
            self.assertIn(word, said)
        return said

    def test_all_well_is_one_line(self):
        done = self.pabal.cli("check-config")
        self.assertEqual((done.error, done.text.count("\n")), ("", 1))

    def certificate(self, name, *options):
        folder = self.folder(name)
        certificate, key = os.path.join(folder, "c.pem"), os.path.join(folder, "k.pem")
        run([program("openssl"), "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/CN=mail.seoul.test", "-addext", "subjectAltName=DNS:mail.seoul.test", "-keyout", key, "-out", certificate, *options])
        return {"certificate": certificate, "key": key}

    def test_certificates(self):
        good = self.certificate("good", "-days", "90")
        self.check(0, "is right: ", tls=good)
        other = self.certificate("other", "-days", "90")
        self.check(1, "error: ", "does not belong to the certificate", tls={**good, "key": other["key"]})
        self.check(1, "error: ", "No such file", tls={**good, "certificate": self.path("nowhere.pem")})
        self.check(1, "error: ", "no certificate in PEM", tls={**good, "certificate": good["key"]})
        self.check(1, "error: ", "no private key in PEM", tls={**good, "key": good["certificate"]})
        self.check(1, "error: ", "is no file", tls={**good, "certificate": self.folder("folder")})
        locked = self.path("locked.pem")
        run(["openssl", "pkey", "-in", good["key"], "-aes256", "-passout", "pass:x", "-out", locked])
        self.check(1, "error: ", "passphrase", tls={**good, "key": locked})
        self.check(0, "warning: ", "expires at", tls=self.certificate("soon", "-days", "3"))
        elsewhere = Authority.get().issue("busan.test", "127.0.0.9", self.folder("busan"))
        self.check(0, "warning: ", "busan.test", "not for server.hostname", tls={"certificate": elsewhere[0], "key": elsewhere[1]})
        os.chmod(good["key"], 0o644)
        self.check(0, "warning: ", "mode 0644", "chmod 600", tls=good)

    def test_an_expired_certificate_is_an_error_but_mail_goes_on(self):
        folder = self.folder("old")
        certificate, key, request = (os.path.join(folder, name) for name in ("c.pem", "k.pem", "r.pem"))
        run([program("openssl"), "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
             "/CN=mail.seoul.test", "-keyout", key, "-out", request])
        run(["openssl", "x509", "-req", "-in", request, "-signkey", key, "-days", "-1", "-out", certificate])
        self.check(1, "error: ", "expired at", tls={"certificate": certificate, "key": key})
        self.pabal.start()
        self.assertTrue([e for e in self.pabal.events() if e["event"] == "config.error" and "expired" in e["what"]])

    def test_who_may_do_what(self):
        for network in ("0.0.0.0/0", "::/0", "0.0.0.0/1", "2000::/3"):
            self.check(1, "error: ", "open relay", relay={"trusted_networks": [network]})
        self.check(0, "warning: ", "large", relay={"trusted_networks": ["8.0.0.0/8"]})
        for network in ("10.0.0.0/8", "192.168.0.0/16", "fd00::/8", "192.0.2.0/24", "2001:db8::/32"):
            self.assertNotIn("warning", self.check(0, relay={"trusted_networks": [network]}))

    def test_listeners(self):
        def listener(protocol, address, tls="none", plaintext=False):
            return {"listener": [{"protocol": protocol, "address": address, "tls": tls, "plaintext_auth": plaintext}]}

        # Sections of the harness come behind its own listeners.
        self.check(0, "warning: ", "takes passwords without TLS", **listener("imap", "0.0.0.0:14300", "none", True))
        self.check(0, "warning: ", "takes passwords without TLS", **listener("submission", "[::]:14301", "starttls", True))
        self.check(0, "warning: ", "LMTP", **listener("lmtp", "0.0.0.0:14302"))
        self.check(0, "warning: ", "metrics", **listener("metrics", "0.0.0.0:14303"))
        self.check(0, "warning: ", "offers no TLS", **listener("smtp", "0.0.0.0:14304"))
        self.check(1, "error: ", "does not have that address", **listener("smtp", "192.0.2.1:14305", "starttls"))
        self.check(1, "error: ", "socket", **listener("lmtp", self.path("nowhere/lmtp")))

    def test_sizes(self):
        self.check(0, "warning: ", "segment_octets", store={"segment_octets": "1MiB"})
        self.check(0, "warning: ", "64KiB", limits={"message_octets_max": "10KiB"})
        self.pabal.add_account("small@seoul.test", "--quota", "1MiB")
        self.check(0, "warning: ", "small@seoul.test may keep less than one mail")
        self.check(0, "warning: ", "nothing is tried twice", queue={"lifetime": "1m"})

    def test_files(self):
        self.check(1, "error: ", "log.file", log={"file": self.path("nowhere/log")})
        self.check(1, "error: ", "log.file", "folder", log={"file": self.folder("log-is-a-folder")})
        self.check(1, "error: ", "password_file", route=[{"domain": "*", "host": "smtp.test", "user": "me",
                                                          "password_file": self.path("nowhere")}])

    def test_json(self):
        self.pabal.write_config(sections={"relay": {"trusted_networks": ["::/0"]}})
        done = self.pabal.cli("check-config", "--json", check=False)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.text, r'^\{"file":".*","ok":false,"errors":\["[^"]*open relay[^"]*"\],"warnings":\[\],.*\}\n$')


class Folders(ServiceCase):
    def test_impossible_ones_end_with_an_error(self):
        pabal = self.server("seoul.test", accounts=("alice",), start=False)
        dangling, file = self.path("dangling"), self.write("file", "no folder")
        os.symlink("/nowhere/at/all", dangling)
        for impossible in ("/proc/mail", "/proc", "/sys/mail", file, file + "/below", dangling, dangling + "/below", "/dev/null/mail",
                           "", "a" * 300, "/tmp/" + "a/" * 3000, "a\0b"):
            with self.subTest(folder=impossible[:40]):
                pabal.write_config(sections={"server": {"hostname": "mail.seoul.test", "data_directory": impossible}})
                for command in (["check-config"], ["serve"], ["account", "list"], ["store", "check"], ["queue", "list"],
                                ["store", "restore", self.path("nowhere")]):
                    done = pabal.cli(*command, check=False, timeout=120)
                    self.assertIn(done.returncode, (1, 78), (command, done.error))
                    self.assertTrue(done.error.strip(), command)

    def test_a_folder_that_can_be_made_is_made(self):
        pabal = self.server("seoul.test", accounts=("alice",), start=False)
        pabal.write_config(sections={"server": {"hostname": "mail.seoul.test", "data_directory": "some/where//new"}})
        pabal.start()
        pabal.stop()
        self.assertTrue(os.path.exists(os.path.join(pabal.directory, "some/where/new/pabal.db")))


@unittest.skipUnless(os.geteuid() == 0, "only root can act as others")
class Owner(ServiceCase):
    """Root works for the user that owns the data directory."""

    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=("alice",), start=False)
        self.data = os.path.join(self.pabal.directory, "data")
        os.chmod(self.pabal.directory, 0o755)
        for path in (self.pabal.certificate, self.pabal.key, self.pabal.config):
            os.chown(path, NOBODY, NOBODY)
        self.give(self.data)

    @staticmethod
    def give(folder, user=NOBODY):
        for path, _, names in os.walk(folder):
            for name in ["", *names]:
                os.chown(os.path.join(path, name), user, user)

    def owners(self, folder):
        return {os.stat(os.path.join(path, name)).st_uid for path, _, names in os.walk(folder) for name in ["", *names]}

    def as_nobody(self, *arguments):
        return run([PABAL, *arguments, "--config", self.pabal.config], check=False, user=NOBODY, group=NOBODY, extra_groups=[])

    def test_the_server_and_every_command_leave_its_files_alone(self):
        self.pabal.start()
        with open(f"/proc/{self.pabal.process.pid}/status", encoding="ascii") as status:
            text = status.read()
        self.assertRegex(text, rf"Uid:\s+{NOBODY}\s+{NOBODY}\s+{NOBODY}\s+{NOBODY}\n")
        capabilities = int(text.split("CapEff:")[1].split()[0], 16)
        self.assertEqual(capabilities & ~(1 << 10), 0, "nothing is left but CAP_NET_BIND_SERVICE")
        self.pabal.add_account("bob@seoul.test", "--quota", "1MiB")
        self.pabal.stop()
        for command in (["account", "list"], ["queue", "list"], ["alias", "add", "x@seoul.test", ALICE], ["store", "check"],
                        ["store", "rebuild"], ["store", "upgrade", "--rehearse"]):
            self.pabal.cli(*command)
            self.assertEqual(self.owners(self.data), {NOBODY}, command)

    def test_a_backup_by_root_is_restored_by_root_and_by_the_owner(self):
        vault = self.folder("vault")  # root's, as /srv is
        os.chmod(vault, 0o700)
        backup = os.path.join(vault, "pabal")
        self.pabal.cli("store", "backup", backup)
        self.give(backup, 0)  # as an older program left it, or as it comes from another machine
        self.assertEqual(self.owners(self.data), {NOBODY})

        shutil.rmtree(self.data)
        done = self.as_nobody("store", "restore", backup)
        self.assertEqual(done.returncode, 1)
        self.assertIn("vault", done.error)
        self.assertNotIn("damage", done.error)
        self.pabal.cli("store", "restore", backup)
        self.assertEqual(self.owners(self.data), {NOBODY})
        self.pabal.start()
        self.pabal.stop()

    def test_what_may_not_be_read_is_not_called_damaged(self):
        segments = os.path.join(self.data, "segments")
        for path in (os.path.join(self.data, "pabal.db"), segments):
            os.chown(path, 0, 0)
            os.chmod(path, 0o600)
            for command in (["store", "check"], ["store", "backup", self.path("b")], ["account", "list"], ["serve"]):
                done = self.as_nobody(*command)
                self.assertNotEqual(done.returncode, 0, command)
                self.assertIn("belongs to root", done.error)
                self.assertNotIn("damage", done.error + done.text)
            os.chown(path, NOBODY, NOBODY)
            os.chmod(path, 0o700)

    def test_strangers_are_told_whom_to_ask(self):
        for command in (["account", "list"], ["queue", "list"], ["store", "check"], ["serve"]):
            done = run([PABAL, *command, "--config", self.pabal.config], check=False, user=1234, group=1234, extra_groups=[])
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("sudo", done.error)
            self.assertNotIn("damage", done.error)
