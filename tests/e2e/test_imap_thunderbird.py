"""Mozilla Thunderbird reads, files, searches and sends mail; a bare session looks from the other side.

Each test has a user and a Thunderbird account of its own; Thunderbird itself is started once.
"""

import base64
import re
import shutil
import tempfile
import time
import unittest

from harness import Authority, ServerCase, message, wait_until
from imap_session import Imap
from thunderbird import Thunderbird

# Said before each script. The last argument of a script is the user whose account it is about.
HELPERS = """
const user = arguments[arguments.length - 1];
const account = MailServices.accounts.accounts.find(each => each.incomingServer.username == user);
const server = account?.incomingServer;
const folders = () => server.rootFolder.descendants.map(each => each.QueryInterface(Ci.nsIMsgImapMailFolder));
const folder = name => folders().find(each => each.onlineName == name);
const header = (name, subject) => [...folder(name).messages].find(each => each.mime2DecodedSubject == subject);

// Calls start(listener); -> when the listener hears the end, which must be a good one.
const ended = (start, type = "nsIUrlListener") => new Promise((resolve, reject) => {
  const end = status => Components.isSuccessCode(status) ? resolve() : reject(new Error("0x" + status.toString(16)));
  start({
    QueryInterface: ChromeUtils.generateQI([type]),
    OnStartRunningUrl() {}, OnStopRunningUrl(url, status) { end(status); },
    onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return ""; }, onStopCopy: end,
    onSearchHit() {}, onNewSearch() {}, onSearchDone: end,
  });
});
"""

ADD_ACCOUNT = """
const [address, imap, submission, password, settings] = arguments;
const incoming = MailServices.accounts.createIncomingServer(user, address, "imap");
Object.assign(incoming.QueryInterface(Ci.nsIImapIncomingServer), settings);
incoming.port = imap;
incoming.socketType = Ci.nsMsgSocketType.SSL;
incoming.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
incoming.password = password;
const outgoing = MailServices.outgoingServer.createServer("smtp").QueryInterface(Ci.nsISmtpServer);
outgoing.hostname = address;
outgoing.port = submission;
outgoing.socketType = Ci.nsMsgSocketType.SSL;
outgoing.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
outgoing.username = user;
outgoing.password = password;
const identity = MailServices.accounts.createIdentity();
identity.email = user;
identity.valid = true;
identity.smtpServerKey = outgoing.key;
const made = MailServices.accounts.createAccount();
made.addIdentity(identity);
made.incomingServer = incoming;
incoming.getNewMessages(incoming.rootFolder, null, null);
"""

SEND = """
const [to, subject, body] = arguments;
const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
fields.from = user;
fields.to = to;
fields.subject = subject;
const send = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
await send.createAndSendMessage(null, account.defaultIdentity, account.key, fields, false, false,
    Ci.nsIMsgCompDeliverMode.Now, null, "text/plain", body, null, null, null, "", "", Ci.nsIMsgCompType.New);
"""

SEARCH = """
const [name, attribute, text] = arguments;
const session = Cc["@mozilla.org/messenger/searchSession;1"].createInstance(Ci.nsIMsgSearchSession);
session.addScopeTerm(Ci.nsMsgSearchScope.onlineMail, folder(name));
const term = session.createTerm();
term.attrib = Ci.nsMsgSearchAttrib[attribute];
term.op = Ci.nsMsgSearchOp.Contains;
const value = term.value;
value.attrib = term.attrib;
value.str = text;
term.value = value;
term.booleanAnd = true;
session.appendTerm(term);
const found = [];
await ended(listener => {
  listener.onSearchHit = hit => found.push(hit.mime2DecodedSubject);
  session.registerListener(listener);
  session.search(null);
}, "nsIMsgSearchNotify");
return found.sort();
"""

# The octets of a mail as the server sent them, in base64.
READ = """
const [name, subject] = arguments;
const uri = folder(name).getUriForMsg(header(name, subject));
return await new Promise((resolve, reject) => {
  let octets = "";
  MailServices.messageServiceFromURI(uri).streamMessage(uri, {
    QueryInterface: ChromeUtils.generateQI(["nsIStreamListener"]),
    onStartRequest() {},
    onDataAvailable(request, stream, offset, count) {
      const input = Cc["@mozilla.org/binaryinputstream;1"].createInstance(Ci.nsIBinaryInputStream);
      input.setInputStream(stream);
      octets += input.readBytes(count);
    },
    onStopRequest(request, status) { status ? reject(new Error("0x" + status.toString(16))) : resolve(btoa(octets)); },
  }, null, null, false, "");
});
"""

KOREAN = "파발이 왔습니다"
WITH_PICTURE = (
    "From: Bob <bob@busan.test>\r\nTo: <alice@seoul.test>\r\n"
    f"Subject: =?utf-8?B?{base64.b64encode(KOREAN.encode()).decode()}?=\r\n"
    "Date: Sat, 01 Mar 2025 10:00:00 +0900\r\nMessage-ID: <picture@busan.test>\r\nMIME-Version: 1.0\r\n"
    'Content-Type: multipart/mixed; boundary="edge"\r\n\r\n'
    "--edge\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n"
    "한글 본문\r\n.\r\nFrom me\r\n \r\n"
    "--edge\r\nContent-Type: image/png\r\nContent-Disposition: attachment; filename=dot.png\r\n"
    f"Content-Transfer-Encoding: base64\r\n\r\n{('A' * 76 + chr(13) + chr(10)) * 2000}--edge--\r\n").encode()


class ThunderbirdTest(ServerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.pabal = cls.class_server("seoul.test", accounts=("first",))
        profile = tempfile.mkdtemp(prefix="pabal-e2e-")
        cls.addClassCleanup(shutil.rmtree, profile, ignore_errors=True)
        cls.thunderbird = Thunderbird(profile)
        cls.addClassCleanup(cls.thunderbird.close)
        cls.thunderbird.trust(Authority.get().certificate)

    def setUp(self):
        super().setUp()
        self.user = self.id().rpartition(".")[2].replace("_", "-") + "@seoul.test"
        self.pabal.add_account(self.user)
        self.session = Imap(self.pabal, self.user)
        self.addCleanup(self.session.close)
        self.log_start = len(self.thunderbird.imap_log())

    def run_script(self, script, *arguments):
        return self.thunderbird.run(HELPERS + script, *arguments, self.user)

    def add_account(self, **settings):
        """To Thunderbird, which looks for the folders at once. settings: of nsIImapIncomingServer."""
        self.run_script(ADD_ACCOUNT, self.pabal.address, self.pabal.ports["imap_tls"], self.pabal.ports["submission_tls"],
                        self.pabal.passwords[self.user], settings)
        self.addCleanup(self.run_script, "MailServices.accounts.removeAccount(account, true);")
        wait_until(lambda: self.folder_names() >= {"INBOX", "Trash"}, "Thunderbird has found the folders")

    def fill(self, mails):
        for mail in mails:
            self.session.append("INBOX", mail)

    # ---- as Thunderbird sees it ----------------------------------------------

    def folder_names(self):
        return set(self.run_script("return folders().map(each => each.onlineName);"))

    def headers(self, name):
        """-> {subject: {messageId, read, ...}}"""
        return self.run_script("""
            return Object.fromEntries([...folder(arguments[0]).messages].map(each => [each.mime2DecodedSubject, {
              id: each.messageId, uid: each.messageKey, size: each.messageSize, from: each.mime2DecodedAuthor,
              read: each.isRead, flagged: each.isFlagged, replied: !!(each.flags & Ci.nsMsgMessageFlags.Replied),
              attachment: !!(each.flags & Ci.nsMsgMessageFlags.Attachment),
              keywords: each.getStringProperty("keywords").split(" ").filter(Boolean).sort()}]));""", name)

    def until(self, done, what, name=None):
        """Waits; name: of a folder that is opened meanwhile, as a click on it does. Thunderbird leaves out
        an update when it is busy with the folder, so that one may not be enough."""
        opened = 0

        def look():
            nonlocal opened
            if name and time.monotonic() > opened + 1:
                self.run_script("folder(arguments[0]).updateFolder(null);", name)
                opened = time.monotonic()
            return done()

        wait_until(look, "in Thunderbird: " + what)

    def imap_log(self, what):
        """-> the lines of this test that match"""
        return [line for line in self.thunderbird.imap_log()[self.log_start:] if re.search(what, line)]

    def until_idle(self):
        """It lets two seconds pass before it says IDLE, and says DONE when it has heard something."""
        def idle():
            said = self.imap_log(r":S-INBOX:(SendData|HandleIdleResponses: idle mode async waiting)")
            return said and "async waiting" in said[-1]

        wait_until(idle, "Thunderbird is idle")

    def until_there(self, name, subjects, click=True):
        self.until(lambda: set(self.headers(name)) == set(subjects), f"{subjects} in {name}", name if click else None)

    def move(self, subject, source, target):
        self.run_script("""
            const [subject, source, target] = arguments;
            const mails = [header(source, subject)];
            await ended(listener => MailServices.copy.copyMessages(folder(source), mails, folder(target), true, listener,
                                                                   null, false), "nsIMsgCopyServiceListener");
            """, subject, source, target)

    def delete(self, subject, name):
        self.run_script("""
            const [subject, name] = arguments;
            const mails = [header(name, subject)];
            await ended(listener => folder(name).deleteMessages(mails, null, false, true, listener, false),
                        "nsIMsgCopyServiceListener");""", subject, name)

    # ---- as the other session sees it ----------------------------------------

    def flags(self, uid):
        """Of a mail in the selected mailbox."""
        self.session.ok("NOOP")
        fetched = self.session.ok(f"UID FETCH {uid} (FLAGS)")[-1]
        return set(re.search(r"FLAGS \((.*?)\)", fetched)[1].split()) - {"\\Recent"}

    def subjects(self, name):
        self.session.ok(f'EXAMINE "{name}"')
        fetched = self.session.ok("UID FETCH 1:* (BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return [re.search(r"Subject: (.*?)\r\n", line)[1] for line in fetched]

    def mailboxes(self):
        return {line.rpartition('"/" ')[2].strip('"') for line in self.session.ok('LIST "" "*"')}

    # ---- the tests -----------------------------------------------------------

    def test_folders_and_their_uses(self):
        self.add_account()
        uses = self.run_script("""
            const uses = ["Inbox", "SentMail", "Drafts", "Trash", "Junk", "Archive"];
            return Object.fromEntries(uses.map(use => [
                use, server.rootFolder.getFoldersWithFlags(Ci.nsMsgFolderFlags[use]).map(each => each.name)]));""")
        self.assertEqual(uses, {"Inbox": ["INBOX"], "SentMail": ["Sent"], "Drafts": ["Drafts"], "Trash": ["Trash"],
                                "Junk": ["Junk"], "Archive": ["Archive"]})

    def test_mails(self):
        mails = [message("bob@busan.test", self.user, f"mail {n}", "line\r\n" * n) for n in range(50)]
        self.fill(mails + [WITH_PICTURE])
        self.session.ok("SELECT INBOX")
        self.session.ok("UID STORE 3,5 +FLAGS.SILENT (\\Seen)")
        self.session.ok("UID STORE 4,5 +FLAGS.SILENT (\\Flagged \\Answered $label1)")
        # Nothing is kept here, so that a mail is read from the server.
        self.add_account(offlineDownload=False, autoSyncOfflineStores=False)
        self.until_there("INBOX", [f"mail {n}" for n in range(50)] + [KOREAN])
        shown = self.headers("INBOX")
        for number, mail in enumerate(mails):
            with self.subTest(mail=number):
                seen = shown[f"mail {number}"]
                self.assertEqual(seen["id"], re.search(rb"Message-ID: <(.*)>", mail)[1].decode())
                self.assertEqual((seen["uid"], seen["size"]), (number + 1, len(mail)))
                self.assertEqual(seen["read"], number in (2, 4))
                self.assertEqual((seen["flagged"], seen["replied"]), 2 * (number in (3, 4),))
                self.assertEqual("$label1" in seen["keywords"], number in (3, 4))
        self.assertEqual((shown[KOREAN]["id"], shown[KOREAN]["from"]), ("picture@busan.test", "Bob <bob@busan.test>"))
        # Read in pieces, since it is big; and a small one at once.
        for subject, mail in ((KOREAN, WITH_PICTURE), ("mail 49", mails[49])):
            self.assertEqual(base64.b64decode(self.run_script(READ, "INBOX", subject)), mail)
        self.assertTrue(self.headers("INBOX")[KOREAN]["attachment"])

    def test_mail_that_comes_and_goes_while_idle(self):
        self.add_account()
        self.until_idle()
        with self.pabal.smtp("lmtp") as client:
            client.sendmail("bob@busan.test", [self.user], message("bob@busan.test", self.user, "arrived"))
        self.until_there("INBOX", ["arrived"], click=False)
        # The other session deletes it, and that is told too.
        self.until_idle()
        self.session.ok("SELECT INBOX")
        self.session.ok("UID STORE 1 +FLAGS (\\Deleted)")
        self.session.ok("EXPUNGE")
        self.until_there("INBOX", [], click=False)

    def test_flags_both_ways(self):
        self.fill([message("bob@busan.test", self.user, f"mail {n}") for n in range(1, 4)])
        self.add_account()
        self.until_there("INBOX", ["mail 1", "mail 2", "mail 3"])
        self.run_script("""
            const mail = number => [header("INBOX", "mail " + number)];
            folder("INBOX").markMessagesRead(mail(1), true);
            folder("INBOX").markMessagesFlagged(mail(2), true);
            folder("INBOX").addKeywordsToMessages(mail(3), "$label2");""")
        self.session.ok("SELECT INBOX")
        for uid, flag in ((1, "\\Seen"), (2, "\\Flagged"), (3, "$label2")):
            wait_until(lambda: self.flags(uid) == {flag}, f"mail {uid} has {flag}")
        self.run_script("""folder("INBOX").markMessagesRead([header("INBOX", "mail 1")], false);""")
        wait_until(lambda: self.flags(1) == set(), "mail 1 is unread again")
        # From the other session.
        self.until_idle()
        self.session.ok("UID STORE 1 +FLAGS (\\Flagged $label3)")
        self.session.ok("UID STORE 2 FLAGS (\\Seen)")

        def told():
            shown = self.headers("INBOX")
            return (shown["mail 1"]["flagged"] and "$label3" in shown["mail 1"]["keywords"] and shown["mail 2"]["read"]
                    and not shown["mail 2"]["flagged"])

        self.until(told, "the flags of the other session")

    def test_flags_that_changed_while_away(self):
        many = [f"mail {n}" for n in range(1, 31)]
        for subject in many:
            self.session.append("Archive", message("bob@busan.test", self.user, subject))
        # With one connection it leaves a folder when it opens another one.
        self.add_account(useCondStore=True, maximumConnectionsNumber=1)
        self.until_there("Archive", many)
        elsewhere, changed = [], []
        # Only when it comes back for the first time does it note the MODSEQ, which it names the second time.
        for uid in (7, 8):
            elsewhere.append(f"elsewhere {uid}")
            self.session.append("INBOX", message("bob@busan.test", self.user, elsewhere[-1]))
            self.until_there("INBOX", elsewhere)
            self.session.ok("SELECT Archive")
            self.session.ok(f"UID STORE {uid} +FLAGS (\\Seen \\Flagged $label1)")
            changed.append(f"mail {uid}")
            self.until(lambda: changed == [subject for subject, mail in self.headers("Archive").items()
                                           if mail["read"] and mail["flagged"] and "$label1" in mail["keywords"]],
                       f"the flags of {changed}", "Archive")
        self.assertRegex("\n".join(self.imap_log("S-Archive:SendData")), r"UID fetch 1:\* \(FLAGS\) \(CHANGEDSINCE [1-9]")

    def test_move_and_delete(self):
        self.fill([message("bob@busan.test", self.user, f"mail {n}") for n in range(1, 4)])
        self.add_account()
        self.until_there("INBOX", ["mail 1", "mail 2", "mail 3"])
        self.move("mail 1", "INBOX", "Archive")
        self.delete("mail 2", "INBOX")
        self.until_there("INBOX", ["mail 3"])
        for name, subject in (("INBOX", "mail 3"), ("Archive", "mail 1"), ("Trash", "mail 2")):
            self.assertEqual(self.subjects(name), [subject])
            self.until_there(name, [subject])

    def test_folder_made_renamed_and_deleted(self):
        self.add_account()
        self.session.ok("ENABLE UTF8=ACCEPT")
        self.run_script("server.rootFolder.createSubfolder(arguments[0], null);", "업무 & 일")
        wait_until(lambda: "업무 & 일" in self.folder_names() & self.mailboxes(), "the folder is made")
        self.run_script("folder(arguments[0]).rename(arguments[1], null);", "업무 & 일", "Work")
        wait_until(lambda: "Work" in self.folder_names() & self.mailboxes(), "the folder is renamed")
        self.assertNotIn("업무 & 일", self.folder_names() | self.mailboxes())
        self.run_script("folder('Work').createSubfolder('2026', null);")
        wait_until(lambda: "Work/2026" in self.folder_names() & self.mailboxes(), "a folder in it is made")
        # Into the Trash, and then for good. (As the add-ons do it: deleteSelf() asks the user.)
        self.run_script("""
            await ended(listener => MailServices.imap.moveFolder(folder("Work"), folder("Trash"), listener, null));""")
        wait_until(lambda: {"Trash/Work", "Trash/Work/2026"} <= self.folder_names() & self.mailboxes(),
                   "the folder is in the Trash")
        self.assertNotIn("Work", self.folder_names() | self.mailboxes())
        for name in ("Trash/Work/2026", "Trash/Work"):
            self.run_script("""
                await ended(listener => MailServices.imap.deleteFolder(folder(arguments[0]), listener, null));""", name)
        self.assertFalse({"Trash/Work", "Trash/Work/2026"} & self.mailboxes())

    def test_search_by_the_server(self):
        self.fill([message("bob@busan.test", self.user, "mail 1", "a needle\r\n"),
                   message("bob@busan.test", self.user, "mail 2"),
                   message("bob@busan.test", self.user, "needle 3"), WITH_PICTURE])
        self.add_account()
        self.until_there("INBOX", ["mail 1", "mail 2", "needle 3", KOREAN])
        self.assertEqual(self.run_script(SEARCH, "INBOX", "Body", "needle"), ["mail 1"])
        self.assertEqual(self.run_script(SEARCH, "INBOX", "Subject", "needle"), ["needle 3"])
        self.assertEqual(self.run_script(SEARCH, "INBOX", "Subject", "파발"), [KOREAN])
        self.assertEqual(self.run_script(SEARCH, "INBOX", "Body", "한글"), [KOREAN])
        self.assertEqual(len(self.imap_log("SendData: .*uid SEARCH")), 4)

    def test_send_with_a_copy_into_sent(self):
        self.add_account()
        self.run_script(SEND, self.user, "sent to myself", "한 줄\r\n.two\r\n")
        self.until_there("INBOX", ["sent to myself"])
        wait_until(lambda: self.subjects("Sent") == ["sent to myself"], "the copy is in Sent")
        self.until_there("Sent", ["sent to myself"])
        sent, came = self.headers("Sent")["sent to myself"], self.headers("INBOX")["sent to myself"]
        self.assertEqual(sent["id"], came["id"])
        self.assertTrue(sent["read"] and not came["read"])


if __name__ == "__main__":
    unittest.main()
