#include "app/config_fields.h"

namespace pabal::app {

namespace {

template <class Pointer>
struct MemberOf;
template <class S, class M>
struct MemberOf<M S::*> {
  using Section = S;
  using Type = M;
};

// `names` in the order of the enumerators.
template <auto pointer, class P = MemberOf<decltype(pointer)>, class S = typename P::Section>
Choice<S> choice(std::vector<std::string_view> names) {
  return {std::move(names), [](const S& s) { return static_cast<size_t>(s.*pointer); },
          [](S& s, size_t i) { s.*pointer = static_cast<typename P::Type>(i); }};
}

const std::vector<std::string_view> kTlsModes = {"none", "starttls", "implicit"};

}  // namespace

template <>
const std::vector<Field<ServerConfig>>& fields() {
  using S = ServerConfig;
  static const std::vector<Field<S>> table = {
      {"hostname", &S::hostname,
       "The name by which other servers know this one; its DNS address must lead here and back.",
       Trait::required},
      {"data_directory", &S::data_directory,
       "Holds the database and the mails. Belongs to one running server at a time.", Trait::path},
      {"loops", &S::loops, "Event loops (threads that talk to clients). 0: one per core."},
  };
  return table;
}

template <>
const std::vector<Field<ListenerConfig>>& fields() {
  using S = ListenerConfig;
  static const std::vector<Field<S>> table = {
      {"protocol", choice<&S::protocol>({"smtp", "submission", "lmtp", "pop3", "imap", "metrics"}),
       "What is spoken.", Trait::required},
      {"address", &S::address, "IP address and port (\"0.0.0.0:25\", \"[::]:25\") or path of a local socket.",
       Trait::required},
      {"tls", choice<&S::tls>(kTlsModes),
       "none, starttls (the client asks for it) or implicit (from the start)."},
      {"plaintext_auth", &S::plaintext_auth,
       "Let users log in without TLS. Anyone on the way can read their passwords."},
  };
  return table;
}

template <>
const std::vector<Field<TlsConfig>>& fields() {
  using S = TlsConfig;
  static const std::vector<Field<S>> table = {
      {"certificate", &S::certificate, "The server's certificate, then those between it and the root.",
       Trait::path},
      {"key", &S::key, "Its private key, without passphrase, readable by the server alone.", Trait::path},
  };
  return table;
}

template <>
const std::vector<Field<LimitsConfig>>& fields() {
  using S = LimitsConfig;
  static const std::vector<Field<S>> table = {
      {"message_octets_max", &S::message_octets_max, "The largest mail that is taken."},
      {"recipients_max", &S::recipients_max, "Recipients of one mail (RFC 5321 asks for at least 100)."},
      {"sessions_max", &S::sessions_max,
       "Sessions at the same time, of all protocols together. 0: no limit."},
      {"sessions_per_ip_max", &S::sessions_per_ip_max,
       "Of these from one address (IPv6: one /64). 0: no limit."},
      {"receiving_octets_max", &S::receiving_octets_max,
       "Memory for the mails that one loop is receiving at a time. Who would exceed it is told to come back "
       "later."},
      {"command_octets_max", &S::command_octets_max,
       "The longest SMTP command line (RFC 5321 asks for at least 512); at most 2KiB."},
      {"errors_max", &S::errors_max, "Wrong commands, after which a session is ended."},
      {"auth_failures_max", &S::auth_failures_max, "Wrong passwords, after which a session is ended."},
      {"received_max", &S::received_max, "A mail with more Received fields than this runs in circles."},
      {"command_timeout", &S::command_timeout, "How long an SMTP session waits for the next command."},
      {"data_timeout", &S::data_timeout, "How long it waits for the next piece of a mail."},
      {"pop3_timeout", &S::pop3_timeout,
       "How long a POP3 session waits (RFC 1939 asks for at least 10 minutes)."},
      {"imap_timeout", &S::imap_timeout,
       "How long an IMAP session waits, also in IDLE (RFC 9051 asks for at least 30 minutes)."},
      {"drain_timeout", &S::drain_timeout,
       "How long sessions may finish their mail when the server is stopped."},
  };
  return table;
}

template <>
const std::vector<Field<RelayConfig>>& fields() {
  using S = RelayConfig;
  static const std::vector<Field<S>> table = {
      {"trusted_networks", &S::trusted_networks,
       "For example [\"192.0.2.0/24\", \"2001:db8::/32\"]. Everyone there can send as anybody."},
  };
  return table;
}

template <>
const std::vector<Field<QueueConfig>>& fields() {
  using S = QueueConfig;
  static const std::vector<Field<S>> table = {
      {"retry_delays", &S::retry_delays, "Waits between attempts; the last one repeats."},
      {"lifetime", &S::lifetime, "After this the sender is told that the mail could not be delivered."},
      {"delay_notice_after", &S::delay_notice_after,
       "After this the sender is told that it is still being tried. \"0s\": never."},
      {"returned_octets_max", &S::returned_octets_max,
       "A mail that could not be delivered goes back whole up to this size, else its header alone."},
      {"in_hand_max", &S::in_hand_max,
       "Recipients that are worked on at a time; the others wait in the database."},
      {"in_hand_per_destination_max", &S::in_hand_per_destination_max, "Of these for one domain."},
      {"claim_max", &S::claim_max, "So many at most are taken in hand by one look into the database."},
      {"look_again_after", &S::look_again_after,
       "So soon a change by another process (`pabal queue retry`) is noticed. \"0s\": never."},
  };
  return table;
}

template <>
const std::vector<Field<DeliveryConfig>>& fields() {
  using S = DeliveryConfig;
  static const std::vector<Field<S>> table = {
      {"connections_max", &S::connections_max, "Connections to other servers at the same time."},
      {"per_destination_max", &S::per_destination_max, "Of these to one destination."},
      {"per_destination_start", &S::per_destination_start,
       "As many at first; it grows while things go well, and shrinks."},
      {"servers_max", &S::servers_max, "Addresses of a domain's servers that one attempt tries."},
      {"connection_idle", &S::connection_idle, "How long a connection is kept for the next mail."},
      {"mails_per_connection_max", &S::mails_per_connection_max, "Mails after which a connection is closed."},
      {"remote_port", &S::remote_port,
       "The port of other servers. Anything but 25 is for trying things out."},
      {"ip", choice<&S::ip>({"4,6", "4", "6"}), "Which addresses of other servers are used."},
      {"inner_networks", &S::inner_networks,
       "Networks like [\"127.0.0.0/8\"] that a domain may name its servers in though they are not on the "
       "Internet. A route may always lead there."},
      {"private_networks", &S::private_networks,
       "Whether a domain may name servers in private networks (10.0.0.0/8 and the like)."},
  };
  return table;
}

template <>
const std::vector<Field<RouteConfig>>& fields() {
  using S = RouteConfig;
  static const std::vector<Field<S>> table = {
      {"domain", &S::domain, "The recipients' domain, or \"*\".", Trait::required},
      {"host", &S::host, "Name or address of the server that takes its mail.", Trait::required},
      {"port", &S::port, "25 between servers, 587 (starttls) or 465 (implicit) at a provider's."},
      {"tls", choice<&S::tls>(kTlsModes), "none, starttls or implicit."},
      {"user", &S::user, "Login there, if it wants one."},
      {"password_file", &S::password_file, "File whose first line is the password.", Trait::path},
  };
  return table;
}

template <>
const std::vector<Field<DnsConfig>>& fields() {
  using S = DnsConfig;
  static const std::vector<Field<S>> table = {
      {"servers", &S::servers,
       "Resolvers, as \"192.0.2.1\" or \"192.0.2.1:53\". Empty: those of /etc/resolv.conf."},
      {"dnssec", &S::dnssec,
       "Check signatures; answers with a wrong one are not used. Where the resolver takes all signatures "
       "out of its answers, the server says so and goes on without."},
      {"trust_anchor_file", &S::trust_anchor_file,
       "The root's keys, from which signatures are checked (Debian's package dns-root-data).", Trait::path},
      {"local_zones", &S::local_zones,
       "Reserved names such as \"test\" that your own resolver serves and that otherwise never exist."},
  };
  return table;
}

template <>
const std::vector<Field<LogConfig>>& fields() {
  using S = LogConfig;
  static const std::vector<Field<S>> table = {
      {"format", choice<&S::format>({"text", "json"}), "text for people, json for programs."},
      {"level", choice<&S::level>({"debug", "info", "warning", "error"}),
       "The least important that is written."},
      {"file", &S::file, "Empty: standard error, which systemd keeps in its journal.", Trait::path},
  };
  return table;
}

template <>
const std::vector<Field<ImapConfig>>& fields() {
  using S = ImapConfig;
  static const std::vector<Field<S>> table = {
      {"progress_interval", &S::progress_interval,
       "A client that waits for a long search is told so often how far it is."},
      {"view_octets_max", &S::view_octets_max,
       "Memory of each loop for lists of mailboxes that nobody has open just now."},
      {"text_octets_max", &S::text_octets_max,
       "Memory of each loop for envelopes and structures of mails that were listed lately."},
      {"read_ahead_octets_max", &S::read_ahead_octets_max,
       "Memory of each loop for mails that are expected to be read next."},
  };
  return table;
}

template <>
const std::vector<Field<StoreConfig>>& fields() {
  using S = StoreConfig;
  static const std::vector<Field<S>> table = {
      {"inline_octets_max", &S::inline_octets_max, "Mails up to this size lie in the database itself."},
      {"segment_octets", &S::segment_octets, "Size of one file of mails."},
      {"readers", &S::readers, "Database connections for reading."},
      {"batch_max", &S::batch_max, "So many writers at most share one commit."},
      {"batch_octets_max", &S::batch_octets_max,
       "Bytes of mails from which on a commit takes no more writers."},
      {"log_octets_max", &S::log_octets_max,
       "Size of the database's log from which on it is carried over into the database."},
      {"cache_octets", &S::cache_octets,
       "Memory for database pages of each reader; the writer has four times as much."},
      {"open_segments_max", &S::open_segments_max, "Files of mails that are kept open for reading."},
      {"reserve_octets", &S::reserve_octets,
       "Free space below which no mail is taken, so that mails can still be deleted; of a small file system "
       "a sixteenth."},
      {"directory_cache_max", &S::directory_cache_max, "Addresses that each loop remembers the accounts of."},
      {"journey_kept", &S::journey_kept,
       "So long after its end `pabal track` knows the way of a mail. As \"90d\"."},
      {"feed_rows_max", &S::feed_rows_max,
       "Changes that are kept of each account; mail programs that come back after more of them look through "
       "their mailboxes anew."},
  };
  return table;
}

}  // namespace pabal::app
