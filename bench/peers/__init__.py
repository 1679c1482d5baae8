from .dovecot import PostfixDovecot
from .pabal import Pabal
from .postfix import Postfix

ALL = {server.name: server for server in (Pabal, Postfix, PostfixDovecot)}
