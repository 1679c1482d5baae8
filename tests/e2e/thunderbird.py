"""Mozilla Thunderbird without a window, driven by the Marionette protocol: JavaScript that runs inside it."""

import json
import os
import socket
import subprocess

from harness import WAIT_SECONDS, end_process, free_port, program, wait_until

ADDRESS = "127.0.0.1"
START_SECONDS = 120  # three on an idle machine

# Whatever is not on loopback goes to a proxy that is not there.
SETTINGS = {
    "app.update.disabledForTesting": True,
    "datareporting.policy.dataSubmissionEnabled": False,
    "mail.biff.play_sound": False,
    "mail.biff.show_alert": False,
    "mail.provider.enabled": False,
    "mail.rights.version": 1,
    "mail.shell.checkDefaultClient": False,
    "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True,
    "mailnews.start_page.enabled": False,
    "network.proxy.type": 1,
    "network.proxy.http": ADDRESS,
    "network.proxy.http_port": 9,
    "network.proxy.socks": ADDRESS,
    "network.proxy.socks_port": 9,
    "network.proxy.socks_remote_dns": True,
    "network.proxy.ssl": ADDRESS,
    "network.proxy.ssl_port": 9,
    "toolkit.telemetry.enabled": False,
}

# A script is the body of an async function; what it throws comes back as text.
WRAPPED = """
const given = [...arguments];
const done = given.pop();
(async function () { %s }).apply(null, given).then(value => done([true, value]),
                                                   error => done([false, `${error} ${error?.stack}`]));
"""


class Thunderbird:
    """One process with a profile of its own, which is there from the start to close()."""

    def __init__(self, profile, settings=None):
        """profile: an empty folder. settings: what its user.js says, besides what keeps it quiet."""
        path = program("thunderbird")
        self.port = free_port()
        self.log_path = os.path.join(profile, "log")
        self.imap_log_path = os.path.join(profile, "imap.moz_log")
        with open(os.path.join(profile, "user.js"), "w", encoding="utf-8") as out:
            for name, value in {**SETTINGS, **(settings or {}), "marionette.port": self.port}.items():
                out.write(f"user_pref({json.dumps(name)}, {json.dumps(value)});\n")
        environment = {"HOME": profile, "TMPDIR": profile, "PATH": os.environ["PATH"], "LANG": "C.UTF-8",
                       "MOZ_HEADLESS": "1", "MOZ_LOG": "IMAP:4,timestamp,sync", "MOZ_LOG_FILE": self.imap_log_path}
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(
                [path, "--headless", "--no-remote", "--profile", profile, "--marionette", "--remote-allow-system-access"],
                env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.socket = None
        self.asked = 0
        try:
            wait_until(self._connect, "Thunderbird listens", START_SECONDS)
            self.file = self.socket.makefile("rb")
            self._receive()  # the greeting
            self._ask("WebDriver:NewSession", {})
            self._ask("Marionette:SetContext", {"value": "chrome"})
            self._ask("WebDriver:SetTimeouts", {"script": WAIT_SECONDS * 1000})
        except BaseException as error:
            self.close()
            raise AssertionError(f"Thunderbird did not start: {error}\n{self.log()[-3000:]}") from error

    def close(self):
        if self.socket:
            self.file.close()
            self.socket.close()
        end_process(self.process, 10)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return log.read()

    def imap_log(self):
        """-> the lines that tell what it says to servers, what they say, and what it does"""
        with open(self.imap_log_path, encoding="utf-8", errors="replace") as log:
            return log.read().splitlines()

    def trust(self, certificate):
        """certificate: the file of an authority."""
        with open(certificate, encoding="ascii") as pem:
            text = "".join(pem.read().split("-----")[2].split())
        self.run("""Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB)
                        .addCertFromBase64(arguments[0], "C,,");""", text)

    def run(self, script, *arguments):
        """-> what the script returns, as JSON can hold it"""
        ok, value = self._ask("WebDriver:ExecuteAsyncScript", {"script": WRAPPED % script, "args": arguments})["value"]
        if not ok:
            raise AssertionError(f"{value}\n{script}")
        return value

    def _connect(self):
        if self.process.poll() is not None:
            raise AssertionError(f"it ended with {self.process.returncode}")
        try:
            self.socket = socket.create_connection((ADDRESS, self.port), timeout=START_SECONDS)
        except ConnectionRefusedError:
            return False
        return True

    def _ask(self, command, parameters):
        self.asked += 1
        text = json.dumps([0, self.asked, command, parameters]).encode()
        self.socket.sendall(b"%d:%s" % (len(text), text))
        _, number, error, value = self._receive()
        if error or number != self.asked:
            raise AssertionError(f"{command}: {error}")
        return value

    def _receive(self):
        digits = b""
        while (byte := self.file.read(1)) != b":":
            if not byte:
                raise AssertionError("Thunderbird has closed the connection")
            digits += byte
        return json.loads(self.file.read(int(digits)))
