"""What both programs say: progress, the counts, the verdict, the JSON."""

import json
import os
import sys
import time

from harness import PABAL, run


def machine():
    """"2 x Intel(R) Xeon(R) Processor @ 2.50GHz, Linux 6.1" """
    model = "?"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as info:
        for line in info:
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    return f"{os.cpu_count()} x {model}, Linux {os.uname().release.split('-')[0]}"


def add_options(parser, seconds_help):
    parser.add_argument("--seconds", type=float, metavar="N", help=seconds_help)
    parser.add_argument("--seed", type=int, metavar="N", help="draw the same again, as far as two processes can (default: new)")
    parser.add_argument("--json", metavar="FILE", help="write all counts there")
    parser.epilog = "PABAL names the server's binary (else build/release/pabal)."


def require_server():
    if not os.access(PABAL, os.X_OK):
        sys.exit(f"{PABAL} is not there: ./dev build, or set PABAL")


class Progress:
    """One line that changes on a terminal; elsewhere a line now and then."""

    EVERY_SECONDS = 10

    def __init__(self):
        self.begin = self._last = time.monotonic()
        self._terminal = sys.stdout.isatty()

    def step(self, text, always=False):
        now = time.monotonic()
        line = f"{now - self.begin:7.1f} s  {text}"
        if self._terminal and not always:
            print(f"\r\033[K{line[:os.get_terminal_size().columns - 1]}", end="", flush=True)
        elif always or now - self._last >= self.EVERY_SECONDS:
            self._last = now
            print(("\r\033[K" if self._terminal else "") + line, flush=True)


def finish(pair, progress, counts, more, json_file):
    """Prints the counts and the verdict, keeps the evidence if there is something wrong. -> exit status"""
    ledger = pair.ledger
    result = {
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "machine": machine(),
        "pabal": run([PABAL, "--version"], check=False).text.strip(), "seed": pair.seed, **more,
        "seconds": round(time.monotonic() - progress.begin, 1), **counts,
        "violations": ledger.wrong_count,
        "refusals": dict(sorted(ledger.refusals.items())),
        "pop3": {"sessions": ledger.sessions, "retrieved": ledger.retrieved, "deleted": ledger.deleted,
                 "deletions_refused": ledger.deletions_refused, "faults": faults(pair)},
    }
    progress.step("counted", always=True)
    for name, value in result.items():
        if isinstance(value, dict):
            value = ", ".join(f"{key}: {what}" for key, what in value.items()) or "none"
        print(f"  {name.replace('_', ' '):28} {value}")
    wrong = ledger.wrong_count > 0
    if wrong:
        with open(os.path.join(pair.directory, "violations"), "w", encoding="utf-8") as out:
            out.writelines(line + "\n" for line in ledger.wrong)
        with open(os.path.join(pair.directory, "counts.json"), "w", encoding="utf-8") as out:
            json.dump({**result, "kills": ledger.kills}, out, indent=2)
        for line in ledger.wrong[:20]:
            print(f"  WRONG: {line}")
    if json_file:
        with open(json_file, "w", encoding="utf-8") as out:
            json.dump(result, out, indent=2)
    directory = pair.close(keep=wrong)
    if wrong:
        print(f"{ledger.wrong_count} times something was not as promised (seed {pair.seed}); "
              f"stores, logs and the list are in {directory}")
    else:
        print(f"{counts['acknowledged']} mails acknowledged, {counts['expected']} recipients: 0 lost, 0 damaged, "
              f"{counts['duplicates']} came twice")
    return 1 if wrong else 0


def faults(pair):
    found = {}
    for reader in pair.readers:
        for text, times in reader.faults.items():
            found[text] = found.get(text, 0) + times
    return found
