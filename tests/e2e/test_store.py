"""`pabal store`: check, backup beside a running server, restore, salvage of a
damaged store, and the rehearsal of an upgrade."""

import glob
import json
import os
import re
import shutil
import sqlite3
import threading
import unittest

from harness import PABAL, Authority, ServerCase, body_of, message, program, run, wait_until
from imap_session import Imap

ALICE, BOB = "alice@seoul.test", "bob@seoul.test"
PAGE = 4096


class Store(ServerCase):
    def setUp(self):
        super().setUp()
        self.pabal = self.server("seoul.test", accounts=("alice", "bob"), sections={"store": {"segment_octets": "1MiB"}})
        self.data = os.path.join(self.pabal.directory, "data")

    def send(self, first, count, recipient=ALICE):
        """Small mails and large ones. -> their bodies"""
        bodies = []
        with self.pabal.smtp() as client:
            for number in range(first, first + count):
                lines = 300 if number % 3 == 0 else 5
                body = f"mail {number} of {recipient}\r\n" * lines
                client.sendmail("x@elsewhere.test", [recipient], message("x@elsewhere.test", recipient, body=body))
                bodies.append(body.encode())
        return bodies

    def store(self, command, *arguments, status=0):
        """-> what it says as JSON; its exit status is looked at."""
        done = self.pabal.cli("store", command, *arguments, "--json", check=False)
        self.assertEqual(done.returncode, status, done.text + done.error)
        return json.loads(done.text) if done.text else done.error

    def restart_on(self, data):
        self.pabal.stop()
        shutil.rmtree(self.data)
        os.rename(data, self.data)
        self.pabal.start()

    def test_check_beside_the_server(self):
        self.send(0, 12)
        found = self.store("check")
        self.assertTrue(found["ok"], found)
        self.assertEqual((found["messages"], found["mails"], found["accounts"]), (12, 12, 2))
        self.assertIn("all is well", self.pabal.cli("store", "check").text)
        self.assertEqual(self.store("rebuild")["counters"], [])

    def test_check_names_the_one_damaged_mail(self):
        self.send(0, 12)
        segment = glob.glob(os.path.join(self.data, "segments", "*.seg"))[0]
        with open(segment, "r+b") as file:
            content = file.read()
            file.seek(content.index(b"mail 6 of"))
            file.write(b"MAIL")
        found = self.store("check", status=1)
        self.assertEqual([finding["kind"] for finding in found["findings"]], ["bytes"])
        mails = found["findings"][0]["mails"]
        self.assertEqual([(mail["account"], mail["mailbox"], mail["uid"]) for mail in mails], [(ALICE, "INBOX", 7)])
        # The id is the one that track knows.
        self.assertTrue(self.pabal.journey(mails[0]["mail"]))
        text = self.pabal.cli("store", "check", check=False)
        self.assertEqual(text.returncode, 1)
        self.assertIn("To do:", text.text)

    def test_wrong_counters_are_rebuilt_beside_the_server(self):
        self.send(0, 3)
        with sqlite3.connect(os.path.join(self.data, "pabal.db")) as database:
            database.execute("UPDATE mailbox SET messages = 7 WHERE name = 'INBOX'")
        database.close()
        found = self.store("check", status=1)
        self.assertEqual({finding["kind"] for finding in found["findings"]}, {"counter"})
        self.assertIn("rebuild", found["findings"][0]["advice"])
        repaired = self.store("rebuild")["counters"]
        self.assertEqual([(c["counter"], c["was"]) for c in repaired], [("messages", 7), ("messages", 7)])
        self.assertTrue(self.store("check")["ok"])
        self.send(3, 2)
        self.assertEqual(len(self.pabal.mails(ALICE)), 5)

    def test_backup_while_mail_arrives_and_restore(self):
        target = self.path("backup")
        sent, stop = [], threading.Event()

        def write():
            while not stop.is_set() and len(sent) < 3000:
                sent.extend(self.send(len(sent), 10))

        writer = threading.Thread(target=write)
        writer.start()
        try:
            generations = []
            for _ in range(4):
                before = len(sent)
                made = self.store("backup", target)
                generations.append((before, made))
                wait_until(lambda: len(sent) > before + 20 or not writer.is_alive(), "more mail comes")
        finally:
            stop.set()
            writer.join()
        for number, (before, made) in enumerate(generations, 1):
            self.assertEqual((made["generation"], made["damaged"]), (number, []))
            self.assertGreaterEqual(made["mails"], before)
        last = generations[-1][1]
        restored = self.path("restored")
        done = self.store("restore", target, "--data", restored)
        self.assertTrue(done["check"]["ok"], done)
        self.assertEqual(done["check"]["mails"], last["mails"])
        self.restart_on(restored)
        mails = self.pabal.mails(ALICE, last["mails"])
        # Mails are committed in the order in which they were sent.
        self.assertEqual([body_of(mail) for mail in mails], sent[:len(mails)])

    def numbers(self):
        """-> UIDVALIDITY and UIDs of Alice's INBOX, and the unique ids of her mails"""
        with self.pabal.imap(ALICE) as client:
            _, (status,) = client.status("INBOX", "(UIDVALIDITY)")
            client.select("INBOX", readonly=True)
            uids = {int(uid) for uid in client.uid("SEARCH", "ALL")[1][0].split()}
        validity = int(re.findall(rb"\d+", status.split(b"(")[1])[0])
        with self.pabal.pop3(ALICE) as client:
            unique_ids = {line.split()[1] for line in client.uidl()[1]}
        return validity, uids, unique_ids

    def expect_new_numbers(self, before):
        """A new UIDVALIDITY; who compares mails by UID all the same finds each under its own."""
        validity, uids, unique_ids = self.numbers()
        self.assertGreater(validity, before[0])
        self.assertEqual(sorted(uids)[:3], [1, 2, 3])
        self.assertFalse(unique_ids & before[2])

    def mbsync(self):
        """Alice's INBOX in a folder of hers -> the bodies there"""
        home = self.path("client")
        os.makedirs(home, exist_ok=True)
        config = os.path.join(home, "mbsyncrc")
        with open(config, "w", encoding="utf-8") as out:
            out.write(f"""
IMAPAccount there
Host localhost
Port {self.pabal.ports['imap_tls']}
User {ALICE}
Pass {self.pabal.passwords[ALICE]}
SSLType IMAPS
SystemCertificates no
CertificateFile {Authority.get().certificate}
AuthMechs LOGIN

IMAPStore far
Account there

MaildirStore near
Path {home}/
Inbox {home}/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Create Near
SyncState *
""")
        run([program("mbsync"), "--config", config, "all"], timeout=120)
        folder = glob.glob(os.path.join(home, "INBOX", "*", "*"))
        return sorted(body_of(self.read(path).replace(b"\n", b"\r\n")) for path in folder)

    def test_after_a_restore_no_uid_is_given_again(self):
        kept = self.send(0, 3)
        target = self.path("backup")
        self.store("backup", target)
        lost = self.send(3, 2)
        seen = self.numbers()
        self.assertEqual(len(seen[2]), 5)
        self.assertEqual(self.mbsync(), sorted(kept + lost))
        restored = self.path("restored")
        self.assertFalse(self.store("restore", target, "--data", restored)["new_uidvalidity"])
        self.restart_on(restored)
        new = self.send(5, 2)
        validity, uids, unique_ids = self.numbers()
        self.assertEqual(validity, seen[0])
        self.assertEqual((len(uids), len(unique_ids)), (5, 5))
        self.assertGreater(min(uids), max(seen[1]))
        self.assertFalse(unique_ids & seen[2])
        self.assertTrue([event for event in self.pabal.events() if event["event"] == "store.renewed"])
        # It keeps here what is gone there, as it was told to, and fetches what has come.
        self.assertLessEqual(set(kept + new), set(self.mbsync()))

        # Another time from the same backup: what the first has given nobody knows.
        seen = self.numbers()
        again = self.path("again")
        self.assertTrue(self.store("restore", target, "--data", again)["new_uidvalidity"])
        self.restart_on(again)
        self.send(7, 2)
        self.expect_new_numbers(seen)

    def test_after_a_restore_a_client_learns_what_is_gone_and_what_is_back(self):
        """Among it a mail that was moved after the backup: its old UID is one that clients know to be gone."""
        self.send(0, 3)
        target = self.path("backup")
        self.store("backup", target)
        lost, = self.send(3, 1)
        with Imap(self.pabal, ALICE) as session:
            session.ok("CREATE Kept")
            session.ok("SELECT INBOX")
            session.ok("MOVE 2 Kept")
            validity, modseq = (re.search(rf"\[{code} (\d+)\]", "\n".join(session.ok("SELECT INBOX")))[1]
                                for code in ("UIDVALIDITY", "HIGHESTMODSEQ"))
        restored = self.path("restored")
        self.store("restore", target, "--data", restored)
        self.restart_on(restored)
        with Imap(self.pabal, ALICE) as session:
            session.ok("ENABLE QRESYNC")
            lines = session.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq} 1,3:4))")
            self.assertIn("VANISHED (EARLIER) 1,3:4", lines)
            self.assertIn("3 EXISTS", lines)
            fetched = session.ok("UID FETCH 5:* (BODY.PEEK[TEXT])")
            self.assertEqual(len([line for line in fetched if " FETCH " in line]), 3)
            self.assertNotIn(lost.decode(), "\n".join(fetched))
            # UIDs have a gap of millions now, and what reaches over it costs no more than what is there.
            self.send(4, 1)
            session.ok("NOOP")
            session.ok("STORE 1:* +FLAGS.SILENT (\\Deleted)")
            session.ok("EXPUNGE")
            session.ok("UNSELECT")
            lines = session.ok(f"SELECT INBOX (QRESYNC ({validity} 1))")
            self.assertTrue([line for line in lines if re.fullmatch(r"VANISHED \(EARLIER\) 1:\d{8,}", line)], lines)

    def test_after_a_snapshot_was_put_back_no_uid_is_given_again(self):
        self.send(0, 3)
        self.pabal.stop()
        snapshot = self.path("snapshot")
        shutil.copytree(self.data, snapshot)
        self.pabal.start()
        self.send(3, 2)
        seen = self.numbers()
        self.pabal.stop()
        # As a volume is put back: the same files, as they were.
        for name in os.listdir(snapshot):
            source, place = os.path.join(snapshot, name), os.path.join(self.data, name)
            if os.path.isfile(source):
                with open(source, "rb") as old, open(place, "r+b") as file:
                    file.truncate(0)
                    file.write(old.read())
        self.pabal.cli("store", "renew")
        self.pabal.start()
        self.send(5, 2)
        self.expect_new_numbers(seen)

    def test_second_backup_copies_little(self):
        target = self.path("backup")
        self.send(0, 30)
        first = self.store("backup", target)
        self.assertEqual(self.store("backup", target)["segment_octets_copied"], 0)
        self.send(30, 3)
        third = self.store("backup", target)
        self.assertTrue(0 < third["segment_octets_copied"] < first["segment_octets_copied"] / 3, third)
        self.assertEqual(len(glob.glob(os.path.join(target, "pabal-*.db"))), 1)

    def test_restore_refuses_a_directory_in_use(self):
        target = self.path("backup")
        self.send(0, 3)
        self.store("backup", target)
        self.assertIn("not empty", self.store("restore", target, status=1))
        self.assertEqual(len(self.pabal.mails(ALICE)), 3)

    def test_salvage_without_the_database(self):
        sent = self.send(0, 9)
        self.assertIn("stop it first", self.store("salvage", self.path("early"), status=1))
        self.pabal.stop()
        for path in glob.glob(os.path.join(self.data, "pabal.db*")):
            os.remove(path)
        target = self.path("rescued")
        found = self.store("salvage", target)
        self.assertEqual((found["unknown"], found["database_found"]), (3, False))
        bodies = sorted(body_of(self.read(path)) for path in glob.glob(os.path.join(target, "unknown", "*", "*")))
        self.assertEqual(bodies, sorted(sent[::3]))

    def test_salvage_around_a_bad_page(self):
        sent = {ALICE: self.send(0, 30), BOB: self.send(0, 30, BOB)}
        self.pabal.stop()
        database = os.path.join(self.data, "pabal.db")
        with sqlite3.connect(database) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        content = self.read(database)
        page = content.index(b"mail 7 of alice@seoul.test\r\n") // PAGE
        lost = content[page * PAGE:(page + 1) * PAGE]
        with open(database, "r+b") as file:
            file.seek(page * PAGE)
            file.write(bytes(PAGE))
        self.store("check", status=1)
        target = self.path("rescued")
        found = self.store("salvage", target)
        self.assertGreater(found["bad_pages"], 0)
        for account, bodies in sent.items():
            there = {body_of(self.read(path)) for path in glob.glob(os.path.join(target, account, "INBOX", "*", "*"))}
            missing = [body for body in bodies if body not in there]
            for body in missing:
                self.assertIn(body.splitlines()[0] + b"\r\n", lost)
            self.assertLess(len(missing), 8)
            if account == ALICE:
                self.assertIn(bodies[7], missing)
        with open(os.path.join(target, "report.json"), encoding="utf-8") as file:
            report = json.load(file)
        self.assertEqual([entry["kind"] for entry in report["damaged"]].count("mail"), found["damaged"])
        self.assertEqual(report["database"]["bad_pages"][0]["page"], page + 1)

    def test_upgrade(self):
        self.send(0, 3)
        found = self.store("upgrade", "--rehearse")
        self.assertEqual((found["changes"], found["findings"]), ([], []))
        self.assertEqual(found["from_version"], found["to_version"])
        self.assertIn({"table": "mail", "rows_before": 3, "rows_after": 3}, found["tables"])
        self.assertFalse(glob.glob(os.path.join(self.data, "upgrade-rehearsal*")))
        self.assertIn("--rehearse", self.store("upgrade", status=1))

    def test_help_has_an_example(self):
        for command in ("check", "rebuild", "salvage", "backup", "restore", "upgrade"):
            self.assertIn(f"Example:\n  pabal store {command}", run([PABAL, "store", command, "--help"]).text)

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            return file.read()


if __name__ == "__main__":
    unittest.main()
