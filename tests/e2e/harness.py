"""What every end-to-end test stands on: real `pabal` processes in throw-away
directories, made and changed by the real command line.

PABAL names the binary (else build/release/pabal). Everything listens on
loopback; every wait has a deadline and polls; whatever was started is ended by
its process id, and its folder removed, whether the test passed or not.
"""

import atexit
import base64
import contextlib
import imaplib
import itertools
import json
import os
import poplib
import pty
import random
import secrets
import select
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.request

REPOSITORY = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PABAL = os.path.abspath(os.environ.get("PABAL") or os.path.join(REPOSITORY, "build", "release", "pabal"))
WAIT_SECONDS = 120  # for what hangs: a busy machine may take five times as long as a quiet one
SMTP_NAMES = ("smtp", "submission", "submission_tls", "submission_plain", "lmtp")
READER_NAMES = ("pop3", "pop3_tls", "pop3_plain", "imap", "imap_tls", "imap_plain")

# The programs of others, and the Debian packages that have them.
PACKAGES = {
    "curl": "curl", "dovecot": "dovecot-core", "fetchmail": "fetchmail", "groff": "groff-base", "promtool": "prometheus", "getmail": "getmail6", "mbsync": "isync",
    "msmtp": "msmtp", "mutt": "mutt", "node": "nodejs", "npm": "npm", "offlineimap": "offlineimap3", "openssl": "openssl",
    "postfix": "postfix", "smtp-sink": "postfix", "smtp-source": "postfix", "strace": "strace", "swaks": "swaks",
    "thunderbird": "thunderbird",
}


def program(name):
    """The path of a program; skips the test when it is not there."""
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise unittest.SkipTest(f"{name} is not there: install the Debian package {PACKAGES[name]} (./dev setup does)")
    return path


def wait_until(done, what, seconds=WAIT_SECONDS):
    """Polls done() until it is true and returns its value."""
    end = time.monotonic() + seconds
    while True:
        value = done()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {seconds} s still not so: {what}")
        time.sleep(0.02)


def run(arguments, input=None, check=True, timeout=300, **more):
    """Runs a program to its end; its output is part of the error if it fails."""
    if isinstance(input, str):
        input = input.encode()
    done = subprocess.run(arguments, input=input, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=timeout,
                          **({} if input is not None else {"stdin": subprocess.DEVNULL}), **more)
    done.text = done.stdout.decode("utf-8", "replace")
    done.error = done.stderr.decode("utf-8", "replace")
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}\n{done.text}\n{done.error}")
    return done


_ports = itertools.count(random.SystemRandom().randrange(10000, 20000))


def free_port():
    """A port that is free on every loopback address, below those that the
    kernel gives to outgoing connections, and given to nobody else here."""
    for port in _ports:
        port = 10000 + port % 20000
        with socket.socket() as probe, socket.socket(type=socket.SOCK_DGRAM) as udp:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("0.0.0.0", port))
                udp.bind(("0.0.0.0", port))
            except OSError:
                continue
        return port


def accepts(address, port):
    try:
        socket.create_connection((address, port), timeout=5).close()
    except OSError:
        return False
    return True


def end_process(process, seconds=WAIT_SECONDS):
    """SIGTERM, and SIGKILL if that does not help in time. -> its exit status."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


class Authority:
    """A throw-away CA; made once for the whole run, by openssl."""

    _instance = None

    @classmethod
    def get(cls):
        if cls._instance is None:
            cls._instance = cls()
        return cls._instance

    def __init__(self):
        self._openssl = program("openssl")
        self.directory = tempfile.mkdtemp(prefix="pabal-e2e-ca-")
        atexit.register(shutil.rmtree, self.directory, True)
        self.certificate = os.path.join(self.directory, "ca.pem")
        self._key = os.path.join(self.directory, "ca.key")
        run([self._openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=Throw-away CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
             "-keyout", self._key, "-out", self.certificate])

    def issue(self, hostname, address, directory):
        """-> (certificate file, key file) for the name and the address."""
        certificate, key = os.path.join(directory, "tls.pem"), os.path.join(directory, "tls.key")
        request, extensions = os.path.join(directory, "tls.csr"), os.path.join(directory, "tls.ext")
        run([self._openssl, "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
             "-subj", f"/CN={hostname}", "-keyout", key, "-out", request])
        with open(extensions, "w", encoding="ascii") as out:
            out.write(f"subjectAltName=DNS:{hostname},DNS:localhost,IP:{address}\nbasicConstraints=CA:FALSE\n")
        run([self._openssl, "x509", "-req", "-in", request, "-CA", self.certificate, "-CAkey", self._key,
             "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", certificate])
        return certificate, key

    def context(self):
        return ssl.create_default_context(cafile=self.certificate)


class Pabal:
    """One server: a folder, a config, and a process between start() and stop().

    `ports` by name: smtp, submission, submission_tls, submission_plain, pop3,
    pop3_tls, pop3_plain, imap, imap_tls, imap_plain, lmtp, metrics. `passwords` by address. `sections` are
    added to the config: {"queue": {"lifetime": "5s"}}.
    """

    def __init__(self, domain, address="127.0.0.1", accounts=("alice",), smtp_port=None, dns=None, sections=None):
        self.domain, self.address, self.hostname = domain, address, f"mail.{domain}"
        self.directory = tempfile.mkdtemp(prefix="pabal-e2e-")
        self.config = os.path.join(self.directory, "pabal.toml")
        self.log_path = os.path.join(self.directory, "log")
        self.process = None
        self.passwords = {}
        try:
            self.certificate, self.key = Authority.get().issue(self.hostname, address, self.directory)
            self.ports = {"smtp": smtp_port or free_port()}
            for name in SMTP_NAMES[1:] + READER_NAMES + ("metrics",):
                self.ports[name] = free_port()
            self._init(accounts)
            self.write_config(dns, sections or {})
        except BaseException:
            shutil.rmtree(self.directory, ignore_errors=True)
            raise

    def _init(self, accounts):
        first, *others = accounts
        run([PABAL, "init", self.domain, "--dir", self.directory, "--hostname", self.hostname, "--account", first,
             "--password-file", self.new_password(f"{first}@{self.domain}"), "--certificate", self.certificate,
             "--key", self.key, "--address", self.address, "--port-offset", "10000", "--non-interactive"])
        for name in others:
            self.add_account(f"{name}@{self.domain}")

    def new_password(self, address):
        """Makes a password for the address. -> the file that holds it"""
        self.passwords[address] = "geheim-" + secrets.token_hex(8)
        path = os.path.join(self.directory, f"password-{len(self.passwords)}")
        with open(path, "w", encoding="ascii", opener=lambda p, flags: os.open(p, flags, 0o600)) as out:
            out.write(self.passwords[address] + "\n")
        return path

    def add_account(self, address, *options):
        self.cli("account", "add", address, "--password-file", self.new_password(address), *options)

    def write_config(self, dns=None, sections=None):
        listeners = [
            ("smtp", "smtp", "starttls", False), ("submission", "submission", "starttls", False),
            ("submission_tls", "submission", "implicit", False), ("submission_plain", "submission", "none", True),
            ("lmtp", "lmtp", "none", False), ("pop3", "pop3", "starttls", False), ("pop3_tls", "pop3", "implicit", False),
            ("pop3_plain", "pop3", "none", True), ("imap", "imap", "starttls", False), ("imap_tls", "imap", "implicit", False),
            ("imap_plain", "imap", "none", True), ("metrics", "metrics", "none", False),
        ]
        whole = {
            "server": {"hostname": self.hostname, "data_directory": "data", "loops": 2},
            "tls": {"certificate": self.certificate, "key": self.key},
            "log": {"format": "json", "level": "debug"},
            "delivery": {"remote_port": self.ports["smtp"], "connection_idle": "1s"},
            # Nothing may ever be asked of the world outside.
            "dns": {"servers": [dns or f"{self.address}:1"], "dnssec": False, "local_zones": ["test"]},
        }
        for name, keys in (sections or {}).items():
            whole[name] = {**whole.get(name, {}), **keys} if isinstance(keys, dict) else keys
        text = ""
        for name, protocol, tls, plaintext in listeners:
            text += "[[listener]]\n" + toml({"protocol": protocol, "address": f"{self.address}:{self.ports[name]}", "tls": tls,
                                             "plaintext_auth": plaintext})
        for name, keys in whole.items():
            blocks = keys if isinstance(keys, list) else [keys]
            for block in blocks:
                text += (f"[[{name}]]\n" if isinstance(keys, list) else f"[{name}]\n") + toml(block)
        with open(self.config, "w", encoding="utf-8") as out:
            out.write(text)

    # ---- the process ---------------------------------------------------------

    def start(self, wrapper=()):
        """wrapper: a program that runs it, such as strace with its options."""
        self.spawn(wrapper)
        return self.await_start()

    def spawn(self, wrapper=()):
        """Only the process; it does not listen yet."""
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen([*wrapper, PABAL, "serve", "--config", self.config], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, cwd=self.directory)

    def await_start(self):
        wait_until(lambda: self.process.poll() is not None or accepts(self.address, self.ports["metrics"]),
                   "the server listens")
        if self.process.poll() is not None:
            raise AssertionError(f"pabal serve ended with {self.process.returncode}:\n{self.log()[-4000:]}")
        return self

    def stop(self):
        """By SIGTERM; it must end well."""
        process, self.process = self.process, None
        if process is None:
            return
        status = end_process(process)
        if status != 0:
            raise AssertionError(f"pabal serve ended with {status} after SIGTERM:\n{self.log()[-4000:]}")

    def kill(self):
        """As a power cut does, but for the page cache."""
        self.process.kill()
        self.process.wait()
        self.process = None

    def remove(self):
        try:
            self.stop()
        finally:
            shutil.rmtree(self.directory, ignore_errors=True)

    def cli(self, *arguments, input=None, check=True, **more):
        return run([PABAL, *arguments, "--config", self.config], input=input, check=check, **more)

    def cli_json(self, *arguments):
        return json.loads(self.cli(*arguments, "--json").text)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def events(self):
        """The log's lines as objects."""
        return [json.loads(line) for line in self.log().splitlines() if line.startswith("{")]

    # ---- as its users see it -------------------------------------------------

    def smtp(self, name="smtp", login=None, timeout=WAIT_SECONDS):
        """A session of Python's smtplib at one of the listeners, logged in if asked."""
        context = Authority.get().context()
        if name == "submission_tls":
            client = smtplib.SMTP_SSL(self.address, self.ports[name], timeout=timeout, context=context,
                                      local_hostname="client.test")
        elif name == "lmtp":
            client = smtplib.LMTP(self.address, self.ports[name], timeout=timeout, local_hostname="client.test")
        else:
            client = smtplib.SMTP(self.address, self.ports[name], timeout=timeout, local_hostname="client.test")
        try:
            if name == "submission":
                client.starttls(context=context)
            if login:
                client.login(login, self.passwords[login])
        except BaseException:
            client.close()
            raise
        return client

    @contextlib.contextmanager
    def pop3(self, user, name="pop3_tls"):
        """A logged-in session of Python's poplib; QUIT at the end."""
        context = Authority.get().context()
        if name == "pop3_tls":
            client = poplib.POP3_SSL(self.address, self.ports[name], timeout=WAIT_SECONDS, context=context)
        else:
            client = poplib.POP3(self.address, self.ports[name], timeout=WAIT_SECONDS)
        try:
            if name == "pop3":
                client.stls(context)
            client.utf8()  # RFC 6856: mails with UTF-8 in their header are not shown without it
            client.user(user)
            client.pass_(self.passwords[user])
            yield client
            client.quit()
        finally:
            client.close()

    def imap(self, user=None, name="imap_tls"):
        """A session of Python's imaplib at one of the listeners, logged in if asked; LOGOUT at the end of a with."""
        context = Authority.get().context()
        if name == "imap_tls":
            client = imaplib.IMAP4_SSL(self.address, self.ports[name], timeout=WAIT_SECONDS, ssl_context=context)
        else:
            client = imaplib.IMAP4(self.address, self.ports[name], timeout=WAIT_SECONDS)
        try:
            if name == "imap":
                client.starttls(context)
            if user:
                client.login(user, self.passwords[user])
        except BaseException:
            client.shutdown()
            raise
        return client

    def mails(self, user, wait_for=0):
        """All mails of a user as bytes, when at least wait_for have come."""
        found = []

        def enough():
            with self.pop3(user, "pop3_plain") as client:
                count, _ = client.stat()
                if count < wait_for:
                    return False
                found[:] = [retrieve(client, number) for number in range(1, count + 1)]
            return True

        wait_until(enough, f"{wait_for} mails for {user}")
        return found

    def queue(self, *options):
        return self.cli_json("queue", "list", *options)

    def metrics_url(self):
        return f"http://{self.address}:{self.ports['metrics']}"

    def metrics(self):
        """What Prometheus reads: {name with labels: value}."""
        with urllib.request.urlopen(self.metrics_url() + "/metrics", timeout=WAIT_SECONDS) as answer:
            assert "text/plain" in answer.headers["Content-Type"], answer.headers
            lines = answer.read().decode().splitlines()
        return dict(line.rsplit(" ", 1) for line in lines if line and not line.startswith("#"))

    def journey(self, trace_id):
        """The events of `pabal track`: [(kind, {fact: value})]."""
        found = self.cli_json("track", trace_id)
        return [(event["kind"], {fact["name"]: fact["value"] for fact in event["facts"]})
                for mail in found for event in mail["events"]]


def toml(keys):
    """JSON's texts, numbers, booleans and lists are TOML's too."""
    return "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items()) + "\n"


def retrieve(client, number):
    """One mail over POP3, byte for byte as stored (CRLF)."""
    _, lines, _ = client.retr(number)
    return b"".join(line + b"\r\n" for line in lines)


def body_of(mail):
    return mail.partition(b"\r\n\r\n")[2]


def message(sender, recipient, subject="Hello", body="Hello.\r\n"):
    return (f"From: <{sender}>\r\nTo: <{recipient}>\r\nSubject: {subject}\r\nDate: Sat, 01 Mar 2025 10:00:00 +0900\r\n"
            f"Message-ID: <{secrets.token_hex(8)}@client.test>\r\n\r\n{body}").encode()


def raw_base64(text):
    return base64.b64encode(text.encode()).decode()


class Raw:
    """A bare TCP session, for what no client library does."""

    def __init__(self, address, port, timeout=WAIT_SECONDS):
        self.socket = socket.create_connection((address, port), timeout=timeout)
        self._file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        return self._file.readline().decode("utf-8", "replace").rstrip("\r\n")

    def reply(self):
        """One SMTP reply. -> its last line"""
        while True:
            line = self.line()
            if line[3:4] != "-":
                return line

    def ask(self, command):
        self.send(command + "\r\n")
        return self.reply()


class ServerCase(unittest.TestCase):
    """Ends and removes what a test made; shows the server's log when it failed."""

    maxDiff = None

    @classmethod
    def setUpClass(cls):
        if not os.access(PABAL, os.X_OK):
            raise AssertionError(f"{PABAL} is not there: ./dev build, or set PABAL")
        cls.class_servers = []

    def setUp(self):
        self.servers = []
        self.directory = tempfile.mkdtemp(prefix="pabal-e2e-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)

    def path(self, *names):
        return os.path.join(self.directory, *names)

    def write(self, name, text, mode=0o600):
        path = self.path(name)
        with open(path, "wb") as out:
            out.write(text.encode() if isinstance(text, str) else text)
        os.chmod(path, mode)
        return path

    def environment(self):
        """Nobody's settings but ours."""
        return {"HOME": self.directory, "PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TERM": "xterm",
                "TMPDIR": self.directory, "FETCHMAILHOME": self.directory, "USER": "root", "LOGNAME": "root"}

    def in_terminal(self, arguments, seconds=WAIT_SECONDS):
        """Runs a program on a terminal of its own until it ends. -> what it drew"""
        leader, follower = pty.openpty()
        process = subprocess.Popen(arguments, stdin=follower, stdout=follower, stderr=follower, env=self.environment(),
                                   start_new_session=True)
        os.close(follower)
        drawn, end = b"", time.monotonic() + seconds
        try:
            while time.monotonic() < end:
                if select.select([leader], [], [], 0.1)[0]:
                    try:
                        drawn += os.read(leader, 65536)
                    except OSError:  # its side of the terminal is closed
                        break
                elif process.poll() is not None:
                    break
            else:
                raise AssertionError("still running: " + drawn.decode("utf-8", "replace"))
        finally:
            end_process(process, 5)
            os.close(leader)
        return drawn.decode("utf-8", "replace")

    def server(self, *arguments, start=True, **options):
        """For this test alone."""
        made = Pabal(*arguments, **options)
        self.servers.append(made)
        self.addCleanup(made.remove)
        return made.start() if start else made

    @classmethod
    def class_server(cls, *arguments, **options):
        """For all tests of the class."""
        made = Pabal(*arguments, **options)
        cls.class_servers.append(made)
        cls.addClassCleanup(made.remove)
        return made.start()

    def tearDown(self):
        # What the test itself did is known here, and the folders still exist.
        result = self._outcome.result
        if not any(self in (test, getattr(test, "test_case", None)) for test, _ in result.errors + result.failures):
            return
        for server in self.servers + self.class_servers:
            with contextlib.suppress(OSError):
                print(f"\n--- end of the log of {server.hostname}\n{server.log()[-3000:]}---", file=sys.stderr)
