"""IMAP: what a client does to a mailbox of 10,000 and of 100,000 mails.

Every server fills the mailbox once per run; every round gets a copy, on a server
started anew. Timed is from sending a command to its tagged OK, all of the
answer read.
"""
import itertools
import re

from . import imap_operations as operations
from .bench import Meter

SERVERS = ("pabal", "dovecot-sdbox", "dovecot-maildir")
# Syncing every one of 100,000 mails takes many minutes, and tells no more than 10,000 do.
DURABLE_SERVERS, DURABLE_MAILS_MAX = ("dovecot-sdbox-fsync", "dovecot-maildir-fsync"), 10_000
FRESH_MAILS_MAX, FRESH_USER = 10_000, 20
APPEND_FIRST_USER = 1
CROWD_USER = "u30@test.local"
PABAL_FACTOR = 10  # more mails where the rate counts, so that it, too, takes a while
FILL_SECONDS, REST_SECONDS = 600, 120

_filled = {}


def round_of(bench, round_number):
    a = bench.arguments
    for mails, name in itertools.product(a.mails, a.servers):
        if name in SERVERS or name in DURABLE_SERVERS and mails <= DURABLE_MAILS_MAX:
            bench.attempt(mailbox, name, mails, round_number)


def filled(bench, name, mails):
    """The directory of a server that has been filled, and stopped."""
    source = name.removesuffix("-fsync")
    if (source, mails) not in _filled:
        server = bench.server(source, fsync="never")
        try:
            server.start()
            bench.imap_load("run", f"127.0.0.1:{server.imap_port}", "\n".join(operations.filling(mails)), timeout=FILL_SECONDS)
            server.await_rest(REST_SECONDS)
        finally:
            server.stop()
        _filled[source, mails] = server.directory
    return _filled[source, mails]


def play(bench, server, lines, **options):
    """lines: (key or None, command). key → result."""
    keys, commands = zip(*lines)
    results = bench.imap_load("run", f"127.0.0.1:{server.imap_port}", "\n".join(commands), **options)
    return {key: result for key, result in zip(keys, results) if key}


def mailbox(bench, name, mails, round_number):
    """All operations, one after the other, on one copy of the mailbox."""
    directory = filled(bench, name, mails)
    server = bench.server(name)
    durable = name in DURABLE_SERVERS
    try:
        server.start(filled=directory)
        server.await_rest(REST_SECONDS)
        meter = Meter(server)
        lines = list(operations.script(operations.READING * (not durable) + operations.WRITING, mails))
        if durable:
            # Dovecot copies its cache with the mails; it has one there, too.
            lines = [(None, "@connect SELECT INBOX"), (None, f"FETCH 1:* {operations.SUMMARY}"), *lines]
        found = play(bench, server, [(key, more_for(name, line)) for key, line in lines])
        if mails <= FRESH_MAILS_MAX and not durable:
            found |= play(bench, server, [
                (None, "@connect"), (None, f"@fill {mails} INBOX")], user=CROWD_USER)
            found |= play(bench, server, [(None, "@connect SELECT INBOX"), (operations.CROWD.key, operations.CROWD.command)],
                          user=CROWD_USER, sessions=operations.CROWD_SESSIONS)
        for sessions, op in operations.APPEND.items():
            found |= play(bench, server, [(None, "@connect"), (op.key, more_for(name, op.command))], sessions=sessions,
                          first=APPEND_FIRST_USER)
        if mails <= FRESH_MAILS_MAX and not durable:
            found |= play(bench, server, [
                (None, "@connect"), (None, f"@fill {mails} INBOX"), (None, "SELECT INBOX"),
                (operations.FRESH.key, operations.FRESH.command)], first=FRESH_USER)
            found |= play(bench, server, [
                (None, "@connect"), (None, f"@fill {mails} INBOX"), (None, "SELECT INBOX"),
                *((op.key, op.command) for op in operations.AFTER_APPEND)], first=FRESH_USER + 1)
        used = meter.stop()
        bench.record(test="imap", server=name, mails=mails, round=round_number,
                     values={key: operations.ALL[key].value(result) for key, result in found.items()},
                     untagged={key: result["untagged"] for key, result in found.items()},
                     foreign=used.foreign, memory_mib=used.memory_mib)
    finally:
        server.stop()


def more_for(name, command):
    """As many appends as fill a second or so."""
    if name != "pabal":
        return command
    return re.sub(r"^@(append|multiappend) (\d+)", lambda m: f"@{m[1]} {int(m[2]) * PABAL_FACTOR}", command)
