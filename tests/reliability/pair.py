"""Two real servers that send mail to each other, their users' programs, and
what is done with all of them afterwards."""

import json
import os
import poplib
import random
import shutil
import tempfile
import time

from fake_dns import FakeDns, zones
from harness import Pabal, free_port, wait_until
from readers import Reader
from senders import Sender

USERS = ("alice", "bob")
HOSTS = (("seoul.test", "127.0.0.61"), ("busan.test", "127.0.0.62"))
NOBODY = tuple(f"nobody@{domain}" for domain, _ in HOSTS)
DRAIN_SECONDS = 120
SECTIONS = {
    "log": {"level": "info"},
    # What waits is tried every second and never given up while this runs.
    "queue": {"retry_delays": ["1s"], "lifetime": "1h", "delay_notice_after": "0s"},
    # Small, so that segments fill, change and become free all the time.
    "store": {"segment_octets": "2MiB"},
    "limits": {"drain_timeout": "3s"},
}


class Pair:
    """The servers by domain, between the making and close()."""

    def __init__(self, ledger, seed):
        self.ledger, self.seed = ledger, seed
        self.directory = tempfile.mkdtemp(prefix="pabal-reliability-")
        self.servers, self.senders, self.readers = {}, [], []
        self.restart_seconds = []
        self._disk = None
        self._port = free_port()
        self._dns = FakeDns(zones(*HOSTS), ip=HOSTS[0][1]).start()
        try:
            for domain, address in HOSTS:
                self.servers[domain] = Pabal(domain, address=address, accounts=USERS, smtp_port=self._port,
                                             dns=self._dns.address, sections=SECTIONS)
        except BaseException:
            self.close(keep=False)
            raise

    def move_store(self, domain, disk):
        """To a disk of its own, which goes with the pair; before the server runs."""
        self._disk = disk
        pabal, store = self.servers[domain], os.path.join(disk.path, "data")
        shutil.move(os.path.join(pabal.directory, "data"), store)
        pabal.write_config(self._dns.address, {**SECTIONS, "server": {"data_directory": store}})

    def dice(self, name):
        """Chance of its own for each part, from the one seed."""
        return random.Random(f"{self.seed}-{name}")

    # ---- the processes ---------------------------------------------------------

    def start(self, *domains):
        for domain in domains:
            self.servers[domain].spawn()
        for domain in domains:
            begin = time.monotonic()
            self.servers[domain].await_start()
            self.restart_seconds.append(time.monotonic() - begin)

    def kill(self, *domains):
        """SIGKILL, to those that are still well; one that has ended by itself is a violation."""
        for domain in domains:
            process = self.servers[domain].process
            if process.poll() is not None:
                self.ledger.violation(f"{domain} had ended by itself with status {process.returncode}")
            process.kill()
            self.ledger.killed(domain)
        for domain in domains:
            self.servers[domain].kill()

    def stop(self, domain):
        """SIGTERM; it has to end well."""
        try:
            self.servers[domain].stop()
        except AssertionError as error:
            self.ledger.violation(f"{domain}: {error}")

    # ---- the clients -----------------------------------------------------------

    def start_clients(self, sender_pause_seconds=0.02):
        """Per server two strangers and two of its users that send, and a reader of each mailbox."""
        everyone = [f"{user}@{domain}" for domain, _ in HOSTS for user in USERS]
        for domain, pabal in self.servers.items():
            own = [f"{user}@{domain}" for user in USERS]
            # Known elsewhere alone: at home the server would refuse at once.
            abroad = [address for address in NOBODY if not address.endswith(domain)]
            plans = [(None, "smtp", own), (None, "smtp", own),
                     (own[0], "submission", everyone + abroad), (own[1], "submission_plain", everyone)]
            for number, (login, listener, recipients) in enumerate(plans):
                self.senders.append(Sender(pabal, self.ledger, self.dice(f"{domain} sender {number}"), recipients, login,
                                           listener, sender_pause_seconds))
            for address in own:
                self.readers.append(Reader(pabal, address, self.ledger, self.dice(f"{address} reader")))
        for client in self.senders + self.readers:
            client.start()

    def stop_senders(self):
        self._stop(self.senders)

    def stop_readers(self):
        self._stop(self.readers)

    def _stop(self, clients):
        for client in clients:
            client.ending.set()
        for client in clients:
            if not client.is_alive() and client.ident is None:
                continue
            client.join(60)
            if client.is_alive():
                self.ledger.violation(f"{client.name} does not come to its end: the server does not answer")
            elif client.trouble is not None:
                raise client.trouble

    def senders_of(self, domain):
        return [sender for sender in self.senders if sender.pabal.domain == domain]

    def readers_of(self, domain):
        return [reader for reader in self.readers if reader.pabal.domain == domain]

    # ---- afterwards ------------------------------------------------------------

    def settle(self):
        """No more faults, no more senders: all is carried, then read and counted. -> the counts"""
        self.drain()
        self.stop_readers()
        self.restart_well()
        self.read_everything()
        return self.ledger.audit()

    def drain(self):
        for domain, pabal in self.servers.items():
            try:
                wait_until(lambda: not pabal.queue("--max", "1"), f"the queue of {domain} is empty", DRAIN_SECONDS)
            except AssertionError as error:
                waiting = pabal.queue("--max", "20")
                self.ledger.violation(f"{error}; there wait: {json.dumps(waiting)}")

    def restart_well(self):
        """What is counted is read from disk, by processes that began anew."""
        for domain in self.servers:
            self.stop(domain)
            self.start(domain)

    def read_everything(self):
        for reader in self.readers:
            def read():
                try:
                    reader.read_all()
                except poplib.error_proto as error:
                    if b"IN-USE" in (error.args[0] if isinstance(error.args[0], bytes) else b""):
                        return False
                    raise
                return True
            try:
                wait_until(read, f"{reader.address} can be read")
            except (OSError, poplib.error_proto, AssertionError) as error:
                self.ledger.violation(f"{reader.address} cannot be read: {error!r}")

    def close(self, keep):
        """Ends what was started. keep: the evidence. -> the folder it is in"""
        for client in self.senders + self.readers:
            client.ending.set()
        self._dns.stop()
        for domain, pabal in self.servers.items():
            if pabal.process is not None:
                pabal.kill()
            if keep:
                shutil.move(pabal.directory, os.path.join(self.directory, domain))
            else:
                pabal.remove()
        if self._disk is not None:
            if keep:
                shutil.copytree(os.path.join(self._disk.path, "data"), os.path.join(self.directory, "data"))
            self._disk.unmount()
        if not keep:
            shutil.rmtree(self.directory, ignore_errors=True)
        return self.directory
