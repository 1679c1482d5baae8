"""A DNS server on loopback (UDP and TCP, RFC 1035) whose zones a test can
change while it runs: A, AAAA and MX records, names that do not exist, names
for which it answers SERVFAIL."""

import socket
import socketserver
import struct
import threading

from harness import free_port

TYPES = {"A": 1, "SOA": 6, "MX": 15, "AAAA": 28}
TTL_SECONDS = 1
SERVFAIL, NXDOMAIN = 2, 3


def encode_name(name):
    labels = [label.encode("idna") if not label.isascii() else label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def encode_data(kind, value):
    if kind == "A":
        return socket.inet_pton(socket.AF_INET, value)
    if kind == "AAAA":
        return socket.inet_pton(socket.AF_INET6, value)
    preference, host = value.split()
    return struct.pack("!H", int(preference)) + encode_name(host)


def record(name, kind, data):
    return name + struct.pack("!HHIH", TYPES[kind], 1, TTL_SECONDS, len(data)) + data


def read_question(query):
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
        at += query[at] + 1
    kind = struct.unpack_from("!H", query, at + 1)[0]
    return ".".join(labels).lower(), kind, query[12:at + 5]


class FakeDns:
    """records: {"busan.test": {"MX": ["10 mail.busan.test"]}}. In a `with` block
    or between start() and stop(); `address` is what dns.servers takes."""

    def __init__(self, records, ip="127.0.0.1"):
        self.records = records
        self.failing = set()  # names answered by SERVFAIL
        self.asked = []  # (name, type number)
        port = free_port()
        self.address = f"{ip}:{port}"
        dns = self

        class Udp(socketserver.BaseRequestHandler):
            def handle(self):
                data, out = self.request
                out.sendto(dns.answer(data), self.client_address)

        class Tcp(socketserver.StreamRequestHandler):
            def handle(self):
                while len(size := self.rfile.read(2)) == 2:
                    answer = dns.answer(self.rfile.read(struct.unpack("!H", size)[0]))
                    self.wfile.write(struct.pack("!H", len(answer)) + answer)

        class TcpServer(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            block_on_close = False

        self._servers = [socketserver.UDPServer((ip, port), Udp), TcpServer((ip, port), Tcp)]
        self._threads = [threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True) for server in self._servers]

    def start(self):
        for thread in self._threads:
            thread.start()
        return self

    def stop(self):
        for server, thread in zip(self._servers, self._threads):
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, query):
        try:
            name, kind, question = read_question(query)
        except (IndexError, struct.error):
            return query[:2] + struct.pack("!HHHHH", 0x8181, 0, 0, 0, 0)
        self.asked.append((name, kind))
        code, answers = self._look_up(name, kind)
        authority = b""
        if not answers and code != SERVFAIL:
            soa = encode_name("ns.test") + encode_name("root.test") + struct.pack("!5I", 1, 60, 60, 60, TTL_SECONDS)
            authority = record(encode_name("test"), "SOA", soa)
        flags = 0x8480 | (struct.unpack_from("!H", query, 2)[0] & 0x0100) | code
        return (query[:2] + struct.pack("!HHHHH", flags, 1, len(answers), 1 if authority else 0, 0) + question +
                b"".join(answers) + authority)

    def _look_up(self, name, kind):
        if name in self.failing:
            return SERVFAIL, []
        zone = self.records.get(name)
        if zone is None:
            # An empty name above others exists.
            return (0 if any(other.endswith("." + name) for other in self.records) else NXDOMAIN), []
        for text, values in zone.items():
            if TYPES[text] == kind:
                return 0, [record(b"\xc0\x0c", text, encode_data(text, value)) for value in values]
        return 0, []


def zones(*hosts):
    """(domain, address) -> the records of a domain whose mail goes to mail.DOMAIN at that address."""
    found = {}
    for domain, address in hosts:
        found[domain] = {"MX": [f"10 mail.{domain}"]}
        found[f"mail.{domain}"] = {"A": [address]}
    return found
