"""Mail read, filed and kept in step over IMAP by the programs of others: curl,
mutt, mbsync, offlineimap, fetchmail, getmail6, and imapflow from npm.
Thunderbird is in test_imap_thunderbird.py.
"""

import glob
import hashlib
import json
import mailbox
import os
import re
import shutil
import unittest

from harness import REPOSITORY, Authority, ServerCase, message, program, run
from imap_session import Imap

ALICE = "alice@seoul.test"
IMAPFLOW = os.path.join(os.path.dirname(os.path.abspath(__file__)), "imapflow")


def with_lf(mail):
    return mail.replace(b"\r\n", b"\n")


def files(*patterns):
    found = []
    for pattern in patterns:
        for path in sorted(glob.glob(pattern)):
            with open(path, "rb") as mail:
                found.append(mail.read())
    return found


def node_modules():
    """A folder with imapflow and what it needs, as package-lock.json says; made once."""
    with open(os.path.join(IMAPFLOW, "package-lock.json"), "rb") as lock:
        name = f"imapflow-{hashlib.sha256(lock.read()).hexdigest()[:16]}"
    directory = os.path.join(REPOSITORY, "build", "e2e", name)
    if not os.path.exists(os.path.join(directory, "complete")):
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(IMAPFLOW, file), directory)
        done = run([program("npm"), "ci", "--no-audit", "--no-fund"], cwd=directory, check=False, timeout=600)
        if done.returncode != 0:
            raise unittest.SkipTest(f"npm cannot install imapflow: {done.error[-300:]}")
        open(os.path.join(directory, "complete"), "x", encoding="ascii").close()
    return directory


class ImapClients(ServerCase):
    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test")
        self.password = self.pabal.passwords[ALICE]
        self.ca = Authority.get().certificate
        self.mails = [message("bob@busan.test", ALICE, f"mail {n}", f"line\r\n.dots\r\nFrom me\r\n{'x' * 70}\r\n" * n)
                      for n in range(1, 6)]

    def fill(self, mails=None):
        with Imap(self.pabal, ALICE) as session:
            parts = b"".join(f" () {{{len(mail)}+}}\r\n".encode() + mail for mail in mails or self.mails)
            session.ok(b"APPEND INBOX" + parts)

    def contents(self, name):
        """-> [(flags, octets)] of a mailbox, by UID"""
        with Imap(self.pabal, ALICE) as session:
            session.ok(f"EXAMINE {name}")
            found = []
            for line in session.ok("UID FETCH 1:* (FLAGS BODY.PEEK[])"):
                head, _, octets = line.partition("\r\n")
                size = int(re.search(r"\{(\d+)\}$", head)[1])
                octets = octets.encode("utf-8", "surrogateescape")[:size]
                found.append((set(re.search(r"FLAGS \((.*?)\)", line)[1].split()) - {"\\Recent"}, octets))
            return found

    def subjects(self, name):
        return [re.search(rb"Subject: (.*?)\r\n", octets)[1].decode() for _, octets in self.contents(name)]

    # ---- curl ----------------------------------------------------------------

    def test_curl(self):
        self.fill()
        for scheme, listener, options in (("imap", "imap", ["--ssl-reqd"]), ("imaps", "imap_tls", []),
                                          ("imaps", "imap_tls", ["--login-options", "AUTH=PLAIN"]), ("imap", "imap_plain", [])):
            with self.subTest(listener=listener, options=options):
                def curl(path, *more):
                    url = f"{scheme}://{self.pabal.address}:{self.pabal.ports[listener]}/{path}"
                    return run([program("curl"), "--silent", "--show-error", "--max-time", "30", "--cacert", self.ca, "--user",
                                f"{ALICE}:{self.password}", *options, *more, url], env=self.environment())

                self.assertIn('* LIST (\\HasNoChildren) "/" INBOX\r\n', curl("").text)
                self.assertEqual(curl("INBOX;UID=2").stdout, self.mails[1])
                self.assertEqual(curl("INBOX;MAILINDEX=3").stdout, self.mails[2])
                self.assertEqual(curl("INBOX;UID=2;SECTION=HEADER.FIELDS%20(SUBJECT)").text, "Subject: mail 2\r\n\r\n")
                self.assertEqual(curl("INBOX?SUBJECT%20%22mail%204%22").text, "* SEARCH 4\r\n")
                sent = self.write("mail", message("curl@seoul.test", ALICE, f"by {listener} {len(options)}"))
                curl("Sent", "--upload-file", sent)
                curl("INBOX", "--request", "STORE 1 +FLAGS (\\Flagged)")
        self.assertEqual(self.subjects("Sent"), ["by imap 1", "by imap_tls 0", "by imap_tls 2", "by imap_plain 0"])
        self.assertEqual(self.contents("INBOX")[0], ({"\\Flagged", "\\Seen"} & self.contents("INBOX")[0][0], self.mails[0]))

    # ---- mutt ----------------------------------------------------------------

    def test_mutt(self):
        self.fill()
        box = self.path("box")
        base = f"imaps://{self.pabal.address}:{self.pabal.ports['imap_tls']}/"
        config = self.write("muttrc", f"""
set ssl_ca_certificates_file="{self.ca}"
set certificate_file="{self.path('certificates')}"
set ssl_force_tls=yes
set imap_user="{ALICE}"
set imap_pass="{self.password}"
set imap_idle=no
set imap_condstore=yes
set imap_qresync=yes
set folder="{base}"
set tmpdir="{self.directory}"
set record=""
set trash=""
set mbox_type=Maildir
set sort=mailbox-order
set confirmappend=no
set confirmcreate=no
set delete=yes
set wait_key=no
set quit=yes
set move=no
set auto_tag=no
set header_cache=""
set message_cachedir=""
push "<tag-pattern>~A<enter><tag-prefix><copy-message>{box}<enter><untag-pattern>~A<enter><first-entry><save-message>=Archive<enter><jump>3<enter><copy-message>=Work<enter><jump>4<enter><delete-message><jump>5<enter><flag-message><quit>"
""")
        screen = self.in_terminal([program("mutt"), "-n", "-F", config, "-f", base + "INBOX"])
        self.assertTrue(os.path.exists(box), screen)
        self.assertEqual(sorted(mail["Subject"] for mail in mailbox.Maildir(box)), [f"mail {n}" for n in range(1, 6)], screen)
        self.assertEqual(self.subjects("Archive"), ["mail 1"], screen)
        self.assertEqual(self.subjects("Work"), ["mail 3"], screen)
        self.assertEqual(self.subjects("INBOX"), ["mail 2", "mail 3", "mail 5"], screen)
        self.assertIn("\\Flagged", self.contents("INBOX")[2][0])
        self.assertEqual(self.contents("Work")[0][1], self.mails[2])

    # ---- mbsync --------------------------------------------------------------

    def test_mbsync(self):
        many = [message("bob@busan.test", ALICE, f"mail {n}", f"line {n}\r\n") for n in range(1, 1001)]
        self.fill(many)
        maildir = self.path("Maildir")
        os.mkdir(maildir)
        config = self.write("mbsyncrc", f"""
FSync no

IMAPAccount pabal
Host localhost
Port {self.pabal.ports['imap_tls']}
User {ALICE}
Pass {self.password}
SSLType IMAPS
SystemCertificates no
CertificateFile {self.ca}
AuthMechs LOGIN

IMAPStore far
Account pabal

MaildirStore near
SubFolders Verbatim
Path {maildir}/
Inbox {maildir}/INBOX

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Expunge Both
CopyArrivalDate yes
SyncState *
""")

        def sync():
            """-> (new, changed, expunged) there, the same here"""
            drawn = self.in_terminal([program("mbsync"), "--config", config, "all"], seconds=120)
            counts = re.findall(r"F: \+(\d+)/\d+ \*(\d+)/\d+ #(\d+)/\d+  N: \+(\d+)/\d+ \*(\d+)/\d+ #(\d+)/", drawn)
            self.assertTrue(counts, drawn)
            return [int(count) for count in counts[-1]]

        self.assertEqual(sync(), [0, 0, 0, 1000, 0, 0])
        inbox = os.path.join(maildir, "INBOX")
        self.assertEqual(sorted(re.sub(rb"X-TUID: .*\n", b"", mail) for mail in files(inbox + "/new/*", inbox + "/cur/*")),
                         sorted(with_lf(mail) for mail in many))
        self.assertTrue(os.path.isdir(os.path.join(maildir, "Drafts")))
        nothing = [0] * 6
        self.assertEqual(sync(), nothing)

        # From here to there: a new mail, a flag, a deletion, a folder.
        local = sorted(glob.glob(inbox + "/new/*") + glob.glob(inbox + "/cur/*"), key=lambda path: re.search(r"U=(\d+)", path)[1])
        by_uid = {int(re.search(r"U=(\d+)", path)[1]): path for path in local}
        for uid, flags in ((10, "FS"), (20, "ST")):
            os.rename(by_uid[uid], os.path.join(inbox, "cur", os.path.basename(by_uid[uid]).split(":")[0] + ":2," + flags))
        fresh = mailbox.Maildir(inbox, create=False)
        fresh.add(with_lf(message(ALICE, ALICE, "written here")))
        mailbox.Maildir(os.path.join(maildir, "Projects")).add(with_lf(message(ALICE, ALICE, "in a new folder")))
        # and from there to here.
        with Imap(self.pabal, ALICE) as session:
            session.append("INBOX", message("bob@busan.test", ALICE, "arrived there"))
            session.ok("SELECT INBOX")
            session.ok(r"UID STORE 30 +FLAGS (\Answered)")
        self.assertEqual(sync(), [2, 2, 0, 1, 1, 0])
        there = self.contents("INBOX")
        self.assertEqual(len(there), 1001)
        self.assertEqual(there[9][0], {"\\Flagged", "\\Seen"})
        self.assertEqual(self.subjects("Projects"), ["in a new folder"])
        self.assertIn("written here", self.subjects("INBOX"))
        self.assertTrue(glob.glob(inbox + "/cur/*U=30:2,R*"))
        self.assertEqual(sync(), nothing)

    # ---- offlineimap ---------------------------------------------------------

    def test_offlineimap(self):
        self.fill()
        maildir = self.path("Maildir")
        config = self.write("offlineimaprc", f"""
[general]
accounts = pabal
metadata = {self.path('state')}
[Account pabal]
localrepository = near
remoterepository = far
[Repository near]
type = Maildir
localfolders = {maildir}
[Repository far]
type = IMAP
remotehost = localhost
remoteport = {self.pabal.ports['imap_tls']}
remoteuser = {ALICE}
remotepass = {self.password}
ssl = yes
sslcacertfile = {self.ca}
createfolders = True
""")

        def sync():
            done = run([program("offlineimap"), "-c", config, "-o", "-u", "basic"], env=self.environment(), check=False)
            self.assertEqual(done.returncode, 0, done.text + done.error)
            return done.text + done.error

        sync()
        inbox = os.path.join(maildir, "INBOX")
        self.assertEqual(sorted(files(inbox + "/new/*", inbox + "/cur/*")), sorted(with_lf(mail) for mail in self.mails))
        self.assertNotRegex(sync(), r"Copy message|Adding flag|Deleting")

        mailbox.Maildir(inbox, create=False).add(with_lf(message(ALICE, ALICE, "written here")))
        first = next(path for path in glob.glob(inbox + "/*/*") if "U=1," in path)
        os.rename(first, os.path.join(inbox, "cur", re.sub(r":2,.*", "", os.path.basename(first)) + ":2,FS"))
        second = next(path for path in glob.glob(inbox + "/*/*") if "U=2," in path)
        os.unlink(second)
        sync()
        self.assertEqual(self.subjects("INBOX"), ["mail 1", "mail 3", "mail 4", "mail 5", "written here"])
        self.assertEqual(self.contents("INBOX")[0][0], {"\\Flagged", "\\Seen"})

    # ---- fetchmail -----------------------------------------------------------

    def test_fetchmail(self):
        self.fill()
        inbox = self.path("inbox")
        self.write("deliver", f"#!/bin/sh\nexec cat > \"$(mktemp {inbox}-XXXXXX)\"\n", 0o700)
        config = self.write("fetchmailrc", f"""
poll localhost protocol imap port {self.pabal.ports['imap_tls']} auth password
  user "{ALICE}" password "{self.password}" ssl sslcertck sslcertfile "{self.ca}"
  mda "{self.path('deliver')}"
""")

        def fetch(*options):
            done = run([program("fetchmail"), "-f", config, "--nosyslog", "--nodetach", "--pidfile", self.path("pid"), *options],
                       env=self.environment(), check=False)
            self.assertIn(done.returncode, (0, 1), done.text + done.error)  # 1: there was no mail
            found = sorted(with_lf(mail).partition(b"\n\n")[2] for mail in files(inbox + "-*"))
            for path in glob.glob(inbox + "-*"):
                os.unlink(path)
            return found

        bodies = sorted(with_lf(mail).partition(b"\n\n")[2] for mail in self.mails)
        self.assertEqual(fetch("--keep"), bodies)
        self.assertEqual(fetch("--keep"), [])  # all are seen now
        self.assertEqual(fetch("--fetchall", "--nokeep"), bodies)
        self.assertEqual(self.contents("INBOX"), [])

    # ---- getmail -------------------------------------------------------------

    def test_getmail(self):
        self.fill()
        maildir = self.path("Maildir")
        for name in ("", "new", "cur", "tmp"):
            os.mkdir(os.path.join(maildir, name))
        user = ""
        if os.geteuid() == 0:  # as root it delivers only for somebody else
            user = "user = nobody\n"
            os.chmod(self.directory, 0o755)
            run(["chown", "-R", "nobody", maildir])
        for options in ("delete = false\nread_all = false", "delete = true\nread_all = true"):
            self.write("getmailrc", f"""
[retriever]
type = SimpleIMAPSSLRetriever
server = {self.pabal.address}
port = {self.pabal.ports['imap_tls']}
username = {ALICE}
password = {self.password}
mailboxes = ("INBOX", "Archive")
ca_certs = {self.ca}
[destination]
type = Maildir
path = {maildir}/
{user}[options]
{options}
delivered_to = false
received = false
""")
            run([program("getmail"), "--getmaildir", self.directory, "--rcfile", "getmailrc"], env=self.environment())
        # It adds fields of its own. Kept and read again, then deleted.
        found = sorted(mail.partition(b"\n\n")[2] for mail in files(maildir + "/new/*"))
        self.assertEqual(found, sorted(2 * [with_lf(mail).partition(b"\n\n")[2] for mail in self.mails]))
        self.assertEqual(self.contents("INBOX"), [])

    # ---- imapflow ------------------------------------------------------------

    def imapflow(self, listener, secure):
        directory = node_modules()
        shutil.copy(os.path.join(IMAPFLOW, "session.js"), directory)
        done = run([program("node"), os.path.join(directory, "session.js")], check=False, env={
            **self.environment(), "HOST": self.pabal.address, "PORT": str(self.pabal.ports[listener]), "SECURE": secure,
            "IMAP_USER": ALICE, "IMAP_PASSWORD": self.password, "CA": self.ca})
        self.assertEqual(done.returncode, 0, done.text + done.error)
        return json.loads(done.text.splitlines()[-1])

    def test_imapflow(self):
        for listener, secure in (("imap_tls", "1"), ("imap", "0")):
            with self.subTest(listener=listener):
                seen = self.imapflow(listener, secure)
                self.assertIn("IMAP4rev1", seen["capabilities"])
                self.assertEqual(sorted(seen["enabled"]), ["CONDSTORE", "QRESYNC", "UTF8=ACCEPT"])
                self.assertEqual(seen["special"], ["\\Archive", "\\Drafts", "\\Inbox", "\\Junk", "\\Sent", "\\Trash"])
                self.assertIn("업무/2026년", seen["created"])
                self.assertEqual((seen["appended"], seen["exists"], seen["subject"]), (1, 2, "파발"))
                # It does not enable IMAP4rev2, and is the first to select the mailbox: RFC 3501 §2.3.2.
                self.assertEqual(seen["flags"], ["$Work", "\\Flagged", "\\Recent"])
                self.assertEqual(seen["types"], ["text/plain", "image/png"])
                self.assertEqual(seen["date"], "2001-09-09T01:46:40.000Z")
                self.assertTrue(seen["same"] and seen["emailId"] and seen["stored"])
                self.assertEqual((seen["text"], seen["found"]), ("파발이 왔습니다", [1]))
                self.assertEqual(seen["thread"], [1])
                self.assertEqual(seen["heard"]["exists"], 3)
                self.assertIn("\\Answered", seen["heard"]["flags"])
                self.assertEqual(seen["heard"]["expunge"], {"uid": 2, "vanished": True})
                self.assertEqual(seen["changed"], [1, 3])
                self.assertEqual(seen["moved"], [1, 3])
                self.assertGreaterEqual(seen["trash"], 2)


if __name__ == "__main__":
    unittest.main()
