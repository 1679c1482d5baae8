"""250 means durable: kill -9 under load again and again, and every mail that
got its 250 is there afterwards; and the system calls show the sync before it."""

import os
import random
import re
import secrets
import smtplib
import threading
import time

from fake_dns import FakeDns, zones
from harness import Raw, ServerCase, free_port, message, program, run, wait_until
from peers import ScriptedPeer

BOB = "bob@seoul.test"
KILLS = 20
SENDERS = 6
SEED = int(os.environ.get("PABAL_SEED", "20250301"))


class Sender(threading.Thread):
    """Sends until told to end, over as many connections as that takes; keeps what got its 250."""

    def __init__(self, pabal, number, recipients, acknowledged, lock):
        super().__init__(daemon=True)
        self._pabal, self._recipients, self._acknowledged, self._lock = pabal, recipients, acknowledged, lock
        self._random = random.Random(f"{SEED}-{number}")
        self.ending = threading.Event()
        self.trouble = None

    def run(self):
        while not self.ending.is_set():
            try:
                with self._pabal.smtp(timeout=10) as client:
                    while not self.ending.is_set():
                        self._send_one(client)
            except (OSError, smtplib.SMTPException):
                time.sleep(0.01)  # it is down just now
            except Exception as error:  # a bug of the test must not look like a quiet server
                self.trouble = error
                return

    def _send_one(self, client):
        unique = secrets.token_hex(12)
        # Below and above the size that lies in the database itself.
        lines = self._random.choice((1, 20, 200, 1500))
        body = f"{unique}\r\n" + "".join(f"{self._random.random()} of line {n}\r\n.\r\n" for n in range(lines))
        recipients = self._random.sample(self._recipients, self._random.randint(1, len(self._recipients)))
        mail = message("load@elsewhere.test", recipients[0], unique, body)
        client.sendmail("load@elsewhere.test", recipients, mail)
        with self._lock:
            self._acknowledged[unique] = (mail, recipients)


class KillUnderLoad(ServerCase):
    def load_and_kill(self, pabal, recipients):
        """-> what was acknowledged: {unique text: (bytes, recipients)}"""
        acknowledged, lock, dice = {}, threading.Lock(), random.Random(SEED)
        senders = [Sender(pabal, n, recipients, acknowledged, lock) for n in range(SENDERS)]
        for sender in senders:
            sender.start()
        try:
            for kill in range(KILLS):
                # Killed at a random moment after it took some mails in this life.
                before = len(acknowledged)
                wait_until(lambda: len(acknowledged) >= before + dice.randint(1, 40) or any(s.trouble for s in senders),
                           f"mails are taken in life {kill}")
                time.sleep(dice.random() * 0.05)
                pabal.kill()
                pabal.start()
        finally:
            for sender in senders:
                sender.ending.set()
            for sender in senders:
                sender.join(30)
        self.assertEqual([s.trouble for s in senders if s.trouble], [])
        return acknowledged

    def test_local_mail(self):
        users = ("bob", "carol")
        addresses = [f"{user}@seoul.test" for user in users]
        pabal = self.server("seoul.test", accounts=users, sections={"store": {"segment_octets": "1MiB"}})
        acknowledged = self.load_and_kill(pabal, addresses)
        self.assertGreater(len(acknowledged), KILLS)
        duplicates = 0
        for address in addresses:
            found = {}
            for mail in pabal.mails(address):
                unique = re.search(rb"\r\nSubject: ([0-9a-f]{24})\r\n", mail)
                self.assertIsNotNone(unique, mail[:500])
                unique = unique[1].decode()
                duplicates += unique in found
                found[unique] = mail
            for unique, (mail, recipients) in acknowledged.items():
                if address not in recipients:
                    continue
                self.assertIn(unique, found, f"lost although it was answered by 250 (seed {SEED})")
                self.assertTrue(found[unique].endswith(mail), f"{unique} has changed (seed {SEED})")
        print(f"  {len(acknowledged)} mails acknowledged over {KILLS} kills, {duplicates} came twice", flush=True)
        self.assertEqual(pabal.queue(), [])

    def test_mail_for_others(self):
        port = free_port()
        dns = FakeDns(zones(("busan.test", "127.0.0.2"))).start()
        self.addCleanup(dns.stop)
        peer = ScriptedPeer("127.0.0.2", port)
        self.addCleanup(peer.stop)
        pabal = self.server("seoul.test", smtp_port=port, dns=dns.address, accounts=("bob",),
                            sections={"queue": {"retry_delays": ["1s"]}, "relay": {"trusted_networks": ["127.0.0.0/8"]}})
        recipients = ["bob@busan.test", "carol@busan.test", BOB]
        acknowledged = self.load_and_kill(pabal, recipients)
        wait_until(lambda: not pabal.queue("--max", "1"), "the queue is empty", 60)
        reached = set()
        for _, rcpts, data in list(peer.mails):
            unique = re.search(rb"\r\nSubject: ([0-9a-f]{24})\r\n", data)[1].decode()
            for rcpt in rcpts:
                reached.add((unique, re.search(r"<(.*)>", rcpt)[1]))
            if unique in acknowledged:
                self.assertTrue(data.endswith(acknowledged[unique][0]), unique)
        for mail in pabal.mails(BOB):
            if unique := re.search(rb"\r\nSubject: ([0-9a-f]{24})\r\n", mail):
                reached.add((unique[1].decode(), BOB))
        for unique, (_, wanted) in acknowledged.items():
            for address in wanted:
                self.assertIn((unique, address), reached, f"lost although it was answered by 250 (seed {SEED})")
        print(f"  {len(acknowledged)} mails acknowledged over {KILLS} kills, all reached whom they were for", flush=True)


class SyncBeforeReply(ServerCase):
    """Reads what strace wrote: between the final dot and our 250, every file of
    the store that was written to was synced after its last write; and no more
    was synced than that."""

    CALL = re.compile(r"^(?P<pid>\d+) +(?P<name>\w+)\((?P<fd>\d+)(?:<(?P<path>[^>]*)>)?(?P<rest>.*)$")
    RESUMED = re.compile(r"^(?P<pid>\d+) +<\.\.\. (?P<name>\w+) resumed>(?P<rest>.*)$")

    def setUp(self):
        super().setUp()
        self.strace = program("strace")
        tried = run([self.strace, "-o", self.path("try"), "true"], check=False)
        if tried.returncode != 0:
            self.skipTest(f"strace may not trace here (ptrace is not permitted): {tried.error.strip()}")

    def calls(self, path):
        """The finished calls in the order of their ends: [(name, path of its file, text)]."""
        begun, found = {}, []
        with open(path, encoding="utf-8", errors="replace") as trace:
            for line in trace:
                if resumed := self.RESUMED.match(line):
                    name, file, text = begun.pop(resumed["pid"], (None, None, ""))
                    if name == resumed["name"]:
                        found.append((name, file, text + resumed["rest"]))
                    continue
                if call := self.CALL.match(line):
                    made = (call["name"], call["path"] or "", call["rest"])
                    if "<unfinished ...>" in call["rest"]:
                        begun[call["pid"]] = made
                        # What is said counts from the moment it begins.
                        if call["name"] in ("sendto", "write", "sendmsg", "writev"):
                            found.append(made)
                            begun.pop(call["pid"])
                    else:
                        found.append(made)
        return found

    def trace_one(self, mail):
        trace = self.path("trace")
        pabal = self.server("seoul.test", accounts=("bob",), start=False)
        pabal.start([self.strace, "-f", "-y", "-s", "70000", "-o", trace, "-e",
                     "trace=fdatasync,fsync,sync_file_range,pwrite64,pwritev,write,writev,sendto,sendmsg,read,recvfrom,recvmsg"])
        with Raw(pabal.address, pabal.ports["smtp"]) as raw:
            raw.reply()
            raw.ask("EHLO client.test")
            # The first mail makes files, which takes syncs of its own.
            for _ in range(2):
                for command in ("MAIL FROM:<x@elsewhere.test>", f"RCPT TO:<{BOB}>", "DATA"):
                    self.assertLess(raw.ask(command)[:3], "400")
                raw.send(mail)
                raw.send(".\r\n")
                self.assertTrue(raw.reply().startswith("250 2.0.0"))
            self.assertTrue(raw.ask("QUIT").startswith("221"))
        # strace passes SIGTERM on to nobody: the server itself is its child.
        with open(f"/proc/{pabal.process.pid}/task/{pabal.process.pid}/children", encoding="ascii") as children:
            os.kill(int(children.read().split()[0]), 15)
        pabal.process.wait(30)
        pabal.stop()
        return self.calls(trace), os.path.join(pabal.directory, "data")

    def check(self, mail):
        calls, data = self.trace_one(mail)
        received = ("read", "recvfrom", "recvmsg")
        dots = [i for i, (name, _, text) in enumerate(calls)
                if name in received and (text.startswith(', ".\\r\\n"') or '\\r\\n.\\r\\n"' in text)]
        replies = [i for i, (name, _, text) in enumerate(calls)
                   if name in ("write", "sendto", "sendmsg", "writev") and '"250 2.0.0 ' in text]
        accepted = [i for i in replies if [dot for dot in dots if dot < i]]
        self.assertGreaterEqual(len(accepted), 2, "the replies are in the trace")
        end = accepted[-1]
        begin = max(dot for dot in dots if dot < end)
        written, synced = {}, {}
        for i in range(end):
            name, path, _ = calls[i]
            if not path.startswith(data) or path.endswith("-shm"):
                continue
            if name in ("pwrite64", "pwritev", "write", "writev"):
                written[path] = i
            elif name in ("fdatasync", "fsync"):
                synced[path] = i
        after_dot = [path for path, i in synced.items() if i > begin]
        self.assertTrue(after_dot, "a sync stands between the final dot and the 250")
        self.assertGreater(begin, accepted[-2], "the dot is that of the last mail")
        self.assertTrue([path for path, i in written.items() if i > begin], "something was written for the mail")
        for path, i in written.items():
            if i > begin:
                self.assertGreater(synced.get(path, -1), i, f"{os.path.basename(path)} was synced after its last write")
        return [os.path.relpath(path, data) for path in after_dot]

    def test_small_mail_in_the_database(self):
        synced = self.check(message("x@elsewhere.test", BOB))
        self.assertEqual(len(synced), 1, synced)

    def test_large_mail_in_a_segment(self):
        synced = self.check(message("x@elsewhere.test", BOB, body=("x" * 70 + "\r\n") * 300))
        self.assertEqual(len(synced), 2, synced)
