from .dovecot import DovecotMaildir, DovecotMaildirFsync, DovecotSdbox, DovecotSdboxFsync, PostfixDovecot
from .pabal import Pabal
from .postfix import Postfix

ALL = {server.name: server for server in (Pabal, Postfix, PostfixDovecot, DovecotSdbox, DovecotMaildir,
                                          DovecotSdboxFsync, DovecotMaildirFsync)}
