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
protocol = "lmtp"
address = "127.0.0.1:{lmtp}"

[[listener]]
protocol = "pop3"
address = "127.0.0.1:{pop3}"
plaintext_auth = true

[[listener]]
protocol = "imap"
address = "127.0.0.1:{imap}"
tls = "starttls"
plaintext_auth = true

[[listener]]
protocol = "imap"
address = "127.0.0.1:{imaps}"
tls = "implicit"

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


def write_config(directory, **values):
    """`directory`/pabal.toml; values: domain, relay_domain, smtp, smtps, lmtp, pop3, imap, imaps, sink."""
    path = f"{directory}/pabal.toml"
    with open(path, "w") as f:
        f.write(CONFIG.format(d=directory, **values))
    return path


def make_accounts(binary, directory, domain, users, password):
    """What `pabal init` makes in `directory`, with the accounts u0, u1, ..."""

    def pabal(*words):
        done = subprocess.run([binary, *words, "--password-file", "/dev/stdin"], input=f"{password}\n",
                              capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"pabal {' '.join(words)}: {done.stderr.strip()}")

    pabal("init", domain, "--dir", directory, "--hostname", f"mx.{domain}", "--account", "u0", "--address",
          "127.0.0.1", "--non-interactive")
    for n in range(1, users):
        pabal("account", "add", f"u{n}@{domain}", "--config", f"{directory}/pabal.toml")


class Pabal(Server):
    name = "pabal"
    binary = load = accounts = None  # set by bench/compare
    template = None                  # Argon2 takes its time, so these accounts are made once
    accounts_made = Server.users

    def start(self, filled=None):
        """filled: an earlier directory of ours, whose mail is taken over."""
        self.smtps_port, self.lmtp_port, self.pop3_port, self.imap_port, self.imaps_port = free_ports(5)
        if Pabal.template is None:
            template = f"{os.path.dirname(self.directory)}/pabal-template"
            make_accounts(self.binary, template, self.domain, self.accounts_made, "pass")
            Pabal.template = template
        ignore = shutil.ignore_patterns("data") if filled else None
        shutil.copytree(Pabal.template, self.directory, dirs_exist_ok=True, ignore=ignore)
        if filled:
            self.take_over(filled, "data")
        if self.users > self.accounts_made:
            subprocess.run([self.accounts, f"{self.directory}/data", self.domain, str(self.accounts_made),
                            str(self.users), "pass"], check=True)
        config = write_config(self.directory, domain=self.domain, relay_domain=self.relay_domain, smtp=self.smtp_port,
                              smtps=self.smtps_port, lmtp=self.lmtp_port, pop3=self.pop3_port, imap=self.imap_port,
                              imaps=self.imaps_port, sink=self.sink_port)
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
