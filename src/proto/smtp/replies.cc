#include "proto/smtp/replies.h"

#include "base/bytes.h"

namespace pabal::proto::smtp::replies {

namespace {

Reply one(int code, std::string enhanced, std::string text) {
  return Reply{code, std::move(enhanced), {std::move(text)}};
}

// RFC 5321 §4.2.3: 421 begins with the domain.
Reply going_away(std::string_view hostname, std::string enhanced, std::string_view why) {
  return one(421, std::move(enhanced), std::string(hostname) + " " + std::string(why));
}

Reply out_of_order(std::string text) {
  return one(503, "5.5.1", std::move(text));
}

std::string angle(std::string_view address) {
  return "<" + std::string(address) + ">";
}

}  // namespace

Reply greeting(std::string_view hostname, bool lmtp) {
  return one(220, "", std::string(hostname) + (lmtp ? " LMTP Pabal" : " ESMTP Pabal"));
}

Reply helo(std::string_view hostname) {
  return one(250, "", std::string(hostname));
}

Reply ehlo(std::string_view hostname, const Capabilities& offered) {
  Reply reply = one(250, "", std::string(hostname));
  for (std::string& line : capability_lines(offered)) reply.lines.push_back(std::move(line));
  return reply;
}

Reply noop() {
  return one(250, "2.0.0", "Still here");
}

Reply reset() {
  return one(250, "2.0.0", "Nothing is kept of this transaction");
}

Reply help(std::string_view hostname) {
  return Reply{
      214,
      "2.0.0",
      {"EHLO host                  say who you are, see what is offered here",
       "STARTTLS, AUTH mechanism   encrypt; log in", "MAIL FROM:<a@example.org>  begin a mail",
       "RCPT TO:<b@example.net>    once for each recipient", "DATA, or BDAT octets LAST  hand in its text",
       "RSET, NOOP, VRFY, QUIT     forget it; do nothing; ask; leave",
       "Questions: postmaster@" + std::string(hostname)}};
}

Reply closing(std::string_view hostname) {
  return one(221, "2.0.0", std::string(hostname) + " closes the connection, goodbye");
}

Reply ready_for_tls() {
  return one(220, "2.0.0", "Ready to start TLS");
}

Reply vrfy_not_checked() {
  return one(252, "2.5.2", "Addresses are not confirmed here; send the mail and it will be tried");
}

Reply expn_refused() {
  return one(502, "5.7.0", "Lists are not expanded here");
}

Reply idle_timeout(std::string_view hostname) {
  return going_away(hostname, "4.4.2", "waited too long for you and closes the connection");
}

Reply too_many_errors(std::string_view hostname) {
  return going_away(hostname, "4.7.0", "closes the connection: too many errors");
}

Reply shutting_down(std::string_view hostname) {
  return going_away(hostname, "4.3.2", "is shutting down, come again later");
}

Reply too_many_connections(std::string_view hostname) {
  return going_away(hostname, "4.7.0", "has too many connections from you, come again later");
}

Reply internal_error(std::string_view hostname) {
  return going_away(hostname, "4.3.0", "has a problem of its own, come again later");
}

Reply text_behind_starttls(std::string_view hostname) {
  return going_away(hostname, "4.7.0",
                    "closes the connection: nothing may be sent behind STARTTLS before TLS begins");
}

Reply sender_ok() {
  return one(250, "2.1.0", "Sender OK");
}

Reply recipient_ok() {
  return one(250, "2.1.5", "Recipient OK");
}

Reply start_data() {
  return one(354, "", "Send the message; end it with a line that is only a dot");
}

Reply chunk_ok(uint64_t octets) {
  return one(250, "2.0.0", std::to_string(octets) + " octets received");
}

Reply accepted(std::string_view id) {
  return one(250, "2.0.0", "accepted as " + std::string(id));
}

Reply delivered(std::string_view id, std::string_view recipient) {
  return one(250, "2.1.5", angle(recipient) + " accepted as " + std::string(id));
}

Reply storage_problem() {
  return one(451, "4.3.0", "The mail could not be stored, nothing was accepted; try again later");
}

Reply insufficient_storage() {
  return one(452, "4.3.1", "No room for this mail at present; try again later");
}

Reply domain_missing(bool sender, std::string_view local) {
  return one(553, sender ? "5.1.7" : "5.1.3",
             angle(local) + " has no domain: write " + angle(std::string(local) + "@example.org"));
}

Reply over_quota(std::string_view recipient) {
  return one(452, "4.2.2", "The mailbox of " + angle(recipient) + " is full; try again later");
}

Reply too_many_recipients(uint64_t max) {
  return one(
      452, "4.5.3",
      "A mail takes " + std::to_string(max) + " recipients here; send it again to the others afterwards");
}

Reply syntax(const SyntaxError& error) {
  return one(error.code, error.enhanced, error.text);
}

Reply line_too_long(uint64_t max) {
  return one(500, "5.5.2", "The line is longer than " + std::to_string(max) + " octets");
}

Reply bare_line_end() {
  return one(500, "5.5.2", "Bare CR or LF: lines must end in CR LF");
}

Reply hello_first() {
  return out_of_order("Say EHLO first");
}

Reply mail_first() {
  return out_of_order("MAIL FROM must come first");
}

Reply rcpt_first() {
  return out_of_order("RCPT TO must come first: there is no recipient yet");
}

Reply nested_mail() {
  return out_of_order("A mail is already begun; RSET forgets it");
}

Reply data_after_bdat() {
  return out_of_order("DATA cannot follow BDAT; go on with BDAT, or RSET");
}

Reply data_needs_bdat() {
  return out_of_order("A BINARYMIME mail must be sent by BDAT, not DATA");
}

Reply no_valid_recipients() {
  return one(554, "5.5.1", "No recipient was accepted");
}

Reply not_implemented(std::string_view verb) {
  return one(502, "5.5.1", printable(verb, 64) + " is not available here");
}

Reply lhlo_only() {
  return one(500, "5.5.1", "This is LMTP: say LHLO");
}

Reply lhlo_not_here() {
  return one(500, "5.5.1", "This is SMTP: say EHLO");
}

Reply tls_already_active() {
  return out_of_order("The connection is encrypted already");
}

Reply no_such_user(std::string_view address) {
  return one(550, "5.1.1", angle(address) + " does not exist here; check the spelling");
}

Reply relay_denied(std::string_view address) {
  return one(
      550, "5.7.1",
      angle(address) + " is not one of our addresses; only users who have logged in may send elsewhere");
}

Reply sender_not_yours(std::string_view address) {
  return one(553, "5.7.1",
             angle(address) +
                 " is neither an address of the account you logged in as nor of a group that lets it send");
}

Reply too_big(uint64_t max_octets) {
  return one(552, "5.3.4",
             "The mail is too big: at most " + std::to_string(max_octets) + " octets are taken here");
}

Reply loop_detected(uint64_t received_headers) {
  return one(
      554, "5.4.6",
      "The mail goes round in a loop: it has " + std::to_string(received_headers) + " Received fields");
}

Reply bare_line_end_in_data() {
  return one(550, "5.6.0",
             "The message has a bare CR or LF: lines must end in CR LF (RFC 5321 section 2.3.8)");
}

Reply malformed_header(std::string_view why) {
  return one(550, "5.6.0", std::string(why));
}

Reply smtputf8_needed() {
  return one(553, "5.6.7", "An address with characters outside ASCII needs SMTPUTF8 in MAIL FROM");
}

Reply auth_challenge(std::string_view base64) {
  return one(334, "", std::string(base64));
}

Reply auth_succeeded() {
  return one(235, "2.7.0", "Logged in");
}

Reply auth_required() {
  return one(530, "5.7.0", "Log in first (AUTH)");
}

Reply auth_failed() {
  return one(535, "5.7.8", "The user name or the password is wrong");
}

Reply auth_needs_tls() {
  return one(538, "5.7.11", "Encrypt the connection first (STARTTLS): passwords do not travel in the clear");
}

Reply auth_cancelled() {
  return one(501, "5.7.0", "Login given up, as you wish");
}

Reply auth_bad_base64() {
  return one(501, "5.5.2", "The response is not valid base64");
}

Reply auth_bad_response() {
  return one(501, "5.5.2", "The response is not what the mechanism expects");
}

Reply auth_unknown_mechanism(std::string_view offered) {
  return one(504, "5.5.4",
             offered.empty() ? std::string("This mechanism is not available here")
                             : "This mechanism is not available here; offered: " + std::string(offered));
}

Reply auth_already_done() {
  return out_of_order("You are logged in already");
}

Reply auth_in_transaction() {
  return out_of_order("AUTH cannot come in the middle of a mail");
}

Reply auth_not_offered() {
  return out_of_order("There is no logging in on this port; users hand in their mail on port 587 or 465");
}

Reply tls_required() {
  return one(530, "5.7.0", "Encrypt the connection first (STARTTLS)");
}

}  // namespace pabal::proto::smtp::replies
