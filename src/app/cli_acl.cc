// pabal acl: who may do what in the mailboxes of others.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "app/cli.h"
#include "directory/acls.h"
#include "serve/imap/names.h"

namespace pabal::app {

namespace {

using reading::Rights;

struct Arguments {
  std::string mailbox, who, rights;
};

void acl_set(const Cli& cli, const Arguments& a) {
  bool none = a.rights == "none";
  if (!none && (a.rights.empty() || !reading::are_rights(a.rights)))
    throw CommandError("\"" + a.rights + "\" are no rights; write letters of " +
                       std::string(Rights::kLetters) +
                       ", for example lrs to read, lrswipkxte to do everything but give rights, or none.");
  std::string rights = none ? "" : Rights(a.rights).text();
  directory::AclChange change;
  bool posts = false;
  with_records(cli, [&](Records& r) {
    change = or_fail(directory::set_acls(r.tx, a.mailbox, a.who, rights));
    for (MailboxId mailbox : change.mailboxes) serve::imap::follow_rights(r.tx, mailbox, change.identifier);
    posts = change.owner.group &&
            store::has_right(store::list_acl(r.tx.db, change.owner.inbox), change.identifier, 'p');
  });
  size_t mailboxes = change.mailboxes.size();
  std::string sentence = a.who + " has " + (none ? "no rights" : "the rights " + rights) + " on " +
                         a.mailbox +
                         (mailboxes == 1 ? "" : " (" + std::to_string(mailboxes) + " mailboxes)") + " now";
  if (posts) sentence += ", and may send as " + change.owner.address;
  report(cli, sentence + ".",
         {{"mailboxes", std::to_string(mailboxes)},
          {"rights", json_string(rights)},
          {"sends_as", posts ? "true" : "false"}});
}

void acl_list(const Cli& cli, const Arguments& a) {
  Table table({"MAILBOX", "WHO", "RIGHTS"});
  std::vector<std::string> rows;
  with_records(cli, [&](Records& r) {
    for (const directory::SharedMailbox& mailbox : or_fail(directory::list_acls(r.tx.db, a.mailbox))) {
      for (const store::AclEntry& entry : mailbox.acl) {
        table.row({mailbox.name, entry.identifier, entry.rights});
        rows.push_back(json_object({{"mailbox", json_string(mailbox.name)},
                                    {"who", json_string(entry.identifier)},
                                    {"rights", json_string(entry.rights)}}));
      }
    }
  });
  if (cli.json) {
    cli.console.out << json_array(rows) << '\n';
  } else {
    cli.console.out << (rows.empty() ? "Nobody but its owner has rights on " + a.mailbox + ".\n"
                                     : table.text());
  }
}

}  // namespace

void add_acl_commands(CLI::App& app, Cli& cli) {
  CLI::App* group = add_group(app, "acl", "Who may read and change mailboxes of others");
  auto a = std::make_shared<Arguments>();
  CLI::App* set = add_command(*group, cli, "set", "Give somebody rights on a mailbox",
                              "pabal acl set team@example.org/INBOX alice@example.org lrswipkxtea",
                              [&cli, a] { acl_set(cli, *a); });
  CLI::App* list = add_command(*group, cli, "list", "Who has rights on a mailbox",
                               "pabal acl list team@example.org", [&cli, a] { acl_list(cli, *a); });
  for (CLI::App* command : {set, list}) {
    command->add_option("MAILBOX", a->mailbox, "ADDRESS/MAILBOX, or an address alone for all that it has now")
        ->required();
  }
  set->add_option("WHO", a->who,
                  "An account here, or anyone; `-- -WHO` takes rights away that it has otherwise")
      ->required();
  set->add_option(
         "RIGHTS", a->rights,
         "Letters of RFC 4314: l list, r read, s seen, w flags, i insert, p post (on a group's INBOX: send "
         "as the group), k make below, x delete the mailbox, t and e delete mails, a give rights; or none")
      ->required();
}

}  // namespace pabal::app
