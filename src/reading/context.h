// What all who read mailboxes on one loop have in common, whatever they speak.
#pragma once

#include "io/world.h"
#include "reading/indexer.h"
#include "reading/known_mailboxes.h"
#include "reading/message_cache.h"
#include "reading/trees.h"
#include "reading/views.h"
#include "store/store.h"

namespace pabal::reading {

struct Context {
  io::World& world;
  store::Store& store;
  Indexer& indexer;
  Trees trees;
  KnownMailboxes known;
  Views views;
  MessageCache<store::SummaryTexts> texts;       // that were shown lately
  MessageCache<store::MessageBytes> read_ahead;  // expected to be asked for next
  // Set when the server ends: work that nobody waits for any more stops.
  const StopWord cut_off;
};

}  // namespace pabal::reading
