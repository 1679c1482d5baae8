"""What the servers promised to their clients, and what became of it.

The ledger knows only what was said over SMTP and POP3. A mail is known by its
token, which is its Subject; the ledger keeps its size and SHA-256, not its
bytes. Everything that must not be is a line in `wrong`.
"""

import email.utils
import hashlib
import re
import secrets
import threading
import time

TOKEN = re.compile(rb"^Subject: ([0-9a-f]{24})\r$", re.MULTILINE)
FINAL_RECIPIENT = re.compile(rb"^Final-Recipient: *rfc822; *<?([^>\s]+?)>?\r$", re.MULTILINE | re.IGNORECASE)
TRACE_FIELD = re.compile(rb"(?:Return-Path|X-Original-To|Delivered-To|Received):[^\r]*\r\n(?:[ \t][^\r]*\r\n)*")
RECEIVED_AT = re.compile(rb"^Received:[^;]*;\s*([^\r\n]+)\r$", re.MULTILINE)
WRONG_MAX = 1000
# A Received field has whole seconds.
CLOCK_SECONDS = 2


class Mail:
    """One mail and what became of each attempt to hand it in."""

    __slots__ = ("token", "domain", "recipients", "size", "digest", "acknowledged", "unanswered", "refused")

    def __init__(self, token, domain, recipients, data):
        self.token, self.domain, self.recipients = token, domain, recipients
        self.size, self.digest = len(data), hashlib.sha256(data).digest()
        self.acknowledged = 0  # 250 to its end
        self.unanswered = 0    # sent to its end, and the connection was lost before the reply
        self.refused = 0       # 4xx to its end


class Ledger:
    """From any thread."""

    def __init__(self, undeliverable=()):
        """undeliverable: addresses that end in a DSN and nowhere else."""
        self.undeliverable = set(undeliverable)
        self.wrong = []
        self.wrong_count = 0
        self.kills = []    # (time.time(), name of the server)
        self.refusals = {} # "452 4.3.1" -> how often
        self.damaged = 0
        self.sessions = self.retrieved = self.deleted = self.deletions_refused = 0
        self._mails = {}
        self._found = {}   # (token, address) -> [(unique id, when received)]
        self._reported = {} # (token, address) -> how many DSNs
        self._lock = threading.Lock()

    # ---- told by the clients ---------------------------------------------------

    def violation(self, text):
        with self._lock:
            self.wrong_count += 1
            if len(self.wrong) < WRONG_MAX:
                self.wrong.append(f"{time.strftime('%H:%M:%S', time.gmtime())} {text}")

    def new_mail(self, domain, recipients, make):
        """domain: of the server that it is handed in to. make(token) -> its bytes. -> (Mail, bytes)"""
        token = secrets.token_hex(12)
        data = make(token)
        mail = Mail(token, domain, tuple(recipients), data)
        with self._lock:
            self._mails[token] = mail
        return mail, data

    def acknowledge(self, mail):
        with self._lock:
            mail.acknowledged += 1

    def lose_reply(self, mail):
        with self._lock:
            mail.unanswered += 1

    def refuse(self, mail, code, text):
        """mail: None when the refusal came before its end."""
        with self._lock:
            if mail is not None:
                mail.refused += 1
            enhanced = text.split(" ", 1)[0]
            kind = f"{code} {enhanced}" if re.fullmatch(r"[245]\.\d+\.\d+", enhanced) else str(code)
            self.refusals[kind] = self.refusals.get(kind, 0) + 1

    def count(self, name, more=1):
        with self._lock:
            setattr(self, name, getattr(self, name) + more)

    def killed(self, name):
        with self._lock:
            self.kills.append((time.time(), name))

    def find(self, address, unique_id, data):
        """A mail that a reader was given for the first time."""
        head = data.partition(b"\r\n\r\n")[0] + b"\r\n"
        token = TOKEN.search(head)
        if token is None:
            return self._find_report(address, unique_id, head, data)
        with self._lock:
            mail = self._mails.get(token[1].decode())
        if mail is None:
            return self.violation(f"{address} {unique_id}: a mail that nobody sent, {token[1].decode()}")
        prefix, body = data[:-mail.size], data[-mail.size:]
        if hashlib.sha256(body).digest() != mail.digest or TRACE_FIELD.sub(b"", prefix):
            with self._lock:
                self.damaged += 1
            return self.violation(f"{address} {unique_id}: the bytes of {mail.token} have changed")
        received = RECEIVED_AT.search(head)
        when = email.utils.parsedate_to_datetime(received[1].decode()).timestamp() if received else 0
        with self._lock:
            self._found.setdefault((mail.token, address), []).append((unique_id, when))
        if address not in mail.recipients:
            self.violation(f"{address} {unique_id}: {mail.token} was not for this address")

    def _find_report(self, address, unique_id, head, data):
        tokens = TOKEN.findall(data)
        recipients = FINAL_RECIPIENT.findall(data)
        if b"multipart/report" not in head or len(tokens) != 1 or not recipients:
            return self.violation(f"{address} {unique_id}: neither a mail of ours nor a report of one: {head[:300]!r}")
        with self._lock:
            for recipient in recipients:
                key = (tokens[0].decode(), recipient.decode())
                self._reported[key] = self._reported.get(key, 0) + 1

    # ---- afterwards ------------------------------------------------------------

    def acknowledged_count(self):
        with self._lock:
            return sum(1 for mail in self._mails.values() if mail.acknowledged)

    def audit(self):
        """When everything has been read. Adds to `wrong`. -> the counts."""
        counts = dict.fromkeys((
            "mails", "acknowledged", "expected", "found", "reported", "lost", "reply_lost", "stored_without_reply",
            "refused", "refused_but_found", "duplicates_after_lost_reply", "duplicates_after_crash",
            "duplicates_unexplained", "reports_unexpected"), 0)
        for mail in self._mails.values():
            counts["mails"] += 1
            counts["acknowledged"] += bool(mail.acknowledged)
            counts["reply_lost"] += mail.unanswered
            counts["refused"] += mail.refused
            for address in mail.recipients:
                self._audit_one(counts, mail, address)
        counts["duplicates"] = sum(counts[name] for name in counts if name.startswith("duplicates_"))
        counts["damaged"] = self.damaged
        if not counts["acknowledged"]:
            self.violation("no mail was acknowledged: this proves nothing")
        return counts

    def _audit_one(self, counts, mail, address):
        copies = self._found.get((mail.token, address), [])
        reports = self._reported.get((mail.token, address), 0)
        handed_in = mail.acknowledged + mail.unanswered
        expected = bool(mail.acknowledged)
        counts["expected"] += expected
        counts["stored_without_reply"] += not expected and bool(copies or reports)
        if address in self.undeliverable:
            counts["reported"] += bool(reports)
            if expected and not reports:
                counts["lost"] += 1
                self.violation(f"lost: {mail.token} to {address} got its 250, and its sender no report")
            if reports > handed_in:
                self.violation(f"{mail.token} to {address}: {reports} reports of {handed_in} that were handed in")
            return
        counts["found"] += bool(copies)
        if reports:
            counts["reports_unexpected"] += reports
            self.violation(f"{mail.token} to {address}: a report although the address exists")
        if expected and not copies:
            counts["lost"] += 1
            self.violation(f"lost: {mail.token} to {address} got its 250 and is nowhere")
        if copies and not handed_in:
            counts["refused_but_found"] += 1
            self.violation(f"{mail.token} to {address}: every attempt was refused, and it was delivered")
        more = len(copies) - max(handed_in, 1)
        counts["duplicates_after_lost_reply"] += max(min(len(copies), handed_in) - 1, 0)
        if more <= 0:
            return
        # Between two servers, a crash of either can lose the reply of the other
        # (RFC 5321 §6.1). Into a mailbox of its own, a server delivers once.
        times = [when for _, when in copies]
        crashed = any(min(times) - CLOCK_SECONDS <= when <= max(times) + CLOCK_SECONDS for when, _ in self.kills)
        if crashed and not address.endswith("@" + mail.domain):
            counts["duplicates_after_crash"] += more
        else:
            counts["duplicates_unexplained"] += more
            self.violation(f"{mail.token} to {address}: {len(copies)} copies, and no crash came between: {copies}")
