"""SEARCH, SORT, THREAD and ESEARCH of a real server: the examples of the RFCs on
mails that have what they ask for, and Korean in every form that mail has it in."""

import re
import unicodedata
import unittest
from base64 import b64encode
from quopri import encodestring

from harness import ServerCase, wait_until
from imap_session import Imap

USER = "alice@seoul.test"


def mail(subject, sender="Fred Foobar <foobar@seoul.test>", body="Hello.\r\n", date="Mon, 7 Feb 1994 21:52:25 -0800",
         to="mooch@seoul.test", more=""):
    """Bytes; subject and body may be bytes already."""
    head = f"Date: {date}\r\nFrom: {sender}\r\nTo: {to}\r\n{more}Subject: ".encode()
    body = body if isinstance(body, bytes) else body.encode()
    separator = b"" if body.startswith(b"\r\n") else b"\r\n"
    return head + (subject if isinstance(subject, bytes) else subject.encode()) + b"\r\n" + separator + body


def word(text, charset, form):
    octets = text.encode(charset)
    if form == "B":
        return f"=?{charset}?B?{b64encode(octets).decode()}?="
    return f"=?{charset}?Q?" + "".join(f"={octet:02X}" for octet in octets) + "?="


def part(text, charset, encoding):
    """What stands behind the other fields: MIME fields and the body."""
    octets = text.encode(charset)
    octets = b64encode(octets) if encoding == "base64" else encodestring(octets) if encoding == "quoted-printable" else octets
    head = f"MIME-Version: 1.0\r\nContent-Type: text/plain; charset={charset}\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n"
    return head.encode() + octets.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


# Place = message number = UID, from 1 on: (mail, flags, internal date).
MAILS = [
    (mail("afternoon meeting", more="Message-ID: <one@seoul.test>\r\n"), r"\Flagged", "07-Feb-1994 12:00:00 +0000"),
    (mail("Re: afternoon meeting", "Smith <smith@seoul.test>", date="Tue, 8 Feb 1994 10:00:00 +0000",
          more="Message-ID: <two@seoul.test>\r\nReferences: <one@seoul.test>\r\n"),
     r"\Flagged", "08-Feb-1994 12:00:00 +0000"),
    (mail("lunch", "Adam <adam@seoul.test>", "frobozz " * 800, date="Wed, 9 Feb 1994 10:00:00 +0000"),
     r"\Seen \Deleted", "09-Feb-1994 12:00:00 +0000"),
    (mail("Re: afternoon meeting", "Zoe <zoe@seoul.test>", date="Thu, 10 Feb 1994 10:00:00 +0000",
          more="Message-ID: <four@seoul.test>\r\nReferences: <one@seoul.test>\r\nCc: boss@seoul.test\r\n"),
     "$Junk", "01-Jan-2005 12:00:00 +0000"),
    (mail("Fwd: lunch", "eric@seoul.test", date="Thu, 1 Jan 2026 00:30:00 +0900",
          more="Message-ID: <five@seoul.test>\r\nIn-Reply-To: <two@seoul.test>\r\n"),
     r"\Draft \Answered", "02-Jan-2026 12:00:00 +0000"),
]

TEXT, OTHER = "주간회의 안내", "다음 주 업무보고"
NFD = unicodedata.normalize("NFD", TEXT)


class LongSearch(ServerCase):
    def test_a_long_search_says_how_far_it_is(self):
        """RFC 9585, with an interval that makes every search a long one."""
        server = self.server("seoul.test", sections={"imap": {"progress_interval": "1ms"}})
        session = Imap(server, USER)
        self.addCleanup(session.close)
        session.ok("CREATE many")
        mail = b"Subject: one of many\r\nFrom: a@seoul.test\r\n\r\nThe same again.\r\n"
        for _ in range(4):
            session.ok(b"APPEND many" + b" ".join([b""] + [b"{%d+}\r\n" % len(mail) + mail] * 900))
        session.ok("SELECT many")
        for command in ("SEARCH BODY again", "SORT (SUBJECT) UTF-8 BODY again", "THREAD REFERENCES UTF-8 ALL",
                        "ESEARCH IN (selected) BODY again"):
            lines = session.ok(command, tag="long1")
            told = [tuple(map(int, found.groups())) for line in lines
                    if (found := re.match(r'OK \[INPROGRESS \("long1" (\d+) (\d+)\)\] ', line))]
            self.assertTrue(told, (command, lines))
            self.assertTrue(all(0 < done < goal == 3600 for done, goal in told), told)


class ImapSearch(ServerCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server = cls.class_server("seoul.test")

    def session(self, mailbox=None):
        session = Imap(self.server, USER)
        self.addCleanup(session.close)
        if mailbox:
            session.ok(f"SELECT {mailbox}")
        return session

    def filled(self, mailbox, mails):
        """A session in a new mailbox with these mails."""
        session = self.session()
        session.ok(f"CREATE {mailbox}")
        for one, flags, date in mails:
            session.append(mailbox, one, flags, date)
        session.ok(f"SELECT {mailbox}")
        return session

    def test_keys(self):
        session = self.filled("keys", MAILS)
        for keys, numbers in [
                # RFC 3501 §6.4.4, RFC 9051 §6.4.4
                ('FLAGGED SINCE 1-Feb-1994 NOT FROM "Smith"', "1"), ('TEXT "string not in mailbox"', ""),
                ("ALL", "1 2 3 4 5"), ("ANSWERED", "5"), ("DELETED", "3"), ("DRAFT", "5"), ("FLAGGED", "1 2"), ("SEEN", "3"),
                ("UNANSWERED", "1 2 3 4"), ("UNDELETED", "1 2 4 5"), ("UNDRAFT", "1 2 3 4"), ("UNFLAGGED", "3 4 5"),
                ("UNSEEN", "1 2 4 5"), ("KEYWORD $junk", "4"), ("UNKEYWORD $Junk", "1 2 3 5"), ("KEYWORD $None", ""),
                ("NEW", "1 2 4 5"), ("OLD", ""), ("RECENT", "1 2 3 4 5"),
                ("BEFORE 8-Feb-1994", "1"), ("ON 8-Feb-1994", "2"), ("SINCE 9-Feb-1994", "3 4 5"),
                ("SENTBEFORE 8-Feb-1994", "1"), ("SENTON 7-Feb-1994", "1"), ("SENTON 1-Jan-2026", "5"),
                ("SENTSINCE 10-Feb-1994", "4 5"), ("BODY frobozz", "3"), ("TEXT FROBOZZ", "3"), ("SUBJECT meeting", "1 2 4"),
                ("FROM smith", "2"), ("TO mooch", "1 2 3 4 5"), ("CC boss", "4"), ("BCC boss", ""),
                ('HEADER In-Reply-To ""', "5"), ("HEADER Message-ID seoul.test", "1 2 4 5"), ("LARGER 4000", "3"),
                ("SMALLER 4000", "1 2 4 5"), ("OR SEEN FLAGGED", "1 2 3"), ("OR (SEEN DELETED) (DRAFT ANSWERED)", "3 5"),
                ("NOT (OR SEEN FLAGGED)", "4 5"), ("2:4", "2 3 4"), ("UID 3:*", "3 4 5"), ("10:20", ""), ("*", "5"), ("4,2", "2 4"),
                # RFC 5032
                ("YOUNGER 259200", ""), ("OLDER 259200", "1 2 3 4 5"), ("YOUNGER 4294967295", "1 2 3 4 5"),
                # RFC 8514
                ("SAVEDATESUPPORTED", "1 2 3 4 5"), ("SAVEDSINCE 1-Jan-1995", "1 2 3 4 5"), ("SAVEDBEFORE 1-Jan-1995", ""),
                # RFC 8474
                ("THREADID T64b478a75b7ea9", ""), ("EMAILID M0", "")]:
            with self.subTest(keys=keys):
                self.assertEqual(session.ok(f"SEARCH {keys}"), [f"SEARCH {numbers}".rstrip()])
                self.assertEqual(session.ok(f"UID SEARCH {keys}"), [f"SEARCH {numbers}".rstrip()])
        saved = session.ok("FETCH 1 (EMAILID SAVEDATE)")[0]
        day = re.search(r'SAVEDATE " ?([^ ]+) ', saved)[1]
        self.assertEqual(session.ok("SEARCH EMAILID " + re.search(r"EMAILID \((.*?)\)", saved)[1]), ["SEARCH 1"])
        self.assertEqual(session.ok(f"SEARCH SAVEDON {day}"), ["SEARCH 1 2 3 4 5"])
        untagged, tagged = session.ask("SEARCH CHARSET X-NONE ALL")
        self.assertEqual((untagged, tagged.split("]")[0]), ([], "NO [BADCHARSET (UTF-8 US-ASCII)"))

    def test_thread_ids(self):
        """RFC 8474 §5.2: the same at once, in a copy, and when the first mail is gone."""
        def threads(session):
            found = [re.search(r"EMAILID \(M(\d+)\) THREADID \((T\d+)\)", line)
                     for line in session.ok("FETCH 1:* (EMAILID THREADID)")]
            return [each[2] for each in found]

        session = self.filled("conversations", MAILS)
        first = threads(session)
        self.assertEqual([first.index(each) for each in first], [0, 0, 2, 0, 4])
        self.assertEqual(session.ok(f"SEARCH THREADID {first[0]}"), ["SEARCH 1 2 4"])
        self.assertEqual(session.ok(f"SEARCH THREADID {first[0]} SUBJECT lunch"), ["SEARCH"])
        self.assertEqual(session.ok(f"SEARCH NOT THREADID {first[0]} BODY frobozz"), ["SEARCH 3"])
        self.assertEqual(session.ok(f"SEARCH THREADID {first[0]} CC boss"), ["SEARCH 4"])
        self.assertEqual(session.ok(f"UID SEARCH RETURN (ALL) THREADID {first[2]}", "T1"), ['ESEARCH (TAG "T1") UID ALL 3'])
        session.ok("COPY 1:* Archive")
        session.ok("SELECT Archive")
        self.assertEqual(threads(session), first)
        session.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        session.ok("UID EXPUNGE 1")
        self.assertEqual(threads(session), first[1:])

    def test_return(self):
        session = self.filled("returns", MAILS)
        for returns, keys, answer in [
                # RFC 4731 §3.1
                ("MIN COUNT", 'FLAGGED SINCE 1-Feb-1994 NOT FROM "Jones"', "MIN 1 COUNT 2"), ("", "FLAGGED", "ALL 1:2"),
                ("MIN", "UNSEEN", "MIN 1"), ("COUNT", "DELETED", "COUNT 1"), ("COUNT", "BCC boss", "COUNT 0"),
                ("MIN MAX", "1:5000", "MIN 1 MAX 5"), ("ALL", "BCC boss", ""), ("ALL MAX", "UNSEEN", "MAX 5 ALL 1:2,4:5"),
                # RFC 9394 §3.1, RFC 5267 §4.4
                ("PARTIAL -1:-2", "UNDELETED", "PARTIAL (-1:-2 4:5)"), ("PARTIAL 3:500", "UNDELETED", "PARTIAL (3:500 4:5)"),
                ("PARTIAL 1:3", "UNDELETED", "PARTIAL (1:3 1:2,4)"), ("PARTIAL 24000:24500", "ALL", "PARTIAL (24000:24500 NIL)"),
                # RFC 5267 §4.2
                ("CONTEXT COUNT", "UNDELETED UNKEYWORD $Junk", "COUNT 3")]:
            with self.subTest(returns=returns, keys=keys):
                self.assertEqual(session.ok(f"SEARCH RETURN ({returns}) {keys}", "A1"),
                                 [f'ESEARCH (TAG "A1") {answer}'.rstrip()])
                self.assertEqual(session.ok(f"UID SEARCH RETURN ({returns}) {keys}", "A2"),
                                 [f'ESEARCH (TAG "A2") UID {answer}'.rstrip()])
        self.assertTrue(session.ask("SEARCH RETURN (PARTIAL 1:2 ALL) ALL")[1].startswith("BAD"))
        session.ok("ENABLE IMAP4rev2")
        self.assertEqual(session.ok("SEARCH FLAGGED", "A3"), ['ESEARCH (TAG "A3") ALL 1:2'])

    def test_modseq(self):
        session = self.filled("modseq", MAILS)
        session.ok("STORE 2 +FLAGS.SILENT (\\Seen)")
        items = {number: int(re.search(r"MODSEQ \((\d+)\)", session.ok(f"FETCH {number} (MODSEQ)")[-1])[1]) for number in (1, 2, 5)}
        # RFC 7162 §3.1.5, RFC 4731 §3.2
        self.assertEqual(session.ok(f'SEARCH MODSEQ "/flags/\\\\draft" all {items[5]}'), [f"SEARCH 2 5 (MODSEQ {items[2]})"])
        self.assertEqual(session.ok(f"SEARCH RETURN (MAX) MODSEQ {items[5]}", "a2"),
                         [f'ESEARCH (TAG "a2") MAX 5 MODSEQ {items[5]}'])
        self.assertEqual(session.ok(f"SEARCH RETURN (MIN MAX) MODSEQ {items[5]}", "a3"),
                         [f'ESEARCH (TAG "a3") MIN 2 MAX 5 MODSEQ {items[2]}'])
        self.assertEqual(session.ok(f"SORT (REVERSE ARRIVAL) US-ASCII MODSEQ {items[5]}"), [f"SORT 5 2 (MODSEQ {items[2]})"])
        self.assertEqual(session.ok("SEARCH OR NOT MODSEQ 1 LARGER 50000"), ["SEARCH"])

    def test_saved(self):
        session = self.filled("saved", MAILS)
        session.ok("CREATE saved-other")
        uids = lambda: session.ok("UID SEARCH UID $")[0]
        # RFC 5182 §2.2, §2.4
        self.assertEqual(uids(), "SEARCH")
        self.assertEqual(session.ok('SEARCH RETURN (SAVE) SINCE 1-Feb-1994 NOT FROM "Smith"'), [])
        self.assertEqual([line.split(" ")[0] for line in session.ok("FETCH $ (UID)")], ["1", "3", "4", "5"])
        self.assertEqual(session.ok("UID SEARCH UID $ SMALLER 4096"), ["SEARCH 1 4 5"])
        self.assertEqual(session.ok("SEARCH $ SMALLER 4096"), ["SEARCH 1 4 5"])
        self.assertEqual(session.ok("SEARCH (OR $ 1,2) TEXT {7+}\r\nmeeting"), ["SEARCH 1 2 4"])
        for returns, saved in [("SAVE MIN", "1"), ("SAVE MAX", "5"), ("MAX SAVE MIN", "1 5"), ("MAX SAVE MIN COUNT", "1 3 4 5"),
                               ("ALL SAVE MIN", "1 3 4 5"), ("SAVE PARTIAL 2:2", "3"), ("SAVE PARTIAL 2:2 MAX", "3 5"),
                               ("SAVE PARTIAL 2:2 COUNT", "1 3 4 5")]:
            with self.subTest(returns=returns):
                session.ok(f"SEARCH RETURN ({returns}) NOT FROM Smith")
                self.assertEqual(uids(), f"SEARCH {saved}")
        self.assertTrue(session.ask("SEARCH RETURN (SAVE BOGUS) ALL")[1].startswith("BAD"))
        self.assertEqual(uids(), "SEARCH 1 3 4 5")
        session.ok("SEARCH RETURN (ALL) SEEN")
        self.assertEqual(uids(), "SEARCH 1 3 4 5")
        session.ok("UID EXPUNGE 3")
        self.assertEqual(uids(), "SEARCH 1 4 5")
        self.assertTrue(session.ask("SEARCH RETURN (SAVE) CHARSET X-NONE ALL")[1].startswith("NO [BADCHARSET"))
        self.assertEqual(uids(), "SEARCH")
        self.assertEqual(session.ok("COPY $ saved-other"), [])
        self.assertEqual(session.ok("FETCH $ (FLAGS)"), [])

    def test_sort(self):
        session = self.filled("sorted", MAILS)
        for order, numbers in [("(ARRIVAL)", "1 2 3 4 5"), ("(REVERSE ARRIVAL)", "5 4 3 2 1"), ("(DATE)", "1 2 3 4 5"),
                               ("(REVERSE DATE)", "5 4 3 2 1"), ("(SUBJECT)", "1 2 4 3 5"), ("(SUBJECT REVERSE DATE)", "4 2 1 5 3"),
                               ("(REVERSE SUBJECT)", "3 5 1 2 4"), ("(FROM)", "3 5 1 2 4"), ("(DISPLAYFROM)", "3 5 1 2 4"),
                               ("(TO)", "1 2 3 4 5"), ("(CC)", "1 2 3 5 4"), ("(REVERSE SIZE)", "3"), ("(DISPLAYTO DATE)", "1 2 3 4 5")]:
            with self.subTest(order=order):
                keys = "LARGER 4000" if numbers == "3" else "ALL"
                self.assertEqual(session.ok(f"SORT {order} UTF-8 {keys}"), [f"SORT {numbers}"])
                self.assertEqual(session.ok(f"UID SORT {order} US-ASCII {keys}"), [f"SORT {numbers}"])
        # RFC 5256 §3
        self.assertEqual(session.ok('SORT (REVERSE DATE) US-ASCII TEXT "not in mailbox"'), ["SORT"])
        # RFC 5267 §3.3, §4.4
        self.assertEqual(session.ok("UID SORT RETURN () (REVERSE DATE) UTF-8 UNDELETED UNKEYWORD $Junk", "E01"),
                         ['ESEARCH (TAG "E01") UID ALL 5,2,1'])
        self.assertEqual(session.ok("SORT RETURN (MIN MAX COUNT) (REVERSE DATE) UTF-8 ALL", "E02"),
                         ['ESEARCH (TAG "E02") MIN 5 MAX 1 COUNT 5'])
        self.assertEqual(session.ok("SORT RETURN (PARTIAL -1:-2) (REVERSE DATE) UTF-8 ALL", "E03"),
                         ['ESEARCH (TAG "E03") PARTIAL (-1:-2 2,1)'])

    def test_thread(self):
        session = self.filled("threads", MAILS)
        self.assertEqual(session.ok("THREAD REFERENCES UTF-8 ALL"), ["THREAD (1 (2 5)(4))(3)"])
        self.assertEqual(session.ok("THREAD ORDEREDSUBJECT UTF-8 SINCE 1-Feb-1994"), ["THREAD (1 (2)(4))(3 5)"])
        self.assertEqual(session.ok("UID THREAD REFERENCES US-ASCII NOT 1"), ["THREAD ((2 5)(4))(3)"])
        self.assertEqual(session.ok("THREAD REFERENCES US-ASCII BCC nobody"), ["THREAD"])

    def test_fuzzy(self):
        session = self.filled("fuzzy", MAILS)
        self.assertEqual(session.ok("SEARCH FUZZY SUBJECT {14+}\r\nmeeting aftern FROM smith"), ["SEARCH 2"])
        answer = session.ok("SEARCH RETURN (RELEVANCY ALL) FUZZY TEXT {7+}\r\nmeeting", "B1")[0]
        self.assertRegex(answer, r'^ESEARCH \(TAG "B1"\) ALL 1:2,4 RELEVANCY \(\d+ \d+ \d+\)$')
        self.assertEqual(session.ok("SORT (RELEVANCY) UTF-8 FUZZY SUBJECT \"afternoon\""), ["SORT 1 2 4"])
        answer = session.ok('SORT RETURN (RELEVANCY PARTIAL 1:2) (RELEVANCY) UTF-8 FUZZY TEXT "meeting"', "C3")[0]
        self.assertRegex(answer, r'^ESEARCH \(TAG "C3"\) PARTIAL \(1:2 1:2\) RELEVANCY \(\d+ \d+\)$')
        self.assertTrue(session.ask("SEARCH RETURN (RELEVANCY) ALL")[1].startswith("BAD"))

    def test_korean(self):
        mails = []
        for charset in ("UTF-8", "EUC-KR"):
            for form, encoding in (("B", "base64"), ("Q", "quoted-printable"), ("B", "8bit")):
                mails.append((mail(word(TEXT, charset, form), body=b"\r\n", more=""), "", ""))
                mails.append((mail("body")[:-len(b"\r\n\r\nHello.\r\n")] + b"\r\n" + part(TEXT, charset, encoding), "", ""))
        mails.append((mail(word(NFD, "UTF-8", "B")), "", ""))
        mails.append((mail("body")[:-len(b"\r\n\r\nHello.\r\n")] + b"\r\n" + part(NFD, "UTF-8", "base64"), "", ""))
        mails.append((mail(word(OTHER, "UTF-8", "B")), "", ""))
        session = self.filled("korean", mails)
        subjects, bodies = "1 3 5 7 9 11 13", "2 4 6 8 10 12 14"
        every = " ".join(str(number) for number in range(1, 15))
        for text in (TEXT, "회의", "주간", "간회", "의", "안내", unicodedata.normalize("NFD", "회의")):
            for charset in ("UTF-8", "EUC-KR"):
                try:
                    octets = text.encode(charset)
                except UnicodeEncodeError:
                    continue
                literal = f"{{{len(octets)}+}}\r\n".encode() + octets
                with self.subTest(text=text, charset=charset):
                    for key, numbers in ((b"SUBJECT", subjects), (b"BODY", bodies), (b"TEXT", every)):
                        self.assertEqual(session.ok(b"SEARCH CHARSET " + charset.encode() + b" " + key + b" " + literal),
                                         [f"SEARCH {numbers}"])
        self.assertEqual(session.ok(b"SEARCH CHARSET UTF-8 TEXT {6+}\r\n" + "업무".encode()), ["SEARCH 15"])

    def test_several_mailboxes(self):
        session = self.session()
        for name in ("folder1", "folder2", "folder2/salmon", "folder2/salmon/roe", "folder3"):
            session.ok(f"CREATE {name}")
            session.append(name, mail("chad in " + name), "", "")
            session.append(name, mail("other"), r"\Seen", "")
        found = lambda lines: [re.search(r'^ESEARCH \(TAG "x" MAILBOX (\S+) UIDVALIDITY \d+\) UID (.*)$', line).groups()
                               for line in lines]
        # RFC 7377 §3
        self.assertEqual(found(session.ok('ESEARCH IN (mailboxes "folder1" subtree "folder2") unseen', "x")),
                         [("folder1", "ALL 1"), ("folder2", "ALL 1"), ("folder2/salmon", "ALL 1"), ("folder2/salmon/roe", "ALL 1")])
        self.assertEqual(found(session.ok('ESEARCH IN (mailboxes "folder1" subtree-one "folder2") subject "chad"', "x")),
                         [("folder1", "ALL 1"), ("folder2", "ALL 1"), ("folder2/salmon", "ALL 1")])
        self.assertEqual(found(session.ok('ESEARCH IN (mailboxes ("folder3" "none")) RETURN (COUNT MAX) ALL', "x")),
                         [("folder3", "MAX 2 COUNT 2")])
        self.assertEqual(session.ok('ESEARCH IN (mailboxes "folder3") RETURN (COUNT) BCC x'), [])
        personal = found(session.ok("ESEARCH IN (personal) SUBJECT chad", "x"))
        self.assertEqual(len(personal), 5)
        self.assertTrue(session.ask("ESEARCH UNSEEN")[1].startswith("BAD"))
        self.assertTrue(session.ask("ESEARCH IN (personal) RETURN (SAVE) ALL")[1].startswith("BAD"))
        session.ok("SELECT folder3")
        self.assertEqual(found(session.ok("ESEARCH UNSEEN", "x")), [("folder3", "ALL 1")])
        self.assertEqual(found(session.ok("ESEARCH IN (selected mailboxes folder3) RETURN (MIN) ALL", "x")), [("folder3", "MIN 1")])

    def test_contexts(self):
        session, other = self.filled("contexts", MAILS), self.session("contexts")
        # RFC 5267 §4.3
        self.assertEqual(session.ok("UID SEARCH RETURN (UPDATE COUNT) DELETED", "B01"), ['ESEARCH (TAG "B01") UID COUNT 1'])
        self.assertTrue(session.ask("SORT RETURN (UPDATE) (DATE) UTF-8 FLAGGED", "B01")[1].startswith("BAD"))
        self.assertEqual(session.ok("SEARCH RETURN (UPDATE COUNT) UNDELETED", "B02"), ['ESEARCH (TAG "B02") COUNT 4'])
        self.assertEqual(session.ok("UID SORT RETURN (UPDATE ALL) (REVERSE DATE) UTF-8 ALL", "B03"),
                         ['ESEARCH (TAG "B03") UID ALL 5,4,3,2,1'])
        other.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)")
        untagged = session.ok("NOOP")
        self.assertIn('ESEARCH (TAG "B01") UID ADDTO (0 1:2)', untagged)
        self.assertIn('ESEARCH (TAG "B02") REMOVEFROM (0 1:2)', untagged)
        self.assertFalse([line for line in untagged if "B03" in line])
        other.append("contexts", mail("new", date="Fri, 11 Feb 1994 10:00:00 +0000"))
        untagged = session.ok("NOOP")
        self.assertEqual(untagged, ["6 EXISTS", 'ESEARCH (TAG "B02") ADDTO (0 6)', 'ESEARCH (TAG "B03") UID ADDTO (2 6)'])
        other.ok("UID EXPUNGE 2,3")
        untagged = session.ok("NOOP")
        self.assertEqual(untagged, ['ESEARCH (TAG "B01") UID REMOVEFROM (0 2:3)', 'ESEARCH (TAG "B03") UID REMOVEFROM (4 3,2)',
                                    "3 EXPUNGE", "2 EXPUNGE"])
        session.ok('CANCELUPDATE "B01" "B03"')
        other.ok("STORE 1 -FLAGS.SILENT (\\Deleted)")
        self.assertEqual(session.ok("NOOP")[-1], 'ESEARCH (TAG "B02") ADDTO (0 1)')
        # RFC 5465 §7
        session.ok("SEARCH RETURN (COUNT UPDATE (UID BODY.PEEK[HEADER.FIELDS (SUBJECT)])) FROM boss", "a00")
        other.append("contexts", mail("raise", "boss@seoul.test"))
        untagged = session.ok("NOOP")
        self.assertEqual([untagged[0], untagged[2], untagged[-1]],
                         ["5 EXISTS", "5 FETCH (UID 7 BODY[HEADER.FIELDS (SUBJECT)] {18}\r\nSubject: raise\r\n\r\n)",
                          'ESEARCH (TAG "a00") ADDTO (0 5)'])
        # RFC 5267 §4.3.1
        untagged = [line for number in range(12) for line in session.ok("SEARCH RETURN (UPDATE COUNT) SEEN", f"n{number}")]
        self.assertTrue([line for line in untagged if line.startswith('NO [NOUPDATE "n')])

    def test_uid_only(self):
        session = self.filled("uidonly", MAILS)
        session.ok("ENABLE UIDONLY")
        # RFC 9586 §3.2, §3.5
        self.assertTrue(session.ask("SEARCH ALL")[1].startswith("BAD [UIDREQUIRED]"))
        self.assertTrue(session.ask("UID SEARCH 1:2")[1].startswith("BAD [UIDREQUIRED]"))
        self.assertEqual(session.ok("UID SEARCH UID 1:2"), ["SEARCH 1 2"])

    def test_indexed_answers_are_the_same(self):
        """What is summarized in passing and what the indexer has stored say the same."""
        session = self.filled("indexed", MAILS)
        asks = ["SEARCH SUBJECT meeting", "SORT (SUBJECT DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL", "SEARCH BODY frobozz",
                "SEARCH SENTON 7-Feb-1994"]
        before = [session.ok(ask) for ask in asks]
        wait_until(lambda: float(self.server.metrics()["pabal_messages_indexed_total"]) > 0, "the indexer has worked")
        self.assertEqual([session.ok(ask) for ask in asks], before)


if __name__ == "__main__":
    unittest.main()
