"""Several sessions at one mailbox: what one of them changes, and what another one is
told of it, when, and from where it can go on after its connection was cut."""

import poplib
import re
import threading

from harness import ServerCase, message, wait_until
from imap_session import Imap

DOMAIN = "seoul.test"
ALICE = f"alice@{DOMAIN}"


def mail(subject):
    return message("sender@busan.test", ALICE, subject, "Hello.\r\n")


class Client(Imap):
    """A client that keeps account of where it would resynchronise from, as RFC 7162 §6 has it."""

    known = 0

    def ask(self, command, tag=None):
        untagged, tagged = super().ask(command, tag)
        codes = [int(found[1]) for line in [*untagged, tagged]
                 if (found := re.match(r"OK \[HIGHESTMODSEQ (\d+)\]", line))]
        shown = [int(found[1]) for line in untagged if (found := re.search(r"FETCH .*MODSEQ \((\d+)\)", line))]
        self.known = codes[-1] if codes else max([self.known, *shown])
        return untagged, tagged


class ImapSeveral(ServerCase):
    mailboxes = 0

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal = cls.class_server(DOMAIN, accounts=("alice", "bob"))

    def client(self, enable="QRESYNC"):
        client = Client(self.pabal, ALICE)
        self.addCleanup(client.close)
        if enable:
            client.ok(f"ENABLE {enable}")
        return client

    def mailbox(self, mails=5):
        """-> its name, a session that has it selected and one more"""
        type(self).mailboxes += 1
        name = f"several{self.mailboxes}"
        one, other = self.client(), self.client()
        other.ok(f"CREATE {name}")
        for number in range(mails):
            other.append(name, mail(f"number {number + 1}"))
        self.validity = next(found[1] for line in other.ok(f"SELECT {name}")
                             if (found := re.search(r"UIDVALIDITY (\d+)", line)))
        one.ok(f"SELECT {name}")
        return name, one, other

    def expunge(self, session, uids):
        session.ok(f"UID STORE {uids} +FLAGS.SILENT (\\Deleted)")
        session.ok(f"UID EXPUNGE {uids}")

    def vanished_since(self, name, modseq):
        """-> what somebody hears who comes back and has seen everything up to this MODSEQ"""
        back = self.client()
        lines = back.ok(f"SELECT {name} (QRESYNC ({self.validity} {modseq}))")
        return [line for line in lines if line.startswith("VANISHED")]

    # ---- resynchronising (RFC 7162 §3.2, §6) ----

    HOLDING = [
        ("FETCH 1 (FLAGS MODSEQ)", "OK [EXPUNGEISSUED]"),
        ("FETCH 4 BODY[]", "OK [EXPUNGEISSUED]"),
        ("STORE 4 +FLAGS (\\Answered)", "OK [EXPUNGEISSUED]"),
        ("STORE 4 +FLAGS.SILENT (\\Answered)", "OK [EXPUNGEISSUED]"),
        ("STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Answered)", "OK [MODIFIED 1]"),
        ("SEARCH MODSEQ 1", "OK [EXPUNGEISSUED]"),
        ("SEARCH RETURN (COUNT) ALL", "OK [EXPUNGEISSUED]"),
        ("SORT (SUBJECT) UTF-8 ALL", "OK [EXPUNGEISSUED]"),
        ("THREAD REFERENCES UTF-8 ALL", "OK [EXPUNGEISSUED]"),
        ("UID SEARCH 1:3", "OK [EXPUNGEISSUED]"),
        ("ESEARCH IN (selected) ALL", "OK [EXPUNGEISSUED]"),
    ]

    def test_whoever_is_cut_off_while_expunges_are_held_back_hears_of_them_when_he_is_back(self):
        for command, answer in self.HOLDING:
            with self.subTest(command=command):
                name, one, other = self.mailbox()
                self.expunge(other, 2)
                other.ok("UID STORE 3:5 +FLAGS (\\Flagged)")
                lines, tagged = one.ask(command)
                self.assertTrue(tagged.startswith(answer), tagged)
                self.assertFalse([line for line in lines if line.startswith("VANISHED")], lines)
                self.assertIn("VANISHED (EARLIER) 2", self.vanished_since(name, one.known))
                # Again: the client takes the highest MODSEQ since the last tagged response.
                one.ask("FETCH 1:* (FLAGS MODSEQ)")
                self.assertIn("VANISHED (EARLIER) 2", self.vanished_since(name, one.known))
                # Then it hears of it, and need not hear of it once more.
                self.assertIn("VANISHED 2", one.ok("NOOP"))
                self.assertEqual(self.vanished_since(name, one.known), [])

    def test_what_others_change_comes_in_the_order_of_its_modseqs(self):
        _, one, other = self.mailbox()
        for uid in (4, 1, 3, 2):
            other.ok(f"UID STORE {uid} +FLAGS (\\Flagged)")
        modseqs = [int(found[1]) for line in one.ok("NOOP") if (found := re.search(r"MODSEQ \((\d+)\)", line))]
        self.assertEqual(len(modseqs), 4)
        self.assertEqual(modseqs, sorted(modseqs))

    def test_status_of_the_selected_mailbox_goes_no_further_than_what_was_told(self):
        name, one, other = self.mailbox()
        self.expunge(other, 2)
        lines = one.ok(f"STATUS {name} (HIGHESTMODSEQ MESSAGES)")
        self.assertLess([i for i, line in enumerate(lines) if line == "VANISHED 2"][0],
                        [i for i, line in enumerate(lines) if line.startswith("STATUS")][0])

    def test_the_first_command_that_enables_condstore_says_from_where_on(self):
        for command in ("FETCH 1 (MODSEQ)", "FETCH 1 (FLAGS) (CHANGEDSINCE 1)", "STORE 1 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)",
                        "SEARCH MODSEQ 1", "STATUS {0} (HIGHESTMODSEQ)", "ENABLE CONDSTORE", "ENABLE QRESYNC",
                        "LIST \"\" {0} RETURN (STATUS (HIGHESTMODSEQ))"):
            with self.subTest(command=command):
                name, _, _ = self.mailbox(1)
                client = self.client(enable="")
                client.ok(f"SELECT {name}")
                lines = client.ask(command.format(name))[0]
                self.assertEqual(len([line for line in lines if line.startswith("OK [HIGHESTMODSEQ ")]), 1, lines)
                lines, tagged = client.ask(command.format(name))
                self.assertFalse([line for line in [*lines, tagged] if "[HIGHESTMODSEQ " in line], lines)

    # ---- numbers that have changed ----

    def test_uid_store_tells_the_flags_of_the_messages_that_it_names(self):
        _, one, other = self.mailbox()
        self.expunge(other, "1:2")
        lines = one.ok("UID STORE 4 -FLAGS (\\Draft)")  # which changes nothing
        self.assertIn("VANISHED 1:2", lines)
        told = [line for line in lines if "FETCH" in line]
        self.assertEqual(len(told), 1, lines)
        self.assertTrue(told[0].startswith("2 FETCH (UID 4 FLAGS ("), told)

    def test_uid_fetch_and_search_after_anothers_expunge(self):
        _, one, other = self.mailbox()
        self.expunge(other, 1)
        lines = one.ok("UID FETCH 2:3 (FLAGS)")
        self.assertEqual([line.split(" (")[0] + " " + re.search(r"UID \d+", line)[0]
                          for line in lines if "FETCH" in line], ["2 FETCH UID 2", "3 FETCH UID 3"])
        self.expunge(other, 2)
        lines = one.ok("UID FETCH 3:4 BODY[]")  # marks them as read
        bodies = [line for line in lines if "BODY[]" in line]
        for line in bodies:
            uid = int(re.search(r"UID (\d+)", line)[1])
            self.assertIn(f"Subject: number {uid}", line)
        self.assertEqual(len(bodies), 2)
        self.assertIn("SEARCH 3 4 5", one.ok("UID SEARCH ALL"))

    # ---- \\Recent (RFC 3501 §2.3.2) ----

    def test_a_message_is_recent_for_the_first_session_that_is_told_of_it(self):
        def opened(command):
            session = self.client(enable="")
            session.tells_recent = True
            return session, session.ok(command)

        self.client(enable="").ok("CREATE recent")
        self.client(enable="").append("recent", mail("one"))
        looking, lines = opened("EXAMINE recent")  # which leaves it to the next one
        self.assertIn("1 RECENT", lines)
        first, lines = opened("SELECT recent")
        self.assertIn("1 RECENT", lines)
        self.assertEqual(first.ok("FETCH 1 FLAGS"), ["1 FETCH (FLAGS (\\Recent))"])
        second, lines = opened("SELECT recent")
        self.assertIn("0 RECENT", lines)
        self.assertEqual(second.ok("FETCH 1 FLAGS"), ["1 FETCH (FLAGS ())"])
        self.assertEqual(second.ok("STATUS recent (RECENT)"), ["STATUS recent (RECENT 0)"])
        for session, new, old in ((looking, "SEARCH 1", "SEARCH"), (first, "SEARCH 1", "SEARCH"), (second, "SEARCH", "SEARCH 1")):
            self.assertEqual([session.ok(f"SEARCH {key}")[-1] for key in ("NEW", "RECENT", "OLD", "OR SEEN NEW")],
                             [new, new, old, new])
        first.append("recent", mail("two"))
        second.until_told("NOOP", lambda line: line == "2 EXISTS")
        self.assertEqual(sum("Recent" in session.ok("FETCH 2 FLAGS")[-1] for session in (first, second)), 1)
        self.assertEqual(sorted(session.ok("UID SEARCH RECENT 2")[-1] for session in (first, second)), ["SEARCH", "SEARCH 2"])

    def test_a_search_that_is_kept_up_hears_of_what_becomes_recent(self):
        session = self.client(enable="")
        session.tells_recent = True
        session.ok("CREATE kept")
        session.ok("SELECT kept")
        session.ok("SEARCH RETURN (UPDATE ALL) NEW")
        self.client(enable="").append("kept", mail("one"))
        session.until_told("NOOP", lambda line: line.startswith("ESEARCH") and "ADDTO (0 1)" in line)
        session.ok("STORE 1 +FLAGS (\\Seen)")
        self.assertEqual(session.ok("SEARCH NEW")[-1], "SEARCH")

    # ---- COPY and MOVE of what others have expunged (RFC 2180 §4.4, RFC 9051 §6.4.7) ----

    def test_of_messages_with_numbers_all_are_copied_or_none(self):
        for verb in ("COPY", "MOVE"):
            with self.subTest(verb=verb):
                name, one, other = self.mailbox()
                one.ok(f"CREATE {name}-to")
                self.expunge(other, 2)
                lines, tagged = one.ask(f"{verb} 1:3 {name}-to")
                self.assertTrue(tagged.startswith("NO [EXPUNGEISSUED]"), tagged)
                self.assertTrue([line for line in lines if line in ("VANISHED 2", "2 EXPUNGE")], lines)
                self.assertEqual(one.ok(f"STATUS {name}-to (MESSAGES)")[-1], f"STATUS {name}-to (MESSAGES 0)")
                self.assertEqual(one.ok("UID SEARCH ALL")[-1], "SEARCH 1 3 4 5")
                # The numbers are what the client knows now.
                one.ok(f"{verb} 1:2 {name}-to")
                self.assertEqual(one.ok(f"STATUS {name}-to (MESSAGES)")[-1], f"STATUS {name}-to (MESSAGES 2)")

    def test_of_uids_those_that_are_there_are_copied(self):
        name, one, other = self.mailbox()
        one.ok(f"CREATE {name}-to")
        self.expunge(other, 2)
        _, tagged = one.ask(f"UID COPY 1:3 {name}-to")
        self.assertRegex(tagged, r"^OK \[COPYUID \d+ 1,3 1:2\]")
        self.expunge(other, 4)
        _, tagged = one.ask(f"UID COPY 4 {name}-to")
        self.assertTrue(tagged.startswith("NO [EXPUNGEISSUED]"), tagged)

    # ---- what is gone ----

    def test_of_what_others_have_expunged_is_told_what_is_known(self):
        _, one, other = self.mailbox()
        self.expunge(other, 3)
        lines, tagged = one.ask("FETCH 2:4 (UID FLAGS BODY.PEEK[])")
        self.assertTrue(tagged.startswith("OK [EXPUNGEISSUED]"), tagged)
        told = {int(line.split()[0]): line for line in lines if " FETCH " in line}
        self.assertEqual(sorted(told), [2, 3, 4])
        self.assertIn("Subject: number 2", told[2])
        self.assertNotIn("BODY[]", told[3])
        self.assertIn("UID 3", told[3])
        lines, tagged = one.ask("FETCH 3 (BODY.PEEK[])")
        self.assertEqual(([line for line in lines if "FETCH" in line], tagged.split("]")[0]), ([], "OK [EXPUNGEISSUED"))
        lines, tagged = one.ask("UID FETCH 3:4 (UID BODY.PEEK[TEXT])")
        self.assertTrue(tagged.startswith("OK"), tagged)
        self.assertIn("VANISHED 3", lines)

    # ---- BYE and SELECT ----

    def test_nothing_untagged_follows_bye(self):
        name, one, other = self.mailbox()
        self.expunge(other, 2)
        other.append(name, mail("new"))
        self.assertEqual([line for line in one.ask("LOGOUT")[0]], ["BYE see you"])

    def test_nothing_untagged_follows_the_bye_of_a_mailbox_that_was_deleted(self):
        for command in ("FETCH 1:3 BODY[]", "UID FETCH 1:3 BODY[]", "UID STORE 1:3 +FLAGS (\\Seen)",
                        "NOOP", "UID SEARCH ALL", "UID MOVE 1:3 INBOX"):
            with self.subTest(command=command):
                name, one, other = self.mailbox()
                other.ok("UNSELECT")
                other.ok(f"DELETE {name}")
                one.send(f"x {command}\r\n")
                lines = []
                while line := one.line():
                    lines.append(line)
                    # What was deleted elsewhere may become known behind the answer: then the next one says so.
                    if line.startswith("x OK") and not any(told.startswith("* BYE") for told in lines):
                        one.send("x NOOP\r\n")
                bye = [i for i, line in enumerate(lines) if line.startswith("* BYE")]
                self.assertEqual(len(bye), 1, lines)
                self.assertFalse([line for line in lines[bye[0] + 1:] if not line.startswith("x ")], lines)

    def test_the_answer_to_select_tells_nothing_of_what_others_do_meanwhile(self):
        name, one, other = self.mailbox(200)
        modseq, over = one.known, threading.Event()

        def change():
            while not over.is_set():
                other.append(name, mail("new"))
                other.ok("UID STORE * +FLAGS (\\Flagged)")

        changing = threading.Thread(target=change)
        changing.start()
        try:
            for command in ("SELECT", "EXAMINE") * 10:
                lines = one.ok(f"{command} {name} (QRESYNC ({self.validity} {modseq} 1:200))")
                self.assertEqual(len([line for line in lines if line.endswith("EXISTS")]), 1, lines)
                exists = next(int(line.split()[0]) for line in lines if line.endswith("EXISTS"))
                numbers = [int(line.split()[0]) for line in lines if " FETCH " in line]
                self.assertFalse([number for number in numbers if number > exists])
        finally:
            over.set()
            changing.join()


class WhatTheCommandLineChanges(ServerCase):
    """The command line is another process; whoever is in a session hears of it within a second."""

    def setUp(self):
        super().setUp()
        self.pabal = self.server(DOMAIN, accounts=("alice", "bob", "carol"))
        self.bob = f"bob@{DOMAIN}"
        self.pabal.cli("acl", "set", f"{ALICE}/INBOX", self.bob, "lrs")
        with Imap(self.pabal, ALICE) as alice:
            alice.append("INBOX", mail("for all"))

    def session(self, user, mailbox=None):
        session = Imap(self.pabal, user)
        self.addCleanup(session.close)
        if mailbox:
            session.ok(f'SELECT "{mailbox}"')
        return session

    def ends(self, session, told="BYE"):
        """What comes within a second and a half; it has to end with BYE."""
        session.socket.settimeout(1.5)
        lines = []
        while line := session.line():
            lines.append(line)
        self.assertTrue(lines and lines[-1].startswith(f"* {told}"), lines)

    def idling(self, user, mailbox=None):
        session = self.session(user, mailbox)
        session.send("i IDLE\r\n")
        session.until(lambda line: line.startswith("+"))
        return session

    def test_a_reader_whose_right_was_taken_reads_on_no_more(self):
        shared = f"Other Users/{ALICE}/INBOX"
        idling, waiting = self.idling(self.bob, shared), self.session(self.bob, shared)
        self.pabal.cli("acl", "set", f"{ALICE}/INBOX", self.bob, "none")
        self.ends(idling)
        lines = []
        waiting.send("x FETCH 1 BODY[]\r\n")
        while line := waiting.line():
            lines.append(line)
        self.assertTrue(lines[0].startswith("* BYE"), lines)
        self.assertNotIn("for all", "".join(lines))

    def test_rights_that_were_changed_are_told(self):
        idling = self.idling(self.bob, f"Other Users/{ALICE}/INBOX")
        self.pabal.cli("acl", "set", f"{ALICE}/INBOX", "anyone", "lrsw")
        idling.socket.settimeout(1.5)
        lines = idling.until(lambda line: "PERMANENTFLAGS" in line)
        self.assertIn("\\Flagged", lines[-1])

    def test_an_account_that_is_disabled_is_logged_out(self):
        idling, plain, other = self.idling(ALICE, "INBOX"), self.session(ALICE), self.idling(self.bob, "INBOX")
        guest = self.idling(self.bob, f"Other Users/{ALICE}/INBOX")
        pop3 = poplib.POP3(self.pabal.address, self.pabal.ports["pop3_plain"])
        self.addCleanup(pop3.close)
        pop3.user(ALICE)
        pop3.pass_(self.pabal.passwords[ALICE])
        self.pabal.cli("account", "disable", ALICE)
        for session in (idling, plain, guest):
            self.ends(session)
        with self.assertRaisesRegex(poplib.error_proto, "disabled"):
            pop3.stat()
        other.send("DONE\r\n")
        other.until(lambda line: line.startswith("i OK"))

    def test_who_submits_logs_in_again(self):
        smtp = self.pabal.smtp("submission_plain", login=ALICE)
        self.addCleanup(smtp.close)
        self.pabal.cli("account", "disable", ALICE)
        wait_until(lambda: smtp.docmd(f"MAIL FROM:<{ALICE}>")[0] == 530 or smtp.docmd("RSET") and False,
                   "the account to be known as disabled", 2)

    def test_a_new_password_logs_out_who_came_in_by_the_old_one(self):
        idling = self.idling(ALICE, "INBOX")
        self.pabal.cli("account", "password", ALICE, "--password-file", self.pabal.new_password(ALICE))
        self.ends(idling)
        self.session(ALICE).ok("NOOP")

    def test_an_app_password_that_is_added_logs_nobody_out(self):
        session = self.session(ALICE, "INBOX")
        self.pabal.cli("account", "app-password", "add", ALICE, "phone", check=False)
        self.pabal.cli("alias", "add", f"sales@{DOMAIN}", ALICE)
        session.socket.settimeout(1.5)
        session.ok("NOOP")

    def test_nobody_learns_who_lives_here(self):
        alice = self.session(ALICE)
        answers = {}
        for name in (self.bob, f"nobody@{DOMAIN}", f"-nobody@{DOMAIN}", "nobody"):
            answers[name] = [
                (lines if command.startswith("LISTRIGHTS") else [], tagged.split("]")[0])
                for command in (f"LISTRIGHTS Sent {name}", f"SETACL Sent {name} lr", f"DELETEACL Sent {name}")
                for lines, tagged in [alice.ask(command)]]
            answers[name] = [([line.replace(name, "?") for line in lines], tagged) for lines, tagged in answers[name]]
        self.assertEqual(len({str(answer) for answer in answers.values()}), 1, answers)
