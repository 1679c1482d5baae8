"""Clients that hand in mail as fast as they are let, through whatever the
server does, and tell the ledger what they were answered."""

import base64
import re
import smtplib
import threading
import time

INLINE_OCTETS_MAX = 4096  # the servers' store.inline_octets_max
SIZE_MIN, SIZE_MAX = 512, 60 << 10
ADDED_BY_EDGE = 64
REPLY_SECONDS = 20
# Refused or unanswered: a client that tries again is the normal one.
TRY_AGAIN = 0.8


def draw_size(dice):
    """Octets: mails on both sides of the inline limit, many of them close to it."""
    kind = dice.random()
    if kind < 0.4:
        return dice.randint(SIZE_MIN, INLINE_OCTETS_MAX)
    if kind < 0.6:
        return INLINE_OCTETS_MAX + dice.randint(-ADDED_BY_EDGE, ADDED_BY_EDGE)
    return int(INLINE_OCTETS_MAX * (SIZE_MAX / INLINE_OCTETS_MAX) ** dice.random())


def compose(dice, token, sender, recipient, size):
    """About `size` octets with CRLF, some lines that begin with a dot, some UTF-8."""
    head = (f"From: <{sender}>\r\nTo: <{recipient}>\r\nSubject: {token}\r\nDate: Sat, 01 Mar 2025 10:00:00 +0900\r\n"
            f"Message-ID: <{token}@client.test>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
            "Content-Transfer-Encoding: 8bit\r\n\r\n.\r\n..\r\n파발\r\n").encode()
    left = max(size - len(head), 4)
    text = base64.b64encode(dice.randbytes(left * 3 // 4 + 3)).decode()
    lines, at = [], 0
    while left > 0:
        width = min(left, dice.randint(20, 200))
        lines.append(text[at:at + width - 2])
        at, left = at + width, left - width
    return head + "".join(line + "\r\n" for line in lines).encode()


def dot_stuffed(data):
    return re.sub(rb"(?m)^\.", b"..", data) + b".\r\n"


class Sender(threading.Thread):
    """One client of one server: a stranger at its SMTP port with mail for its
    users, or a user of its own at submission with mail for anybody.

    login: None for a stranger. `about_to_reply` is set when the end of a mail
    has just been sent; `reply_seconds` is what replies take lately.
    """

    def __init__(self, pabal, ledger, dice, recipients, login=None, listener="smtp", pause_seconds=0.02):
        super().__init__(daemon=True)
        self.pabal, self._ledger, self._dice, self._recipients = pabal, ledger, dice, recipients
        self._login, self._listener, self._pause = login, listener, pause_seconds
        self._sender = login or "load@elsewhere.test"
        self._pending = None  # (Mail, bytes) to be handed in again
        self.ending = threading.Event()
        self.resting = threading.Event()
        self.about_to_reply = threading.Event()
        self.reply_seconds = 0.005
        self.acknowledged_at = time.monotonic()
        self.trouble = None

    def run(self):
        while not self.ending.is_set():
            try:
                self._session()
            except smtplib.SMTPResponseException as error:  # instead of a greeting, or to the login
                self._refused(None, error.smtp_code, error.smtp_error)
                time.sleep(0.02 + 0.05 * self._dice.random())
            except (OSError, smtplib.SMTPException):
                time.sleep(0.02 + 0.05 * self._dice.random())  # it is down just now
            except Exception as error:  # a bug of the harness must not look like a quiet server
                self.trouble = error
                return

    def _session(self):
        client = self.pabal.smtp(self._listener, login=self._login, timeout=REPLY_SECONDS)
        try:
            client.ehlo_or_helo_if_needed()
            for _ in range(self._dice.randint(1, 60)):
                if self.ending.is_set():
                    break
                if not self.resting.is_set():
                    self._hand_in(client)
                self.ending.wait(self._pause * 2 * self._dice.random())
            if self._dice.random() < 0.8:
                client.quit()
        finally:
            client.close()

    def _new_mail(self):
        recipients = self._dice.sample(self._recipients, self._dice.randint(1, min(3, len(self._recipients))))
        size = draw_size(self._dice)
        return self._ledger.new_mail(self.pabal.domain, recipients,
                                     lambda token: compose(self._dice, token, self._sender, recipients[0], size))

    def _hand_in(self, client):
        if self._pending is None:
            self._pending = self._new_mail()
        mail, data = self._pending
        if not self._envelope(client, mail, len(data)):
            return
        chunked = self._dice.random() < 0.25
        if not chunked:
            code, text = client.docmd("DATA")
            if code != 354:
                return self._refused(None, code, text)
        begin = time.monotonic()
        try:
            client.send(b"BDAT %d LAST\r\n" % len(data) + data if chunked else dot_stuffed(data))
            self.about_to_reply.set()
            code, text = client.getreply()
            if code < 0:  # only a piece of it came
                raise smtplib.SMTPServerDisconnected("lost within the reply")
        except (OSError, smtplib.SMTPException):
            self._ledger.lose_reply(mail)
            self._next_or_again()
            raise
        if code == 250:
            self._ledger.acknowledge(mail)
            self._pending = None
            self.acknowledged_at = time.monotonic()
            self.reply_seconds += 0.1 * (self.acknowledged_at - begin - self.reply_seconds)
            return
        self._refused(mail, code, text)
        self._next_or_again()

    def _envelope(self, client, mail, size):
        steps = [f"MAIL FROM:<{self._sender}> SIZE={size} BODY=8BITMIME", *(f"RCPT TO:<{to}>" for to in mail.recipients)]
        for step in steps:
            code, text = client.docmd(step)
            if code != 250:
                self._refused(None, code, text)
                client.docmd("RSET")
                return False
        return True

    def _refused(self, mail, code, text):
        if code < 0:
            raise smtplib.SMTPServerDisconnected("lost within a reply")
        text = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
        self._ledger.refuse(mail, code, text)
        if not 400 <= code < 500:
            self._ledger.violation(f"{self.pabal.domain}: refused for good by {code} {text}")

    def _next_or_again(self):
        if self._dice.random() >= TRY_AGAIN:
            self._pending = None
