#!/usr/bin/env bash
# ripMIME cuts each quoted piece of a continued file name at its first blank.
#
# Guess: a file name in pieces by RFC 2231 §3 (filename*0="...";
#   filename*1="...", no charset, quoted) is put together and saved whole, since
#   ripMIME 1.4 decodes the harder extended form (filename*0*=UTF-8''...) right.
# Seen: ripMIME 1.4.0.10 (Debian 12) takes of each quoted piece what stands
#   before the first blank. "a very long name that some writer has " and
#   "cut in two.txt" become the file "acut". A quoted name in one piece keeps its
#   blanks. Who renames attachments after ripMIME, as mail archives do, gets a
#   name without its ending; a writer is safe if it uses the extended form
#   for every name that needs more than one piece.
set -euo pipefail
version=1.4.0.10.debian.1-3+b1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download "ripmime=$version" >/dev/null
dpkg-deb -x ripmime_*.deb root

letter() { # parameters of Content-Disposition -> a mail with one attachment
  printf '%s\r\n' 'From: a@example.org' 'Subject: x' 'MIME-Version: 1.0' 'Content-Type: multipart/mixed; boundary=b' '' '--b' \
    'Content-Type: application/octet-stream' "Content-Disposition: attachment; $1" 'Content-Transfer-Encoding: base64' '' 'aGVsbG8K' '--b--'
}
saved_as() { # the same -> the name of the file that ripMIME makes of the attachment
  rm -rf out && mkdir out
  letter "$1" > mail
  root/usr/bin/ripmime -i mail -d out
  ls out | grep -v '^textfile'
}
status=0
expect() { # what it is, parameters, name
  local got
  got=$(saved_as "$2")
  printf '%-28s %s\n' "$1" "$got"
  [ "$got" = "$3" ] || { printf 'changed: was "%s"\n' "$3"; status=1; }
}
expect 'one piece, quoted' 'filename="cut in two.txt"' 'cut in two.txt'
expect 'pieces, extended' "filename*0*=UTF-8''a%20very%20long%20; filename*1*=name.txt" 'a very long name.txt'
expect 'pieces, quoted' 'filename*0="a very long name that some writer has "; filename*1="cut in two.txt"' 'acut'
exit $status
