"""Other mail servers: a scripted one in Python, Postfix, its smtp-sink, and
Dovecot, each in a throw-away directory and ended by its process id."""

import glob
import os
import pwd
import shutil
import socketserver
import subprocess
import tempfile
import threading
import unittest

from harness import accepts, end_process, free_port, program, run, wait_until


class ScriptedPeer:
    """An SMTP server that offers what it is told and answers by a script.

    extensions: its EHLO lines. replies: {"RCPT": "450 4.2.0 later"} instead of
    the normal answer to a verb, "." for the end of the data, "" for the banner;
    a function gets the command line. Taken mails stand in `mails` as
    (MAIL line, [RCPT lines], bytes with the dots undone).
    """

    def __init__(self, address, port, extensions=("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES"), replies=None):
        self.extensions, self.replies, self.mails, self.commands = list(extensions), replies or {}, [], []
        peer = self

        class Session(socketserver.StreamRequestHandler):
            def handle(self):
                try:
                    peer.session(self.rfile, self.wfile)
                except OSError:
                    pass

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._server = Server((address, port), Session)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self):
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _reply_to(self, verb, line, normal):
        scripted = self.replies.get(verb, normal)
        return scripted(line) if callable(scripted) else scripted

    def session(self, source, out):
        def say(text):
            out.write(text.encode() + b"\r\n")

        say(self._reply_to("", "", "220 peer.test ESMTP"))
        mail_from, recipients = "", []
        while raw := source.readline():
            line = raw.decode("utf-8", "replace").rstrip("\r\n")
            self.commands.append(line)
            verb = line.split(" ")[0].upper()
            if verb == "EHLO":
                lines = ["peer.test", *self.extensions]
                for i, text in enumerate(lines):
                    say(f"250{'-' if i + 1 < len(lines) else ' '}{text}")
            elif verb == "DATA":
                answer = self._reply_to("DATA", line, "354 go on" if recipients else "503 no recipients")
                say(answer)
                if answer.startswith("354"):
                    data = self._read_data(source)
                    answer = self._reply_to(".", "", "250 2.0.0 taken")
                    if answer.startswith("250"):
                        self.mails.append((mail_from, recipients, data))
                    say(answer)
            elif verb == "QUIT":
                return say("221 2.0.0 bye")
            else:
                answer = self._reply_to(verb, line, "250 2.0.0 ok")
                say(answer)
                if verb == "MAIL":
                    mail_from, recipients = line, []
                elif verb == "RCPT" and answer.startswith("25"):
                    recipients = [*recipients, line]

    @staticmethod
    def _read_data(source):
        lines = []
        while (line := source.readline()) != b".\r\n":
            if not line:
                raise ConnectionError("ended within the data")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)


class SmtpSink:
    """Postfix's smtp-sink; each mail it takes becomes a file."""

    def __init__(self, address, port):
        self._program = program("smtp-sink")
        self.directory = tempfile.mkdtemp(prefix="pabal-e2e-sink-")
        os.chmod(self.directory, 0o777)
        user = ["-u", "nobody"] if os.geteuid() == 0 else []
        self._process = subprocess.Popen([self._program, *user, "-d", os.path.join(self.directory, "%Y%m%d%H%M%S."),
                                          f"{address}:{port}", "64"], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: self._process.poll() is not None or accepts(address, port), "smtp-sink listens")
            if self._process.poll() is not None:
                raise AssertionError("smtp-sink ended at once")
        except BaseException:
            self.stop()
            raise

    def mails(self):
        found = []
        for path in sorted(glob.glob(os.path.join(self.directory, "*"))):
            with open(path, "rb") as mail:
                found.append(mail.read())
        return found

    def stop(self):
        end_process(self._process)
        shutil.rmtree(self.directory, ignore_errors=True)


class Postfix:
    """Debian's Postfix for one domain, with every part of it in a directory of its own."""

    SERVICES = """\
{listen} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
"""

    def __init__(self, domain, address, port, users, transport, authority):
        if os.geteuid() != 0:
            raise unittest.SkipTest("Postfix starts only as root")
        self._program = program("postfix")
        self.address, self.port, self.domain = address, port, domain
        self.directory = tempfile.mkdtemp(prefix="pabal-e2e-postfix-")
        try:
            self._write(users, transport, authority)
            run([self._program, "-c", self.directory, "start"])
            wait_until(lambda: accepts(address, port), "Postfix listens")
        except BaseException:
            self.stop()
            raise

    def _path(self, *names):
        return os.path.join(self.directory, *names)

    def _write(self, users, transport, authority):
        os.chmod(self.directory, 0o755)
        postfix = pwd.getpwnam("postfix")
        for name in ("queue", "data", "mail"):
            os.mkdir(self._path(name), 0o755)
        for name in ("data", "mail"):
            os.chown(self._path(name), postfix.pw_uid, postfix.pw_gid)
        certificate, key = authority.issue(f"mail.{self.domain}", self.address, self.directory)
        # It knows only the addresses that `ip address` shows, not all of 127.0.0.0/8:
        # hence inet_interfaces, and the address in master.cf.
        settings = {
            "compatibility_level": "3.6", "queue_directory": self._path("queue"), "data_directory": self._path("data"),
            "command_directory": "/usr/sbin", "daemon_directory": "/usr/lib/postfix/sbin", "mail_owner": "postfix",
            "setgid_group": "postdrop", "myhostname": f"mail.{self.domain}", "mydomain": self.domain, "mydestination": "",
            "inet_interfaces": "loopback-only", "inet_protocols": "ipv4", "mynetworks": "127.0.0.0/8", "smtputf8_enable": "yes",
            "maillog_file": self._path("maillog"), "maillog_file_prefixes": self.directory, "alias_maps": "",
            "alias_database": "", "virtual_mailbox_domains": self.domain, "virtual_mailbox_base": self._path("mail"),
            "virtual_mailbox_maps": f"texthash:{self._path('users')}", "virtual_minimum_uid": "1",
            "virtual_uid_maps": f"static:{postfix.pw_uid}", "virtual_gid_maps": f"static:{postfix.pw_gid}",
            "transport_maps": f"texthash:{self._path('transport')}", "smtp_dns_support_level": "disabled",
            "smtpd_tls_security_level": "may", "smtpd_tls_cert_file": certificate, "smtpd_tls_key_file": key,
            "smtp_tls_security_level": "may", "smtp_tls_loglevel": "1", "smtpd_tls_loglevel": "1",
            "smtp_bind_address": self.address, "bounce_queue_lifetime": "0", "maximal_queue_lifetime": "60s",
            "minimal_backoff_time": "1s", "queue_run_delay": "1s",
        }
        with open(self._path("main.cf"), "w", encoding="utf-8") as out:
            out.write("".join(f"{name} = {value}\n" for name, value in settings.items()))
        with open(self._path("master.cf"), "w", encoding="utf-8") as out:
            out.write(self.SERVICES.format(listen=f"{self.address}:{self.port}"))
        with open(self._path("users"), "w", encoding="utf-8") as out:
            out.write("".join(f"{user}@{self.domain} {user}/\n" for user in users))
        with open(self._path("transport"), "w", encoding="utf-8") as out:
            out.write("".join(f"{domain} smtp:[{host}]:{to}\n" for domain, (host, to) in transport.items()))

    def log(self):
        try:
            with open(self._path("maillog"), encoding="utf-8", errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def mails(self, user):
        """What Postfix put into the user's Maildir, with LF as it keeps them."""
        found = []
        for path in sorted(glob.glob(self._path("mail", user, "new", "*"))):
            with open(path, "rb") as mail:
                found.append(mail.read())
        return found

    def stop(self):
        master = self._path("queue", "pid", "master.pid")
        if os.path.exists(master):
            run([self._program, "-c", self.directory, "stop"], check=False)
            wait_until(lambda: not accepts(self.address, self.port), "Postfix has stopped")
        shutil.rmtree(self.directory, ignore_errors=True)


class Dovecot:
    """Dovecot's POP3 or IMAP for one user whose Maildir holds the given mails."""

    # As Pabal has them: the delimiter, and the mailboxes that are there from the beginning.
    IMAP = """
namespace inbox {
  inbox = yes
  separator = /
""" + "".join(f"  mailbox {name} {{\n    auto = subscribe\n    special_use = \\{name}\n  }}\n"
              for name in ("Archive", "Drafts", "Junk", "Sent", "Trash")) + "}\n"

    def __init__(self, address, user, password, mails, protocol="pop3"):
        if os.geteuid() != 0:
            raise unittest.SkipTest("Dovecot is tried only as root")
        if not os.path.exists(f"/usr/lib/dovecot/{protocol}"):
            package = {"pop3": "dovecot-pop3d", "imap": "dovecot-imapd"}[protocol]
            raise unittest.SkipTest(f"Dovecot's {protocol} is not there: install the Debian package {package} (./dev setup does)")
        self.address, self.port = address, free_port()
        self.directory = tempfile.mkdtemp(prefix="pabal-e2e-dovecot-")
        os.chmod(self.directory, 0o755)
        owner = pwd.getpwnam("nobody")
        maildir = os.path.join(self.directory, "mail")
        for name in ("", "new", "cur", "tmp"):
            os.mkdir(os.path.join(maildir, name))
            os.chown(os.path.join(maildir, name), owner.pw_uid, owner.pw_gid)
        for number, mail in enumerate(mails, 1):
            path = os.path.join(maildir, "new", f"{number}.test")
            with open(path, "wb") as out:
                out.write(mail)
            os.chown(path, owner.pw_uid, owner.pw_gid)
        users = os.path.join(self.directory, "users")
        with open(users, "w", encoding="utf-8") as out:
            out.write(f"{user}:{{PLAIN}}{password}:{owner.pw_uid}:{owner.pw_gid}::{self.directory}::\n")
        config = os.path.join(self.directory, "dovecot.conf")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"""
base_dir = {self.directory}/run
state_dir = {self.directory}/state
log_path = {self.directory}/log
protocols = {protocol}
listen = {address}
ssl = no
disable_plaintext_auth = no
first_valid_uid = 1
first_valid_gid = 0
mail_location = maildir:{maildir}
passdb {{
  driver = passwd-file
  args = {users}
}}
userdb {{
  driver = passwd-file
  args = {users}
}}
service {protocol}-login {{
  chroot =
  inet_listener {protocol} {{
    port = {self.port}
  }}
  inet_listener {protocol}s {{
    port = 0
  }}
}}{self.IMAP if protocol == "imap" else ""}
service anvil {{
  chroot =
}}
""")
        os.mkdir(os.path.join(self.directory, "run"))
        self._process = subprocess.Popen([program("dovecot"), "-F", "-c", config], stdin=subprocess.DEVNULL,
                                         stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_until(lambda: self._process.poll() is not None or accepts(address, self.port), "Dovecot listens")
            if self._process.poll() is not None:
                raise AssertionError("Dovecot ended at once: " + self.log())
        except BaseException:
            self.stop()
            raise

    def log(self):
        with open(os.path.join(self.directory, "log"), encoding="utf-8", errors="replace") as log:
            return log.read()

    def stop(self):
        end_process(self._process)
        shutil.rmtree(self.directory, ignore_errors=True)
