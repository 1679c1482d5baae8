"""Debian's Postfix with an instance of its own: local delivery by virtual(8) into Maildirs, or by LMTP."""
import os
import pwd
import subprocess

from .machine import MaildirServer

NOBODY = pwd.getpwnam("nobody")

# service, type, private, unpriv, chroot, wakeup, maxproc, command: Debian's master.cf without the chroots.
SERVICES = """
pickup     unix  n  -  n  60     1    pickup
cleanup    unix  n  -  n  -      0    cleanup
qmgr       unix  n  -  n  300    1    qmgr
tlsmgr     unix  -  -  n  1000?  1    tlsmgr
rewrite    unix  -  -  n  -      -    trivial-rewrite
bounce     unix  -  -  n  -      0    bounce
defer      unix  -  -  n  -      0    bounce
trace      unix  -  -  n  -      0    bounce
verify     unix  -  -  n  -      1    verify
flush      unix  n  -  n  1000?  0    flush
proxymap   unix  -  -  n  -      -    proxymap
smtp       unix  -  -  n  -      -    smtp
relay      unix  -  -  n  -      -    smtp
showq      unix  n  -  n  -      -    showq
error      unix  -  -  n  -      -    error
retry      unix  -  -  n  -      -    error
discard    unix  -  -  n  -      -    discard
virtual    unix  -  n  n  -      -    virtual
lmtp       unix  -  -  n  -      -    lmtp
anvil      unix  -  -  n  -      1    anvil
scache     unix  -  -  n  -      1    scache
postlog    unix-dgram  n  -  n  -  1  postlogd
"""


def default(parameter):
    return subprocess.run(["postconf", "-d", "-h", parameter], check=True, capture_output=True, text=True).stdout.strip()


class Postfix(MaildirServer):
    name = "postfix"
    lmtp_socket = None

    def settings(self):
        d = self.directory
        values = {
            "compatibility_level": "3.6",
            "queue_directory": f"{d}/queue",
            "data_directory": f"{d}/state",
            "maillog_file": f"{d}/mail.log",
            "maillog_file_prefixes": d,
            "myhostname": f"mx.{self.domain}",
            "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4",
            "mynetworks": "127.0.0.0/8",
            "mydestination": "",
            "alias_maps": "",
            "alias_database": "",
            "virtual_mailbox_domains": self.domain,
            "virtual_mailbox_maps": f"hash:{d}/etc/mailboxes",
            "virtual_mailbox_base": self.mail_root,
            "virtual_uid_maps": f"static:{NOBODY.pw_uid}",
            "virtual_gid_maps": f"static:{NOBODY.pw_gid}",
            "virtual_mailbox_limit": "0",
            "mailbox_size_limit": "0",
            "message_size_limit": str(50 << 20),
            "relay_domains": self.relay_domain,
            "transport_maps": f"inline:{{{self.relay_domain}=smtp:[127.0.0.1]:{self.sink_port}}}",
            "smtpd_relay_restrictions": "permit_mynetworks, reject",
            # The same certificate as the others have; nobody uses it in these measurements.
            "smtpd_tls_security_level": "may",
            "smtpd_tls_cert_file": f"{d}/etc/certificate.pem",
            "smtpd_tls_key_file": f"{d}/etc/key.pem",
        }
        if self.lmtp_socket:
            values["virtual_transport"] = f"lmtp:unix:{self.lmtp_socket}"
        return values

    def start(self):
        d = self.directory
        self.mail_root = f"{d}/mail"
        for name in ("etc", "queue", "state", "mail"):
            os.mkdir(f"{d}/{name}", 0o755)
        os.chown(f"{d}/state", pwd.getpwnam("postfix").pw_uid, 0)
        os.chown(self.mail_root, NOBODY.pw_uid, NOBODY.pw_gid)
        make_certificate(f"{d}/etc")
        with open(f"{d}/etc/mailboxes", "w") as f:
            f.writelines(f"u{n}@{self.domain} u{n}/\n" for n in range(self.users))
        with open(f"{d}/etc/main.cf", "w") as f:
            f.writelines(f"{key} = {value}\n" for key, value in self.settings().items())
        with open(f"{d}/etc/master.cf", "w") as f:
            f.write(f"127.0.0.1:{self.smtp_port}  inet  n  -  n  -  -  smtpd{SERVICES}")
        subprocess.run(["postmap", "-c", f"{d}/etc", f"hash:{d}/etc/mailboxes"], check=True)
        self.run("postfix", ["postfix", "-c", f"{d}/etc", "start-fg"])
        self.await_greeting(self.smtp_port)

    def stop(self):
        subprocess.run(["postfix", "-c", f"{self.directory}/etc", "stop"], stdin=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
        super().stop()


def make_certificate(directory):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "30", "-subj", "/CN=localhost", "-keyout", f"{directory}/key.pem",
                    "-out", f"{directory}/certificate.pem"], check=True, capture_output=True)
