"""IMAP logins: connect, TLS handshake, LOGIN, LOGOUT, with 10 at a time.

Dovecot checks a password in plain text. Pabal keeps Argon2id hashes; a password
that was right a while ago is known by a keyed hash in memory, and that is what
"known" measures; "new" is the first login of each account after the start.
"""
import itertools

from .bench import Meter

SESSIONS, USERS, WARM = 10, 50, 400
CASES = (("pabal", ""), ("dovecot-sdbox", "shipped"), ("dovecot-sdbox", "tuned"))
LOGINS = {"pabal": 3000, "dovecot-sdbox": 300}


def round_of(bench, round_number):
    for (name, tuning), tls in itertools.product(CASES, (True, False)):
        if name in bench.arguments.servers:
            bench.attempt(login, name, tuning, tls, round_number)


def login(bench, name, tuning, tls, round_number):
    server = bench.server(name, tuning=tuning)
    try:
        server.start()
        address = f"127.0.0.1:{server.imaps_port if tls else server.imap_port}"
        options = {"sessions": SESSIONS, "users": USERS, "tls": int(tls)}
        cpu = server.cpu_seconds()
        first = bench.imap_load("login", address, logins=USERS, **options)[0]
        first_cpu_ms = (server.cpu_seconds() - cpu) / USERS * 1000
        bench.imap_load("login", address, logins=WARM, **options)  # so that each loop of the server knows all passwords
        meter = Meter(server)
        again = bench.imap_load("login", address, logins=LOGINS[name], **options)[0]
        used = meter.stop()
        bench.record(test="imap-login", server=name, tuning=tuning, tls=tls, round=round_number, rate=again["rate"],
                     first_rate=first["rate"], first_cpu_ms=first_cpu_ms, p50_ms=again["p50_ms"], p99_ms=again["p99_ms"],
                     cpu_ms=used.server / again["logins"] * 1000, foreign=used.foreign)
    finally:
        server.stop()
