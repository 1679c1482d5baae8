"""The tables of the IMAP measurements: for each operation the better of Dovecot's formats, and how many times as fast we are."""
import collections
import statistics

from cells import OURS, QUIET_BELOW, cell, lines, ratio_cell, ratios
from measure import imap_operations as operations

MARK = 3
LATENCY_MARK_MS, SESSION_MARK_KIB = 20, 20
FORMATS = ["dovecot-sdbox", "dovecot-maildir"]
DURABLE = ["dovecot-sdbox-fsync", "dovecot-maildir-fsync"]


def render(results):
    by_test = collections.defaultdict(list)
    for result in results:
        by_test[result["test"]].append(result)
    return (mailbox(by_test["imap"]) + large(by_test["imap-large"]) + durable(by_test["imap"]) + latency(by_test["imap-latency"]) + idle(by_test["imap-idle"]) +
            logins(by_test["imap-login"]) + syncs(by_test["imap-syncs"]))


def better(unit, values):
    return min(values) if unit.startswith("ms") else max(values)


def times(unit, ours, theirs):
    """How many times as fast."""
    return theirs / ours if unit.startswith("ms") else ours / theirs


def mark(ratio):
    return f"**{ratio:.1f}×**" if ratio >= MARK else f"{ratio:.1f}× ✗"


def values(results, server, mails, key):
    return {r["round"]: r["values"][key] for r in results
            if r["server"] == server and r["mails"] == mails and key in r["values"]}


def comparison(op, results, mails, peers):
    """The row of an operation, or None when nobody did it."""
    ours = values(results, OURS, mails, op.key)
    theirs = [values(results, peer, mails, op.key) for peer in peers]
    if not ours and not any(theirs):
        return None
    # Against the better format, of the same round: what slows the machine down for a while slows all.
    found = [times(op.unit, ours[n], better(op.unit, [t[n] for t in theirs if n in t]))
             for n in ours if any(n in t for t in theirs)]
    return [op.name, op.unit, *(cell(list(v.values())) for v in (ours, *theirs)), ratio_cell(found, mark)]


def rows_of(results, mails, peers, chosen):
    return [row for op in chosen if (row := comparison(op, results, mails, peers))]


def mailbox(results):
    out = []
    for mails in sorted({r["mails"] for r in results}):
        rows = rows_of(results, mails, FORMATS, operations.ALL.values())
        if not rows:
            continue
        out += [f"### A mailbox of {mails:,} mails", ""]
        out += lines(["operation", "", OURS, *FORMATS, "to the better"], rows) + [""]
    noisy = sum(r["foreign"] > QUIET_BELOW for r in results)
    if noisy:
        out += [f"In {noisy} of {len(results)} measurements others used more than {QUIET_BELOW:.0%} of the machine.", ""]
    return out


def large(results):
    rows = rows_of(results, 0, FORMATS, operations.OF_LARGE)
    if not rows:
        return []
    return ["### A little of large mails", ""] + lines(["operation", "", OURS, *FORMATS, "to the better"], rows) + [""]


def durable(results):
    out = []
    for mails in sorted({r["mails"] for r in results if r["server"] in DURABLE}):
        rows = rows_of(results, mails, DURABLE, [op for op in operations.ALL.values() if op.writes])
        out += [f"### The same with Dovecot syncing before it answers (mail_fsync = always), {mails:,} mails", ""]
        out += lines(["operation", "", OURS, *DURABLE, "to the better"], rows) + [""]
    return out


def cases(results):
    """(server, tuning) in the order in which they came, with their results."""
    found = collections.defaultdict(list)
    for result in results:
        found[result["server"], result["tuning"]].append(result)
    return found.items()


def named(case):
    return f"{case[0]}, {case[1]}" if case[1] else case[0]


def figures(results, key):
    return cell([r[key] for r in results])


def latency(results):
    if not results:
        return []
    out = [f"### From the 250 to the EXISTS, {results[0]['sessions']:,} sessions in IDLE over TLS, "
           f"{results[0]['asked_rate']} deliveries a second asked for", ""]
    header = ["server", "deliveries/s", "median, ms", "99th percentile, ms", "longest, ms", "never heard", "CPU per mail, ms"]
    rows = [[named(case), *(figures(rs, key) for key in ("rate", "p50_ms", "p99_ms", "max_ms")),
             f"{sum(r['missed'] for r in rs):,}", figures(rs, "cpu_ms")] for case, rs in cases(results)]
    return out + lines(header, rows) + [""] + verdict(
        results, "p99_ms", LATENCY_MARK_MS, "ms", "99th percentile")


def idle(results):
    if not results:
        return []
    header = ["server", "sessions", "processes", "KiB per session", "KiB after a mail for each", "MiB in all", "CPU, ms a mail",
              "never heard"]
    rows = [[named(case), f"{rs[0]['sessions']:,}", f"{rs[0]['processes']:,}",
             *(figures(rs, key) for key in ("kib_per_session", "kib_per_session_afterwards", "memory_mib", "cpu_ms")),
             f"{sum(r['missed'] for r in rs):,}"] for case, rs in cases(results)]
    return ["### IDLE over TLS, an account each", ""] + lines(header, rows) + [""] + verdict(
        results, "kib_per_session", SESSION_MARK_KIB, "KiB", "per session")


def verdict(results, key, limit, unit, what):
    ours = [r[key] for r in results if r["server"] == OURS]
    if not ours:
        return []
    found = statistics.median(ours)
    return [f"Mark: at most {limit} {unit} {what}; Pabal {found:.1f}: {'reached' if found <= limit else 'NOT reached'}.", ""]


def logins(results):
    if not results:
        return []
    out = ["### Logins a second, 10 at a time: connect, LOGIN, LOGOUT", ""]
    rows = []
    for tls in (True, False):
        chosen = [r for r in results if r["tls"] == tls]
        ours = [r for r in chosen if r["server"] == OURS]
        for case, rs in cases(chosen):
            found = ratios(ours, rs, "rate") if case[0] != OURS else []
            rows.append([named(case), "TLS" if tls else "plain", *(figures(rs, key) for key in ("rate", "p50_ms", "p99_ms")),
                         figures(rs, "cpu_ms"), figures(rs, "first_rate"), figures(rs, "first_cpu_ms"),
                         ratio_cell(found, mark) if case[0] != OURS else ""])
    header = ["server", "", "logins/s", "median, ms", "99th percentile, ms", "CPU each, ms", "first of each account, /s",
              "CPU each, ms", "Pabal to it"]
    return out + lines(header, rows) + [""]


def syncs(results):
    if not results:
        return []
    servers = [r["server"] for r in results]
    names = list(dict.fromkeys(name for r in results for name in r["calls"]))

    def text(calls):
        return ", ".join(f"{count} {file}" for file, count in calls.items()) or "none"

    rows = [[name, *(text(r["calls"].get(name, {})) for r in results)] for name in names]
    return ["### Files synced before the OK", ""] + lines(["operation", *servers], rows) + [""]
