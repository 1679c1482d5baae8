"""What is done to a mailbox, in this order, as a script for `pabal_imap_load run`.

A key names what is measured; a line without one only prepares. Of "ms"
less is better, of all other units more.
"""
from dataclasses import dataclass

STATUS_BOXES, STATUS_MAILS = 5, 200
BODIES, STORES, NOOPS, STATUSES = 2000, 500, 2000, 500
APPEND_OCTETS, APPENDS = 2048, {1: 300, 10: 100}  # per session
MULTIAPPENDS, PER_MULTIAPPEND = 10, 100
SUMMARY = "(FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODYSTRUCTURE)"


@dataclass
class Operation:
    key: str
    name: str         # for people
    command: str      # what pabal_imap_load plays
    unit: str = "ms"  # of the whole operation, unless it says otherwise
    writes: bool = False

    def value(self, result):
        seconds = result["seconds"]
        if self.unit == "MB/s":
            return result["octets"] / seconds / 1e6
        if self.unit == "mails/s":
            return result["mails"] / seconds
        if self.unit == "/s":
            return result["operations"] / seconds
        return seconds * 1000


def literal(text):
    return f"{{{len(text.encode())}+}}\\r\\n{text}"


READING = [
    Operation("select-first", "LOGIN + SELECT, first after the start", "@connect SELECT INBOX"),
    Operation("select", "LOGIN + SELECT, second", "@connect SELECT INBOX"),
    Operation("flags", "FETCH 1:* (FLAGS)", "FETCH 1:* (FLAGS)"),
    Operation("summary-cold", "FETCH 1:* ENVELOPE BODYSTRUCTURE …, first after the start", f"FETCH 1:* {SUMMARY}"),
    Operation("summary", "the same again", f"FETCH 1:* {SUMMARY}"),
    Operation("bodies", "FETCH 1:* (BODY.PEEK[])", "FETCH 1:* (BODY.PEEK[])", "MB/s"),
    Operation("body", f"UID FETCH n (BODY.PEEK[]), {BODIES:,} in a row", f"@repeat {BODIES} UID FETCH %s (BODY.PEEK[])", "/s"),
    Operation("search-header", "SEARCH HEADER Message-ID x", "SEARCH HEADER Message-ID \"<77.\""),
    Operation("search-subject", "SEARCH SUBJECT x", "SEARCH SUBJECT quarterly"),
    Operation("search-body", "SEARCH BODY x", "SEARCH BODY zebrafish"),
    Operation("search-korean", "SEARCH BODY x, Korean", f"SEARCH CHARSET UTF-8 BODY {literal('무궁화')}"),
    Operation("search-text", "SEARCH TEXT x", "SEARCH TEXT zebrafish"),
    Operation("sort-date", "SORT (DATE)", "SORT (DATE) UTF-8 ALL"),
    Operation("sort-subject", "SORT (SUBJECT)", "SORT (SUBJECT) UTF-8 ALL"),
    Operation("thread", "THREAD REFERENCES", "THREAD REFERENCES UTF-8 ALL"),
    Operation("noop", f"NOOP, {NOOPS:,} in a row", f"@repeat {NOOPS} NOOP", "/s"),
    Operation("status", f"STATUS of one of {STATUS_BOXES} mailboxes, {STATUSES} in a row",
              f"@repeat {STATUSES} STATUS Box%m (MESSAGES UIDNEXT UIDVALIDITY UNSEEN)", "/s"),
    Operation("qresync", "SELECT (QRESYNC), nothing changed", "SELECT INBOX (QRESYNC (%v %q))"),
]

WRITING = [
    Operation("store", f"STORE n +FLAGS, {STORES} in a row", f"@repeat {STORES} STORE %d +FLAGS (\\Flagged)", "/s", True),
    Operation("store-silent", "STORE 1:* +FLAGS.SILENT", "STORE 1:* +FLAGS.SILENT (\\Answered)", writes=True),
    Operation("store-all", "STORE 1:* +FLAGS", "STORE 1:* +FLAGS (\\Draft)", writes=True),
    Operation("copy", "COPY 1:*", "COPY 1:* Copies", writes=True),
    Operation("move", "MOVE 1:*", "MOVE 1:* Moved", writes=True),
    Operation("expunge-half", "EXPUNGE of half", "EXPUNGE", writes=True),
    Operation("expunge", "EXPUNGE of all", "EXPUNGE", writes=True),
    Operation("multiappend", f"MULTIAPPEND, {PER_MULTIAPPEND} mails of 2 KiB each",
              f"@multiappend {MULTIAPPENDS} {PER_MULTIAPPEND} {APPEND_OCTETS} Copies", "mails/s", True),
]

FRESH = Operation("summary-fresh", "FETCH 1:* ENVELOPE BODYSTRUCTURE …, directly after APPEND of all", f"FETCH 1:* {SUMMARY}")
APPEND = {sessions: Operation(f"append-{sessions}", f"APPEND of 2 KiB, {sessions} session{'s' * (sessions > 1)}",
                              f"@append {count} {APPEND_OCTETS} INBOX", "mails/s", True)
          for sessions, count in APPENDS.items()}

# The same without a pause, one after the other: nothing has been prepared when the first of them begins.
AFTER_APPEND = [Operation("fresh-" + key, name + ", directly after APPEND of all", command, unit, writes)
                for key, name, command, unit, writes in [
    ("subject", "SEARCH SUBJECT x", "SEARCH SUBJECT quarterly", "ms", False),
    ("sort", "SORT (DATE)", "SORT (DATE) UTF-8 ALL", "ms", False),
    ("thread", "THREAD REFERENCES", "THREAD REFERENCES UTF-8 ALL", "ms", False),
    ("body", "SEARCH BODY x", "SEARCH BODY zebrafish", "ms", False),
    ("noop", f"NOOP, {NOOPS:,} in a row", f"@repeat {NOOPS} NOOP", "/s", False),
    ("store", f"STORE n +FLAGS, {STORES} in a row", f"@repeat {STORES} STORE %d +FLAGS (\\Flagged)", "/s", True),
]]

# Several clients at one mailbox: half of them fetch all of it, the others take one mail after the other away.
CROWD_SESSIONS, CROWD_FETCHES, CROWD_PAUSE_MS = 8, 5, 10
CROWD = Operation("crowd", f"FETCH 1:* by {CROWD_SESSIONS // 2} clients while {CROWD_SESSIONS // 2} others EXPUNGE",
                  f"@while {CROWD_FETCHES} {CROWD_PAUSE_MS} UID FETCH 1:* (FLAGS INTERNALDATE RFC822.SIZE ENVELOPE)"
                  " || STORE 1 +FLAGS.SILENT (\\Deleted); EXPUNGE", "/s", True)

# Little of large mails: LARGE of them, and one whose attachment is fetched in pieces, as clients do.
LARGE, LARGE_OCTETS, PIECES_OCTETS, PIECES = 20, 30_000_000, 38_000_000, 200
OF_LARGE = [
    Operation("piece", f"FETCH 1 (BODY.PEEK[2]<n.65536>) of a mail of 38 MB, {PIECES} in a row",
              f"@repeat {PIECES} FETCH 1 (BODY.PEEK[2]<%p.65536>)", "/s"),
    Operation("large-headers", f"FETCH 1:* (BODY.PEEK[HEADER.FIELDS (…)]) of {LARGE} mails of 30 MB",
              "FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (FROM TO SUBJECT DATE)])"),
    Operation("large-body", "FETCH 1 (BODY.PEEK[]) of a mail of 30 MB", "@repeat 5 FETCH %d (BODY.PEEK[])", "MB/s"),
]

ALL = {op.key: op for op in [*READING[:5], FRESH, *AFTER_APPEND, *READING[5:], *WRITING, CROWD, *APPEND.values()]}

# What has to be there before the operation of that key.
BEFORE = {
    # The password is proven before the first SELECT, on each of the server's loops: what it costs is measured with the logins.
    "select-first": ["@connect"] * 12,
    "qresync": ["@connect", "ENABLE QRESYNC", "SELECT INBOX", "@connect", "ENABLE QRESYNC"],
    "store": ["@connect SELECT INBOX"],
    "move": ["SELECT Copies"],
    "expunge-half": ["SELECT INBOX", "STORE 1:{half} +FLAGS.SILENT (\\Deleted)"],
    "expunge": ["SELECT Moved", "STORE 1:* +FLAGS.SILENT (\\Deleted)"],
}


def script(operations, mails):
    """Lines as (key or None, command)."""
    for op in operations:
        for line in BEFORE.get(op.key, []):
            yield None, line.replace("{half}", str(mails // 2))
        yield op.key, op.command


def filling(mails):
    yield "@connect"
    yield f"@fill {mails} INBOX"
    for name in ("Copies", "Moved"):
        yield f"CREATE {name}"
    for n in range(1, STATUS_BOXES + 1):
        yield f"CREATE Box{n}"
        yield f"@fill {STATUS_MAILS} Box{n}"


def filling_large():
    yield "@connect"
    for name, count, octets in (("Pieces", 1, PIECES_OCTETS), ("Large", LARGE, LARGE_OCTETS)):
        yield f"CREATE {name}"
        yield f"@large {count} {octets} {name}"
