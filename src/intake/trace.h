// The fields that we put in front of a mail when we take it (RFC 5321 §4.4).
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "intake/incoming.h"

namespace pabal::intake {

// "Received: from ..." with CRLF, folded. `id` is the trace id. The "for" clause
// stands there only for a single recipient, so that no Bcc is given away
// (RFC 5321 §7.2).
std::string received_field(const Incoming& incoming, std::string_view hostname, std::string_view id,
                           Time now);

// "Return-Path: <...>" with CRLF: the first line of every stored prefix. It is
// for the mailbox; what goes on to another server goes without it.
std::string return_path_field(const proto::smtp::ReversePath& path);

// By which addresses a mail came to a mailbox, for filters and for who has a
// catch-all or many aliases: Delivered-To (RFC 9228) and beside it X-Original-To,
// since programs look for either. With CRLF; the second part of a stored prefix.
std::string delivery_fields(const std::vector<mail::Address>& recipients);
bool has_delivery_fields(std::string_view prefix);

// The prefix of a message as another server gets it: without what is for the mailbox.
std::string_view prefix_for_relay(std::string_view prefix);

// Number of Received fields in the head: the measure of a loop (RFC 5321 §6.3).
int received_count(std::string_view message);

}  // namespace pabal::intake
