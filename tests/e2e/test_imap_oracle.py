"""The same commands to Pabal and to Debian's Dovecot. Whatever they answer
differently stands in docs/imap-differences.md with the reason, or the test
fails; so does a line of that table that is no longer true."""

import collections
import fnmatch
import os
import re
import unittest

from harness import REPOSITORY, ServerCase
from imap_response import normal
from imap_session import Imap
from peers import Dovecot

ALICE = "alice@seoul.test"
DIFFERENCES = os.path.join(REPOSITORY, "docs", "imap-differences.md")


def crlf(text):
    return text.replace("\n", "\r\n").encode()


MAILS = [
    # 1: as plain as it gets
    crlf("""Date: Mon, 7 Feb 1994 21:52:25 -0800 (PST)
From: Fred Foobar <foobar@Blurdybloop.example>
Subject: afternoon meeting
To: mooch@owatagu.siam.edu.example
Message-Id: <B27397-0100000@Blurdybloop.example>
MIME-Version: 1.0
Content-Type: TEXT/PLAIN; CHARSET=US-ASCII

Hello Joe, do you think we can meet at 3:30 tomorrow?
"""),
    # 2: a tree with an attachment, a message in it, and a digest
    crlf("""From: "Doe, John" <john.doe@a.example>
Sender: secretary@a.example
Reply-To: answers@a.example, "Second" <second@a.example>
To: Team: ann@b.example, bob@b.example;, carl@c.example
Cc: undisclosed-recipients:;
Bcc: dora@d.example
Subject: =?utf-8?B?7YyM67Cc?= and
 more
Date: Tue, 01 Mar 2022 10:00:00 +0900
In-Reply-To: <B27397-0100000@Blurdybloop.example>
References: <B27397-0100000@Blurdybloop.example>
Message-ID: <two@a.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="outer"; charset=utf-8
Content-Language: ko, en

preamble
--outer
Content-Type: multipart/alternative; boundary=inner

--inner
Content-Type: text/plain; charset=utf-8; format=flowed
Content-Transfer-Encoding: base64
Content-ID: <part1@a.example>
Content-Description: the text

7YyM67Cc7J20IOyZlOyKteuLiOuLpC4=
--inner
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable
Content-Location: http://a.example/x

<p>=ED=8C=8C=EB=B0=9C</p>
--inner--
--outer
Content-Type: application/pdf; name="report.pdf"
Content-Disposition: attachment; filename="report.pdf"; size=12
Content-Transfer-Encoding: base64
Content-MD5: Q2hlY2sgSW50ZWdyaXR5IQ==

JVBERi0xLjQK
--outer
Content-Type: message/rfc822
Content-Disposition: inline

From: inner@e.example
To: outer@e.example
Subject: within
Date: Wed, 02 Mar 2022 10:00:00 +0000
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=deep

--deep
Content-Type: text/plain

deep text
--deep
Content-Type: image/png

png
--deep--
--outer
Content-Type: multipart/digest; boundary=dig

--dig

Subject: first of the digest

one
--dig

Subject: second of the digest

two
--dig--
--outer--
epilogue
"""),
    # 3: no MIME, no Date, no To, many Received
    crlf("""Received: from a by b; Tue, 1 Mar 2022 10:00:00 +0000
Received: from c by d; Tue, 1 Mar 2022 09:00:00 +0000
From: nobody@a.example
Subject: meeting "quoted" \\ and (parentheses)

first line
second line

third line
"""),
    # 4: header alone
    b"Subject: nothing below\r\nFrom: x@a.example\r\n\r\n",
    # 5: parameters of RFC 2231, and a disposition with a name in Korean
    crlf("""From: =?iso-8859-1?Q?J=FCrgen?= <j@a.example>
To: <@route.example:via@a.example>
Subject: =?iso-8859-1?Q?Gr=FC=DFe?=
Date: 1 Mar 22 10:00 EST
MIME-Version: 1.0
Content-Type: application/octet-stream; name*0*=utf-8''%ED%8C%8C; name*1*=%EB%B0%9C.bin
Content-Disposition: attachment; filename*=utf-8''%ED%8C%8C%EB%B0%9C.bin
Content-Transfer-Encoding: 7bit

data
"""),
    # 6: eight bits in the header and the body, no last line ending
    "From: 8bit@a.example\r\nSubject: 회의\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Transfer-Encoding: 8bit\r\n\r\n파발이 왔습니다 meeting".encode(),
    # 7: a boundary that never comes
    crlf("""From: broken@a.example
Subject: broken
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=never

there is no part
"""),
    # 8: a list mail, long enough for partial fetches
    crlf("From: list@a.example\nTo: all@a.example\nSubject: Re: afternoon meeting\nDate: Thu, 3 Mar 2022 10:00:00 +0000\n"
         "List-Id: <list.a.example>\nX-Long: " + "word " * 30 + "\n\n" + "0123456789" * 7 + "\n" + "line\n" * 50),
]
FLAGS = ["\\Seen", "\\Flagged $Work", "", "\\Answered", "\\Draft", "\\Seen \\Deleted", "", "$Work later"]

FETCH_ITEMS = """FLAGS
UID
INTERNALDATE
RFC822.SIZE
ENVELOPE
BODY
BODYSTRUCTURE
RFC822.HEADER
BODY.PEEK[]
BODY.PEEK[HEADER]
BODY.PEEK[TEXT]
BODY.PEEK[1]
BODY.PEEK[1.MIME]
BODY.PEEK[2]
BODY.PEEK[]<0.20>
BODY.PEEK[]<100000.20>
BODY.PEEK[TEXT]<5.10>
BODY.PEEK[HEADER.FIELDS (SUBJECT from)]
BODY.PEEK[HEADER.FIELDS (X-None)]
BODY.PEEK[HEADER.FIELDS.NOT (RECEIVED TO DATE)]
BINARY.PEEK[1]
BINARY.SIZE[1]""".splitlines()

COMMANDS = [f"FETCH 1:* ({item})" for item in FETCH_ITEMS] + r"""
FETCH 1:* ALL
FETCH 1:* FAST
FETCH 1:* FULL
FETCH 2 (BODY.PEEK[1.1] BODY.PEEK[1.2] BODY.PEEK[1.1.MIME] BODY.PEEK[1.2.MIME])
FETCH 2 (BODY.PEEK[3] BODY.PEEK[3.HEADER] BODY.PEEK[3.TEXT] BODY.PEEK[3.1] BODY.PEEK[3.2] BODY.PEEK[3.1.MIME])
FETCH 2 (BODY.PEEK[3.HEADER.FIELDS (Subject)] BODY.PEEK[3.HEADER.FIELDS.NOT (Subject)])
FETCH 2 (BODY.PEEK[4.1] BODY.PEEK[4.1.HEADER] BODY.PEEK[4.2.TEXT] BODY.PEEK[4.3])
FETCH 2 (BODY.PEEK[5])
FETCH 2 (BODY.PEEK[1.3])
FETCH 2 (BODY.PEEK[1.1.1])
FETCH 2 (BODY.PEEK[2.HEADER])
FETCH 2 (BINARY.PEEK[1.1] BINARY.PEEK[1.2] BINARY.PEEK[2] BINARY.SIZE[2])
FETCH 2 (BINARY.PEEK[2]<0.4>)
UID FETCH 2:3 (FLAGS)
UID FETCH 4294967295 (FLAGS)
UID FETCH * (FLAGS)
FETCH 3 (BODY[TEXT])
FETCH 3 (FLAGS)
FETCH 4 (RFC822 RFC822.TEXT)
FETCH 9 (FLAGS)
FETCH 0 (FLAGS)
FETCH 1 (BOGUS)
FETCH 1 (BODY[0])
FETCH 1 FLAGS UID
FETCH
FETCH 1 (FLAGS
SEARCH ALL
SEARCH ANSWERED
SEARCH DELETED
SEARCH DRAFT
SEARCH FLAGGED
SEARCH SEEN
SEARCH UNSEEN
SEARCH NEW
SEARCH OLD
SEARCH KEYWORD $Work
SEARCH UNKEYWORD $Work
SEARCH KEYWORD later
SEARCH SUBJECT meeting
SEARCH SUBJECT ""
SEARCH FROM doe
SEARCH TO ann
SEARCH CC undisclosed
SEARCH BCC dora
SEARCH HEADER List-Id list
SEARCH HEADER List-Id ""
SEARCH BODY "second line"
SEARCH TEXT meeting
SEARCH TEXT foobar
SEARCH BEFORE 3-Jan-2022
SEARCH ON 3-Jan-2022
SEARCH SINCE 3-Jan-2022
SEARCH SENTBEFORE 1-Mar-2022
SEARCH SENTON 1-Mar-2022
SEARCH SENTSINCE 2-Mar-2022
SEARCH LARGER 1000
SEARCH SMALLER 100
SEARCH UID 2:4
SEARCH 2:4
SEARCH *
SEARCH NOT SEEN
SEARCH OR SEEN FLAGGED
SEARCH (OR SEEN (FLAGGED KEYWORD $Work)) NOT DELETED
SEARCH CHARSET US-ASCII SUBJECT meeting
SEARCH CHARSET X-NONE SUBJECT meeting
SEARCH YOUNGER 3600
SEARCH OLDER 3600
SEARCH BOGUS
SEARCH
UID SEARCH SUBJECT meeting
SEARCH RETURN (MIN MAX COUNT) UNSEEN
SEARCH RETURN () UNSEEN
SEARCH RETURN (ALL) SUBJECT none
SEARCH RETURN (COUNT) SUBJECT none
UID SEARCH RETURN (ALL) UNSEEN
SEARCH RETURN (SAVE) UNSEEN
SEARCH $
SEARCH RETURN (PARTIAL 1:2) ALL
SORT (SUBJECT) UTF-8 ALL
SORT (REVERSE DATE) UTF-8 ALL
SORT (ARRIVAL) US-ASCII ALL
SORT (FROM) UTF-8 ALL
SORT (TO) UTF-8 ALL
SORT (SIZE) UTF-8 ALL
SORT (DISPLAYFROM) UTF-8 ALL
SORT (BOGUS) UTF-8 ALL
UID SORT (SUBJECT) UTF-8 UNSEEN
SORT RETURN (COUNT MIN) (DATE) UTF-8 ALL
THREAD REFERENCES UTF-8 ALL
THREAD ORDEREDSUBJECT UTF-8 ALL
THREAD BOGUS UTF-8 ALL
LIST "" ""
LIST "" *
LIST "" %
LIST "" INBOX
LIST "" inbox
LIST "" work/%
LIST work/ *
LIST "" *our*
LIST "" none
LIST (SPECIAL-USE) "" *
LIST (SUBSCRIBED) "" *
LIST "" % RETURN (CHILDREN SUBSCRIBED)
LIST "" work RETURN (STATUS (MESSAGES UIDNEXT))
LIST "" (INBOX work/%)
LSUB "" *
STATUS INBOX (MESSAGES UNSEEN UIDNEXT UIDVALIDITY RECENT)
STATUS work (MESSAGES SIZE HIGHESTMODSEQ)
STATUS none (MESSAGES)
STATUS INBOX (BOGUS)
NAMESPACE
SUBSCRIBE work
LSUB "" work
UNSUBSCRIBE work
CREATE work
CREATE ""
CREATE new/
DELETE new
DELETE none
DELETE INBOX
RENAME none other
RENAME work INBOX
CREATE a/b/c
LIST "" a*
LIST "" a%
LIST a/ %
RENAME a/b x/y
LIST "" x*
STORE 1 +FLAGS (\Flagged)
STORE 1 -FLAGS (\Flagged)
STORE 1 FLAGS (\Answered $Work)
STORE 1 +FLAGS.SILENT (\Seen)
STORE 1 +FLAGS (New-Keyword)
STORE 1 +FLAGS (\Bogus)
STORE 1 +FLAGS (\Recent)
STORE 99 +FLAGS (\Seen)
UID STORE 99 +FLAGS (\Seen)
UID STORE 2 +FLAGS (\Seen)
COPY 1:2 work
UID COPY 3 work
COPY 1 none
COPY 99 work
UID COPY 99 work
STATUS work (MESSAGES UIDNEXT)
MOVE 4 work
UID MOVE 5 work
UID EXPUNGE 1:3
EXPUNGE
EXPUNGE
FETCH 1:* (UID FLAGS)
ENABLE CONDSTORE
FETCH 1 (MODSEQ)
FETCH 1:* (FLAGS) (CHANGEDSINCE 1000000)
STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\Flagged)
STORE 1 (UNCHANGEDSINCE 100000000000) -FLAGS (\Seen)
SEARCH MODSEQ 1000000
SEARCH MODSEQ 1
ENABLE QRESYNC
ENABLE BOGUS
UID EXPUNGE 2
UID FETCH 1:* (FLAGS) (CHANGEDSINCE 1 VANISHED)
STATUS INBOX (HIGHESTMODSEQ)
CLOSE
SELECT none
FETCH 1 (FLAGS)
EXAMINE INBOX
STORE 1 +FLAGS (\Seen)
EXPUNGE
UNSELECT
UNSELECT
SELECT INBOX (CONDSTORE)
BOGUS
UID BOGUS
LOGIN a b
AUTHENTICATE BOGUS
NOOP bogus
CHECK
ID NIL
""".strip().splitlines() + ["APPEND work {0+}\r\n", "APPEND none {6+}\r\nA: b\r\n", "NOOP", "IDLE\r\nDONE", "UNSELECT", "LOGOUT"]


class Place:
    """A server to be asked."""

    def __init__(self, address, port, password):
        self.address, self.ports, self.passwords = address, {"imap_plain": port}, {ALICE: password}


def prepare(place):
    session = Imap(place, ALICE)
    for name in ("work", "work/projects", "work/hours", "&1WyuAA-"):
        session.ok(f"CREATE {name}")
    session.ok("SUBSCRIBE work/projects")
    for day, (mail, flags) in enumerate(zip(MAILS, FLAGS), 1):
        session.append("INBOX", mail, flags, f"{day:02} -Jan-2022 10:00:00 +0000".replace(" ", "", 1))
    return session


def answers(place):
    """-> [(command, [normal responses])]; the tagged one stands last."""
    every = []
    session = prepare(place)
    for command in ["SELECT INBOX"] + COMMANDS:
        untagged, tagged = session.ask(command, "t")
        lines = [normal(line) for line in untagged if not line.startswith(("+", "CAPABILITY", "ID "))]
        if command.startswith("STORE"):  # Pabal says the UID with each change of flags; Dovecot where QRESYNC wants it
            lines = [re.sub(r" UID \d+\)$", ")", line) for line in lines]
        lines.append("t " + normal(tagged))
        every.append((command.split("\r\n")[0], lines))
    session.close()
    return every


def differences(ours, theirs):
    """-> [(command, whose, line)] that only one of them says"""
    for (command, mine), (_, other) in zip(ours, theirs):
        here, there = collections.Counter(mine), collections.Counter(other)
        for line in (here - there).elements():
            yield command, "Pabal", line
        for line in (there - here).elements():
            yield command, "Dovecot", line


def known_differences():
    """The rows of the tables: (patterns of commands, {server: pattern of the line})."""
    with open(DIFFERENCES, encoding="utf-8") as document:
        for line in document:
            cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip().strip("|"))]
            if line.startswith("| `") and len(cells) == 4:
                codes = [re.findall(r"`` ?(.*?) ?``|`([^`]+)`", cell) for cell in cells[:3]]
                command, pabal, dovecot = [[(a or b).replace("\\|", "|") for a, b in code] for code in codes]
                yield command, {"Pabal": pabal, "Dovecot": dovecot}


def matches(text, patterns):
    return any(fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) for pattern in patterns)


class ImapOracle(ServerCase):
    def test_same_answers_as_dovecot(self):
        pabal = self.server("seoul.test")
        password = pabal.passwords[ALICE]
        dovecot = Dovecot("127.0.0.1", ALICE, password, [], "imap")
        self.addCleanup(dovecot.stop)
        ours, theirs = (answers(Place("127.0.0.1", port, password))
                        for port in (pabal.ports["imap_plain"], dovecot.port))
        self.assertGreater(len(ours), 150)
        rows, used, unknown = list(known_differences()), set(), []
        for command, whose, line in differences(ours, theirs):
            found = [at for at, (commands, lines) in enumerate(rows) if matches(command, commands) and matches(line, lines[whose])]
            used.update(found)
            if not found:
                unknown.append(f"{command}\n    {whose}: {line}")
        self.assertFalse(unknown, f"{len(unknown)} differences not in docs/imap-differences.md:\n" + "\n".join(unknown))
        self.assertFalse([rows[at] for at in range(len(rows)) if at not in used], "no longer different")


if __name__ == "__main__":
    unittest.main()
