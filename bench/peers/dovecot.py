"""Dovecot: as LMTP service behind Postfix, and by itself for IMAP, in both of its formats that sites run."""
import os

from .machine import Server, free_ports
from .postfix import NOBODY, Postfix, make_certificate

COMMON = """
listen = 127.0.0.1
base_dir = {d}/run
state_dir = {d}/dovecot-state
instance_name = pabal-bench-{port}
log_path = {d}/dovecot.log
first_valid_uid = 1
auth_username_format = %Ln
namespace inbox {{
  inbox = yes
}}
"""

LMTP_CONFIG = COMMON + """
protocols = lmtp
ssl = no
mail_location = maildir:~/Maildir
passdb {{
  driver = static
  args = password=pass
}}
userdb {{
  driver = static
  args = uid={user.pw_uid} gid={user.pw_gid} home={d}/mail/%n allow_all_users=yes
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
}}
"""


class PostfixDovecot(Postfix):
    """Postfix in front and Dovecot's LMTP service with Maildirs behind it: what most sites run."""

    name = "postfix+dovecot"
    pattern_depth = 2  # mail/u0/Maildir/new

    def start(self):
        d = self.directory
        self.lmtp_socket = f"{d}/run/lmtp"
        os.makedirs(f"{d}/dovecot-state")
        config = f"{d}/dovecot.conf"
        with open(config, "w") as f:
            f.write(LMTP_CONFIG.format(d=d, port=self.smtp_port, user=NOBODY))
        self.run("dovecot", ["dovecot", "-F", "-c", config])
        super().start()


# What Debian ships, with the limits raised that many sessions need.
IMAP_CONFIG = COMMON + """
protocols = imap lmtp
ssl = yes
ssl_cert = <{d}/etc/certificate.pem
ssl_key = <{d}/etc/key.pem
disable_plaintext_auth = no
mail_location = {location}
mail_max_userip_connections = 50000
passdb {{
  driver = passwd-file
  args = {d}/etc/users
}}
userdb {{
  driver = passwd-file
  args = {d}/etc/users
}}
service imap-login {{
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
  {login_service}
}}
service imap {{
  process_limit = 6000
  {imap_service}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp}
  }}
}}
service anvil {{
  client_limit = 20000
}}
service auth {{
  client_limit = 20000
}}
{more}
"""

LOGIN_AS_SHIPPED = "process_limit = 6000"
LOGIN_REUSED = "service_count = 0\n  process_min_avail = 2\n  client_limit = 6000"
# A listener that imap-hibernate's processes of other users may enter.
HIBERNATION = """
imap_hibernate_timeout = 1s
service imap-hibernate {
  client_limit = 20000
  unix_listener imap-hibernate {
    mode = 0666
  }
}
"""
HIBERNATION_MASTER = "unix_listener imap-master {\n    mode = 0666\n  }"

FIRST_UID = 30_000
# The kernel allows 128 inotify instances per user, and IDLE takes one each.
USERS_PER_UID = 50


class Dovecot(Server):
    """tuning: "shipped" (a login process per connection), "tuned" (login processes are used again) or
    "hibernating" (tuned, and sessions in IDLE give up their process after a second)."""

    mail_format = ""
    tuning = "shipped"
    fsync = "optimized"  # Dovecot's default

    def start(self, filled=None):
        """filled: an earlier directory of the same format, whose mail is taken over."""
        d = self.directory
        self.imap_port, self.imaps_port, self.lmtp_port = free_ports(3)
        for name in ("etc", "dovecot-state"):
            os.mkdir(f"{d}/{name}", 0o755)
        make_certificate(f"{d}/etc")
        if filled:
            self.take_over(filled, "mail")
        self.make_users()
        more = f"mail_fsync = {self.fsync}\n" + (HIBERNATION if self.tuning == "hibernating" else "")
        config = f"{d}/dovecot.conf"
        with open(config, "w") as f:
            f.write(IMAP_CONFIG.format(
                d=d, port=self.imap_port, imap=self.imap_port, imaps=self.imaps_port, lmtp=self.lmtp_port, more=more,
                location={"sdbox": "sdbox:~/sdbox", "maildir": "maildir:~/Maildir"}[self.mail_format],
                login_service=LOGIN_AS_SHIPPED if self.tuning == "shipped" else LOGIN_REUSED,
                imap_service=HIBERNATION_MASTER if self.tuning == "hibernating" else ""))
        self.run("dovecot", ["dovecot", "-F", "-c", config])
        self.await_greeting(self.imap_port)

    def make_users(self):
        d = self.directory
        with open(f"{d}/etc/users", "w") as f:
            for n in range(self.users):
                home, uid = f"{d}/mail/u{n}", FIRST_UID + n // USERS_PER_UID
                f.write(f"u{n}:{{PLAIN}}pass:{uid}:{uid}::{home}::\n")
                if not os.path.exists(home):
                    os.makedirs(home)
                    os.chown(home, uid, uid)


class DovecotSdbox(Dovecot):
    name = "dovecot-sdbox"
    mail_format = "sdbox"


class DovecotMaildir(Dovecot):
    name = "dovecot-maildir"
    mail_format = "maildir"


class DovecotSdboxFsync(DovecotSdbox):
    """Syncs what it writes before it answers, as Pabal always does."""

    name = "dovecot-sdbox-fsync"
    fsync = "always"


class DovecotMaildirFsync(DovecotMaildir):
    name = "dovecot-maildir-fsync"
    fsync = "always"
