// What the operator is told to be the default is what the stations do.
#include "app/options.h"

#include <fstream>
#include <gtest/gtest.h>
#include <iterator>

namespace pabal::app {

TEST(Options, StationsAndConfigurationHaveTheSameDefaults) {
  const Config config;
  const receive::SmtpdOptions smtp;
  EXPECT_EQ(config.limits.message_octets_max, smtp.message_octets_max);
  EXPECT_EQ(static_cast<uint64_t>(config.limits.recipients_max), smtp.recipients_max);
  EXPECT_EQ(config.limits.receiving_octets_max, smtp.receiving_octets_max);
  EXPECT_EQ(config.limits.command_octets_max, smtp.command_octets_max);
  EXPECT_EQ(config.limits.errors_max, smtp.errors_max);
  EXPECT_EQ(config.limits.received_max, smtp.received_max);
  EXPECT_EQ(config.limits.command_timeout, smtp.command_timeout);
  EXPECT_EQ(config.limits.data_timeout, smtp.data_timeout);
  const serve::pop3::Pop3Options pop3;
  EXPECT_EQ(config.limits.errors_max, pop3.errors_max);
  EXPECT_EQ(config.limits.pop3_timeout, pop3.idle_timeout);
  const serve::imap::ImapOptions imap;
  EXPECT_EQ(config.limits.message_octets_max, imap.message_octets_max);
  EXPECT_EQ(config.limits.errors_max, imap.errors_max);
  EXPECT_EQ(config.limits.imap_timeout, imap.idle_timeout);
  EXPECT_EQ(config.imap.progress_interval, imap.progress_interval);
  EXPECT_EQ(config.imap.view_octets_max, imap.view_octets_max);
  EXPECT_EQ(config.imap.text_octets_max, imap.text_octets_max);
  EXPECT_EQ(config.imap.read_ahead_octets_max, imap.read_ahead_octets_max);
  EXPECT_EQ(config.limits.auth_failures_max, directory::Gate::Options().failures_max);
}

TEST(Options, TheOthersToo) {
  const Config config;
  const store::StoreOptions store, configured = store_options(config);
  EXPECT_EQ(configured.inline_octets_max, store.inline_octets_max);
  EXPECT_EQ(configured.segment_octets, store.segment_octets);
  EXPECT_EQ(configured.readers, store.readers);
  EXPECT_EQ(configured.batch_max, store.batch_max);
  EXPECT_EQ(configured.batch_octets_max, store.batch_octets_max);
  EXPECT_EQ(configured.log_octets_max, store.log_octets_max);
  EXPECT_EQ(configured.cache_octets, store.cache_octets);
  EXPECT_EQ(configured.open_segments_max, store.open_segments_max);
  EXPECT_EQ(configured.reserve_octets, store.reserve_octets);
  EXPECT_EQ(static_cast<size_t>(config.store.directory_cache_max), directory::Directory::kCacheMax);
  const queue::QueueOptions queue = queue::default_queue_options(), queued = queue_options(config);
  EXPECT_EQ(queued.retry_delays, queue.retry_delays);
  EXPECT_EQ(queued.lifetime, queue.lifetime);
  EXPECT_EQ(queued.delay_notice_after, queue.delay_notice_after);
  EXPECT_EQ(queued.returned_octets_max, queue.returned_octets_max);
  EXPECT_EQ(queued.look_again_after, queue.look_again_after);
  const deliver::DelivererOptions deliver, delivered = deliverer_options(config);
  EXPECT_EQ(delivered.connections_max, deliver.connections_max);
  EXPECT_EQ(delivered.servers_max, deliver.servers_max);
  EXPECT_EQ(delivered.per_destination_start, deliver.per_destination_start);
  EXPECT_EQ(delivered.per_destination_max, deliver.per_destination_max);
  EXPECT_EQ(delivered.mails_per_connection, deliver.mails_per_connection);
  EXPECT_EQ(delivered.idle, deliver.idle);
  EXPECT_EQ(delivered.claimed_max, deliver.claimed_max);
  EXPECT_EQ(delivered.claimed_per_destination, deliver.claimed_per_destination);
  EXPECT_EQ(delivered.claim_max, deliver.claim_max);
}

}  // namespace pabal::app
