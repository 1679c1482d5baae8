"""Pieces of large mails: FETCH of any range of any part, BINARY, headers, POP3 TOP and
URLs say what the whole has there, and what Debian's Dovecot says."""

import base64
import quopri
import random
import re

from harness import ServerCase
from imap_session import Imap
from peers import Dovecot

ALICE, BOB = "alice@seoul.test", "bob@seoul.test"
PASSWORD = "a-password-for-dovecot"


def octets(seed, count):
    return random.Random(seed).randbytes(count)


def even(data):
    return base64.encodebytes(data).replace(b"\n", b"\r\n")


def uneven(data):
    """Lines of any length, which nobody can count in."""
    text, out, rng = base64.b64encode(data), [], random.Random(5)
    while text:
        length = rng.randrange(1, 90)
        out.append(text[:length])
        text = text[length:]
    return b"\r\n".join(out) + b"\r\n"


def part(kind, encoding, body):
    return b"Content-Type: %s\r\nContent-Transfer-Encoding: %s\r\n\r\n" % (kind, encoding) + body


def multipart(boundary, *parts):
    return b"".join(b"--" + boundary + b"\r\n" + p + b"\r\n" for p in parts) + b"--" + boundary + b"--\r\n"


def mail(subject, head=b""):
    text = "".join(f"line {n}: 파발 = {n * 7919}\r\n" for n in range(9000)).encode()
    inner = (b"Subject: inner\r\nContent-Type: multipart/mixed; boundary=in\r\n\r\n" +
             multipart(b"in", b"Content-Type: text/plain\r\n\r\ninner text", part(b"image/png", b"base64", even(octets(2, 90_000)))))
    return (b"From: carol@busan.test\r\nTo: alice@seoul.test\r\nSubject: " + subject + b"\r\n" + head +
            b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=out\r\n\r\npreamble\r\n" +
            multipart(b"out", part(b"text/plain; charset=utf-8", b"quoted-printable",
                                   quopri.encodestring(text).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")),
                      part(b"application/pdf", b"base64", even(octets(1, 400_000))),
                      b"Content-Type: message/rfc822\r\n\r\n" + inner,
                      part(b"application/pdf", b"base64", uneven(octets(3, 100_000))),
                      part(b"text/plain", b"8bit", text)) + b"epilogue\r\n")


SECTIONS = ["", "HEADER", "TEXT", "1", "2", "3", "4", "5", "1.MIME", "2.MIME", "3.HEADER", "3.TEXT", "3.1", "3.2", "3.2.MIME",
            "HEADER.FIELDS (Subject From)", "3.HEADER.FIELDS.NOT (Subject)", "6", "2.HEADER", "3.3"]
PARTS = ["1", "2", "3.2", "4", "5", "6"]


def content(line):
    """-> the octets of the one section that a FETCH tells, None for NIL"""
    found = re.search(r"\](?:<\d+>)? (?:~?\{\d+\}\r\n|(NIL))", line)
    if found[1]:
        return None
    text = line[found.end():-1]
    return text.encode("utf-8", "surrogateescape")


class ImapRanges(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal = cls.class_server("seoul.test", accounts=("alice", "bob"))

    def fetch(self, session, item, number=1):
        return content(session.ok(f"FETCH {number} ({item})")[-1])

    def ranges(self, rng, size):
        for border in (0, 65_536, size):
            for begin in (max(0, border - 1), border, border + 1):
                yield begin, rng.choice((1, 65_536, 200_000))
        for _ in range(6):
            yield rng.randrange(size + 10), rng.randrange(1, 100_000)

    def expect_pieces(self, session, kind, sections, peer=None):
        """Every piece is a piece of the whole, and the peer tells the same."""
        rng = random.Random(11)
        for section in sections:
            whole = self.fetch(session, f"{kind}.PEEK[{section}]")
            if peer:
                self.assertEqual(whole or b"", self.fetch(peer, f"{kind}.PEEK[{section}]") or b"", section)
            for begin, count in self.ranges(rng, len(whole or b"")):
                item = f"{kind}.PEEK[{section}]<{begin}.{count}>"
                piece = self.fetch(session, item)
                self.assertEqual(piece, None if whole is None else whole[begin:begin + count], item)
                # Dovecot tells the "\r" of a header's last line end for the "\n" behind it.
                if peer and whole is not None and "HEADER" not in section:
                    self.assertEqual(piece, self.fetch(peer, item) or b"", item)

    def test_any_range_of_any_section(self):
        wanted = mail(b"ranges")
        dovecot = Dovecot(self.pabal.address, ALICE, PASSWORD, [wanted], protocol="imap")
        self.addCleanup(dovecot.stop)
        dovecot.ports, dovecot.passwords = {"imap_plain": dovecot.port}, {ALICE: PASSWORD}
        with Imap(self.pabal, ALICE) as session, Imap(dovecot, ALICE) as peer:
            session.ok("CREATE Ranges")
            session.append("Ranges", wanted)
            session.ok("SELECT Ranges")
            peer.ok("SELECT INBOX")
            # Before anybody has looked through it.
            self.assertEqual(self.fetch(session, "BODY.PEEK[2]<1000.50>"), wanted[wanted.index(b"base64\r\n\r\n") + 10:][1000:1050])
            self.assertEqual(self.fetch(session, "BODY.PEEK[]"), wanted)
            self.expect_pieces(session, "BODY", SECTIONS, peer)
            self.expect_pieces(session, "BINARY", PARTS)
            for number, data in (("2", octets(1, 400_000)), ("3.2", octets(2, 90_000)), ("4", octets(3, 100_000))):
                self.assertEqual(self.fetch(session, f"BINARY.PEEK[{number}]"), data)
                self.assertIn(f"BINARY.SIZE[{number}] {len(data)})", session.ok(f"FETCH 1 (BINARY.SIZE[{number}])")[-1])

    # In one line: several pieces, a header and what the summary knows.
    def test_several_items_of_one_mail(self):
        wanted = mail(b"several")
        with Imap(self.pabal, ALICE) as session:
            session.ok("CREATE Several")
            session.append("Several", wanted)
            session.ok("SELECT Several")
            head = wanted[:wanted.index(b"\r\n\r\n") + 4].decode()
            for items in ("ENVELOPE BODY.PEEK[HEADER]", "BODY.PEEK[HEADER] BODY.PEEK[2]<5.3> BODY.PEEK[2]<0.10> BODY.PEEK[]<7.20>",
                          "BODY.PEEK[]<7.20> BODY.PEEK[HEADER]", "BODYSTRUCTURE PREVIEW BODY.PEEK[HEADER]"):
                line = session.ok(f"FETCH 1 ({items})")[-1]
                self.assertIn("BODY[HEADER] {%d}\r\n%s" % (len(head), head), line)
                for begin, count in re.findall(r"PEEK\[\]<(\d+)\.(\d+)>", items):
                    piece = wanted[int(begin):][:int(count)].decode()
                    self.assertIn("BODY[]<%s> {%s}\r\n%s" % (begin, count, piece), line)

    # Each of them has fields of his own in front, which the parts lie behind.
    def test_fields_of_the_owner_in_front(self):
        wanted = mail(b"for two")
        with self.pabal.smtp() as client:
            client.sendmail("carol@busan.test", [ALICE, BOB], wanted)
        for user in (ALICE, BOB):
            stored = self.pabal.mails(user, 1)[-1]
            self.assertTrue(stored.endswith(wanted))
            with Imap(self.pabal, user) as session:
                session.ok("SELECT INBOX")
                for _ in range(2):
                    self.assertIn(user, self.fetch(session, "BODY.PEEK[HEADER.FIELDS (Delivered-To)]").decode())
                    whole = self.fetch(session, "BODY.PEEK[]")
                    self.assertTrue(whole.endswith(wanted))
                    self.expect_pieces(session, "BODY", ["", "TEXT", "2", "3.2"])
                    second = self.fetch(session, "BODY.PEEK[2]")
                    self.assertIn(b"\r\n\r\n" + second + b"\r\n--out", wanted)

    def test_a_long_head(self):
        wanted = mail(b"long head", b"".join(b"X-Field-%d: %s\r\n" % (n, b"x" * 400) for n in range(500)))
        with Imap(self.pabal, ALICE) as session:
            session.ok("CREATE Head")
            session.append("Head", wanted)
            session.ok("SELECT Head")
            head = wanted[:wanted.index(b"\r\n\r\n") + 4]
            self.assertGreater(len(head), 200_000)
            self.assertEqual(self.fetch(session, "BODY.PEEK[HEADER]"), head)
            self.assertEqual(self.fetch(session, "BODY.PEEK[HEADER]<199000.100>"), head[199_000:199_100])
            self.assertEqual(self.fetch(session, "BODY.PEEK[HEADER.FIELDS (X-Field-499)]"), b"X-Field-499: " + b"x" * 400 + b"\r\n\r\n")

    def test_top_of_a_large_mail(self):
        wanted = mail(b"top")
        with self.pabal.smtp() as client:
            client.sendmail("carol@busan.test", [BOB], wanted)
        stored = self.pabal.mails(BOB, 1)[-1]
        head, _, body = stored.partition(b"\r\n\r\n")
        with self.pabal.pop3(BOB, "pop3_plain") as client:
            number = client.stat()[0]
            for lines in (0, 1, 2000, 6000, 10_000_000):
                wanted = head + b"\r\n\r\n" + b"".join(body.splitlines(keepends=True)[:lines])
                found = b"\r\n".join(client.top(number, lines)[1]) + b"\r\n"
                self.assertTrue(found == wanted, lines)

    def test_urls_of_a_large_mail(self):
        wanted = mail(b"urls")
        with Imap(self.pabal, ALICE) as session:
            session.ok("CREATE Urls")
            session.append("Urls", wanted)
            session.ok("SELECT Urls")
            second = self.fetch(session, "BODY.PEEK[2]")
            session.ok("APPEND Urls CATENATE (TEXT {14+}\r\nSubject: x\r\n\r\n URL \"/Urls/;UID=1/;SECTION=2/;PARTIAL=10.70000\""
                       " URL \"/Urls/;UID=1/;SECTION=HEADER\" URL \"/Urls/;UID=1/;SECTION=2/;PARTIAL=70010\" URL \"/Urls/;UID=1\")")
            head = wanted[:wanted.index(b"\r\n\r\n") + 4]
            self.assertEqual(self.fetch(session, "BODY.PEEK[]", 2),
                             b"Subject: x\r\n\r\n" + second[10:70_010] + head + second[70_010:] + wanted)
