"""IMAP sessions in IDLE over TLS: memory of each, CPU while mail arrives for all, and how soon each hears of it."""
import json
import subprocess
import time

SESSIONS = {"pabal": 10_000}  # Dovecot has a process or two for each
DOVECOT_SESSIONS = 200
# Dovecot as Debian ships it, with login processes that are used again, and with IDLE without a process.
IDLE_CASES = (("pabal", ""), ("dovecot-sdbox", "shipped"), ("dovecot-sdbox", "tuned"), ("dovecot-sdbox", "hibernating"))
LATENCY_CASES = (("pabal", ""), ("dovecot-sdbox", "tuned"), ("dovecot-maildir", "tuned"))
WARM_SESSIONS = 50
LATENCY_SESSIONS, LATENCY_RATE, LATENCY_SECONDS = 1000, 500, 10
LMTP_SESSIONS = 20
SETTLE_SECONDS = 2  # longer than a session needs to hibernate


class Crowd:
    """pabal_imap_load that holds sessions in IDLE, an account each."""

    def __init__(self, bench, server, sessions):
        self.process = subprocess.Popen(
            [bench.arguments.imap_load, "idle", f"127.0.0.1:{server.imaps_port}", "tls=1", f"sessions={sessions}",
             f"users={sessions}", f"user=u%d@{server.domain}", f"lmtp={server.lmtp_port}", f"to=u%d@{server.domain}",
             f"timeout={bench.arguments.limit}"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        self.sessions = self.answer()["sessions"]
        return self

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"pabal_imap_load idle: {self.process.stderr.read().strip()}")
        return json.loads(line)

    def deliver(self, mails, rate, connections):
        self.process.stdin.write(f"deliver {mails} {rate} {connections}\n")
        self.process.stdin.flush()
        return self.answer()

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def idle_round(bench, round_number):
    for name, tuning in IDLE_CASES:
        if name in bench.arguments.servers:
            bench.attempt(memory, name, tuning, round_number)


def memory(bench, name, tuning, round_number):
    """Memory of many sessions, and CPU while one mail arrives for each."""
    count = bench.arguments.idle_sessions or SESSIONS.get(name, DOVECOT_SESSIONS)
    server = bench.server(name, tuning=tuning, users=count)
    try:
        server.start()
        # What is only ever paid once is there before it is measured.
        with Crowd(bench, server, WARM_SESSIONS) as crowd:
            crowd.deliver(WARM_SESSIONS, 0, LMTP_SESSIONS)
        server.await_rest(30)
        before = server.memory_kib_now()
        with Crowd(bench, server, count) as crowd:
            time.sleep(SETTLE_SECONDS)
            after, processes = server.memory_kib_now(), len(server.pids())
            cpu = server.cpu_seconds()
            delivered = crowd.deliver(count, 0, LMTP_SESSIONS)
            cpu = server.cpu_seconds() - cpu
            afterwards = server.memory_kib_now()
        bench.record(test="imap-idle", server=name, tuning=tuning, round=round_number, sessions=count, processes=processes,
                     kib_per_session=(after - before) / count, memory_mib=after / 1024,
                     kib_per_session_afterwards=(afterwards - before) / count, cpu_seconds=cpu, cpu_ms=cpu / count * 1000,
                     seconds=delivered["seconds_to_last_notice"], missed=delivered["missed"])
    finally:
        server.stop()


def latency_round(bench, round_number):
    for name, tuning in LATENCY_CASES:
        if name in bench.arguments.servers:
            bench.attempt(latency, name, tuning, round_number)


def latency(bench, name, tuning, round_number):
    """From the 250 of a delivery to the EXISTS of the account's session."""
    server = bench.server(name, tuning=tuning, users=LATENCY_SESSIONS)
    try:
        server.start()
        with Crowd(bench, server, LATENCY_SESSIONS) as crowd:
            crowd.deliver(LATENCY_SESSIONS, LATENCY_RATE, LMTP_SESSIONS)  # the first mail makes the mailbox
            server.await_rest(15)
            cpu = server.cpu_seconds()
            result = crowd.deliver(LATENCY_RATE * LATENCY_SECONDS, LATENCY_RATE, LMTP_SESSIONS)
            cpu = server.cpu_seconds() - cpu
        bench.record(test="imap-latency", server=name, tuning=tuning, round=round_number, sessions=LATENCY_SESSIONS,
                     asked_rate=LATENCY_RATE, cpu_ms=cpu / max(1, result["delivered"]) * 1000,
                     **{key: result[key] for key in ("rate", "missed", "early", "p50_ms", "p99_ms", "max_ms")})
    finally:
        server.stop()
