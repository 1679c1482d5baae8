"""Bench: starts servers in throw-away directories, runs load generators, keeps the results."""
import itertools
import json
import os
import resource
import subprocess
import sys
import time

from peers import ALL
from peers.machine import machine_busy_seconds

QUIET_CORES = 0.15


class Bench:
    def __init__(self, arguments, work):
        self.arguments, self.work = arguments, work
        self.numbers = itertools.count(1)
        self.results = []
        self.servers = []

    def directory(self, name):
        return f"{self.work}/{next(self.numbers)}-{name}"

    def server(self, name, **attributes):
        server = ALL[name](self.directory(name))
        for key, value in attributes.items():
            setattr(server, key, value)
        self.servers.append(server)
        return server

    def stop_servers(self):
        """Those that a run left which was interrupted."""
        for server in self.servers:
            if not server.stopped:
                server.stop()

    def smtp_load(self, verb, address, **options):
        """pabal_load: its one result."""
        return json.loads(self._load(self.arguments.load, verb, address, options))

    def imap_load(self, verb, address, script="", **options):
        """pabal_imap_load: its results, one per line of the script."""
        options.setdefault("timeout", self.arguments.limit)
        options.setdefault("user", "u%d@test.local")
        return [json.loads(line) for line in self._load(self.arguments.imap_load, verb, address, options, script).splitlines()]

    def _load(self, program, verb, address, options, script=None):
        words = [f"{key}={value}" for key, value in options.items()]
        done = subprocess.run([program, verb, address, *words], input=script, capture_output=True, text=True,
                              timeout=options.get("timeout", 120) * 5 + 60)
        if done.returncode:
            raise RuntimeError(f"{os.path.basename(program)} {verb}: {done.stderr.strip()} {done.stdout[-400:].strip()}")
        return done.stdout

    def record(self, **result):
        self.results.append(result)
        if not self.arguments.quiet:
            print(json.dumps(result), file=sys.stderr, flush=True)

    def attempt(self, measure, *case):
        """One measurement; when it fails that is a result, too, and the others go on."""
        await_quiet(self.arguments.wait_quiet)
        try:
            measure(self, *case)
        except (RuntimeError, OSError, subprocess.SubprocessError) as error:
            print(f"{measure.__name__} {case}: {error}", file=sys.stderr, flush=True)
            self.record(test="error", case=[measure.__name__, *case], error=str(error))


class Meter:
    """CPU and memory of the server, and the share of the machine that neither it nor the load generator used."""

    def __init__(self, server):
        self.server_object = server
        server.forget_peak()
        self.begun = self.read()

    def read(self):
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        own = resource.getrusage(resource.RUSAGE_SELF)
        mine = sum((children.ru_utime, children.ru_stime, own.ru_utime, own.ru_stime))
        return time.monotonic(), self.server_object.cpu_seconds(), mine, machine_busy_seconds()

    def stop(self):
        took, self.server, client, busy = (b - a for a, b in zip(self.begun, self.read()))
        self.foreign = max(0.0, busy - self.server - client) / took / os.cpu_count()
        self.memory_mib = self.server_object.memory_kib() / 1024
        return self


def await_quiet(seconds):
    """Until others leave the machine alone for a second, or the time is up."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        begun, before = time.monotonic(), machine_busy_seconds()
        time.sleep(1)
        if (machine_busy_seconds() - before) / (time.monotonic() - begun) < QUIET_CORES:
            return
