"""IMAP as a client sees it that keeps to the RFCs, as several see it at once, as
one that was away sees it again, and as the hostile and clumsy ones do."""

import base64
import hashlib
import hmac
import imaplib
import random
import re
import secrets
import ssl
import statistics
import threading
import time
import zlib

from harness import Authority, ServerCase, message, raw_base64, wait_until
from imap_session import Imap

DOMAIN = "seoul.test"
ALICE, BOB, CAROL = (f"{name}@{DOMAIN}" for name in ("alice", "bob", "carol"))
LISTENERS = ("imap", "imap_tls", "imap_plain")


def mail(subject="Hello", body="Hello.\r\n"):
    return message("sender@busan.test", ALICE, subject, body)


def number_in(pattern, lines):
    """The number that a response code or item has, in whichever response it stands."""
    return next(int(found[1]) for line in lines if (found := re.search(pattern, line)))


class Scram:
    """The client's side of SCRAM-SHA-256 (RFC 7677), with tls-server-end-point for PLUS (RFC 5929)."""

    def __init__(self, user, password, certificate=None):
        self._password = password.encode()
        self._header = "p=tls-server-end-point,," if certificate else "n,,"
        self._binding = self._header.encode() + (hashlib.sha256(certificate).digest() if certificate else b"")
        self._bare = f"n={user},r={secrets.token_hex(12)}"
        self._signature = None

    def first(self):
        return self._header + self._bare

    def final(self, server_first):
        fields = dict(field.split("=", 1) for field in server_first.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self._password, base64.b64decode(fields["s"]), int(fields["i"]))
        key = hmac.digest(salted, b"Client Key", "sha256")
        bare = f"c={base64.b64encode(self._binding).decode()},r={fields['r']}"
        signed = f"{self._bare},{server_first},{bare}".encode()
        proof = bytes(a ^ b for a, b in zip(key, hmac.digest(hashlib.sha256(key).digest(), signed, "sha256")))
        self._signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), signed, "sha256")
        return f"{bare},p={base64.b64encode(proof).decode()}"

    def check(self, server_final):
        assert base64.b64decode(server_final.removeprefix("v=")) == self._signature, server_final


class ImapCase(ServerCase):
    """One server for all tests; each test has a mailbox of its own."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal = cls.class_server(DOMAIN, accounts=("alice", "bob"), sections={
            "limits": {"message_octets_max": 12 << 20, "errors_max": 20}, "store": {"cache_octets": 1 << 20}})

    def session(self, user=ALICE, name="imap_plain", mailbox=None):
        session = Imap(self.pabal, user, name)
        self.addCleanup(session.close)
        if mailbox:
            session.ok(f"SELECT {mailbox}")
        return session

    def filled(self, mailbox, count):
        """A session that has a new mailbox open with so many mails, `mail 1` and so on."""
        session = self.session()
        session.ok(f"CREATE {mailbox}")
        for number in range(1, count + 1):
            session.append(mailbox, mail(f"mail {number}"))
        session.ok(f"SELECT {mailbox}")
        return session


class Login(ImapCase):
    def test_each_listener(self):
        for listener in LISTENERS:
            with self.subTest(listener=listener):
                with self.pabal.imap(ALICE, listener) as client:
                    self.assertEqual(client.select()[0], "OK")
                with self.pabal.imap(None, listener) as client:
                    secret = f"\0{ALICE}\0{self.pabal.passwords[ALICE]}".encode()
                    self.assertEqual(client.authenticate("PLAIN", lambda _: secret)[0], "OK")

    def test_initial_response(self):
        with Imap(self.pabal, name="imap_tls") as session:
            session.ok("AUTHENTICATE PLAIN " + raw_base64(f"\0{ALICE}\0{self.pabal.passwords[ALICE]}"))

    def scram(self, mechanism, password, certificate_of=lambda session: None, name="imap_tls"):
        session = self.session(None, name)
        scram = Scram(ALICE, password, certificate_of(session))
        session.send(f"a AUTHENTICATE {mechanism} {raw_base64(scram.first())}\r\n")
        challenge = session.line()
        self.assertTrue(challenge.startswith("+ "), challenge)
        session.send(raw_base64(scram.final(base64.b64decode(challenge[2:]).decode())) + "\r\n")
        answer = session.line()
        if answer.startswith("+ "):
            scram.check(base64.b64decode(answer[2:]).decode())
            session.send("\r\n")
            answer = session.line()
        return answer

    def test_scram(self):
        password = self.pabal.passwords[ALICE]
        self.assertRegex(self.scram("SCRAM-SHA-256", password), "^a OK")
        self.assertRegex(self.scram("SCRAM-SHA-256", password, name="imap_plain"), "^a OK")
        self.assertRegex(self.scram("SCRAM-SHA-256-PLUS", password, lambda s: s.socket.getpeercert(True)), "^a OK")
        # Somebody in between has a certificate of his own.
        self.assertRegex(self.scram("SCRAM-SHA-256-PLUS", password, lambda _: b"other"), r"^a NO \[AUTHENTICATIONFAILED\]")
        self.assertRegex(self.scram("SCRAM-SHA-256", "wrong"), r"^a NO \[AUTHENTICATIONFAILED\]")

    def test_no_password_without_tls(self):
        with Imap(self.pabal) as session:
            self.assertNotIn("LOGINDISABLED", session.greeting)
        session = Imap(self.pabal, port=self.pabal.ports["imap"])
        self.addCleanup(session.close)
        offered = session.ok("CAPABILITY")[0].split()
        self.assertIn("LOGINDISABLED", offered)
        self.assertIn("STARTTLS", offered)
        self.assertFalse([name for name in offered if name.startswith("AUTH=")])
        self.assertRegex(session.ask(f'LOGIN {ALICE} "{self.pabal.passwords[ALICE]}"')[1], r"^NO \[PRIVACYREQUIRED\]")
        self.assertRegex(session.ask("AUTHENTICATE PLAIN " + raw_base64(f"\0{ALICE}\0{self.pabal.passwords[ALICE]}"))[1],
                         r"^NO \[PRIVACYREQUIRED\]")
        session.start_tls(self.pabal)
        self.assertFalse({"STARTTLS", "LOGINDISABLED"} & set(session.ok("CAPABILITY")[0].split()))
        session.ok(f'LOGIN {ALICE} "{self.pabal.passwords[ALICE]}"')
        self.assertRegex(session.ask("STARTTLS")[1], "^BAD")

    def test_wrong_password(self):
        with self.assertRaisesRegex(imaplib.IMAP4.error, r"AUTHENTICATIONFAILED"):
            with self.pabal.imap() as client:
                client.login(ALICE, "wrong")

    def test_guessing_takes_longer_and_ends(self):
        session = self.session(None)
        begin = time.monotonic()
        for _ in range(2):
            session.ask(f"LOGIN {ALICE} wrong")
        self.assertGreater(time.monotonic() - begin, 2.9)  # 1 s and 2 s

    def test_unauthenticate(self):
        session = self.session(mailbox="INBOX")
        session.ok("UNAUTHENTICATE")
        self.assertRegex(session.ask("SELECT INBOX")[1], "^BAD")
        session.ok(f'LOGIN {BOB} "{self.pabal.passwords[BOB]}"')


class Commands(ImapCase):
    """By imaplib, as a program would."""

    def setUp(self):
        super().setUp()
        self.client = self.pabal.imap(ALICE, "imap")
        self.addCleanup(self.client.shutdown)
        self.box = f"box-{secrets.token_hex(4)}"
        self.mails = [mail(f"mail {n}", f"line {n}\r\n") for n in range(1, 6)]
        self.ok(self.client.create(self.box))
        for one in self.mails:
            self.ok(self.client.append(self.box, None, None, one))
        self.assertEqual(self.ok(self.client.select(self.box)), [b"5"])

    def ok(self, answer):
        self.assertEqual(answer[0], "OK", answer)
        return answer[1]

    def contents(self, mailbox):
        self.ok(self.client.select(mailbox))
        return [item[1] for item in self.ok(self.client.fetch("1:*", "(BODY.PEEK[])")) if isinstance(item, tuple)]

    def test_append_and_fetch(self):
        self.assertEqual(self.contents(self.box), self.mails)
        sizes = [int(re.search(rb"RFC822.SIZE (\d+)", item)[1]) for item in self.ok(self.client.fetch("1:*", "(RFC822.SIZE)"))]
        self.assertEqual(sizes, [len(one) for one in self.mails])
        self.ok(self.client.append(self.box, r"(\Flagged $Work)", '" 1-Feb-2024 10:00:00 +0900"', self.mails[0]))
        flags = self.ok(self.client.fetch("6", "(FLAGS INTERNALDATE)"))[0]
        self.assertIn(rb"\Flagged \Recent $Work", flags)
        self.assertEqual(imaplib.Internaldate2tuple(flags)[:6], time.localtime(1706749200)[:6])

    def test_the_same_bytes_whichever_way_they_are_read(self):
        """One after the other, all at once, every other one, and some that are gone meanwhile."""
        session, randomness = self.session(), random.Random(5)
        mails = [mail(f"number {n}", "x" * 70 + "\r\n" + "y" * randomness.choice((10, 3_000, 9_000, 80_000)) + "\r\n")
                 for n in range(300)]
        session.ok(f"CREATE {self.box}-2")
        for one in mails:
            session.append(f"{self.box}-2", one)
        self.assertEqual(self.contents(f"{self.box}-2"), mails)

        def fetch(numbers):
            answer = self.ok(self.client.fetch(numbers, "(ENVELOPE BODY.PEEK[])"))
            for head, _ in answer[::2]:
                self.assertIn(f'"number {int(head.split()[0]) - 1}"'.encode(), head)
            return [item[1] for item in answer[::2]]

        self.assertEqual([fetch(str(n + 1)) for n in range(100)], [[one] for one in mails[:100]])
        self.assertEqual(fetch(",".join(str(n) for n in range(1, 301, 2))), mails[::2])
        self.assertEqual([fetch(str(n)) for n in (200, 199, 198)], [[mails[n]] for n in (199, 198, 197)])
        session.ok(f"SELECT {self.box}-2")
        fetch("50")
        session.ok(r"STORE 52:299 +FLAGS.SILENT (\Deleted)")
        session.ok("EXPUNGE")
        self.assertEqual(fetch("51"), [mails[50]])
        self.ok(self.client.noop())
        self.assertEqual(self.ok(self.client.fetch("52", "(BODY.PEEK[])"))[0][1], mails[299])

    def test_reading_marks_as_seen(self):
        self.ok(self.client.fetch("1", "(BODY[TEXT])"))
        self.ok(self.client.fetch("2", "(BODY.PEEK[TEXT])"))
        self.assertEqual(self.ok(self.client.search(None, "SEEN")), [b"1"])

    def test_store_and_expunge(self):
        self.ok(self.client.store("2:3", "+FLAGS", r"(\Deleted Later)"))
        self.ok(self.client.store("3", "-FLAGS", r"(\Deleted)"))
        self.assertEqual(self.ok(self.client.search(None, "KEYWORD", "later")), [b"2 3"])
        self.assertEqual(self.ok(self.client.expunge()), [b"2"])
        self.assertEqual(self.contents(self.box), [m for n, m in enumerate(self.mails, 1) if n != 2])

    def test_copy_and_move(self):
        other = self.box + "/other"
        self.assertRegex(self.client.copy("1", other)[1][0], rb"TRYCREATE")
        self.ok(self.client.create(other))
        self.ok(self.client.copy("1,3", other))
        self.assertRegex(self.client.response("COPYUID")[1][0], rb"^\d+ 1,3 1:2$")
        self.ok(self.client._simple_command("MOVE", "2,5", other))
        self.assertEqual(self.contents(self.box), [self.mails[n - 1] for n in (1, 3, 4)])
        self.assertEqual(self.contents(other), [self.mails[n - 1] for n in (1, 3, 2, 5)])

    def test_search_sort_thread(self):
        self.assertEqual(self.ok(self.client.search("UTF-8", "SUBJECT", '"mail 3"')), [b"3"])
        self.assertEqual(self.ok(self.client.uid("SEARCH", "BODY", '"line 4"')), [b"4"])
        self.assertEqual(self.ok(self.client.sort("(REVERSE SUBJECT)", "UTF-8", "ALL")), [b"5 4 3 2 1"])
        self.assertEqual(self.ok(self.client.thread("ORDEREDSUBJECT", "UTF-8", "SUBJECT", "mail")), [b"(1)(2)(3)(4)(5)"])

    def test_folders(self):
        encoded = f'"{self.box}/&xMW7NA-"'  # 업무
        self.ok(self.client.create(encoded))
        listed = self.ok(self.client.list(f'"{self.box}/"', '"*"'))
        self.assertEqual(len(listed), 1, listed)
        self.assertIn(encoded.strip('"').encode(), listed[0])
        self.ok(self.client.subscribe(encoded))
        self.assertEqual(len(self.ok(self.client.lsub(f'"{self.box}/"', '"*"'))), 1)
        self.ok(self.client.rename(self.box, self.box + "-new"))
        self.ok(self.client.delete(f'"{self.box}-new/&xMW7NA-"'))
        self.assertIn(b"MESSAGES 5", self.ok(self.client.status(self.box + "-new", "(MESSAGES UIDNEXT)"))[0])

    def test_special_folders_are_there(self):
        for name in ("Drafts", "Sent", "Trash", "Junk", "Archive"):
            listed = self.ok(self.client.list('""', name))
            self.assertIn(b"\\" + name.encode(), listed[0])
        self.assertEqual(self.ok(self.client.namespace())[0].split(b" ((")[0], b'(("" "/"))')

    def test_close_expunges_and_unselect_does_not(self):
        self.ok(self.client.store("1", "+FLAGS", r"(\Deleted)"))
        self.ok(self.client.unselect())
        self.assertEqual(self.ok(self.client.select(self.box)), [b"5"])
        self.ok(self.client.close())
        self.assertEqual(self.ok(self.client.select(self.box, readonly=True)), [b"4"])
        self.assertEqual(self.client.store("1", "+FLAGS", r"(\Seen)")[0], "NO")


class Sharing(ImapCase):
    """Several at one mailbox, or one who was away."""

    def test_flags_and_arrivals(self):
        one, two = self.filled("seen-by-both", 3), self.session(mailbox="seen-by-both")
        one.ok(r"STORE 2 +FLAGS (\Flagged Blue)")
        told = two.until_told("NOOP", lambda line: "FETCH" in line)
        self.assertTrue(any(re.match(r"2 FETCH \(.*\\Flagged Blue", line) for line in told), told)
        octets = mail("mail 4")
        self.assertIn("4 EXISTS", one.ok(f"APPEND seen-by-both {{{len(octets)}+}}\r\n".encode() + octets))
        self.assertIn("4 EXISTS", two.until_told("NOOP", lambda line: "EXISTS" in line))

    def test_numbers_change_only_where_they_may(self):
        one, two = self.filled("numbers", 4), self.session(mailbox="numbers")
        one.ok(r"STORE 1 +FLAGS (\Deleted)")
        one.ok("EXPUNGE")
        for command in ("FETCH 2:4 (UID)", r"STORE 2 +FLAGS.SILENT (\Seen)", "SEARCH ALL"):
            self.assertFalse([line for line in two.ok(command) if "EXPUNGE" in line], command)
        self.assertEqual([line for line in two.ok("FETCH 4 (UID)")], ["4 FETCH (UID 4)"])
        two.until_told("NOOP", lambda line: line == "1 EXPUNGE")
        self.assertEqual(two.ok("FETCH 3 (UID)"), ["3 FETCH (UID 4)"])

    def test_close_expunges_what_others_have_marked(self):
        one, two = self.filled("closed", 3), self.session(mailbox="closed")
        one.ok(r"STORE 2 +FLAGS (\Deleted)")
        two.ok("CLOSE")
        self.assertEqual(number_in(r"^(\d+) EXISTS", two.ok("SELECT closed")), 2)

    def test_a_mailbox_that_another_has_deleted(self):
        one, two = self.filled("doomed", 1), self.session(mailbox="INBOX")
        two.ok("DELETE doomed")
        untagged, tagged = one.ask(r"STORE 1 +FLAGS (\Seen kw1)")
        self.assertEqual(untagged, ["BYE the mailbox was deleted"])
        self.assertRegex(tagged, r"^NO \[NONEXISTENT\]")
        self.assertEqual(one.line(), "")

    def test_reading_marks_what_another_has_unmarked(self):
        one, two = self.filled("read-again", 1), self.session(mailbox="read-again")
        one.ok(r"STORE 1 +FLAGS (\Seen)")
        two.ok("NOOP")
        one.ok(r"STORE 1 -FLAGS (\Seen)")
        two.ok("FETCH 1 BODY[]")
        one.until_told("NOOP", lambda line: line.startswith("1 FETCH") and r"\Seen" in line)

    def test_mail_is_announced_at_once(self):
        session = self.session(BOB, "imap_tls", "INBOX")
        there = number_in(r"^(\d+) EXISTS", session.ok("SELECT INBOX"))
        session.send("i IDLE\r\n")
        self.assertTrue(session.line().startswith("+"))
        waits = []
        with self.pabal.smtp() as client:
            for number in range(1, 21):
                client.sendmail("alice@busan.test", [BOB], message("alice@busan.test", BOB, f"mail {number}"))
                accepted = time.monotonic()
                session.until(lambda line: line == f"* {there + number} EXISTS")
                waits.append(time.monotonic() - accepted)
        session.send("DONE\r\n")
        session.until(lambda line: line.startswith("i OK"))
        # It is told and not found by looking now and then; how fast is what the bench measures.
        self.assertLess(statistics.median(waits), 0.5, waits)

    def test_idle_tells_of_flags_and_expunges(self):
        idle, other = self.filled("idle", 3), self.session(mailbox="idle")
        idle.send("i IDLE\r\n")
        idle.line()
        other.ok(r"STORE 3 +FLAGS (\Deleted)")
        idle.until(lambda line: line.startswith("* 3 FETCH") and r"\Deleted" in line)
        other.ok("EXPUNGE")
        idle.until(lambda line: line == "* 3 EXPUNGE")
        idle.send("DONE\r\n")
        idle.until(lambda line: line.startswith("i OK"))

    def test_idle_misses_nothing(self):
        """Changes that come while the one before is being told; each round is another race."""
        idle, other = self.filled("races", 0), self.session(mailbox="races")
        octets = mail()
        for _ in range(40):
            idle.send("i IDLE\r\n")
            other.ok(f"APPEND races {{{len(octets)}+}}\r\n".encode() + octets)
            for command in (r"STORE 1 +FLAGS (\Answered)", r"STORE 1 +FLAGS (\Deleted)", "EXPUNGE"):
                other.ok(command)
            idle.until(lambda line: line == "* 1 EXPUNGE")
            idle.send("DONE\r\n")
            idle.until(lambda line: line.startswith("i OK"))

    def test_qresync(self):
        away, other = self.filled("resync", 10), self.session(mailbox="resync")
        away.ok("ENABLE QRESYNC")
        opened = away.ok("SELECT resync")
        validity, modseq = number_in(r"\[UIDVALIDITY (\d+)\]", opened), number_in(r"\[HIGHESTMODSEQ (\d+)\]", opened)
        away.close()
        other.ok(r"STORE 2,5:6 +FLAGS (\Deleted)")
        other.ok("EXPUNGE")
        other.ok(r"STORE 1 +FLAGS (\Seen)")
        other.append("resync", mail("mail 11"))
        back = self.session()
        back.ok("ENABLE QRESYNC")
        # RFC 7162 §3.2.5.1: of those that it says to know, nothing else.
        told = back.ok(f"SELECT resync (QRESYNC ({validity} {modseq} 1:4))")
        self.assertIn("VANISHED (EARLIER) 2", told)
        told = back.ok(f"SELECT resync (QRESYNC ({validity} {modseq}))")
        self.assertIn("VANISHED (EARLIER) 2,5:6", told)
        fetched = {int(found[1]): found[2] for line in told if (found := re.match(r"\d+ FETCH \(UID (\d+) FLAGS \((.*?)\)", line))}
        self.assertEqual(fetched, {1: r"\Seen", 11: ""})
        # What it has now is what a newcomer sees.
        now = number_in(r"\[HIGHESTMODSEQ (\d+)\]", told)
        self.assertFalse([line for line in back.ok(f"SELECT resync (QRESYNC ({validity} {now} 1:11))")
                          if line.startswith("VANISHED") or " FETCH " in line])
        # Another UIDVALIDITY: nothing of what it knew counts.
        self.assertFalse([line for line in back.ok(f"SELECT resync (QRESYNC ({validity + 1} {modseq} 1:10))")
                          if line.startswith("VANISHED")])

    def test_compressed(self):
        session = self.filled("compressed", 1)
        session.send("c COMPRESS DEFLATE\r\n")
        self.assertTrue(session.line().startswith("c OK"))
        pack, unpack = zlib.compressobj(9, zlib.DEFLATED, -15), zlib.decompressobj(-15)
        session.send(pack.compress(b"f FETCH 1 (BODY.PEEK[])\r\n") + pack.flush(zlib.Z_SYNC_FLUSH))
        got = b""
        while b"f OK" not in got:
            block = session.socket.recv(65536)
            self.assertTrue(block, got)
            got += unpack.decompress(block)
        self.assertIn(b"Subject: mail 1\r\n", got)


class Limits(ImapCase):
    """Quota, and rights on the mailboxes of others."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal.add_account(CAROL, "--quota", "100KiB")

    def carol(self):
        """The server may take two seconds to see a new account."""
        def made():
            try:
                return self.session(CAROL)
            except AssertionError:
                return None
        return wait_until(made, "carol can log in")

    def test_quota(self):
        session = self.carol()
        root, quota = session.ok("GETQUOTAROOT INBOX")
        self.assertEqual(root, f"QUOTAROOT INBOX {CAROL}")
        self.assertRegex(quota, rf"^QUOTA {CAROL} \(STORAGE 0 100 MESSAGE 0 \d+\)$")
        session.append("INBOX", mail(body="x" * 60_000 + "\r\n"))
        big = mail(body="x" * 60_000 + "\r\n")
        self.assertRegex(session.ask(f"APPEND INBOX {{{len(big)}+}}\r\n".encode() + big)[1], r"^NO \[OVERQUOTA\]")
        session.ok("SELECT INBOX")
        self.assertRegex(session.ask("COPY 1 Archive")[1], r"^NO \[OVERQUOTA\]")
        session.ok("MOVE 1 Archive")
        self.assertRegex(session.ok(f"GETQUOTA {CAROL}")[0], r"\(STORAGE 59 100 MESSAGE 1 \d+\)$|\(STORAGE 60 100 MESSAGE 1 \d+\)$")
        self.assertRegex(session.ask(f"SETQUOTA {CAROL} (STORAGE 1000)")[1], "^NO")

    def test_acl(self):
        owner, reader = self.filled("shared", 2), self.session(BOB)
        theirs = f'"Other Users/{ALICE}/shared"'
        self.assertRegex(reader.ask(f"SELECT {theirs}")[1], r"^NO \[NONEXISTENT\]")
        owner.ok(f"SETACL shared {BOB} lr")
        self.assertIn(f"ACL shared {ALICE}", owner.ok("GETACL shared")[0])
        self.assertEqual(reader.ok(f"MYRIGHTS {theirs}"), [f"MYRIGHTS {theirs} lr"])
        self.assertTrue(any(theirs in line for line in reader.ok('LIST "" "Other Users/*"')))
        self.assertTrue(any("EXISTS" in line for line in reader.ok(f"SELECT {theirs}")))
        self.assertIn("Subject: mail 1", reader.ok("FETCH 1 (BODY[HEADER.FIELDS (SUBJECT)])")[0])
        self.assertRegex(reader.ask(r"STORE 1 +FLAGS (\Flagged)")[1], "^NO")
        self.assertRegex(reader.ask(f"APPEND {theirs} {{5+}}\r\nA: b\n")[1], "^NO")
        self.assertRegex(reader.ask(f"DELETE {theirs}")[1], "^NO")
        owner.ok(f"SETACL shared {BOB} +ws")
        reader.ok(f"SELECT {theirs}")  # what was opened for reading only stays so
        reader.ok(r"STORE 1 +FLAGS (\Flagged)")
        self.assertEqual(owner.until_told("NOOP", lambda line: "FETCH" in line)[-1], r"1 FETCH (UID 1 FLAGS (\Flagged))")
        owner.ok(f"DELETEACL shared {BOB}")
        reader.send("x NOOP\r\n")
        self.assertEqual(reader.until(lambda line: "BYE" in line)[-1], "* BYE you may no longer read this mailbox")
        reader = self.session(BOB)
        self.assertRegex(reader.ask(f"STATUS {theirs} (MESSAGES)")[1], r"^NO \[NONEXISTENT\]")


class Hostile(ImapCase):
    def test_a_literal_too_big_is_refused_before_it_is_read(self):
        session = self.session()
        for size, answer in ((100 << 20, r"^x NO \[TOOBIG\]"), (10**18, r"^x NO \[TOOBIG\]"), (10**30, "^x (BAD|NO)")):
            session.send(f"x APPEND INBOX {{{size}}}\r\n")
            self.assertRegex(session.line(), answer)  # and no "+": it is not waited for
        session.send(f"x SEARCH TEXT {{{1 << 20}}}\r\n")
        self.assertRegex(session.line(), r"^x BAD \[TOOBIG\]")
        session.ok("NOOP")
        with Imap(self.pabal) as stranger:
            stranger.send("x LOGIN {100000}\r\n")
            self.assertRegex(stranger.line(), r"^x BAD \[TOOBIG\]")

    def test_what_does_not_wait_is_read_past(self):
        session = self.session()
        octets = b"x" * (13 << 20)
        session.send(f"x APPEND INBOX {{{len(octets)}+}}\r\n".encode() + octets + b"\r\n")
        self.assertRegex(session.line(), r"^x NO \[TOOBIG\]")
        session.ok("NOOP")

    def test_nothing_is_taken_from_before_tls(self):
        with Imap(self.pabal, port=self.pabal.ports["imap"]) as session:
            session.send("a STARTTLS\r\nb NOOP\r\nc LOGOUT\r\n")
            self.assertRegex(session.line(), r"^\* BYE")
            self.assertEqual(session.line(), "")

    def test_a_long_line(self):
        session = self.session()
        session.send("x SEARCH " + "ANSWERED " * 12_000 + "SEEN\r\n")
        self.assertRegex(session.line(), "^x BAD")
        session.ok("NOOP")
        with Imap(self.pabal) as stranger:
            stranger.send("y" * 100_000 + "\r\n")
            self.assertRegex(stranger.line(), r"^(\*|y+) BAD")

    def test_nesting(self):
        session = self.filled("nested", 0)
        for keys in ("(" * 20_000, "OR " * 20_000 + "ALL", "NOT " * 15_000 + "ALL"):
            answer = session.ask("SEARCH " + keys)[1]
            self.assertRegex(answer, "^(BAD|NO)", keys[:20])
        deep = "".join(f"Content-Type: multipart/mixed; boundary=b{n}\r\n\r\n--b{n}\r\n" for n in range(5000)).encode()
        session.append("nested", b"Subject: deep\r\n" + deep + b"\r\nend\r\n")
        session.ok("NOOP")
        structure = session.ok("FETCH 1 (BODYSTRUCTURE ENVELOPE RFC822.SIZE)")
        self.assertIn("BODYSTRUCTURE", structure[-1])
        session.ok("FETCH 1 (BODY.PEEK[" + ".".join(["1"] * 99) + "])")
        self.assertRegex(session.ask("FETCH 1 (BODY.PEEK[" + ".".join(["1"] * 2000) + "])")[1], "^(BAD|NO)")

    def test_nonsense_ends_the_session(self):
        session = self.session()
        answers = []
        session.send("".join(f"n{n} BOGUS\r\n" for n in range(30)))
        while line := session.line():
            answers.append(line)
        self.assertTrue(all(re.match(r"n\d+ BAD", line) for line in answers[:-1]), answers)
        self.assertRegex(answers[-1], r"^\* BYE")
        self.assertEqual(len(answers), 21)

    def resident(self):
        with open(f"/proc/{self.pabal.process.pid}/status", encoding="ascii") as status:
            return int(re.search(r"VmRSS:\s+(\d+) kB", status.read())[1]) << 10

    def test_a_client_that_does_not_read(self):
        session = self.filled("unread", 0)
        session.append("unread", mail(body=("x" * 998 + "\r\n") * 8000))
        session.ok("NOOP")
        others = self.session(mailbox="unread")
        before = self.resident()
        session.send("".join(f"u{n} FETCH 1 (BODY.PEEK[])\r\n" for n in range(500)))  # 4 GB
        for _ in range(20):
            others.ok("FETCH 1 (FLAGS UID)")
            time.sleep(0.05)
        self.assertLess(self.resident() - before, 64 << 20)
        # It may go on as if nothing had been.
        self.assertIn("BODY[] {", session.line())

    def test_it_stops_while_somebody_does_not_read(self):
        server = self.server("jeju.test", accounts=("alice",), sections={"limits": {"drain_timeout": "1s"}})
        with Imap(server, "alice@jeju.test") as session:
            session.append("INBOX", mail(body=("x" * 998 + "\r\n") * 8000))
            session.ok("SELECT INBOX")
            session.send("".join(f"u{n} FETCH 1 (BODY.PEEK[])\r\n" for n in range(100)))
            session.file.read(100)
            server.stop()

    def test_memory_does_not_grow_with_what_is_fetched(self):
        size, items = 4 << 20, 60
        session = self.session()
        session.ok("CREATE large")
        session.append("large", mail(body=("x" * 76 + "\r\n") * (size // 78)))
        session.ok("SELECT large")
        session.ok("FETCH 1 (BODY.PEEK[])")
        before = self.resident()
        for wanted in (" ".join(["BODY.PEEK[]"] * items),
                       " ".join(f"BODY.PEEK[]<{offset}.{size}>" for offset in range(items)),
                       " ".join(f"BINARY.PEEK[1]<{offset}.{size}>" for offset in range(items))):
            with self.subTest(wanted=wanted[:30]):
                session.send(f"a FETCH 1 ({wanted})\r\n")
                received, tail, most = 0, b"", 0
                while b"\r\na " not in tail:
                    octets = session.socket.recv(1 << 20)
                    self.assertTrue(octets, "the server has closed")
                    received += len(octets)
                    tail = (tail + octets)[-200:]
                    most = max(most, self.resident())
                self.assertIn(b"\r\na OK", tail)
                # What is asked for twice is answered once.
                self.assertLess(received, 2 * size) if wanted.endswith("[]") else self.assertGreater(received, 50 * size)
                self.assertLess(most - before, 10 * size)


class Crash(ServerCase):
    def test_what_was_promised_is_there(self):
        """SIGKILL while three sessions append; each OK counts."""
        server = self.server(DOMAIN)
        kept, validity = {}, None
        for round_ in range(4):
            ended = []
            threads = [threading.Thread(target=self.append_until_it_dies, args=(server, f"{round_}.{n}", kept, ended))
                       for n in range(3)]
            for thread in threads:
                thread.start()
            many = len(kept) + 30
            wait_until(lambda: len(kept) >= many, "some mails were appended")
            time.sleep(random.random() / 20)
            server.kill()
            for thread in threads:
                thread.join()
            server.start()
            with Imap(server, ALICE) as session:
                opened = session.ok("SELECT INBOX")
                validity = validity or number_in(r"\[UIDVALIDITY (\d+)\]", opened)
                self.assertEqual(number_in(r"\[UIDVALIDITY (\d+)\]", opened), validity)
                next_uid = number_in(r"\[UIDNEXT (\d+)\]", opened)
                found = {}
                last = 0
                for line in session.ok("UID FETCH 1:* (UID BODY.PEEK[])"):
                    uid, octets = int(re.search(r"UID (\d+)", line)[1]), line.partition("\r\n")[2]
                    self.assertGreater(uid, last)
                    last = uid
                    found[uid] = octets
                self.assertGreater(next_uid, last)
                self.assertGreater(next_uid, max(kept))
                for uid, octets in kept.items():
                    self.assertTrue(found.get(uid, "").startswith(octets.decode()), (uid, found.get(uid)))
                session.ok("NOOP")

    @staticmethod
    def append_until_it_dies(server, name, kept, ended):
        try:
            with Imap(server, ALICE) as session:
                for number in range(10_000):
                    octets = mail(f"mail {name}.{number}", "x" * 70 + "\r\n" * (number % 200))
                    uid = session.append("INBOX", octets)
                    assert uid not in kept, uid
                    kept[uid] = octets
        except (OSError, AssertionError, ssl.SSLError) as error:
            ended.append(error)
