"""What is synced before the OK: fsync and fdatasync calls of all of a server's processes, counted by strace."""
import collections
import json
import os
import re
import subprocess
import time

SERVERS = ("pabal", "dovecot-sdbox", "dovecot-maildir", "dovecot-sdbox-fsync", "dovecot-maildir-fsync")
MAILS = 20
ATTACH_SECONDS, LATE_SECONDS = 1.5, 0.3
TRACED = "fsync,fdatasync,sync_file_range,msync,syncfs,sync"
CALL = re.compile(r"^\d+ +(\d+\.\d+) (fsync|fdatasync|sync_file_range|msync|syncfs|sync)\((?:\d+<([^>]*)>)?")

PREPARE = ["@connect", f"@fill {MAILS} INBOX", "CREATE Copies", "CREATE Moved", "SELECT INBOX", "STORE 1 +FLAGS (\\Seen)",
           "FETCH 1:* (ENVELOPE BODYSTRUCTURE)"]
OPERATIONS = [
    ("STORE of one mail", "STORE 1 +FLAGS (\\Flagged)"),
    (f"STORE of {MAILS}", "STORE 1:* +FLAGS (\\Answered)"),
    ("APPEND", "@append 1 2048 Copies"),
    (f"MULTIAPPEND of {MAILS}", f"@multiappend 1 {MAILS} 2048 Copies"),
    (f"COPY of {MAILS}", "COPY 1:* Copies"),
    (None, "STORE 1:* +FLAGS.SILENT (\\Deleted)"),
    (f"EXPUNGE of {MAILS}", "EXPUNGE"),
    (None, "SELECT Copies"),
    (f"MOVE of {MAILS}", f"MOVE 1:{MAILS} Moved"),
]


def round_of(bench, round_number):
    if round_number > 1:
        return
    for name in SERVERS:
        if name in bench.arguments.servers:
            bench.attempt(syncs, name)


class Player:
    """pabal_imap_load that plays one line after the other."""

    def __init__(self, bench, server):
        self.process = subprocess.Popen(
            [bench.arguments.imap_load, "run", f"127.0.0.1:{server.imap_port}", f"user=u%d@{server.domain}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def play(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        result = json.loads(self.process.stdout.readline())
        if not result["ok"]:
            raise RuntimeError(result["error"])

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


def syncs(bench, name):
    server = bench.server(name)
    tracer = player = None
    try:
        server.start()
        trace = f"{server.directory}/trace"
        player = Player(bench, server)
        for line in PREPARE:
            player.play(line)
        server.await_rest(20)
        pids = [word for pid in server.pids() for word in ("-p", str(pid))]
        tracer = subprocess.Popen(["strace", "-f", "-qq", "-y", "-ttt", "-e", f"trace={TRACED}", "-e", "signal=none", "-o", trace, *pids],
                                  stderr=subprocess.DEVNULL)
        time.sleep(ATTACH_SECONDS)
        found = {}
        for label, line in OPERATIONS:
            begun = time.time()
            player.play(line)
            answered = time.time()
            time.sleep(LATE_SECONDS)
            if label:
                found[label] = calls(trace, begun, answered)
        bench.record(test="imap-syncs", server=name, calls=found)
    finally:
        if player:
            player.close()
        if tracer:
            tracer.terminate()
            tracer.wait()
        server.stop()


def calls(trace, begun, answered):
    """File → how many syncs of it were begun in that time."""
    counted = collections.Counter()
    with open(trace, errors="replace") as f:
        for line in f:
            match = CALL.match(line)
            if match and begun <= float(match[1]) <= answered:
                counted[kind(match[3] or match[2])] += 1
    return dict(counted.most_common())


def kind(path):
    """Files of one kind under one name: u.17 and u.18 are both u.*, a Maildir's files are mails."""
    folder, name = os.path.split(path)
    if os.path.basename(folder) in ("tmp", "new", "cur"):
        return "mail file"
    if re.match(r"u\.\d+", name) or name.startswith(".temp"):
        return "mail file"
    if os.path.basename(folder) == "segments":
        return "segment"
    return re.sub(r"\d+", "N", name)
