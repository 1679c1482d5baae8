"""IMAP: a little of mails that are large. The page cache has them; what is measured is what the server does with them."""
from . import imap_operations as operations
from .bench import Meter
from .imap import FILL_SECONDS, REST_SECONDS, SERVERS, play


def round_of(bench, round_number):
    for name in bench.arguments.servers:
        if name in SERVERS:
            bench.attempt(large, name, round_number)


def large(bench, name, round_number):
    server = bench.server(name)
    try:
        server.start()
        play(bench, server, [(None, line) for line in operations.filling_large()], timeout=FILL_SECONDS)
        server.await_rest(REST_SECONDS)
        meter = Meter(server)
        piece, headers, body = operations.OF_LARGE
        found = play(bench, server, [
            # What a client asks for first, so that Dovecot's cache has it.
            (None, "@connect SELECT Pieces"), (None, "FETCH 1 (ENVELOPE BODYSTRUCTURE)"), (piece.key, piece.command),
            (None, "SELECT Large"), (headers.key, headers.command), (body.key, body.command)])
        used = meter.stop()
        bench.record(test="imap-large", server=name, round=round_number, mails=0,
                     values={op.key: op.value(found[op.key]) for op in operations.OF_LARGE},
                     foreign=used.foreign, memory_mib=used.memory_mib)
    finally:
        server.stop()
