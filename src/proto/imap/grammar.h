// The commands' grammars, one function per command or per group that is one
// idea: what stands behind the command's name → a Command, or nullopt after
// Parser::fail(). Only command.cc calls those; the rest is what they share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "proto/imap/command.h"
#include "proto/imap/parser.h"

namespace pabal::proto::imap::grammar {

using Parsed = std::optional<Command>;

Parsed parse_id(Parser& parser);              // id.cc
Parsed parse_authenticate(Parser& parser);    // authenticate.cc
Parsed parse_login(Parser& parser);           // login.cc
Parsed parse_enable(Parser& parser);          // enable.cc
Parsed parse_compress(Parser& parser);        // compress.cc
Parsed parse_select(Parser& parser);          // select.cc; also EXAMINE
Parsed parse_create(Parser& parser);          // mailbox.cc
Parsed parse_delete(Parser& parser);          //
Parsed parse_rename(Parser& parser);          //
Parsed parse_subscribe(Parser& parser);       // also UNSUBSCRIBE
Parsed parse_list(Parser& parser);            // list.cc; also LSUB
Parsed parse_status(Parser& parser);          // status.cc
Parsed parse_append(Parser& parser);          // append.cc
Parsed parse_replace(Parser& parser);         // replace.cc
Parsed parse_get_quota(Parser& parser);       // quota.cc
Parsed parse_get_quota_root(Parser& parser);  //
Parsed parse_set_quota(Parser& parser);       //
Parsed parse_get_acl(Parser& parser);         // acl.cc
Parsed parse_set_acl(Parser& parser);         //
Parsed parse_delete_acl(Parser& parser);      //
Parsed parse_list_rights(Parser& parser);     //
Parsed parse_my_rights(Parser& parser);       //
Parsed parse_get_metadata(Parser& parser);    // metadata.cc
Parsed parse_set_metadata(Parser& parser);    //
Parsed parse_notify(Parser& parser);          // notify.cc
Parsed parse_gen_urlauth(Parser& parser);     // urlauth.cc
Parsed parse_reset_key(Parser& parser);       //
Parsed parse_url_fetch(Parser& parser);       //
Parsed parse_esearch(Parser& parser);         // esearch.cc
Parsed parse_expunge(Parser& parser);         // expunge.cc
Parsed parse_search(Parser& parser);          // search.cc
Parsed parse_cancel_update(Parser& parser);   //
Parsed parse_sort(Parser& parser);            // sort.cc
Parsed parse_thread(Parser& parser);          // thread.cc
Parsed parse_fetch(Parser& parser);           // fetch.cc
Parsed parse_store(Parser& parser);           // store.cc
Parsed parse_copy(Parser& parser);            // copy.cc; also MOVE

// "1:5" at the cursor, as the argument of FETCH, STORE, COPY …
bool take_messages(Parser& parser, SequenceSet& out);  // fetch.cc
// One item of FETCH; a list of them in parentheses.
bool take_fetch_item(Parser& parser, std::vector<FetchItem>& out);  // fetch_item.cc
bool take_fetch_items(Parser& parser, std::vector<FetchItem>& out);
// "(MESSAGES UIDNEXT)"
bool take_status_items(Parser& parser, std::vector<StatusItem>& out);  // status.cc
// [flags] [date] data, with the space before each.
bool take_append_message(Parser& parser, AppendMessage& out);  // append.cc
// " RETURN (...)" if it is there.
bool take_return_options(Parser& parser, ReturnOptions& out);  // search_return.cc
// "1:100" or "-1:-100"
bool take_partial_range(Parser& parser, std::optional<ReturnOptions::PartialRange>& out);
// SP key *(SP key)
bool take_search_keys(Parser& parser, SearchKeys& out);  // search_key.cc
// [" CHARSET" charset] keys
bool take_search_program(Parser& parser, SearchProgram& out);  // search.cc
// SP charset keys, as SORT and THREAD have it
bool take_search_criteria(Parser& parser, SearchProgram& out);
// An entry of METADATA: "/private/comment"
bool take_metadata_entry(Parser& parser, std::string& out);  // metadata.cc
// "selected", "subtree (a b)" …
bool take_mailbox_filter(Parser& parser, MailboxFilter& out);  // notify.cc

}  // namespace pabal::proto::imap::grammar
