"""Postfix in front and Dovecot's LMTP service with Maildirs behind it: what most sites run."""
import os

from .postfix import NOBODY, Postfix

CONFIG = """
protocols = lmtp
listen = 127.0.0.1
base_dir = {d}/run
state_dir = {d}/dovecot-state
instance_name = pabal-bench-{port}
log_path = {d}/dovecot.log
ssl = no
mail_location = maildir:~/Maildir
first_valid_uid = 1
auth_username_format = %Ln
passdb {{
  driver = static
  args = password=pass
}}
userdb {{
  driver = static
  args = uid={user.pw_uid} gid={user.pw_gid} home={d}/mail/%n allow_all_users=yes
}}
namespace inbox {{
  inbox = yes
}}
service lmtp {{
  unix_listener lmtp {{
    mode = 0666
  }}
}}
"""


class PostfixDovecot(Postfix):
    name = "postfix+dovecot"
    pattern_depth = 2  # mail/u0/Maildir/new

    def start(self):
        d = self.directory
        self.lmtp_socket = f"{d}/run/lmtp"
        os.makedirs(f"{d}/dovecot-state")
        config = f"{d}/dovecot.conf"
        with open(config, "w") as f:
            f.write(CONFIG.format(d=d, port=self.smtp_port, user=NOBODY))
        self.run("dovecot", ["dovecot", "-F", "-c", config])
        super().start()
