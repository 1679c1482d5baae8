"""SMTP: mail into mailboxes, through the queue, and sessions that do nothing."""
import itertools
import json
import subprocess
import time

from .bench import Meter

SERVERS = ("pabal", "postfix", "postfix+dovecot")

# Mails of one measurement: enough for seconds of steady work at either speed.
MAILS = {1: 150, 10: 600, 50: 1000}
PABAL_FACTOR = 10
LARGE_OCTETS, LARGE_DIVISOR = 50_000, 3
IDLE_SESSIONS = {"pabal": 10_000, "postfix": 90}  # Postfix allows 100 processes by default


def servers(bench):
    return [name for name in bench.arguments.servers if name in SERVERS]


def mail_round(bench, round_number):
    a = bench.arguments
    for size, sessions, name in itertools.product(a.sizes, a.sessions, servers(bench)):
        bench.attempt(mail, name, size, sessions, round_number)


def relay_round(bench, round_number):
    for size, name in itertools.product([s for s in bench.arguments.sizes if s <= LARGE_OCTETS], servers(bench)):
        if name != "postfix+dovecot":  # it relays by the same Postfix
            bench.attempt(relay, name, size, 10, round_number)


def idle_round(bench, round_number):
    if round_number > 1:
        return
    for name in servers(bench):
        for tls in (False, True) if name == "pabal" else (False,):
            if name in IDLE_SESSIONS:
                bench.attempt(idle, name, tls, round_number)


def mails_for(name, size, sessions):
    count = MAILS.get(sessions, 20 * sessions)
    if size > LARGE_OCTETS:
        count //= LARGE_DIVISOR
    return count * (PABAL_FACTOR if name == "pabal" else 1)


def await_delivered(server, count, seconds):
    end = time.monotonic() + seconds
    while (arrived := server.delivered()) < count and time.monotonic() < end:
        time.sleep(0.02)
    return arrived


def mail(bench, name, size, sessions, round_number):
    """How fast mail gets into mailboxes."""
    server = bench.server(name)
    try:
        server.start()
        warm = bench.smtp_load("smtp", server.smtp, sessions=min(sessions, 10), messages=50, size=size)["sent"]
        before = await_delivered(server, warm, 20)
        count = mails_for(name, size, sessions)
        meter = Meter(server)
        sent = bench.smtp_load("smtp", server.smtp, sessions=sessions, messages=count, size=size,
                               timeout=bench.arguments.limit)
        accepted_seconds = sent["seconds"]
        if server.is_synchronous():
            # In the mailbox before the 250; counted afterwards, so that counting costs nothing here.
            used = meter.stop()
            arrived, seconds = server.delivered() - before, accepted_seconds
        else:
            waiting = time.monotonic()
            arrived = await_delivered(server, before + sent["sent"], bench.arguments.limit) - before
            seconds = accepted_seconds + time.monotonic() - waiting
            used = meter.stop()
        if arrived != sent["sent"]:
            raise RuntimeError(f"{sent['sent']} mails were accepted but {arrived} arrived")
        bench.record(test="mail", server=name, size=size, sessions=sessions, round=round_number, mails=arrived,
                     refused=sent["failed"], rate=arrived / seconds, accept_rate=sent["rate"],
                     p50_ms=sent["p50_ms"], p99_ms=sent["p99_ms"], cpu_ms=used.server / arrived * 1000,
                     client_cpu_ms=sent["client_cpu_seconds"] / arrived * 1000, foreign=used.foreign,
                     memory_mib=used.memory_mib)
    finally:
        server.stop()


def relay(bench, name, size, sessions, round_number):
    """In by SMTP, through the queue, out by SMTP."""
    server = bench.server(name)
    sink = None
    try:
        server.start()
        count = mails_for(name, size, sessions)
        sink = subprocess.Popen([bench.arguments.load, "sink", f"127.0.0.1:{server.sink_port}", f"expect={count}",
                                 f"timeout={bench.arguments.limit}"],
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        sink.stderr.readline()
        meter = Meter(server)
        begun = time.monotonic()
        sent = bench.smtp_load("smtp", server.smtp, sessions=sessions, messages=count, size=size,
                               to=f"r%d@{server.relay_domain}", timeout=bench.arguments.limit)
        output, _ = sink.communicate(timeout=bench.arguments.limit + 30)
        seconds = time.monotonic() - begun
        used = meter.stop()
        taken = json.loads(output)
        if taken["messages"] < sent["sent"]:
            raise RuntimeError(f"{sent['sent']} mails were accepted but {taken['messages']} relayed")
        bench.record(test="relay", server=name, size=size, sessions=sessions, round=round_number, mails=count,
                     refused=sent["failed"], rate=taken["messages"] / seconds, accept_rate=sent["rate"],
                     connections_out=taken["connections"], cpu_ms=used.server / count * 1000, foreign=used.foreign,
                     memory_mib=used.memory_mib)
    finally:
        if sink and sink.poll() is None:
            sink.kill()
            sink.wait()
        server.stop()


def idle(bench, name, tls, round_number):
    """What sessions cost that do nothing."""
    server = bench.server(name)
    try:
        server.start()
        port = server.smtps_port if tls else server.smtp_port
        count = bench.arguments.idle_sessions or IDLE_SESSIONS[name]
        # What is only ever paid once is there before it is measured.
        bench.smtp_load("idle", f"127.0.0.1:{port}", sessions=50, tls=int(tls))
        time.sleep(0.5)
        before = server.memory_kib_now()
        holder = subprocess.Popen([bench.arguments.load, "idle", f"127.0.0.1:{port}", f"sessions={count}",
                                   f"tls={int(tls)}", "hold=1", f"timeout={bench.arguments.limit}"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            line = holder.stdout.readline()
            if not line:
                raise RuntimeError(f"the sessions could not be opened (status {holder.wait()})")
            held = json.loads(line)["sessions"]
            after = server.memory_kib_now()
        finally:
            holder.stdin.close()
            holder.wait()
        bench.record(test="idle", server=name, tls=tls, round=round_number, sessions=held,
                     kib_per_session=(after - before) / held, memory_mib=after / 1024)
    finally:
        server.stop()
