"""Results as Markdown tables for people: median (lowest–highest), and how many times the peers' figure."""
import os
import platform

import imap_table
from cells import OURS, QUIET_BELOW, cell, lines, ratio_cell, ratios


def machine():
    with open("/proc/cpuinfo") as f:
        model = next((line.split(":", 1)[1].strip() for line in f if line.startswith("model name")), "unknown")
    return {"cores": os.cpu_count(), "processor": model, "kernel": platform.release()}


def size_text(octets):
    return f"{octets // 1024} KiB"


def rates(results, test, title):
    chosen = [r for r in results if r["test"] == test]
    if not chosen:
        return []
    servers = list(dict.fromkeys(r["server"] for r in chosen))
    cases = list(dict.fromkeys((r["size"], r["sessions"]) for r in chosen))
    peers = [s for s in servers if s != OURS] if OURS in servers else []

    def of(server, case):
        return [r for r in chosen if r["server"] == server and (r["size"], r["sessions"]) == case]

    def rows(key, with_ratios=False):
        for case in cases:
            row = [f"{size_text(case[0])}, {case[1]}"] + [cell([r[key] for r in of(s, case)]) for s in servers]
            if with_ratios:
                for peer in peers:
                    found = ratios(of(OURS, case), of(peer, case), key)
                    row.append(ratio_cell(found, "{:.1f}×".format))
            yield row

    out = [f"### {title}, mails/s", ""]
    out += lines(["size, sessions", *servers, *(f"to {p}" for p in peers)], rows("rate", True))
    more = [("cpu_ms", "CPU of the server per mail, ms"), ("client_cpu_ms", "CPU of the load generator per mail, ms"),
            ("p50_ms", "MAIL to 250, median, ms"), ("p99_ms", "MAIL to 250, 99th percentile, ms"),
            ("memory_mib", "memory of all processes, MiB"),
            ("foreign", "share of the machine that others used meanwhile")]
    for key, what in more:
        if all(key in r for r in chosen):
            out += ["", f"{title}: {what}", ""] + lines(["size, sessions", *servers], rows(key))
    noisy = sum(r["foreign"] > QUIET_BELOW for r in chosen)
    if noisy:
        out += ["", f"In {noisy} of {len(chosen)} measurements others used more than {QUIET_BELOW:.0%} of the machine."]
    return out + [""]


def idle(results):
    chosen = [r for r in results if r["test"] == "idle"]
    if not chosen:
        return []
    rows = [[r["server"], "TLS" if r["tls"] else "plain", f"{r['sessions']:,}", f"{r['kib_per_session']:.1f}",
             f"{r['memory_mib']:.0f}"] for r in chosen]
    return ["### Idle SMTP sessions", ""] + lines(["server", "kind", "sessions", "KiB per session", "MiB in all"], rows) + [""]


def render(results):
    out = (rates(results, "mail", "Into the mailbox") + rates(results, "relay", "Relayed to a sink") + idle(results) +
           imap_table.render(results))
    errors = [r for r in results if r["test"] == "error"]
    out += [f"failed: {r['case']}: {r['error']}" for r in errors]
    return "\n".join(out)
