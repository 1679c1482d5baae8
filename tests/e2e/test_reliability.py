"""A small run of the two programs in tests/reliability: servers that are killed
under load, and a disk that is full. ./dev reliability runs them for long."""

import json
import os
import subprocess
import sys
import unittest

from harness import PABAL, REPOSITORY, ServerCase

sys.path.append(os.path.join(REPOSITORY, "tests", "reliability"))

from ledger import Ledger  # noqa: E402
from readers import Maildrop  # noqa: E402

SKIPPED = 77
TRACE = (b"Return-Path: <x@client.test>\r\nReceived: from client.test ([127.0.0.1])\r\n\tby mail.busan.test;\r\n"
         b"\tSat, 01 Mar 2025 10:00:00 +0000\r\n")


class Checkers(unittest.TestCase):
    """They would be worth nothing if they did not see what is wrong."""

    def setUp(self):
        self.ledger = Ledger(undeliverable=["nobody@busan.test"])

    def hand_in(self, *recipients, domain="seoul.test"):
        mail, data = self.ledger.new_mail(domain, recipients, lambda token: f"Subject: {token}\r\n\r\nHello.\r\n".encode())
        self.ledger.acknowledge(mail)
        return mail, data

    def test_nothing_wrong(self):
        _, data = self.hand_in("bob@busan.test")
        self.ledger.find("bob@busan.test", "1.1", TRACE + data)
        self.assertEqual(self.ledger.audit()["found"], 1)
        self.assertEqual(self.ledger.wrong, [])

    def test_sees_a_lost_mail(self):
        self.hand_in("bob@busan.test")
        self.assertEqual(self.ledger.audit()["lost"], 1)
        self.assertIn("is nowhere", self.ledger.wrong[0])

    def test_sees_a_missing_report(self):
        self.hand_in("nobody@busan.test")
        self.assertEqual(self.ledger.audit()["lost"], 1)

    def test_sees_one_changed_octet(self):
        _, data = self.hand_in("bob@busan.test")
        self.ledger.find("bob@busan.test", "1.1", TRACE + data.replace(b"Hello", b"Hullo"))
        self.assertEqual(self.ledger.audit()["damaged"], 1)

    def test_sees_a_duplicate_and_excuses_it_by_a_crash_between_two_servers(self):
        for domain, crash, unexplained in (("seoul.test", False, 1), ("seoul.test", True, 0), ("busan.test", True, 1)):
            with self.subTest(domain=domain, crash=crash):
                self.setUp()
                _, data = self.hand_in("bob@busan.test", domain=domain)
                for unique_id in ("1.1", "1.2"):
                    self.ledger.find("bob@busan.test", unique_id, TRACE + data)
                if crash:
                    self.ledger.kills.append((1740823200, "seoul.test"))
                counts = self.ledger.audit()
                self.assertEqual(counts["duplicates_unexplained"], unexplained)
                self.assertEqual(len(self.ledger.wrong), unexplained)

    def test_sees_what_a_maildrop_must_not_do(self):
        for listed, words in ((["1.1", "1.3"], "is back"), (["1.3"], "nobody deleted it"), (["1.2", "1.3", "2.4"], "UIDVALIDITY"),
                              (["1.2", "1.0", "1.3"], "was seen before it")):
            with self.subTest(listed=listed):
                self.setUp()
                drop = Maildrop("bob@busan.test", self.ledger)
                drop.compare(["1.1", "1.2"])
                drop.delete(["1.1"], answered=True)
                drop.compare(["1.2", "1.3"])
                self.assertEqual(self.ledger.wrong, [])
                drop.compare(listed)
                self.assertTrue([line for line in self.ledger.wrong if words in line], self.ledger.wrong)

    def test_a_lost_reply_to_quit_leaves_both_open_but_only_once(self):
        drop = Maildrop("bob@busan.test", self.ledger)
        drop.compare(["1.1", "1.2"])
        drop.delete(["1.1", "1.2"], answered=False)
        drop.compare(["1.1"])
        self.assertEqual(self.ledger.wrong, [])
        drop.compare(["1.1", "1.2"])
        self.assertIn("1.2 is back", self.ledger.wrong[0])


class Reliability(ServerCase):
    def run_program(self, name, *options):
        """-> its counts"""
        result = self.path("counts.json")
        # No deadline by force: it ends by its own, and what it started with it.
        done = subprocess.run([sys.executable, os.path.join(REPOSITORY, "tests", "reliability", name), "--json", result, *options],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={**os.environ, "PABAL": PABAL})
        said = done.stdout.decode("utf-8", "replace")
        if done.returncode == SKIPPED:
            raise unittest.SkipTest(said.strip().splitlines()[-1])
        self.assertEqual(done.returncode, 0, said)
        with open(result, encoding="utf-8") as source:
            counts = json.load(source)
        print(f"  {said.strip().splitlines()[-1]}", flush=True)
        for name in ("lost", "damaged", "duplicates_unexplained", "violations"):
            self.assertEqual(counts[name], 0, said)
        self.assertGreater(counts["acknowledged"], 0)
        return counts

    def test_killed_ten_times(self):
        counts = self.run_program("kill", "--rounds", "10", "--seconds", "10")
        self.assertEqual(counts["rounds"], 10)
        self.assertGreaterEqual(counts["sigkills"], 10)

    def test_full_disk(self):
        counts = self.run_program("disk-full", "--cycles", "2", "--seconds", "3", "--size", "48", "--fs", "tmpfs")
        self.assertEqual(counts["cycles"], 2)
        self.assertGreaterEqual(counts["kills_while_full"], 1)
        self.assertGreater(counts["refused_while_full"], 0)
        self.assertGreater(counts["reads_while_full"], 0)
