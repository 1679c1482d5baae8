#!/usr/bin/env bash
# glibc's iconv knows Korean by EUC-KR and UHC, and by none of the names that
# IANA registered for the character set that Korean mail is labelled with.
#
# Guess: ks_c_5601-1987, the label that Outlook and many Korean web mailers
#   write, is an alias of EUC-KR in every converter: IANA lists it with the aliases
#   iso-ir-149, KS_C_5601-1989, KSC_5601 and korean.
# Seen: glibc 2.36 (Debian 12) refuses all five ("conversion ... not supported"),
#   while csEUCKR, EUC-KR, UHC, CP949 and JOHAB work. A program that hands a mail's
#   charset to iconv(3) as it stands cannot show such mail; it has to map the name
#   first, and to UHC, since those writers use its additional 8,822 syllables.
set -euo pipefail
version=2.36-9+deb12u14
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
apt-get -o APT::Sandbox::User=root download "libc6=$version" "libc-bin=$version" >/dev/null
for package in *.deb; do dpkg-deb -x "$package" root; done
library=$(dirname "$(find root -name 'libc.so.6' | head -n 1)")
gconv=$(dirname "$(find root -name 'UHC.so' | head -n 1)")

to_utf8() { # charset, octets as for printf -> text, or "refused"
  printf "$2" | GCONV_PATH=$PWD/$gconv "$library"/ld-linux-x86-64.so.2 --library-path "$library" root/usr/bin/iconv -f "$1" -t UTF-8 2>/dev/null ||
    echo refused
}
status=0
expect() { # charset, octets, text
  local got
  got=$(to_utf8 "$1" "$2")
  printf '%-16s %s\n' "$1" "$got"
  [ "$got" = "$3" ] || { printf 'changed: was "%s"\n' "$3"; status=1; }
}
for known in EUC-KR csEUCKR UHC CP949; do expect $known '\xb0\xa1' 가; done
for registered in ks_c_5601-1987 iso-ir-149 KS_C_5601-1989 KSC_5601 korean; do expect $registered '\xb0\xa1' refused; done
exit $status
