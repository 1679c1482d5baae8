"""What real mail and real clients hold that examples do not: NUL, addresses in every
form, messages in transfer encodings, UTF-8 in headers, searches as deep as they are
long, and rows of combining marks. Where RFCs leave a choice Dovecot is asked too."""

import re
import unittest
from base64 import b64encode
from email.mime.message import MIMEMessage
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText

from harness import ServerCase
from imap_response import parse
from imap_session import Imap
from peers import Dovecot

USER = "alice@seoul.test"


def crlf(text):
    return (text if isinstance(text, bytes) else text.encode()).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def item(session, command, name):
    """The value of one FETCH item, as lists and strings."""
    values = parse(session.ok(command)[0])[2]
    return dict(zip(values[::2], values[1::2]))[name]


class Place:
    def __init__(self, address, port, password):
        self.address, self.ports, self.passwords = address, {"imap_plain": port}, {USER: password}


class Unusual(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.class_server("seoul.test")

    def session(self):
        session = Imap(self.server, USER)
        self.addCleanup(session.close)
        return session

    def filled(self, mailbox, mails, literal8=False):
        session = self.session()
        session.ok(f"CREATE {mailbox}")
        for mail in mails:
            mail = crlf(mail)
            session.ok(f"APPEND {mailbox} {'~' if literal8 else ''}{{{len(mail)}+}}\r\n".encode() + mail)
        session.ok(f"SELECT {mailbox}")
        return session

    def dovecot(self, mails):
        """A session of Dovecot, in an INBOX with these mails in their order."""
        password = self.server.passwords[USER]
        dovecot = Dovecot("127.0.0.1", USER, password, [], "imap")
        self.addCleanup(dovecot.stop)
        session = Imap(Place("127.0.0.1", dovecot.port, password), USER)
        self.addCleanup(session.close)
        for mail in mails:
            session.append("INBOX", crlf(mail))
        session.ok("SELECT INBOX")
        return session


class Searches(Unusual):
    def test_ors_as_many_as_clients_make(self):
        session = self.filled("ors", [f"From: a{n}@b.test\nSubject: {n}\n\nx\n" for n in (7, 499, 600)])
        keys = [f"FROM a{n}@b.test" for n in range(501)]
        left = "OR " * 500 + " ".join(keys)
        right = " ".join(f"OR {key}" for key in keys[:-1]) + " " + keys[-1]
        closed = "(OR " * 500 + keys[0] + "".join(f" {key})" for key in keys[1:])
        open_ended = "".join(f"OR ({key}) (" for key in keys[:-1]) + keys[-1] + ")" * 500
        negated = "NOT (" + " ".join(f"NOT {key}" for key in keys) + ")"
        turned = "".join(f"NOT (NOT {key} " for key in keys[:-1]) + f"NOT {keys[-1]}" + ")" * 500
        for program, found in [(left, "1 2"), (right, "1 2"), (closed, "1 2"), (open_ended, "1 2"), (negated, "1 2"),
                               ("NOT " + left, "3"), (f"NOT ({right}) SUBJECT 600", "3"), ("NOT " * 999 + keys[7], "2 3")]:
            self.assertEqual(session.ok(f"SEARCH {program}"), [f"SEARCH {found}"], program[:60])
            self.assertEqual(session.ok(f"UID SORT (ARRIVAL) UTF-8 {program}"), [f"SORT {found}"], program[:60])
        self.assertEqual(len(session.ok(f"SEARCH {turned}")), 1)
        self.assertEqual(session.ok(f"THREAD ORDEREDSUBJECT UTF-8 {left}"), ["THREAD (1)(2)"])
        self.assertIn("COUNT 2", session.ok(f"ESEARCH IN (selected) RETURN (COUNT) {closed}")[0])
        _, tagged = session.ask("SEARCH " + "OR ALL " * 6000 + "ALL")
        self.assertTrue(tagged.startswith("NO [LIMIT] "), tagged)

    ADDRESSES = [
        'From: "Kim, Gil Dong" <kim@a.test> (at work)\nTo: Lee <lee (of the (old) team) @ b . test>\nSubject: 1\n\nx\n',
        "From: Team: ann@a.test,\n bob@b.test;\nCc: =?utf-8?B?6rmA6ri464+Z?= <gil@c.test>\nSubject: 2\n\nx\n",
        "From: carl@c.test (Carl the Great)\nTo: <@route.test:via@d.test>\nTo: second@e.test\nSubject: 3\n\nx\n",
    ]

    def test_addresses_are_those_of_the_envelope(self):
        keys = [('FROM "Kim, Gil Dong <kim@a.test>"', "1"), ("FROM kim@a.test", "1"), ('FROM "work"', ""),
                ("TO lee@b.test", "1"), ('TO "old"', ""), ("FROM bob@b.test", "2"), ("FROM team", "2"),
                ("FROM great", "3"), ("TO via@d.test", "3"), ("TO route", ""), ("TO second@e.test", "3"), ("FROM zoe", "")]
        ours, theirs = self.filled("addresses", self.ADDRESSES), self.dovecot(self.ADDRESSES)
        for key, numbers in keys:
            self.assertEqual(ours.ok(f"SEARCH {key}"), [f"SEARCH {numbers}".rstrip()], key)
            if "route" not in key and "," not in key:  # Dovecot looks at the route and at quotes as well
                self.assertEqual(theirs.ok(f"SEARCH {key}"), [f"SEARCH {numbers}".rstrip()], f"Dovecot: {key}")
        korean = "김길동".encode()
        self.assertEqual(ours.ok(b"SEARCH CHARSET UTF-8 CC {%d+}\r\n" % len(korean) + korean), ["SEARCH 2"])
        # HEADER and TEXT look at the field as it is written.
        self.assertEqual(ours.ok('SEARCH HEADER From "at work"'), ["SEARCH 1"])
        self.assertEqual(ours.ok('SEARCH TEXT "of the (old) team"'), ["SEARCH 1"])

    def test_order_is_that_of_unicode_casemap(self):
        subjects = ["_under", "zebra", "[x] Alpha", "apple", "Banana", "~tilde", "Éclair", "eclipse", "`tick", "éclair b",
                    "가나", "각", "ｚ wide", "{brace"]
        mails = [f"Subject: {subject}\nFrom: {n}@a.test\n\nx\n" for n, subject in enumerate(subjects)]
        mails += [f'Subject: same\nFrom: "{name}" <{local}@a.test>\nTo: {local}@b.test\n\nx\n'
                  for name, local in (("_a", "_a"), ("Zed", "Zed"), ("zoe", "ZOE"), ("[l]", "q_x"), ("Ärger", "qzx"))]
        ours, theirs = self.filled("order", mails), self.dovecot(mails)
        for criterion in ("SUBJECT", "FROM", "TO", "DISPLAYFROM", "REVERSE SUBJECT"):
            command = f"SORT ({criterion} ARRIVAL) UTF-8 ALL"
            self.assertEqual(ours.ok(command), theirs.ok(command), criterion)


class Octets(Unusual):
    def test_nul_is_never_in_a_literal(self):
        mail = b"Subject: nul\r\nFrom: a@b.test\r\n\r\n" + b"a\0b\0\0" * 10 + b"end\r\n"
        session = self.session()
        session.ok("CREATE nul")
        _, tagged = session.ask(b"APPEND nul {%d+}\r\n" % len(mail) + mail)
        self.assertTrue(tagged.startswith("BAD "), tagged)
        session.ok(b"APPEND nul ~{%d+}\r\n" % len(mail) + mail)
        session.ok("SELECT nul")
        sent = mail.replace(b"\0", b"\x80").decode("utf-8", "surrogateescape")
        self.assertEqual(item(session, "FETCH 1 RFC822.SIZE", "RFC822.SIZE"), str(len(mail)))
        self.assertEqual(item(session, "FETCH 1 BODY.PEEK[]", "BODY[]"), sent)
        body = sent.partition("\r\n\r\n")[2]
        self.assertEqual(item(session, "FETCH 1 BODY.PEEK[TEXT]<1.7>", "BODY[TEXT]<1>"), body[1:8])
        self.assertEqual(item(session, "FETCH 1 RFC822", "RFC822"), sent)
        self.assertEqual(item(session, "FETCH 1 BINARY.SIZE[1]", "BINARY.SIZE[1]"), str(len(body)))
        session.send("b1 FETCH 1 BINARY.PEEK[1]\r\n")
        line = session.file.readline()
        size = int(re.search(rb"BINARY\[1\] ~\{(\d+)\}", line)[1])
        self.assertEqual(session.file.read(size), mail.partition(b"\r\n\r\n")[2])
        session.until(lambda line: line.startswith("b1 OK"))

    def test_messages_in_a_transfer_encoding(self):
        inner = MIMEMultipart()
        inner["Subject"], inner["From"] = "inside", "in@side.test"
        inner.attach(MIMEText("a needle in it"))
        inner.attach(MIMEText("<p>second</p>", "html"))
        whole = crlf(inner.as_bytes())
        for encoding in ("base64", "quoted-printable"):
            encoded = crlf(b64encode(whole)) if encoding == "base64" else whole.replace(b"=", b"=3D")
            outer = MIMEMultipart()
            outer["Subject"] = "outside"
            part = MIMEMessage(inner)
            part.set_payload(encoded.decode())
            part["Content-Transfer-Encoding"] = encoding
            outer.attach(part)
            session = self.filled(f"encoded-{encoding[0]}", [outer.as_bytes()])
            structure = item(session, "FETCH 1 BODYSTRUCTURE", "BODYSTRUCTURE")[0]
            self.assertEqual(structure[:2] + structure[5:6], ["message", "rfc822", encoding])
            self.assertEqual(structure[7][1], "inside")
            self.assertEqual([one[:2] for one in structure[8][:2]], [["text", "plain"], ["text", "html"]])
            self.assertEqual(int(structure[6]), len(item(session, "FETCH 1 BODY.PEEK[1]", "BODY[1]").encode()))
            for section, number in (("1.1", 0), ("1.2", 1)):
                octets = item(session, f"FETCH 1 BODY.PEEK[{section}]", f"BODY[{section}]")
                self.assertEqual(len(octets), int(structure[8][number][6]))
            self.assertEqual(item(session, "FETCH 1 BODY.PEEK[1.1]<2.6>", "BODY[1.1]<2>"), "needle")
            head, _, text = whole.decode().partition("\r\n\r\n")
            self.assertEqual(item(session, "FETCH 1 BODY.PEEK[1.HEADER]", "BODY[1.HEADER]"), head + "\r\n\r\n")
            self.assertEqual(item(session, "FETCH 1 BODY.PEEK[1.TEXT]", "BODY[1.TEXT]").rstrip(), text.rstrip())
            self.assertEqual(session.ok("SEARCH BODY needle"), ["SEARCH 1"])
            self.assertEqual(session.ok("SEARCH BODY in@side.test"), ["SEARCH 1"])

    GLOBAL = """From: 김 <김@파발.test>
Subject: 파발 안내
To: <@one.test,@two.test:lee@b.test>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8; name="계약.txt"
Content-Disposition: attachment; filename="계약.txt"

x
--b
Content-Type: message/global

Subject: 안쪽

y
--b
Content-Type: message/global-headers

Subject: 안쪽
--b--
"""

    def test_utf8_as_it_is_for_who_takes_it(self):
        self.filled("global", [self.GLOBAL])
        for enabled in ("", "UTF8=ACCEPT", "IMAP4rev2"):
            session = self.session()
            if enabled:
                session.ok(f"ENABLE {enabled}")
            session.ok("SELECT global")
            envelope = item(session, "FETCH 1 ENVELOPE", "ENVELOPE")
            structure = item(session, "FETCH 1 BODYSTRUCTURE", "BODYSTRUCTURE")
            attachment, inner, headers = structure[:3]
            self.assertEqual(envelope[2][0][2], "김")
            self.assertEqual(envelope[5][0][1:], ["@one.test,@two.test", "lee", "b.test"])
            self.assertEqual(headers[7:], ["NIL"] * 4)
            if enabled:
                self.assertEqual([envelope[1], envelope[2][0][0], envelope[2][0][3]], ["파발 안내", "김", "파발.test"])
                self.assertIn("계약.txt", attachment[2])
                self.assertEqual(attachment[9], ["attachment", ["filename", "계약.txt"]])
            else:
                self.assertTrue(envelope[1].startswith("=?utf-8?B?"), envelope)
                self.assertEqual(envelope[2][0][3], "xn--ih3bl33b.test")
                self.assertEqual(attachment[9][1][0], "filename*")
            if enabled == "IMAP4rev2":
                self.assertEqual(inner[7][1], "안쪽")
            else:
                self.assertEqual(inner[7:], ["NIL"] * 4)

    def test_rows_of_combining_marks(self):
        """Of 400 kB of marks folding took 13 seconds, and the server could not be shut down meanwhile."""
        marks = "\u0316\u0301" * 100_000
        session = self.filled("marks", [f"Subject: a{marks}z needle\nFrom: {marks} <a@b.test>\n\n{marks} haystack\n"])
        for key in ("SUBJECT needle", "BODY haystack", "FROM a@b.test"):
            self.assertEqual(session.ok(f"SEARCH {key}"), ["SEARCH 1"], key)
        needle = f"a{marks[:50_000]}".encode()
        self.assertEqual(session.ok(b"SEARCH CHARSET UTF-8 SUBJECT {%d+}\r\n" % len(needle) + needle), ["SEARCH 1"])
        self.assertEqual(session.ok("SORT (SUBJECT FROM) UTF-8 ALL"), ["SORT 1"])
        self.assertEqual(session.ok("THREAD REFERENCES UTF-8 ALL"), ["THREAD (1)"])


class Names(Unusual):
    def test_names_with_wildcards_in_them(self):
        session = self.session()
        for name in ("100% sure", "a*b", "a*b/c%d"):
            session.ok(f'CREATE "{name}"')
        for pattern, names in [("100% sure", ["100% sure"]), ("a*b", ["a*b"]), ("*%d", ["a*b/c%d"]), ("a%", ["a*b"]),
                               ("a*b/%", ["a*b/c%d"])]:
            told = [parse(line)[-1] for line in session.ok(f'LIST "" "{pattern}"')]
            self.assertEqual(told, names, pattern)
        session.ok('RENAME "a*b" "50%*"')
        self.assertEqual([parse(line)[-1] for line in session.ok('LIST "" "50%*"')], ["50%*", "50%*/c%d"])
        session.ok('SUBSCRIBE "50%*"')
        self.assertIn("50%*", [parse(line)[-1] for line in session.ok('LSUB "" "50*"')])
        session.ok('SETACL "50%*" anyone lr')
        self.assertIn("anyone", session.ok('GETACL "50%*"')[0])
        session.ok('GETQUOTAROOT "50%*"')
        session.ok('STATUS "50%*" (MESSAGES)')
        session.append('"50%*"', b"Subject: x\r\n\r\nx\r\n")
        session.ok('SELECT "50%*"')
        self.assertIn("MESSAGES 1", session.ok('LIST "" "50%*" RETURN (STATUS (MESSAGES))')[1])
        session.ok("UNSELECT")
        session.ok('DELETE "50%*/c%d"')
        session.ok('DELETE "50%*"')
        self.assertEqual(session.ok('LIST "" "50%*"'), [])


if __name__ == "__main__":
    unittest.main()
