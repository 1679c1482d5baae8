// A mail as other servers get it.
#pragma once

#include <expected>
#include <optional>
#include <string>

#include "deliver/outcome.h"
#include "io/world.h"
#include "mail/downgrade.h"
#include "proto/smtp/capabilities.h"
#include "proto/smtp/command.h"
#include "store/messages.h"
#include "store/store.h"

namespace pabal::deliver {

// How one server gets it.
struct Form {
  std::string_view text;  // lives in the Outgoing
  proto::smtp::Body body = proto::smtp::Body::seven_bit;
  bool chunking = false;      // BDAT instead of DATA
  bool utf8_headers = false;  // cannot be said without SMTPUTF8
};

class Outgoing {
 public:
  Outgoing(store::MessageRecord record, std::string text, mail::Needs needs)
      : record_(std::move(record)), text_(std::move(text)), needs_(needs) {}

  const store::MessageRecord& record() const { return record_; }
  // Trace header and message, without Return-Path (RFC 5321 §4.4).
  const std::string& text() const { return text_; }

  // The form that `can` allows, converted to 7-bit where it must be (RFC 6152
  // §3); or why there is none: 5.6.7 without SMTPUTF8, 5.6.3, 5.3.4.
  rt::Task<std::expected<Form, Outcome>> form_for(io::World& world, const proto::smtp::Capabilities& can);

 private:
  store::MessageRecord record_;
  std::string text_;
  mail::Needs needs_;
  std::optional<std::expected<std::string, std::string>> seven_bit_;
};

// nullopt: there is no such message any more. Throws StoreError.
rt::Task<std::optional<Outgoing>> load_outgoing(io::World& world, store::Store& store, MessageId id);

}  // namespace pabal::deliver
