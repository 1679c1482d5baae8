"""LIST, STATUS, ACL, QUOTA, METADATA and NOTIFY of a real server: the examples of
the RFCs, and two people in one mailbox."""

import select
import time

from harness import ServerCase
from imap_session import Imap

def mail(subject, sender="a@seoul.test", recipient="b@seoul.test", body="Hello.\r\n"):
    return f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\n{body}".encode()


DEFAULTS = ["Archive", "Drafts", "INBOX", "Junk", "Sent", "Trash"]
ALL = "lrswipkxteacd"


class Session(Imap):
    """One that can also wait for what nobody asked for."""

    def hear(self, count=1):
        lines = []
        while len(lines) < count:
            lines.append(self.line().removeprefix("* "))
        return lines if count > 1 else lines[0]

    def silent(self, seconds=0.5):
        ready, _, _ = select.select([self.socket], [], [], seconds)
        return not ready

    def listed(self, command):
        """-> {name: (attributes without \\HasNoChildren, what stands behind the name)}, other lines"""
        names, others = {}, []
        for line in self.ok(command):
            kind, _, rest = line.partition(" ")
            if kind not in ("LIST", "LSUB"):
                others.append(line)
                continue
            attributes, _, rest = rest[1:].partition(") ")
            assert rest.startswith('"/" '), line
            rest = rest[4:]
            name, _, more = rest[1:].partition('"') if rest.startswith('"') else rest.partition(" ")
            assert name not in names, line
            names[name] = (set(attributes.split()) - {"\\HasNoChildren"}, more.strip())
        return names, others

    def names(self, command):
        return sorted(self.listed(command)[0])

    def no(self, command):
        tagged = self.ask(command)[1]
        if not tagged.startswith("NO "):
            raise AssertionError(f"{command!r}: {tagged}")
        return tagged[3:]

    def bad(self, command):
        tagged = self.ask(command)[1]
        if not tagged.startswith("BAD "):
            raise AssertionError(f"{command!r}: {tagged}")


class ImapSharing(ServerCase):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.server, cls.people = cls.class_server("seoul.test"), 0

    def person(self, mailboxes=(), subscribed=None):
        """A new account without default mailboxes but INBOX. -> its address"""
        type(self).people += 1
        address = f"person{self.people}@seoul.test"
        self.server.add_account(address)
        session = self.session(address)
        for name in DEFAULTS:
            if name != "INBOX":
                session.ok(f"DELETE {name}")
            session.ok(f"UNSUBSCRIBE {name}")
        for name in mailboxes:
            session.ok(f'CREATE "{name}"')
        for name in subscribed or ():
            session.ok(f'SUBSCRIBE "{name}"')
        return address

    def session(self, address):
        session = Session(self.server, address)
        self.addCleanup(session.close)
        return session

    # ---- LIST ------------------------------------------------------------------

    def test_default_mailboxes(self):
        session = self.session("alice@seoul.test")
        names, _ = session.listed('LIST "" *')
        for name in DEFAULTS:
            special = {} if name == "INBOX" else {"\\" + name}
            self.assertEqual(names[name][0], set(special), name)
        self.assertEqual(session.names('LIST (SPECIAL-USE) "" *'), sorted(set(DEFAULTS) - {"INBOX"}))
        self.assertEqual(session.names('LSUB "" *'), DEFAULTS)
        self.assertEqual(session.names("LIST () \"\" (inbox \"Dra%\")"), ["Drafts", "INBOX"])

    def test_delimiter(self):
        session = self.session("alice@seoul.test")
        self.assertEqual(session.ok('LIST "" ""'), ['LIST (\\Noselect) "/" ""'])
        self.assertEqual(session.ok('LIST "Other Users/x" ""'), ['LIST (\\Noselect) "/" "Other Users/"'])
        self.assertEqual(session.ok('LIST () "" ""'), [])
        self.assertEqual(session.ok("NAMESPACE"),
                         ['NAMESPACE (("" "/")) (("Other Users/" "/")) (("Shared/" "/"))'])

    def test_list_extended(self):  # RFC 5258 §5
        session = self.session(self.person(
            ["Fruit", "Fruit/Apple", "Fruit/Banana", "Tofu", "Vegetable", "Vegetable/Broccoli", "Vegetable/Corn"],
            ["INBOX", "Fruit/Banana", "Fruit/Peach", "Vegetable", "Vegetable/Broccoli"]))
        self.assertEqual(len(session.names('LIST "" "*"')), 8)
        subscribed = {"INBOX": {"\\Subscribed"}, "Fruit/Banana": {"\\Subscribed"},
                      "Fruit/Peach": {"\\Subscribed", "\\NonExistent"},
                      "Vegetable": {"\\Subscribed", "\\HasChildren"}, "Vegetable/Broccoli": {"\\Subscribed"}}
        for options in ["SUBSCRIBED", "REMOTE SUBSCRIBED"]:
            names, _ = session.listed(f'LIST ({options}) "" "*"')
            self.assertEqual({name: facts[0] for name, facts in names.items()}, subscribed)
        for options in ["", "REMOTE"]:
            names, _ = session.listed(f'LIST ({options}) "" "%" RETURN (CHILDREN)')
            self.assertEqual({name: facts[0] for name, facts in names.items()}, {
                "INBOX": set(), "Fruit": {"\\HasChildren"}, "Tofu": set(), "Vegetable": {"\\HasChildren"}})
        names, _ = session.listed('LIST (REMOTE) "" "*" RETURN (SUBSCRIBED)')
        self.assertEqual(sorted(name for name, facts in names.items() if "\\Subscribed" in facts[0]),
                         ["Fruit/Banana", "INBOX", "Vegetable", "Vegetable/Broccoli"])
        self.assertNotIn("Fruit/Peach", names)
        session.bad('LIST (RECURSIVEMATCH) "" "*"')
        session.bad('LIST (REMOTE RECURSIVEMATCH) "" "*"')

    def test_child_info(self):  # RFC 5258 §5, example 8
        address = self.person(["Foo", "Foo/Bar", "Foo/Baz", "Moo"], ["Foo/Baz"])
        session = self.session(address)
        recursive = 'LIST (SUBSCRIBED RECURSIVEMATCH) "" "%"'
        info = '("CHILDINFO" ("SUBSCRIBED"))'
        self.assertEqual(session.names('LIST (SUBSCRIBED) "" "%"'), [])
        self.assertEqual(session.listed(recursive)[0], {"Foo": ({"\\HasChildren"}, info)})
        self.assertEqual(session.ok('LSUB "" "%"'), ['LSUB (\\Noselect) "/" Foo'])
        self.assertEqual(session.ok('LSUB "" "*"'), ['LSUB () "/" Foo/Baz'])
        session.ok("DELETE Foo")
        self.assertEqual(session.listed(recursive)[0], {"Foo": ({"\\NonExistent", "\\HasChildren"}, info)})
        session.ok("UNSUBSCRIBE Foo/Baz")
        self.assertEqual(session.ok(recursive), [])

    def test_names_that_are_no_mailboxes(self):  # RFC 3501 §6.3.4, RFC 5258 §5, example 11
        session = self.session(self.person(["music", "music/rock"]))
        session.ok("DELETE music")
        self.assertEqual(session.names('LIST "" *'), ["INBOX", "music/rock"])
        self.assertEqual(session.listed('LIST "" %')[0]["music"][0], {"\\Noselect", "\\HasChildren"})
        self.assertEqual(session.listed('LIST () "" %')[0]["music"][0], {"\\NonExistent", "\\HasChildren"})
        self.assertEqual(session.names('LIST "" (music/rock %)'), ["INBOX", "music/rock"])
        session.ok("ENABLE IMAP4REV2")
        self.assertEqual(session.listed('LIST "" music')[0]["music"][0], {"\\NonExistent", "\\HasChildren"})

    def test_references_and_utf7(self):
        session = self.session(self.person(["Archive", "Archive/2025", "Archive/2026", "&07jJwA-"]))
        self.assertEqual(session.names("LIST Archive/ %"), ["Archive/2025", "Archive/2026"])
        self.assertEqual(session.ok('LIST "" "&07jJwA-"'), ['LIST (\\HasNoChildren) "/" &07jJwA-'])
        session.ok("ENABLE UTF8=ACCEPT")
        self.assertEqual(session.ok('LIST "" "편지"'), ['LIST (\\HasNoChildren) "/" "편지"'])

    def test_hostile_pattern(self):
        session = self.session(self.person(["/".join(["a" * 14] * 60)]))
        begin = time.monotonic()
        self.assertEqual(session.ok(f'LIST "" "{"*a%a" * 300}b"'), [])
        self.assertLess(time.monotonic() - begin, 5)
        self.assertIn("LIMIT", session.no(f'LIST "" ({" ".join(["x" * 1000] * 20)})'))

    def test_list_return(self):  # RFC 5819 §3, RFC 8440 §4, RFC 9590 §4
        session = self.session(self.person(["foo", "foo/kid"], ["foo/kid", "INBOX"]))
        session.append("INBOX", mail("one"))
        session.append("INBOX", mail("two"), "\\Seen")
        session.append("foo", mail("three"))
        session.ok('SETMETADATA INBOX (/shared/vendor/cmu/cyrus-imapd/color "#b71c1c")')
        self.assertEqual(session.ok('LIST "" % RETURN (STATUS (MESSAGES UNSEEN))'), [
            'LIST (\\HasNoChildren) "/" INBOX', "STATUS INBOX (MESSAGES 2 UNSEEN 1)",
            'LIST (\\HasChildren) "/" foo', "STATUS foo (MESSAGES 1 UNSEEN 1)"])
        self.assertEqual(session.ok('LIST (SUBSCRIBED RECURSIVEMATCH) "" % RETURN (STATUS (MESSAGES) MYRIGHTS)'), [
            'LIST (\\Subscribed \\HasNoChildren) "/" INBOX', f"MYRIGHTS INBOX {ALL}", "STATUS INBOX (MESSAGES 2)",
            'LIST (\\HasChildren) "/" foo ("CHILDINFO" ("SUBSCRIBED"))'])
        session.ok("DELETE foo")
        self.assertEqual(
            session.ok('LIST "" % RETURN (METADATA ("/shared/vendor/cmu/cyrus-imapd/color") MYRIGHTS)'), [
                'LIST (\\HasNoChildren) "/" INBOX', f"MYRIGHTS INBOX {ALL}",
                'METADATA INBOX (/shared/vendor/cmu/cyrus-imapd/color "#b71c1c")',
                'LIST (\\NonExistent \\HasChildren) "/" foo'])

    def test_status(self):
        address = self.person(["blurdybloop"])
        session = self.session(address)
        session.append("blurdybloop", mail("one"), "\\Deleted")
        session.append("blurdybloop", mail("two"), "\\Seen")
        items = ("MESSAGES RECENT UIDNEXT UNSEEN DELETED SIZE DELETED-STORAGE UIDVALIDITY HIGHESTMODSEQ APPENDLIMIT "
                 "MAILBOXID")
        line = session.ok(f"STATUS blurdybloop ({items})")[0]
        size = len(mail("one"))
        self.assertRegex(line, f"^STATUS blurdybloop \\(MESSAGES 2 RECENT 2 UIDNEXT 3 UNSEEN 1 DELETED 1 SIZE {2 * size} "
                               f"DELETED-STORAGE {size} UIDVALIDITY \\d+ HIGHESTMODSEQ \\d+ APPENDLIMIT \\d+ "
                               "MAILBOXID \\(F\\d+\\)\\)$")
        session.ok("SELECT blurdybloop")
        self.assertEqual(session.ok(f"STATUS blurdybloop ({items})"), [line.replace("RECENT 2", "RECENT 0")])
        self.assertTrue(session.no("STATUS nowhere (MESSAGES)").startswith("[NONEXISTENT]"))

    # ---- ACL -------------------------------------------------------------------

    def test_acl_commands(self):  # RFC 4314 §3
        owner, david, byron = self.person(["Drafts"]), self.person(), self.person()
        session = self.session(owner)
        self.assertEqual(session.ok("MYRIGHTS INBOX"), [f"MYRIGHTS INBOX {ALL}"])
        self.assertEqual(session.ok("GETACL Drafts"), [f"ACL Drafts {owner} {ALL}"])
        session.ok(f"SETACL Drafts {david} lrswida")
        session.ok(f"SETACL Drafts {byron.partition('@')[0]} lrswikda")
        self.assertEqual(session.ok("GETACL Drafts"),
                         [f"ACL Drafts {owner} {ALL} {david} lrswitead {byron} lrswikteacd"])
        session.ok(f"SETACL Drafts {david} +x")
        session.ok(f"SETACL Drafts {david} -da")
        session.ok(f"DELETEACL Drafts {byron}")
        session.ok("SETACL Drafts -anyone w")
        self.assertEqual(session.ok("GETACL Drafts"), [f"ACL Drafts {owner} {ALL} -anyone w {david} lrswixc"])
        session.bad(f"SETACL Drafts {david} lrQswicda")
        session.bad(f"SETACL Drafts {david} lrqswicda")
        session.ok("SETACL Drafts nobody@seoul.test lr")  # whether there is such an account is not told
        session.ok("DELETEACL Drafts nobody@seoul.test")
        self.assertIn("owner", session.no(f"SETACL Drafts {owner} lr"))
        self.assertIn("owner", session.no(f"DELETEACL Drafts {owner}"))
        self.assertEqual(session.ok(f"LISTRIGHTS Drafts {david}"),
                         [f'LISTRIGHTS Drafts {david} "" l r s w i p k x t e a c d'])
        self.assertEqual(session.ok(f"LISTRIGHTS Drafts {owner}"), [f"LISTRIGHTS Drafts {owner} {ALL}"])
        for command in ["GETACL", "MYRIGHTS"]:
            self.assertTrue(session.no(f"{command} nowhere").startswith("[NONEXISTENT]"))

    def test_rights_are_kept_to(self):  # RFC 4314 §4
        owner, reader = self.person(["Work", "Work/secret"]), self.person(["mine"])
        mine, theirs = self.session(owner), self.session(reader)
        work = f'"Other Users/{owner}/Work"'
        mine.append("Work", mail("one"))
        for command in [f"SELECT {work}", f"STATUS {work} (MESSAGES)", f"MYRIGHTS {work}", f"GETACL {work}",
                        f"DELETE {work}", f"GETMETADATA {work} /shared/comment", f"GETQUOTAROOT {work}"]:
            self.assertTrue(theirs.no(command).startswith("[NONEXISTENT]"), command)
        self.assertEqual(theirs.names('LIST "" *'), ["INBOX", "mine"])
        mine.ok(f"SETACL Work {reader} l")
        names, _ = theirs.listed('LIST "" *')
        self.assertEqual(names[work[1:-1]][0], {"\\Noselect"})
        self.assertTrue(theirs.no(f"SELECT {work}").startswith("[NOPERM]"))
        mine.ok(f"SETACL Work {reader} lr")
        names, _ = theirs.listed('LIST "" %')
        self.assertEqual(names["Other Users"][0], {"\\Noselect", "\\HasChildren"})
        self.assertEqual(theirs.names('LIST "" "Other Users/%"'), [f"Other Users/{owner}"])
        untagged, tagged = theirs.ask(f"SELECT {work}")
        self.assertIn("[READ-ONLY]", tagged)
        self.assertTrue(any(line.startswith("OK [PERMANENTFLAGS ()]") for line in untagged), untagged)
        self.assertTrue(theirs.no("STORE 1 +FLAGS (\\Seen)").startswith("[READ-ONLY]"))
        theirs.ok("FETCH 1 BODY[]")
        self.assertEqual(theirs.ok("FETCH 1 FLAGS"), ["1 FETCH (FLAGS ())"])
        self.assertTrue(theirs.no(f"COPY 1 {work}").startswith("[NOPERM]"))
        theirs.ok("COPY 1 mine")
        theirs.ok("UNSELECT")

        mine.ok(f"SETACL Work {reader} lrsi")
        untagged = theirs.ok(f"SELECT {work}")
        self.assertTrue(any(line.startswith("OK [PERMANENTFLAGS (\\Seen)]") for line in untagged), untagged)
        # One of several is enough, the others stay.
        theirs.ok("STORE 1 +FLAGS (\\Seen \\Flagged \\Deleted $Work)")
        self.assertEqual(theirs.ok("FETCH 1 FLAGS"), ["1 FETCH (FLAGS (\\Seen))"])
        self.assertTrue(theirs.no("STORE 1 +FLAGS (\\Flagged)").startswith("[NOPERM]"))
        self.assertTrue(theirs.no("EXPUNGE").startswith("[NOPERM]"))
        self.assertTrue(theirs.no(f'CREATE "Other Users/{owner}/Work/new"').startswith("[NOPERM]"))
        theirs.ok("SELECT mine")
        theirs.ok("STORE 1 FLAGS (\\Draft \\Deleted \\Seen $Forwarded)")
        theirs.ok(f"COPY 1 {work}")
        theirs.append(work, mail("appended"), "\\Seen \\Draft")
        mine.ok("SELECT Work")
        self.assertEqual(mine.ok("FETCH 2:3 FLAGS"), ["2 FETCH (FLAGS (\\Seen))", "3 FETCH (FLAGS (\\Seen))"])

        # What is made below inherits; what was there before does not show.
        mine.ok(f"SETACL Work {reader} lrk")
        theirs.ok(f'CREATE "Other Users/{owner}/Work/new"')
        self.assertEqual(theirs.ok(f'MYRIGHTS "Other Users/{owner}/Work/new"')[0].split()[-1], "lrkc")
        self.assertNotIn(f"Other Users/{owner}/Work/secret", theirs.names('LIST "" *'))
        self.assertTrue(theirs.no(f'DELETE "Other Users/{owner}/Work/new"').startswith("[NOPERM]"))

        # Who is thrown out hears of it.
        theirs.ok(f"SELECT {work}")
        mine.ok(f"DELETEACL Work {reader}")
        wait_for_bye(self, theirs)

    def test_groups(self):
        self.server.cli("account", "add", "team@seoul.test", "--group")
        reader = self.person()
        session = self.session(reader)
        inbox = '"Shared/team@seoul.test/INBOX"'
        self.assertEqual(session.names('LIST "" *'), ["INBOX"])
        self.server.cli("acl", "set", "team@seoul.test/INBOX", reader, "lrswipkxtea")
        names, _ = session.listed('LIST "" *')
        self.assertEqual(sorted(names), ["INBOX", "Shared/team@seoul.test/INBOX"])
        session.append(inbox, mail("for all"))
        session.ok(f"SELECT {inbox}")
        session.ok("STORE 1 +FLAGS (\\Deleted)")
        session.ok("EXPUNGE")
        session.ok(f"SETACL {inbox} anyone lr")
        self.addCleanup(self.server.cli, "acl", "set", "team@seoul.test", "anyone", "none")
        self.assertEqual(session.ok(f"GETACL {inbox}"),
                         [f"ACL {inbox[1:-1]} team@seoul.test {ALL} anyone lr {reader} {ALL}"])
        other = self.session(self.person())
        self.assertIn("Shared/team@seoul.test/INBOX", other.names('LIST "" *'))
        login = Imap(self.server)
        self.addCleanup(login.close)
        self.assertTrue(login.ask('LOGIN team@seoul.test ""')[1].startswith("NO [AUTHENTICATIONFAILED]"))

    # ---- QUOTA -----------------------------------------------------------------

    def test_quota(self):  # RFC 9208 §4
        address = self.person()
        session = self.session(address)
        self.assertEqual(session.ok("GETQUOTAROOT INBOX"),
                         [f"QUOTAROOT INBOX {address}", f"QUOTA {address} (MESSAGE 0 42949672940000)"])
        self.server.cli("account", "quota", address, "4KiB")
        session.append("INBOX", mail("one", body="x" * 1500 + "\r\n"))
        self.assertEqual(session.ok(f"GETQUOTA {address}"),
                         [f"QUOTA {address} (STORAGE 2 4 MESSAGE 1 42949672940000)"])
        big = mail("two", body="x" * 3000 + "\r\n")
        self.assertTrue(session.ask(f"APPEND INBOX {{{len(big)}+}}\r\n".encode() + big)[1].startswith("NO [OVERQUOTA]"))
        session.ok("SELECT INBOX")
        session.ok("COPY 1 INBOX")
        self.assertTrue(session.no("COPY 1:2 INBOX").startswith("[OVERQUOTA]"))
        self.assertTrue(session.no(f"SETQUOTA {address} (STORAGE 510)").startswith("[NOPERM]"))
        self.assertTrue(session.no("GETQUOTA alice@seoul.test").startswith("[NONEXISTENT]"))

    # ---- METADATA --------------------------------------------------------------

    def test_metadata(self):  # RFC 5464 §4
        owner, reader = self.person(["Work"]), self.person()
        session = self.session(owner)
        self.assertEqual(session.ok('GETMETADATA "" /shared/comment'),
                         ['METADATA "" (/shared/comment "mail.seoul.test runs Pabal")'])
        self.assertEqual(session.ok('GETMETADATA "" /shared/admin'),
                         ['METADATA "" (/shared/admin "mailto:postmaster@seoul.test")'])
        self.assertTrue(session.no('SETMETADATA "" (/shared/comment "mine")').startswith("[NOPERM]"))
        session.ok('SETMETADATA "" (/private/vendor/pabal/test "mine")')
        self.assertEqual(session.ok('GETMETADATA "" /private/vendor/pabal/test'),
                         ['METADATA "" (/private/vendor/pabal/test "mine")'])
        self.assertEqual(session.ok("GETMETADATA INBOX /shared/comment"), ["METADATA INBOX (/shared/comment NIL)"])
        session.ok('SETMETADATA INBOX (/private/comment "My new comment" /shared/comment "This one is for you!")')
        self.assertEqual(session.ok("GETMETADATA INBOX (/shared/comment /PRIVATE/comment)"), [
            'METADATA INBOX (/shared/comment "This one is for you!" /PRIVATE/comment "My new comment")'])
        session.ok("SETMETADATA INBOX (/private/comment {33+}\r\nMy new comment across\r\ntwo lines.)")
        self.assertEqual(session.ok("GETMETADATA INBOX /private/comment"),
                         ["METADATA INBOX (/private/comment {33}\r\nMy new comment across\r\ntwo lines.)"])
        untagged, tagged = session.ask("GETMETADATA INBOX (MAXSIZE 22) (/shared/comment /private/comment)")
        self.assertEqual(untagged, ['METADATA INBOX (/shared/comment "This one is for you!")'])
        self.assertTrue(tagged.startswith("OK [METADATA LONGENTRIES 33]"), tagged)
        session.ok("SETMETADATA INBOX (/private/comment NIL)")
        self.assertEqual(session.ok("GETMETADATA INBOX /private/comment"), ["METADATA INBOX (/private/comment NIL)"])
        session.ok('SETMETADATA INBOX (/private/filters/values/small "SMALLER 5000" '
                   '/private/filters/values/boss "FROM \\"boss@example.com\\"" /private/filters/values/a/b "deep")')
        self.assertEqual(session.ok("GETMETADATA INBOX (DEPTH 1) (/private/filters/values)"), [
            'METADATA INBOX (/private/filters/values/boss "FROM \\"boss@example.com\\"" '
            '/private/filters/values/small "SMALLER 5000")'])
        self.assertIn("/private/filters/values/a/b", session.ok("GETMETADATA (DEPTH infinity) INBOX /private")[0])
        for entry in ["/comment", "/private/vendor/x", "/shared/vendor", "/private/a/", "/private/*"]:
            session.bad(f'SETMETADATA INBOX ({entry} "x")')
        long = b"SETMETADATA INBOX (/private/a \"kept?\" /private/long {65537+}\r\n" + b"x" * 65537 + b")"
        self.assertTrue(session.ask(long)[1].startswith("NO [METADATA MAXSIZE 65024]"))
        self.assertEqual(session.ok("GETMETADATA INBOX /private/a"), ["METADATA INBOX (/private/a NIL)"])
        for i in range(0, 90, 30):
            session.ok("SETMETADATA Work (" + " ".join(f'/private/n{i + n} "x"' for n in range(30)) + ")")
        many = " ".join(f'/private/m{n} "x"' for n in range(20))
        self.assertTrue(session.no(f"SETMETADATA Work ({many})").startswith("[METADATA TOOMANY]"))
        session.ok("SETMETADATA Work (/private/vendor/pabal/zero ~{3+}\r\na\0b)")
        self.assertEqual(session.ok("GETMETADATA Work /private/vendor/pabal/zero"),
                         ["METADATA Work (/private/vendor/pabal/zero ~{3}\r\na\0b)"])

        theirs = self.session(reader)
        work = f'"Other Users/{owner}/Work"'
        session.ok('SETMETADATA Work (/shared/comment "ours" /private/comment "mine")')
        session.ok(f"SETACL Work {reader} l")
        self.assertTrue(theirs.no(f"GETMETADATA {work} /shared/comment").startswith("[NOPERM]"))
        session.ok(f"SETACL Work {reader} lr")
        self.assertEqual(theirs.ok(f"GETMETADATA {work} (/shared/comment /private/comment)"),
                         [f'METADATA {work} (/shared/comment "ours" /private/comment NIL)'])
        self.assertTrue(theirs.no(f'SETMETADATA {work} (/shared/comment "theirs")').startswith("[NOPERM]"))
        theirs.ok(f'SETMETADATA {work} (/private/comment "theirs")')
        self.assertEqual(session.ok("GETMETADATA Work /private/comment"), ['METADATA Work (/private/comment "mine")'])
        self.assertEqual(self.session("alice@seoul.test").ok("GETMETADATA Drafts /private/specialuse"),
                         ['METADATA Drafts (/private/specialuse "\\\\Drafts")'])

    def test_special_use_by_setmetadata(self):  # RFC 6154 §4
        owner, friend = self.person(["Drawer", "Plain"]), self.person()
        session = self.session(owner)
        session.ok('SETMETADATA Drawer (/private/specialuse "\\\\drafts \\\\Sent" /private/comment "mine")')
        self.assertEqual(session.ok("GETMETADATA Drawer (/private/specialuse /private/comment)"),
                         ['METADATA Drawer (/private/specialuse "\\\\Drafts \\\\Sent" /private/comment "mine")'])
        self.assertEqual(session.ok('LIST "" Drawer'), ['LIST (\\HasNoChildren \\Drafts \\Sent) "/" Drawer'])
        session.ok("SETMETADATA Drawer (/private/specialuse NIL)")
        self.assertEqual(session.ok('LIST "" Drawer'), ['LIST (\\HasNoChildren) "/" Drawer'])
        self.assertTrue(session.no('SETMETADATA Drawer (/private/specialuse "\\\\All")').startswith("[USEATTR]"))
        self.assertTrue(session.no('SETMETADATA "" (/private/specialuse "\\\\Sent")').startswith("[USEATTR]"))
        session.ok(f"SETACL Plain {friend} lrsw")
        refusal = self.session(friend).no(f'SETMETADATA "Other Users/{owner}/Plain" (/private/specialuse "\\\\Sent")')
        self.assertTrue(refusal.startswith("[USEATTR]"))

    # ---- NOTIFY ----------------------------------------------------------------

    def test_notify_selected(self):  # RFC 5465 §3.1, §5
        address = self.person()
        watcher, writer = self.session(address), self.session(address)
        watcher.ok("NOTIFY SET (selected (MessageNew (uid body.peek[header.fields (from to subject)]) MessageExpunge "
                   "FlagChange))")
        watcher.ok("SELECT INBOX")
        writer.append("INBOX", mail("good morning"))
        exists, fetch = watcher.hear(2)
        self.assertEqual(exists, "1 EXISTS")
        self.assertRegex(fetch, r"(?s)^1 FETCH \(UID 1 BODY\[HEADER.FIELDS \(.*From: a@seoul.test.*Subject: good morning")
        writer.ok("SELECT INBOX")
        writer.ok("STORE 1 +FLAGS ($Junk)")
        lines = watcher.hear(3)
        self.assertEqual(lines[-1], "1 FETCH (UID 1 FLAGS ($Junk))")
        # Its own: EXISTS, no FETCH.
        self.assertEqual(watcher.ok(append(mail("mine"))), ["2 EXISTS"])
        self.assertTrue(watcher.silent())
        writer.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        watcher.hear()
        writer.ok("EXPUNGE")
        self.assertEqual(watcher.hear(), "1 EXPUNGE")
        watcher.ok("NOTIFY SET (selected-delayed (MessageNew MessageExpunge))")
        writer.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
        writer.ok("EXPUNGE")
        self.assertTrue(watcher.silent())
        self.assertEqual(watcher.ok("NOOP"), ["1 EXPUNGE"])

        watcher.ok("NOTIFY NONE")
        writer.append("INBOX", mail("quiet"))
        self.assertTrue(watcher.silent())
        self.assertEqual(watcher.ok("NOOP"), [])
        self.assertEqual(watcher.ok("NOTIFY SET (selected (MessageNew MessageExpunge))"), ["1 EXISTS"])
        self.assertEqual(watcher.ok("STORE 1 +FLAGS (\\Flagged)"), ["1 FETCH (UID 3 FLAGS (\\Flagged))"])

    def test_notify_others(self):
        address = self.person(["Lists", "Lists/Lemonade", "Lists/Im2000", "misc"])
        watcher, writer = self.session(address), self.session(address)
        lines = watcher.ok("NOTIFY SET STATUS (selected (MessageNew MessageExpunge)) "
                           "(subtree Lists (MessageNew MessageExpunge FlagChange))")
        self.assertEqual(len(lines), 3)
        self.assertRegex(lines[1], r"^STATUS Lists/Im2000 \(MESSAGES 0 UIDNEXT 1 UIDVALIDITY \d+ UNSEEN 0 HIGHESTMODSEQ \d+\)")
        watcher.ok("SELECT INBOX")
        writer.append("Lists/Lemonade", mail("one"))
        self.assertRegex(watcher.hear(), r"^STATUS Lists/Lemonade \(MESSAGES 1 UIDNEXT 2 UIDVALIDITY \d+ UNSEEN 1\)")
        writer.append("misc", mail("two"))
        self.assertTrue(watcher.silent())
        writer.ok("SELECT Lists/Lemonade")
        writer.ok("STORE 1 +FLAGS (\\Seen)")
        self.assertRegex(watcher.hear(), r"^STATUS Lists/Lemonade \(UIDVALIDITY \d+ UNSEEN 0\)")
        writer.ok("STORE 1 +FLAGS (\\Deleted)")
        writer.ok("EXPUNGE")
        self.assertRegex(watcher.hear(), r"^STATUS Lists/Lemonade \(MESSAGES 0 UIDNEXT 2 ")
        # While it idles as well; then with MODSEQs.
        watcher.ok("ENABLE CONDSTORE")
        watcher.send(b"i IDLE\r\n")
        self.assertTrue(watcher.line().startswith("+ "))
        writer.append("Lists/Lemonade", mail("three"))
        self.assertRegex(watcher.hear(), r"^STATUS Lists/Lemonade \(MESSAGES 1 UIDNEXT 3 UIDVALIDITY \d+ UNSEEN 1 HIGHESTMODSEQ \d+\)")
        watcher.send(b"DONE\r\n")
        self.assertTrue(watcher.line().startswith("i OK"))

    def test_notify_names(self):  # RFC 5465 §5.4 to §5.7
        address, friend = self.person(["old", "old/kid"]), self.person(["Work"])
        watcher, writer = self.session(address), self.session(address)
        watcher.ok("NOTIFY SET (personal (MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)) "
                   f'(subtree "Other Users/{friend}" (MailboxName))')
        writer.ok("CREATE NewMailbox")
        self.assertEqual(watcher.hear(), 'LIST (\\HasNoChildren) "/" NewMailbox')
        writer.ok("CREATE NewMailbox/below")
        self.assertEqual(watcher.hear(2), ['LIST (\\HasNoChildren) "/" NewMailbox/below',
                                           'LIST (\\HasChildren) "/" NewMailbox'])
        writer.ok("DELETE NewMailbox/below")
        self.assertEqual(watcher.hear(2), ['LIST (\\NonExistent \\HasNoChildren) "/" NewMailbox/below',
                                           'LIST (\\HasNoChildren) "/" NewMailbox'])
        writer.ok("RENAME old new")
        self.assertEqual(watcher.hear(), 'LIST (\\HasChildren) "/" new ("OLDNAME" (old))')
        writer.ok("SUBSCRIBE new")
        self.assertEqual(watcher.hear(), 'LIST (\\Subscribed \\HasChildren) "/" new')
        writer.ok("UNSUBSCRIBE new")
        self.assertEqual(watcher.hear(), 'LIST (\\HasChildren) "/" new')
        writer.ok('SETMETADATA INBOX (/shared/comment "x" /private/comment "y")')
        self.assertEqual(watcher.hear(), "METADATA INBOX /private/comment /shared/comment")
        writer.ok('SETMETADATA INBOX (/shared/comment NIL /private/comment "y")')
        self.assertEqual(watcher.hear(), "METADATA INBOX /shared/comment")
        writer.ok('SETMETADATA "" (/private/vendor/pabal/x "y")')
        self.assertEqual(watcher.hear(), 'METADATA "" /private/vendor/pabal/x')
        # Its own deeds are no news.
        watcher.ok("CREATE own")
        watcher.ok("SUBSCRIBE own")
        watcher.ok("RENAME own owner")
        watcher.ok("DELETE owner")
        self.assertTrue(watcher.silent())
        # A right that is given is a mailbox that is made.
        self.session(friend).ok(f"SETACL Work {address} lr")
        self.assertEqual(watcher.hear(), f'LIST (\\HasNoChildren) "/" "Other Users/{friend}/Work"')
        self.session(friend).ok(f"DELETEACL Work {address}")
        self.assertEqual(watcher.hear(), f'LIST (\\NoAccess) "/" "Other Users/{friend}/Work"')
        # So is one that is given to everybody.
        self.session(friend).ok("SETACL Work anyone lr")
        self.assertEqual(watcher.hear(), f'LIST (\\HasNoChildren) "/" "Other Users/{friend}/Work"')
        self.session(friend).ok("DELETEACL Work anyone")
        self.assertEqual(watcher.hear(), f'LIST (\\NoAccess) "/" "Other Users/{friend}/Work"')

    def test_notify_shared(self):
        owner, reader = self.person(["Work", "Listed"]), self.person()
        mine, theirs = self.session(owner), self.session(reader)
        mine.ok(f"SETACL Work {reader} lr")
        mine.ok(f"SETACL Listed {reader} l")
        work = f"Other Users/{owner}/Work"
        self.assertEqual(theirs.ok(f'NOTIFY SET (subtree "Other Users/{owner}" (MessageNew MessageExpunge))'),
                         [f'LIST (\\NoAccess) "/" "Other Users/{owner}/Listed"'])
        mine.append("Work", mail("one"))
        self.assertEqual(theirs.hear(), f'STATUS "{work}" (MESSAGES 1 UIDNEXT 2)')
        mine.append("Listed", mail("two"))
        self.assertTrue(theirs.silent())
        # RFC 5465 §5.9: also to who does not ask for names.
        mine.ok(f"DELETEACL Work {reader}")
        self.assertEqual(theirs.hear(), f'LIST (\\NoAccess) "/" "{work}"')
        mine.append("Work", mail("three"))
        self.assertTrue(theirs.silent())
        mine.ok(f"SETACL Work {reader} lr")
        self.assertEqual(theirs.hear(2), [f'LIST (\\HasNoChildren) "/" "{work}"',
                                          f'STATUS "{work}" (MESSAGES 2 UIDNEXT 3)'])

    def test_notify_refusals(self):
        session = self.session(self.person())
        self.assertTrue(session.no("NOTIFY SET (personal (MessageNew MessageExpunge AnnotationChange))")
                        .startswith("[BADEVENT (MessageNew MessageExpunge FlagChange MailboxName"))
        session.bad("NOTIFY SET (personal (MessageNew))")
        session.bad("NOTIFY SET (selected (MailboxName))")
        session.bad("NOTIFY SET (selected (FlagChange))")

    def test_capabilities(self):
        names = self.session("alice@seoul.test").ok("CAPABILITY")[0].split()
        for name in ("LIST-EXTENDED LIST-STATUS LIST-MYRIGHTS LIST-METADATA ACL RIGHTS=texk QUOTA QUOTA=RES-STORAGE "
                     "QUOTA=RES-MESSAGE METADATA METADATA-SERVER NOTIFY NAMESPACE CHILDREN").split():
            self.assertIn(name, names)
        self.assertNotIn("QUOTASET", names)


def append(octets):
    return f"APPEND INBOX {{{len(octets)}+}}\r\n".encode() + octets


def wait_for_bye(case, session):
    """Within the next commands."""
    for _ in range(50):
        try:
            untagged, _ = session.ask("NOOP")
        except (AssertionError, OSError):
            return
        if any(line.startswith("BYE") for line in untagged):
            return
        time.sleep(0.05)
    case.fail("the session goes on")
