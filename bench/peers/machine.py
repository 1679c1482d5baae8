"""What the servers under test have in common: processes, their CPU and memory, ports."""
import os
import signal
import socket
import subprocess
import time

TICKS = os.sysconf("SC_CLK_TCK")
REST_SECONDS = 0.02  # of CPU, in a second: a server at rest


def free_ports(count):
    """Loopback ports that nobody uses at this moment."""
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return ports


def machine_busy_seconds():
    """CPU time that the whole machine has spent so far, without idle and iowait."""
    with open("/proc/stat") as f:
        user, nice, system, _, _, irq, softirq, steal = map(int, f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / TICKS


def _stat(pid):
    """(parent, CPU ticks of the process and of its reaped children), or None when it is gone."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(fields[1]), sum(map(int, fields[11:15]))


def _kib(pid, file, field):
    try:
        with open(f"/proc/{pid}/{file}") as f:
            return next((int(line.split()[1]) for line in f if line.startswith(field)), 0)
    except OSError:
        return 0  # it has just ended


class CpuGroup:
    """A cgroup that counts the CPU time of everything started in it, where the kernel has one to give."""

    ROOTS = (("/sys/fs/cgroup/cpuacct", "cpuacct.usage"), ("/sys/fs/cgroup", "cpu.stat"))

    def __init__(self, name):
        self.path = None
        for root, meter in self.ROOTS:
            if not os.path.exists(f"{root}/cgroup.procs"):
                continue
            path = f"{root}/pabal-bench-{os.getpid()}-{name}"
            try:
                os.mkdir(path)
            except OSError:
                continue
            if os.path.exists(f"{path}/{meter}"):
                self.path, self.meter = path, f"{path}/{meter}"
                return
            os.rmdir(path)

    def enter(self):
        """In the child, between fork and exec."""
        if self.path:
            with open(f"{self.path}/cgroup.procs", "w") as f:
                f.write(str(os.getpid()))

    def seconds(self):
        with open(self.meter) as f:
            text = f.read()
        if self.meter.endswith("usage"):
            return int(text) / 1e9
        return int(text.split("usage_usec", 1)[1].split()[0]) / 1e6

    def pids(self):
        with open(f"{self.path}/cgroup.procs") as f:
            return [int(line) for line in f]

    def remove(self):
        for _ in range(100):
            if not self.path:
                return
            try:
                os.rmdir(self.path)
                self.path = None
            except OSError:
                time.sleep(0.05)


class Program:
    """A server in the foreground with all the processes that it starts."""

    def __init__(self, name, command, log, group, env=None):
        self.name, self.log, self.group = name, log, group
        with open(log, "ab") as out:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
                preexec_fn=group.enter, env=env)

    def tree(self):
        parents = {}
        for entry in os.listdir("/proc"):
            if entry.isdigit() and (stat := _stat(entry)):
                parents.setdefault(stat[0], []).append(int(entry))
        found, todo = [], [self.process.pid]
        while todo:
            pid = todo.pop()
            found.append(pid)
            todo += parents.get(pid, [])
        return found

    def cpu_seconds(self):
        return sum(stat[1] for pid in self.tree() if (stat := _stat(pid))) / TICKS

    def require_running(self):
        if self.process.poll() is not None:
            with open(self.log, errors="replace") as f:
                raise RuntimeError(f"{self.name} ended with status {self.process.returncode}: {f.read()[-800:]}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Server:
    """One server under test in a throw-away directory. A peer overrides prepare() and delivered()."""

    name = ""
    users = 50
    domain = "test.local"
    relay_domain = "sink.local"

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, mode=0o755)
        os.chmod(directory, 0o755)
        self.group = CpuGroup(os.path.basename(directory))
        self.programs = []
        self.stopped = False
        self.smtp_port, self.sink_port = free_ports(2)

    @property
    def smtp(self):
        return f"127.0.0.1:{self.smtp_port}"

    def take_over(self, filled, folder):
        """Copies `folder` of the directory `filled`, and waits until the disk has it."""
        subprocess.run(["cp", "-a", f"{filled}/{folder}", self.directory], check=True)
        subprocess.run(["sync", "-f", self.directory], check=True)

    def await_rest(self, seconds):
        """Until it has nothing left to do in the background, or the time is up."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            before = self.cpu_seconds()
            time.sleep(1)
            if self.cpu_seconds() - before < REST_SECONDS:
                return

    def run(self, name, command, env=None):
        self.programs.append(Program(name, command, f"{self.directory}/{name}.out", self.group, env))

    def await_greeting(self, port, seconds=30):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for program in self.programs:
                program.require_running()
            try:
                with socket.create_connection(("127.0.0.1", port), 5) as s:
                    s.settimeout(10)
                    if s.recv(1):
                        return
            except OSError:
                pass
            time.sleep(0.02)
        raise RuntimeError(f"{self.name} did not greet on port {port} within {seconds} s")

    def pids(self):
        if self.group.path:
            return self.group.pids()
        return [pid for program in self.programs for pid in program.tree()]

    def cpu_seconds(self):
        """Of all its processes since the start."""
        if self.group.path:
            return self.group.seconds()
        return sum(program.cpu_seconds() for program in self.programs)

    def memory_kib_now(self):
        """Proportional set size of all processes."""
        return sum(_kib(pid, "smaps_rollup", "Pss:") for pid in self.pids())

    def forget_peak(self):
        for pid in self.pids():
            try:
                with open(f"/proc/{pid}/clear_refs", "w") as f:
                    f.write("5")
            except OSError:
                pass  # it has just ended

    def memory_kib(self):
        """The same; of a lone process its high-water mark since forget_peak() if that is more."""
        pids = self.pids()
        peak = _kib(pids[0], "status", "VmHWM:") if len(pids) == 1 else 0
        return max(peak, self.memory_kib_now())

    def stop(self):
        for program in reversed(self.programs):
            program.stop()
        # What is left in our own group was started by the server and outlived it.
        for signum in (signal.SIGTERM, signal.SIGKILL):
            end = time.monotonic() + 5
            while self.group.path and (left := self.group.pids()) and time.monotonic() < end:
                for pid in left:
                    try:
                        os.kill(pid, signum)
                    except ProcessLookupError:
                        pass
                time.sleep(0.1)
        self.group.remove()
        self.stopped = True

    def is_synchronous(self):
        """Whether a mail is in its mailbox when it is answered by 250."""
        return False


class MaildirServer(Server):
    """Counts what lies in new/ below `mail_root`."""

    pattern_depth = 1

    def delivered(self):
        count, todo = 0, [(self.mail_root, 0)]
        while todo:
            path, depth = todo.pop()
            if depth == self.pattern_depth:
                try:
                    count += len(os.listdir(f"{path}/new"))
                except FileNotFoundError:
                    pass
                continue
            todo += [(entry.path, depth + 1) for entry in os.scandir(path) if entry.is_dir()]
        return count
