#!/usr/bin/env bash
# mbsync does not fetch anew when UIDVALIDITY has changed: it may stop for good.
#
# Guess: a client that finds another UIDVALIDITY forgets what it knew of the
#   mailbox and fetches everything again (RFC 9051 §2.3.1.1), so a server that
#   was restored from a backup gives a new one and is on the safe side.
# Seen: mbsync 1.4.4 (isync 1.4.4-5, Debian 12) compares what it has by UID and
#   Message-ID. If 20 mails, or four fifths of those that it knew, are there under
#   their old UIDs, it goes on ("Recovered from change of UIDVALIDITY") and fetches
#   what is new. Else, already with two of five mails gone, or none with a
#   Message-ID, it says "Unable to recover from UIDVALIDITY change", ends with 1 and
#   fetches nothing, each time, until somebody removes its state. A server that
#   can number on above all UIDs that it has ever given serves such a client
#   better with the old UIDVALIDITY.
set -euo pipefail
version=1.4.4-5
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download "isync=$version" >/dev/null
dpkg-deb -x isync_*.deb root

mail() { # name, with or without -> a mail
  printf 'From: a@example.org\nSubject: %s\n' "$1"
  [ "$2" = without ] || printf 'Message-ID: <%s@example.org>\n' "$1"
  printf '\nx\n'
}
status=0
expect() { # mails, of which go, with or without a Message-ID; what mbsync says, whether the new mail comes
  local place n said got
  place=$(mktemp -d -p "$folder")
  mkdir -p "$place"/{far,near}/INBOX/{cur,new,tmp}
  cat > "$place/rc" <<RC
FSync no

MaildirStore far
Path $place/far/
Inbox $place/far/INBOX

MaildirStore near
Path $place/near/
Inbox $place/near/INBOX

Channel all
Far :far:
Near :near:
Patterns INBOX
Sync Pull
SyncState *
RC
  for n in $(seq "$1"); do mail "m$n" "$3" > "$place/far/INBOX/new/m$n.host"; done
  root/usr/bin/mbsync -c "$place/rc" all >/dev/null 2>&1
  for n in $(seq "$2"); do rm "$place"/far/INBOX/*/m"$n".*; done
  sed -i '1s/.*/1700000000/' "$place/far/INBOX/.uidvalidity"
  mail fresh with > "$place/far/INBOX/new/fresh.host"
  said=$(root/usr/bin/mbsync -c "$place/rc" all 2>&1 | grep -o 'Recovered\|Unable to recover' || true)
  got=$(grep -rl '^Subject: fresh' "$place/near/INBOX" | wc -l || true)
  printf '%2d mails, %2d gone, %-7s Message-ID: %-17s new mails fetched: %s\n' "$1" "$2" "$3" "$said" "$got"
  [ "$said/$got" = "$4" ] || { printf 'changed: was %s\n' "$4"; status=1; }
}
expect 5 1 with 'Recovered/1'
expect 5 2 with 'Unable to recover/0'
expect 5 0 without 'Unable to recover/0'
expect 15 4 with 'Unable to recover/0'
expect 30 8 with 'Recovered/1'
exit $status
