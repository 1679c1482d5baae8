// Every reply our SMTP server gives, in one place. A refusal says what is
// wrong and, where we know it, what would be right.
#pragma once

#include <cstdint>
#include <string_view>

#include "proto/smtp/capabilities.h"
#include "proto/smtp/command.h"
#include "proto/smtp/reply.h"

namespace pabal::proto::smtp::replies {

// Session
Reply greeting(std::string_view hostname, bool lmtp = false);        // 220
Reply helo(std::string_view hostname);                               // 250
Reply ehlo(std::string_view hostname, const Capabilities& offered);  // 250, also for LHLO
Reply noop();                                                        // 250 2.0.0
Reply reset();                                                       // 250 2.0.0
Reply help(std::string_view hostname);                               // 214 2.0.0
Reply closing(std::string_view hostname);                            // 221 2.0.0
Reply ready_for_tls();                                               // 220 2.0.0
Reply vrfy_not_checked();                                            // 252 2.5.2
Reply expn_refused();                                                // 502 5.7.0

// The server goes away: the connection closes after these.
Reply idle_timeout(std::string_view hostname);          // 421 4.4.2
Reply too_many_errors(std::string_view hostname);       // 421 4.7.0
Reply shutting_down(std::string_view hostname);         // 421 4.3.2
Reply too_many_connections(std::string_view hostname);  // 421 4.7.0
Reply internal_error(std::string_view hostname);        // 421 4.3.0
Reply text_behind_starttls(std::string_view hostname);  // 421 4.7.0

// Transaction
Reply sender_ok();                                                 // 250 2.1.0
Reply recipient_ok();                                              // 250 2.1.5
Reply start_data();                                                // 354
Reply chunk_ok(uint64_t octets);                                   // 250 2.0.0
Reply accepted(std::string_view id);                               // 250 2.0.0
Reply delivered(std::string_view id, std::string_view recipient);  // 250 2.1.5, one per RCPT in LMTP

// Refusals for now
Reply storage_problem();                                    // 451 4.3.0
Reply insufficient_storage();                               // 452 4.3.1
Reply domain_missing(bool sender, std::string_view local);  // 553 5.1.7 or 5.1.3
Reply over_quota(std::string_view recipient);               // 452 4.2.2
Reply too_many_recipients(uint64_t max);                    // 452 4.5.3

// Refusals of commands
Reply syntax(const SyntaxError& error);
Reply line_too_long(uint64_t max);             // 500 5.5.2
Reply bare_line_end();                         // 500 5.5.2
Reply hello_first();                           // 503 5.5.1
Reply mail_first();                            // 503 5.5.1
Reply rcpt_first();                            // 503 5.5.1
Reply nested_mail();                           // 503 5.5.1
Reply data_after_bdat();                       // 503 5.5.1
Reply data_needs_bdat();                       // 503 5.5.1, BODY=BINARYMIME
Reply no_valid_recipients();                   // 554 5.5.1
Reply not_implemented(std::string_view verb);  // 502 5.5.1
Reply lhlo_only();                             // 500 5.5.1, HELO or EHLO in LMTP
Reply lhlo_not_here();                         // 500 5.5.1, LHLO in SMTP
Reply tls_already_active();                    // 503 5.5.1

// Refusals of a sender, a recipient or a message
Reply no_such_user(std::string_view address);      // 550 5.1.1
Reply relay_denied(std::string_view address);      // 550 5.7.1
Reply sender_not_yours(std::string_view address);  // 553 5.7.1
Reply too_big(uint64_t max_octets);                // 552 5.3.4
Reply loop_detected(uint64_t received_headers);    // 554 5.4.6
Reply bare_line_end_in_data();                     // 550 5.6.0
Reply malformed_header(std::string_view why);      // 550 5.6.0
Reply smtputf8_needed();                           // 553 5.6.7

// AUTH (RFC 4954)
Reply auth_challenge(std::string_view base64);           // 334
Reply auth_succeeded();                                  // 235 2.7.0
Reply auth_required();                                   // 530 5.7.0
Reply auth_failed();                                     // 535 5.7.8
Reply auth_needs_tls();                                  // 538 5.7.11
Reply auth_cancelled();                                  // 501 5.7.0
Reply auth_bad_base64();                                 // 501 5.5.2
Reply auth_bad_response();                               // 501 5.5.2
Reply auth_unknown_mechanism(std::string_view offered);  // 504 5.5.4
Reply auth_already_done();                               // 503 5.5.1
Reply auth_in_transaction();                             // 503 5.5.1
Reply auth_not_offered();                                // 503 5.5.1
Reply tls_required();                                    // 530 5.7.0

}  // namespace pabal::proto::smtp::replies
