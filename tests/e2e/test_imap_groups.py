"""Two members of a group in its mailboxes: each has his own \\Seen, all else is
everybody's. By bare sessions with and without QRESYNC, in IDLE and NOTIFY, and by
mbsync."""

import os
import re

from harness import Authority, ServerCase, message, program, run
from imap_session import Imap

TEAM = "team@seoul.test"
ALICE, BOB = "alice@seoul.test", "bob@seoul.test"
INBOX, ARCHIVE = f"Shared/{TEAM}/INBOX", f"Shared/{TEAM}/Archive"


def mail(subject):
    return message("carol@busan.test", TEAM, subject)


class ImapGroups(ServerCase):
    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=("alice", "bob"))
        self.pabal.cli("account", "add", TEAM, "--group")
        for member in (ALICE, BOB):
            self.pabal.cli("acl", "set", TEAM, member, "lrswipkxte")

    def session(self, user, *commands):
        session = Imap(self.pabal, user)
        self.addCleanup(session.close)
        for command in commands:
            session.ok(command)
        return session

    def both(self, mails=4):
        """Sessions of two members who have the group's INBOX open."""
        alice = self.session(ALICE)
        for number in range(1, mails + 1):
            alice.append(INBOX, mail(f"mail {number}"))
        alice.ok(f"SELECT {INBOX}")
        return alice, self.session(BOB, f"SELECT {INBOX}")

    def seen(self, session):
        """-> UIDs that are read, which every way of asking says alike"""
        found, there = [], 0
        for line in session.ok("UID FETCH 1:* (FLAGS)"):
            uid, flags = re.search(r"UID (\d+)", line), re.search(r"FLAGS \((.*?)\)", line)
            if uid and flags:
                there += 1
                found += [int(uid[1])] if "\\Seen" in flags[1].split() else []
        searched = session.ok("UID SEARCH SEEN")[0].split()[1:]
        self.assertEqual([int(uid) for uid in searched], found)
        self.assertEqual(len(session.ok("UID SEARCH UNSEEN")[0].split()) - 1, there - len(found))
        return found

    def unseen(self, session, name=INBOX):
        return int(re.search(r"UNSEEN (\d+)", session.ok(f"STATUS {name} (UNSEEN)")[0])[1])

    # ---- reading ---------------------------------------------------------------

    def test_each_reads_for_himself(self):
        alice, bob = self.both()
        self.assertIn("FLAGS (\\Seen)", " ".join(alice.ok("FETCH 2 (BODY[TEXT])")))
        alice.ok("STORE 3 +FLAGS (\\Seen)")
        bob.ok("UID STORE 4 +FLAGS.SILENT (\\Seen)")
        self.assertEqual(self.seen(alice), [2, 3])
        self.assertEqual(self.seen(bob), [4])
        alice.ok("STORE 3 -FLAGS (\\Seen)")
        self.assertEqual([self.seen(alice), self.seen(bob)], [[2], [4]])
        # A second session of hers, opened and not; LIST counts for who asks.
        again = self.session(ALICE)
        self.assertEqual([self.unseen(again), self.unseen(bob)], [3, 3])
        alice.ok("STORE 1:* +FLAGS (\\Seen)")
        self.assertEqual([self.unseen(again), self.unseen(alice), self.unseen(bob)], [0, 0, 3])
        listed = self.session(BOB).ok(f'LIST "" "{INBOX}" RETURN (STATUS (UNSEEN))')
        self.assertIn(f"STATUS {INBOX} (UNSEEN 3)", listed)
        self.assertFalse(any("UNSEEN" in line for line in again.ok(f"SELECT {INBOX}")))
        self.assertTrue(any("[UNSEEN 1]" in line for line in self.session(BOB).ok(f"EXAMINE {INBOX}")))
        self.assertTrue(any("PERMANENTFLAGS" in line and "\\Seen" in line for line in bob.ok(f"SELECT {INBOX}")))
        self.assertIn("ALL 1:3", " ".join(bob.ok(f'ESEARCH IN (mailboxes "{INBOX}") RETURN (ALL) UNSEEN')))
        self.assertEqual(again.ok(f'ESEARCH IN (mailboxes "{INBOX}") RETURN (ALL) UNSEEN'), [])
        self.assertEqual(bob.ok("SORT (REVERSE SUBJECT) UTF-8 UNSEEN"), ["SORT 3 2 1"])
        self.assertEqual(alice.ok("SORT (REVERSE SUBJECT) UTF-8 UNSEEN"), ["SORT"])

    def test_other_flags_are_everybodys(self):
        alice, bob = self.both()
        bob.ok("STORE 1 +FLAGS (\\Seen)")
        alice.ok("STORE 1 FLAGS (\\Answered $Work)")  # replaces what is there, but not what is his
        self.assertIn("1 FETCH (UID 1 FLAGS (\\Seen \\Answered $Work))", bob.ok("NOOP"))
        self.assertEqual(alice.ok("FETCH 1 (FLAGS)"), ["1 FETCH (FLAGS (\\Answered $Work))"])
        alice.ok("STORE 2 +FLAGS (\\Deleted)")
        alice.ok("EXPUNGE")
        self.assertIn("2 EXPUNGE", bob.ok("NOOP"))
        self.assertEqual(self.seen(bob), [1])

    def test_mail_that_is_delivered_is_unread_for_all(self):
        alice, bob = self.both(1)
        alice.ok("STORE 1 +FLAGS (\\Seen)")
        with self.pabal.smtp() as smtp:
            smtp.sendmail("carol@busan.test", [TEAM], mail("for all of us"))
        alice.until_told("NOOP", lambda line: line == "2 EXISTS")
        bob.until_told("NOOP", lambda line: line == "2 EXISTS")
        self.assertEqual([self.seen(alice), self.seen(bob)], [[1], []])

    def test_append_copy_and_move(self):
        alice, bob = self.both()
        alice.append(INBOX, mail("known to her"), "\\Seen \\Flagged")
        bob.ok("NOOP")
        self.assertEqual([self.seen(alice), self.seen(bob)], [[5], []])
        self.assertEqual(bob.ok("FETCH 5 (FLAGS)"), ["5 FETCH (FLAGS (\\Flagged))"])
        # Out of the group and back into it she takes what she has read.
        alice.ok("STORE 2 +FLAGS (\\Seen)")
        bob.ok("STORE 1 +FLAGS (\\Seen)")
        alice.ok("COPY 1:2 INBOX")
        mine = self.session(ALICE, "SELECT INBOX")
        self.assertEqual(self.seen(mine), [2])
        mine.ok(f"COPY 1:2 {INBOX}")
        alice.ok("NOOP"), bob.ok("NOOP")
        self.assertEqual([self.seen(alice), self.seen(bob)], [[2, 5, 7], [1]])
        # What one moves within the group stays read for each.
        alice.ok(f"MOVE 1:2 {ARCHIVE}")
        there = self.session(BOB, f"SELECT {ARCHIVE}")
        self.assertEqual(self.seen(there), [1])
        alice.ok(f"SELECT {ARCHIVE}")
        self.assertEqual(self.seen(alice), [2])
        alice.ok(f"RENAME {ARCHIVE} {ARCHIVE}/Old")
        self.assertEqual([self.unseen(bob, f"{ARCHIVE}/Old"), self.unseen(alice, f"{ARCHIVE}/Old")], [1, 1])

    def test_a_mailbox_of_one_person_is_as_it_was(self):
        alice = self.session(ALICE, f"SETACL INBOX {BOB} lrsw")
        alice.append("INBOX", mail("one"))
        name = f'"Other Users/{ALICE}/INBOX"'
        bob = self.session(BOB, f"SELECT {name}", "STORE 1 +FLAGS (\\Seen)")
        self.assertEqual(self.unseen(alice, "INBOX"), 0)
        self.assertEqual(self.unseen(bob, name), 0)

    # ---- being told ------------------------------------------------------------

    def test_own_sessions_hear_of_it_and_others_do_not(self):
        alice, bob = self.both()
        idle = {user: self.session(user, "ENABLE CONDSTORE", f"SELECT {INBOX}") for user in (ALICE, BOB)}
        for session in idle.values():
            session.send("i IDLE\r\n")
            self.assertTrue(session.line().startswith("+ "))
        alice.ok("STORE 3 +FLAGS (\\Seen)")
        self.assertRegex(idle[ALICE].line(), r"^\* 3 FETCH \(UID 3 FLAGS \(\\Seen\) MODSEQ \(\d+\)\)$")
        # The next that he hears of is the next that is everybody's.
        alice.ok("STORE 4 +FLAGS (\\Flagged \\Seen)")
        self.assertRegex(idle[BOB].line(), r"^\* 4 FETCH \(UID 4 FLAGS \(\\Flagged\) MODSEQ \(\d+\)\)$")
        self.assertRegex(idle[ALICE].line(), r"^\* 4 FETCH \(UID 4 FLAGS \(\\Seen \\Flagged\) MODSEQ \(\d+\)\)$")
        self.assertEqual([line for line in bob.ok("NOOP") if "FETCH" in line], ["4 FETCH (UID 4 FLAGS (\\Flagged))"])

    def test_notify_counts_for_who_listens(self):
        alice, bob = self.both()
        listening = self.session(BOB, f'NOTIFY SET (subtree "Shared" (MessageNew MessageExpunge FlagChange))')
        again = self.session(ALICE, f'NOTIFY SET (subtree "Shared" (MessageNew MessageExpunge FlagChange))')
        alice.ok("STORE 1:3 +FLAGS (\\Seen)")
        self.assertRegex(again.line(), rf"^\* STATUS {INBOX} \(UIDVALIDITY \d+ UNSEEN 1\)")
        bob.ok("STORE 1 +FLAGS (\\Seen)")
        told = listening.until(lambda line: "UNSEEN 3)" in line)
        self.assertFalse(any("UNSEEN 1)" in line for line in told), told)

    def test_qresync(self):
        alice, bob = self.both(6)
        self.session(ALICE, f"SELECT {INBOX}").ok("STORE 5 +FLAGS (\\Seen)")

        def known(user):
            """What a client of this user knows when it goes: UIDVALIDITY and HIGHESTMODSEQ"""
            with Imap(self.pabal, user) as session:
                session.ok("ENABLE QRESYNC")
                told = " ".join(session.ok(f"SELECT {INBOX}"))
                return re.search(r"UIDVALIDITY (\d+)", told)[1], int(re.search(r"HIGHESTMODSEQ (\d+)", told)[1])

        def since(user, place):
            """-> {UID: flags} and the UIDs that vanished"""
            with Imap(self.pabal, user) as session:
                session.ok("ENABLE QRESYNC")
                flags, gone = {}, []
                for line in session.ok(f"SELECT {INBOX} (QRESYNC ({place[0]} {place[1]}))"):
                    if found := re.search(r"FETCH \(UID (\d+) FLAGS \((.*?)\) MODSEQ \((\d+)\)", line):
                        self.assertGreater(int(found[3]), place[1])
                        flags[int(found[1])] = found[2]
                    if found := re.search(r"VANISHED \(EARLIER\) (\S+)", line):
                        gone.append(found[1])
                return flags, gone

        hers, his = known(ALICE), known(BOB)
        self.assertEqual([since(ALICE, hers), since(BOB, his)], [({}, [])] * 2)
        alice.ok("STORE 2 +FLAGS.SILENT (\\Seen)")
        alice.ok("STORE 5 -FLAGS.SILENT (\\Seen)")
        self.assertEqual(since(ALICE, hers), ({2: "\\Seen", 5: ""}, []))
        self.assertEqual(since(BOB, his), ({}, []))
        bob.ok("STORE 3 +FLAGS (\\Seen \\Flagged)")
        alice.ok("STORE 6 +FLAGS (\\Deleted \\Seen)")
        alice.ok("EXPUNGE")
        self.assertEqual(since(ALICE, hers), ({2: "\\Seen", 3: "\\Flagged", 5: ""}, ["6"]))
        self.assertEqual(since(BOB, his), ({3: "\\Seen \\Flagged"}, ["6"]))
        # And after a restart, when nothing is in memory.
        self.pabal.stop()
        self.pabal.start()
        self.assertEqual(since(ALICE, hers), ({2: "\\Seen", 3: "\\Flagged", 5: ""}, ["6"]))
        self.assertEqual(since(BOB, his), ({3: "\\Seen \\Flagged"}, ["6"]))

        bob = self.session(BOB, "ENABLE CONDSTORE", f"SELECT {INBOX}")
        alice = self.session(ALICE, "ENABLE CONDSTORE", f"SELECT {INBOX}")
        modseq = int(re.search(r"MODSEQ \((\d+)\)", bob.ok("FETCH 4 (MODSEQ)")[0])[1])
        alice.ok("STORE 4 +FLAGS (\\Seen)")
        _, tagged = bob.ask(f"STORE 4 (UNCHANGEDSINCE {modseq}) +FLAGS (\\Seen)")
        self.assertNotIn("MODIFIED", tagged, "what she has read is no change to him")
        _, tagged = alice.ask(f"STORE 4 (UNCHANGEDSINCE {modseq}) +FLAGS (\\Answered)")
        self.assertIn("MODIFIED 4", tagged)

    # ---- members that come and go --------------------------------------------------

    def test_a_member_goes_and_comes_back(self):
        alice, bob = self.both()
        bob.ok("STORE 1:2 +FLAGS (\\Seen)")
        self.pabal.cli("acl", "set", TEAM, BOB, "none")
        self.assertTrue(self.session(BOB).ask(f"SELECT {INBOX}")[1].startswith("NO"))
        self.pabal.cli("acl", "set", TEAM, BOB, "lrs")
        self.assertEqual(self.seen(self.session(BOB, f"SELECT {INBOX}")), [1, 2])
        self.pabal.cli("account", "remove", BOB, "--yes")
        self.pabal.add_account(BOB)
        self.pabal.cli("acl", "set", TEAM, BOB, "lrs")
        self.assertEqual(self.seen(self.session(BOB, f"SELECT {INBOX}")), [])
        self.pabal.cli("store", "check")

    # ---- mbsync ------------------------------------------------------------------

    def mbsync(self, user):
        """Once, into a Maildir of this member's. -> the names of its files' flags, by subject"""
        box = self.path(user)
        os.makedirs(box, exist_ok=True)
        config = self.write(f"{user}.mbsyncrc", f"""
FSync no

IMAPAccount pabal
Host localhost
Port {self.pabal.ports["imap_tls"]}
User {user}
Pass "{self.pabal.passwords[user]}"
SSLType IMAPS
SystemCertificates no
CertificateFile {Authority.get().certificate}
AuthMechs LOGIN

IMAPStore far
Account pabal

MaildirStore near
Path {box}/
Inbox {box}/INBOX
SubFolders Verbatim

Channel all
Far :far:"{INBOX}"
Near :near:group
Create Near
Expunge Both
SyncState *
""")
        done = run([program("mbsync"), "--config", config, "all"], env=self.environment(), check=False, timeout=120)
        self.assertEqual(done.returncode, 0, done.error)
        flags = {}
        for part in ("cur", "new"):
            for name in os.listdir(os.path.join(box, "group", part)):
                with open(os.path.join(box, "group", part, name), "rb") as octets:
                    subject = re.search(rb"Subject: (.*)", octets.read())[1].decode().strip()
                flags[subject] = (os.path.join(box, "group", part, name), name.partition(":2,")[2])
        return flags

    def test_mbsync(self):
        alice, bob = self.both(3)
        alice.ok("STORE 1 +FLAGS (\\Seen)")
        bob.ok("STORE 2 +FLAGS (\\Flagged)")
        kept = lambda user: {subject: flags for subject, (_, flags) in self.mbsync(user).items()}
        self.assertEqual(kept(ALICE), {"mail 1": "S", "mail 2": "F", "mail 3": ""})
        self.assertEqual(kept(BOB), {"mail 1": "", "mail 2": "F", "mail 3": ""})
        # He reads one there; she sees nothing of it.
        path, _ = self.mbsync(BOB)["mail 3"]
        name = os.path.basename(path).partition(":2,")[0]
        os.rename(path, os.path.join(os.path.dirname(os.path.dirname(path)), "cur", f"{name}:2,S"))
        self.assertEqual(kept(BOB)["mail 3"], "S")
        self.assertEqual(self.seen(self.session(BOB, f"SELECT {INBOX}")), [3])
        self.assertEqual(kept(ALICE), {"mail 1": "S", "mail 2": "F", "mail 3": ""})
        self.assertEqual(self.seen(self.session(ALICE, f"SELECT {INBOX}")), [1])
