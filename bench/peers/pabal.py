"""Pabal itself, as `pabal init` sets it up; only what a bench on one address needs is different."""
import json
import os
import shutil
import subprocess

from .machine import Server, free_ports

CONFIG = """
[server]
hostname = "mx.{domain}"
data_directory = "{d}/data"

[[listener]]
protocol = "smtp"
address = "127.0.0.1:{smtp}"
tls = "starttls"

[[listener]]
protocol = "submission"
address = "127.0.0.1:{smtps}"
tls = "implicit"

[[listener]]
protocol = "pop3"
address = "127.0.0.1:{pop3}"
plaintext_auth = true

[tls]
certificate = "{d}/certificate.pem"
key = "{d}/key.pem"

[limits]
sessions_per_ip_max = 0

[relay]
trusted_networks = ["127.0.0.0/8"]

[[route]]
domain = "{relay_domain}"
host = "127.0.0.1"
port = {sink}
tls = "none"

[log]
file = "{d}/pabal.log"
"""


class Pabal(Server):
    name = "pabal"
    binary = load = None  # set by bench/compare
    template = None

    def write_config(self):
        path = f"{self.directory}/pabal.toml"
        with open(path, "w") as f:
            f.write(CONFIG.format(d=self.directory, domain=self.domain, relay_domain=self.relay_domain,
                                  smtp=self.smtp_port, sink=self.sink_port, smtps=self.smtps_port, pop3=self.pop3_port))
        return path

    def make_template(self):
        """What `pabal init` makes, with all accounts: Argon2 takes its time, so this happens once."""
        made = f"{os.path.dirname(self.directory)}/pabal-template"
        password = f"{self.directory}/password"
        with open(password, "w") as f:
            f.write("pass\n")

        def pabal(*words):
            done = subprocess.run([self.binary, *words], capture_output=True, text=True, stdin=subprocess.DEVNULL)
            if done.returncode:
                raise RuntimeError(f"pabal {' '.join(words)}: {done.stderr.strip()}")

        pabal("init", self.domain, "--dir", made, "--hostname", f"mx.{self.domain}", "--account", "u0",
              "--password-file", password, "--non-interactive")
        for n in range(1, self.users):
            pabal("account", "add", f"u{n}@{self.domain}", "--password-file", password, "--config", f"{made}/pabal.toml")
        Pabal.template = made

    def start(self):
        self.smtps_port, self.pop3_port = free_ports(2)
        if Pabal.template is None:
            self.make_template()
        for name in ("certificate.pem", "key.pem"):
            shutil.copy(f"{Pabal.template}/{name}", self.directory)
        shutil.copytree(f"{Pabal.template}/data", f"{self.directory}/data")
        config = self.write_config()
        self.run("pabal", [self.binary, "serve", "--config", config])
        self.await_greeting(self.smtp_port)

    def delivered(self):
        done = subprocess.run([self.load, "count", f"127.0.0.1:{self.pop3_port}", f"users={self.users}",
                               f"user=u%d@{self.domain}", "password=pass"], capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"pabal_load count: {done.stderr.strip()}")
        return json.loads(done.stdout)["messages"]

    def is_synchronous(self):
        return True
