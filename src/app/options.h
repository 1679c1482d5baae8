// What the stations want to know, out of the operator's Config.
#pragma once

#include "app/config.h"
#include "deliver/options.h"
#include "listen/seats.h"
#include "os/real_world.h"
#include "queue/schedule.h"
#include "receive/smtpd.h"
#include "route/options.h"
#include "serve/imap/server.h"
#include "serve/pop3/server.h"
#include "store/store.h"

namespace pabal::app {

store::StoreOptions store_options(const Config& config);
queue::QueueOptions queue_options(const Config& config);
directory::Gate::Options gate_options(const Config& config, std::string salt_key);
receive::SmtpdOptions smtpd_options(const Config& config, journey::Refusals& refusals);
serve::pop3::Pop3Options pop3_options(const Config& config);
serve::imap::ImapOptions imap_options(const Config& config);
listen::ListenerOptions listener_options(const ListenerConfig& listener);
listen::Seats seats(const Config& config);
// bound: where the listeners of the config are in fact. Throws IoError when a
// password file cannot be read.
route::RouteOptions route_options(const Config& config, const std::vector<io::Endpoint>& bound,
                                  io::Disk& disk);
deliver::DelivererOptions deliverer_options(const Config& config);
// The error is a sentence: a DNS server that is no address.
std::expected<os::RealWorldOptions, std::string> real_world_options(const Config& config);

}  // namespace pabal::app
