"""A bare IMAP session: commands as they are written, responses as they come."""

import re
import socket
import time

from harness import WAIT_SECONDS, Authority


class Imap:
    """Lines out, untagged responses and the tagged one in. Octets are text by surrogateescape."""

    def __init__(self, server, user=None, name="imap_plain", password=None, port=None):
        """server: a Pabal or whoever has address, ports and passwords; logged in as user, if there is one."""
        self.socket = socket.create_connection((server.address, port or server.ports[name]), timeout=WAIT_SECONDS)
        if name == "imap_tls":
            self._secure(server)
        self.file = self.socket.makefile("rb")
        self.tags = 0
        self.greeting = self.line()
        if name == "imap":
            self.start_tls(server)
        if user:
            self.login = self.ok(f'LOGIN {user} "{password or server.passwords[user]}"')

    def _secure(self, server):
        self.socket = Authority.get().context().wrap_socket(self.socket, server_hostname=server.address)

    def start_tls(self, server):
        self.ok("STARTTLS")
        self.file.close()
        self._secure(server)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("utf-8", "surrogateescape"))

    # Which of several sessions is told first is chance: who asks about \Recent sets this.
    tells_recent = False

    def line(self):
        """One response with its literals, as if nothing were \Recent; "" when the server has closed."""
        text = self._line()
        while not self.tells_recent and re.fullmatch(r"\* \d+ RECENT", text):
            text = self._line()
        if not self.tells_recent and " FETCH (" in text:
            text = re.sub(r"(FLAGS \([^)]*?) ?\\Recent", r"\1", text, count=1).replace("FLAGS ( ", "FLAGS (")
        return text

    def _line(self):
        text = self.file.readline().decode("utf-8", "surrogateescape").removesuffix("\r\n")
        while found := re.search(r"\{(\d+)\}$", text):
            text += "\r\n" + self.file.read(int(found[1])).decode("utf-8", "surrogateescape")
            text += self.file.readline().decode("utf-8", "surrogateescape").removesuffix("\r\n")
        return text

    def until(self, done):
        """-> the lines up to the first one for which done(line)"""
        lines = []
        while not lines or not done(lines[-1]):
            lines.append(self.line())
            if not lines[-1]:
                raise AssertionError(f"the session ended: {lines}")
        return lines

    def ask(self, command, tag=None):
        """-> (untagged responses without "* ", the tagged one without its tag)"""
        if tag is None:
            self.tags += 1
            tag = f"t{self.tags}"
        self.send(f"{tag} ".encode() + (command if isinstance(command, bytes) else command.encode()) + b"\r\n")
        *untagged, tagged = self.until(lambda line: line.startswith(f"{tag} "))
        return [line.removeprefix("* ") for line in untagged], tagged[len(tag) + 1:]

    def ok(self, command, tag=None):
        """-> the untagged responses"""
        untagged, tagged = self.ask(command, tag)
        if not tagged.startswith("OK"):
            raise AssertionError(f"{command!r}: {tagged}")
        return untagged

    def append(self, mailbox, mail, flags="", date=""):
        """-> the UID"""
        date = f'"{date}" ' if date else ""
        _, tagged = self.ask(f"APPEND {mailbox} ({flags}) {date}{{{len(mail)}}}\r\n".encode() + mail)
        found = re.match(r"OK \[APPENDUID \d+ (\d+)\]", tagged)
        if not found:
            raise AssertionError(tagged)
        return int(found[1])

    def until_told(self, command, told, seconds=WAIT_SECONDS):
        """Repeats a command until told(an untagged response). -> all that were told"""
        every, end = [], time.monotonic() + seconds
        while not any(told(line) for line in every):
            if time.monotonic() > end:
                raise AssertionError(f"not told: {every}")
            every += self.ok(command)
        return every
