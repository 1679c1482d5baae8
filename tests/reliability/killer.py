"""When a server is killed: at random moments, and at those that matter most."""

import shutil
import subprocess
import time

# What becomes of 100 rounds.
KINDS = {
    "any": 34,      # at a random moment
    "reply": 22,    # just after a client has sent the end of a mail, about when its reply is due
    "held": 12,     # while strace keeps finished syncs from returning: after a sync, before its replies
    "both": 13,     # both servers at a time
    "start": 11,    # and up to three times more while it starts and recovers
    "empty": 8,     # when nobody sends and its mailboxes have just been emptied
}
HELD_SYNC_MICROSECONDS = 40_000
REPLY_WAIT_SECONDS = 3
EMPTYING_SECONDS = 5


def can_trace():
    """None, or why strace cannot be used on a running process here."""
    strace = shutil.which("strace")
    if strace is None:
        return "strace is not there: install the Debian package strace (./dev setup does)"
    sleeper = subprocess.Popen(["sleep", "5"], stdin=subprocess.DEVNULL)
    tracer = subprocess.Popen([strace, "-qq", "-o", "/dev/null", "-p", str(sleeper.pid)], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        _, said = tracer.communicate(timeout=0.3)
        return f"strace may not trace here: {said.decode(errors='replace').strip()}"
    except subprocess.TimeoutExpired:
        return None
    finally:
        for process in (sleeper, tracer):
            process.kill()
            process.wait()


class Killer:
    def __init__(self, pair, dice):
        self.pair, self._dice = pair, dice
        self.no_trace = can_trace()
        self.kinds = dict.fromkeys(KINDS, 0)
        if self.no_trace:
            del self.kinds["held"]
        # Each kind comes early, then by chance.
        self._next = sorted(self.kinds, key=lambda _: dice.random())
        self._starting_seconds = 0.1

    def strike(self):
        """One round: kills, and starts again at once. -> what it did, for people"""
        kind = self._next.pop() if self._next else self._draw()
        self.kinds[kind] += 1
        domains = list(self.pair.servers)
        if kind != "both":
            domains = [self._dice.choice(domains)]
        if kind == "held":
            self._kill_held(domains[0])
        else:
            if kind == "reply":
                self._await_mail_end(domains[0])
            if kind == "empty":
                self._empty(domains[0])
            self.pair.kill(*domains)
            for sender in self.pair.senders:
                sender.resting.clear()
        more = self._kill_starting(domains[0]) if kind == "start" else 0
        begin = time.monotonic()
        self.pair.start(*domains)
        self._starting_seconds = time.monotonic() - begin
        who = " and ".join(domain.partition(".")[0] for domain in domains)
        return f"{who} killed, {kind}" + (f", {more} times more while starting" if more else "")

    def _draw(self):
        return self._dice.choices(list(self.kinds), [KINDS[kind] for kind in self.kinds])[0]

    def _await_mail_end(self, domain):
        sender = self._dice.choice(self.pair.senders_of(domain))
        sender.about_to_reply.clear()
        sender.about_to_reply.wait(REPLY_WAIT_SECONDS)
        time.sleep(self._dice.random() * 1.5 * sender.reply_seconds)

    def _empty(self, domain):
        """What counts upwards must not begin again where nothing is left to count."""
        for sender in self.pair.senders:
            sender.resting.set()
        readers = self.pair.readers_of(domain)
        for reader in readers:
            reader.emptying.set()
        end = time.monotonic() + EMPTYING_SECONDS
        while time.monotonic() < end and any(reader.maildrop.there for reader in readers):
            time.sleep(0.02)
        for reader in readers:
            reader.emptying.clear()

    def _kill_held(self, domain):
        process = self.pair.servers[domain].process
        strace = subprocess.Popen(["strace", "-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync", "-e",
                                   f"inject=fdatasync:delay_exit={HELD_SYNC_MICROSECONDS}", "-p", str(process.pid)],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(0.3 + 0.3 * self._dice.random())
            self.pair.kill(domain)
        finally:
            try:
                strace.wait(10)
            except subprocess.TimeoutExpired:
                strace.kill()
                strace.wait()

    def _kill_starting(self, domain):
        times = self._dice.randint(1, 3)
        for _ in range(times):
            self.pair.servers[domain].spawn()
            time.sleep(self._dice.random() * self._starting_seconds)
            self.pair.kill(domain)
        return times
