"""POP3 clients that fetch and delete, each with a model of its maildrop: what
it was told must stay true over every crash (RFC 1939 §6, §7)."""

import hashlib
import poplib
import threading
import time

from harness import retrieve

ENDED = "-ERR EOF"  # poplib's word for a lost connection


def number_of(unique_id):
    """UIDVALIDITY.UID; within one UIDVALIDITY they only rise."""
    return int(unique_id.rpartition(".")[2])


class Maildrop:
    """What its reader knows of it."""

    def __init__(self, address, ledger):
        self.address, self._ledger = address, ledger
        self.there = {}     # unique id -> SHA-256, None while only listed
        self.gone = set()   # deleted, and QUIT was answered by +OK
        self.doubtful = {}  # deleted, and the reply to QUIT was lost
        self._highest = 0
        self._validity = None

    def wrong(self, text):
        self._ledger.violation(f"{self.address}: {text}")

    def compare(self, listed):
        """With a fresh list of unique ids, in their order."""
        if len(set(listed)) != len(listed):
            self.wrong(f"a unique id stands twice in one list: {listed}")
        for unique_id, digest in self.doubtful.items():
            if unique_id in listed:
                self.there[unique_id] = digest
            else:
                self.gone.add(unique_id)
        self.doubtful.clear()
        for unique_id in listed:
            if unique_id in self.there:
                continue
            if unique_id in self.gone:
                self.wrong(f"{unique_id} is back: it was deleted, and QUIT was answered by +OK")
                continue
            self._greet(unique_id)
        for unique_id in self.there.keys() - set(listed):
            self.wrong(f"{unique_id} has gone, and nobody deleted it")
            del self.there[unique_id]

    def _greet(self, unique_id):
        validity = unique_id.rpartition(".")[0]
        if self._validity not in (None, validity):
            self.wrong(f"UIDVALIDITY was {self._validity} and is {validity}")
        if number_of(unique_id) <= self._highest:
            self.wrong(f"{unique_id} is new, but {self._highest} was seen before it")
        self._validity, self._highest = validity, max(self._highest, number_of(unique_id))
        self.there[unique_id] = None

    def take(self, unique_id, data):
        """A mail was retrieved."""
        digest = hashlib.sha256(data).digest()
        if self.there.get(unique_id) is None:
            self.there[unique_id] = digest
            self._ledger.find(self.address, unique_id, data)
        elif self.there[unique_id] != digest:
            self.wrong(f"{unique_id} has changed since it was read first")

    def delete(self, unique_ids, answered):
        """QUIT after DELE; answered: by +OK, else the reply was lost."""
        for unique_id in unique_ids:
            digest = self.there.pop(unique_id)
            if answered:
                self.gone.add(unique_id)
            else:
                self.doubtful[unique_id] = digest


class Reader(threading.Thread):
    """The only client of one maildrop."""

    # In one session:
    NEW_MAX = 300       # mails to fetch
    AGAIN_MAX = 5       # of those that are known
    DELETES = 0.8       # this share of what it has read
    FORGETS_QUIT = 0.1  # sessions that end without it: then nothing may be deleted
    CLEARS_OUT = 0.15   # sessions that delete all, so that segments become free

    def __init__(self, pabal, address, ledger, dice, pause_seconds=0.2):
        super().__init__(daemon=True)
        self.pabal, self.address, self._ledger, self._dice, self._pause = pabal, address, ledger, dice, pause_seconds
        self.maildrop = Maildrop(address, ledger)
        self.ending = threading.Event()
        self.emptying = threading.Event()  # deletes all, in every session
        self.trouble = None
        self.read_at = time.monotonic()  # when it could last list and fetch
        self.faults = {}                 # what -ERR said -> how often

    def run(self):
        while not self.ending.is_set():
            try:
                self.session()
            except (OSError, poplib.error_proto) as error:
                self._note(error)
                time.sleep(0.02 + 0.05 * self._dice.random())
            except Exception as error:
                self.trouble = error
                return
            self.ending.wait(self._pause * 2 * self._dice.random())

    def _note(self, error):
        text = error.args[0].decode("utf-8", "replace") if error.args and isinstance(error.args[0], bytes) else str(error)
        if not isinstance(error, poplib.error_proto) or text == ENDED:
            return
        self.faults[text] = self.faults.get(text, 0) + 1
        if "[AUTH]" in text:
            self._ledger.violation(f"{self.address}: the right password was refused: {text}")

    def login(self):
        """-> (client, [unique id of mail 1, 2, ...]), compared with the model"""
        client = poplib.POP3(self.pabal.address, self.pabal.ports["pop3_plain"], timeout=20)
        try:
            client.user(self.address)
            client.pass_(self.pabal.passwords[self.address])
            listed = [line.split()[1].decode() for line in client.uidl()[1]]
            self.maildrop.compare(listed)
        except BaseException:
            client.close()
            raise
        return client, listed

    def session(self):
        client, listed = self.login()
        try:
            self._ledger.count("sessions")
            new = [n for n, unique_id in enumerate(listed, 1) if self.maildrop.there.get(unique_id, "") is None]
            known = [n for n, unique_id in enumerate(listed, 1) if self.maildrop.there.get(unique_id)]
            again = self._dice.sample(known, min(self.AGAIN_MAX, len(known)))
            for number in new[:self.NEW_MAX] + again:
                self.fetch(client, number, listed[number - 1])
            self.read_at = time.monotonic()
            self._delete_some(client, listed)
        finally:
            client.close()

    def fetch(self, client, number, unique_id):
        self.maildrop.take(unique_id, retrieve(client, number))
        self._ledger.count("retrieved")

    def _delete_some(self, client, listed):
        empties = self.emptying.is_set()
        share = 1 if empties or self._dice.random() < self.CLEARS_OUT else self.DELETES
        marked = []
        for number, unique_id in enumerate(listed, 1):
            if self.maildrop.there.get(unique_id) and self._dice.random() < share:
                client.dele(number)
                marked.append(unique_id)
        if not empties and self._dice.random() < self.FORGETS_QUIT:
            return
        try:
            client.quit()
        except poplib.error_proto as error:
            if str(error.args[0]) != ENDED:  # it says that nothing was deleted
                self._ledger.count("deletions_refused", len(marked))
                raise
            self.maildrop.delete(marked, answered=False)
            raise
        except OSError:
            self.maildrop.delete(marked, answered=False)
            raise
        self.maildrop.delete(marked, answered=True)
        self._ledger.count("deleted", len(marked))

    def read_all(self):
        """When the load has ended: every mail that is there, known or not."""
        client, listed = self.login()
        try:
            for number, unique_id in enumerate(listed, 1):
                self.fetch(client, number, unique_id)
            client.quit()
        finally:
            client.close()
