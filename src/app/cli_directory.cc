// pabal account, alias and domain: who lives here.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>
#include <ostream>

#include "app/cli.h"
#include "base/local_time.h"
#include "directory/admin.h"
#include "directory/app_passwords.h"
#include "directory/directory.h"

namespace pabal::app {

namespace {

// The arguments of one group's commands; the commands share them, since one runs.
struct Arguments {
  std::string address, target, label, password_file, size;
  bool generate = false, yes = false, group = false, over_account = false;
};

// Who cannot be reached from elsewhere is being tried out, and has passwords to match.
bool only_this_machine_reaches(const Config& config) {
  return std::ranges::all_of(config.listeners, [](const ListenerConfig& listener) {
    return !listener.address.path.empty() || listener.address.ip.is_loopback();
  });
}

std::string chosen_password(const Cli& cli, const Arguments& a) {
  return choose_password(cli.console, a.password_file, only_this_machine_reaches(load(cli)));
}

std::string json_bool(bool value) {
  return value ? "true" : "false";
}

void account_add(const Cli& cli, const Arguments& a) {
  std::string generated;
  std::string quota_text = a.size.empty() ? "0" : a.size;
  auto quota = parse_size(quota_text);
  if (!quota) throw CommandError("\"" + a.size + "\" is no size; write for example 2GiB, or 0 for no limit.");
  std::string password;
  if (!a.generate && !a.group) password = chosen_password(cli, a);
  with_records(cli, [&](Records& r) {
    if (a.generate) password = generated = r.world.random.token(20);
    if (a.group) {
      or_fail(directory::add_group(r.store, r.tx, a.address));
    } else {
      or_fail(directory::add_account(r.store, r.tx, r.world.random, a.address, password));
    }
    if (*quota != 0) or_fail(directory::set_quota(r.tx, a.address, *quota));
  });
  if (a.group) {
    report(cli,
           "Group " + a.address + " is there. Next: who may read it, for example `pabal acl set " +
               a.address + " alice@example.org lrswipkxtea`.",
           {{"address", json_string(a.address)}, {"group", "true"}});
  } else if (generated.empty()) {
    report(cli, "Account " + a.address + " is there; log in with this address.",
           {{"address", json_string(a.address)}});
  } else {
    report(cli, "Account " + a.address + " is there. Its password, shown this once: " + generated,
           {{"address", json_string(a.address)}, {"password", json_string(generated)}});
  }
}

void account_list(const Cli& cli) {
  Table table({"ADDRESS", "USED", "QUOTA", "MESSAGES", "STATE"});
  std::vector<std::string> rows;
  with_records(cli, [&](Records& r) {
    for (const directory::Account& account : directory::list_accounts(r.tx.db)) {
      store::Usage usage = store::usage(r.tx.db, account.id).value_or(store::Usage{});
      table.row({account.address, human_size(usage.octets),
                 account.quota_octets == 0 ? "none" : human_size(account.quota_octets),
                 std::to_string(usage.messages),
                 account.disabled ? "disabled"
                 : account.group  ? "group"
                                  : "active"});
      rows.push_back(json_object({{"address", json_string(account.address)},
                                  {"used_octets", std::to_string(usage.octets)},
                                  {"quota_octets", std::to_string(account.quota_octets)},
                                  {"messages", std::to_string(usage.messages)},
                                  {"disabled", json_bool(account.disabled)},
                                  {"group", json_bool(account.group)}}));
    }
  });
  if (cli.json) {
    cli.console.out << json_array(rows) << '\n';
  } else if (rows.empty()) {
    cli.console.out << "No accounts yet. Add one with `pabal account add NAME@DOMAIN`.\n";
  } else {
    cli.console.out << table.text();
  }
}

void account_remove(const Cli& cli, const Arguments& a) {
  if (!a.yes && !confirm(cli.console, "Remove " + a.address + " and all its mail for good?")) {
    throw CommandError("nothing was removed. Add --yes to remove " + a.address +
                       " and all its mail, or use `pabal account disable`.");
  }
  with_records(cli, [&](Records& r) { or_fail(directory::remove_account(r.tx, a.address)); });
  report(cli, "Account " + a.address + " and its mail are gone.");
}

void account_password(const Cli& cli, const Arguments& a) {
  std::string password = chosen_password(cli, a);
  with_records(
      cli, [&](Records& r) { or_fail(directory::set_password(r.tx, r.world.random, a.address, password)); });
  report(cli, "The password of " + a.address + " is changed. App passwords stay as they are.");
}

void account_quota(const Cli& cli, const Arguments& a) {
  auto quota = parse_size(a.size);
  if (!quota) throw CommandError("\"" + a.size + "\" is no size; write for example 2GiB, or 0 for no limit.");
  with_records(cli, [&](Records& r) { or_fail(directory::set_quota(r.tx, a.address, *quota)); });
  report(cli, *quota == 0 ? a.address + " has no quota now."
                          : a.address + " may keep " + human_size(*quota) + " now.");
}

void set_disabled(const Cli& cli, const Arguments& a, bool disabled) {
  with_records(cli, [&](Records& r) { or_fail(directory::set_disabled(r.tx, a.address, disabled)); });
  report(cli, a.address + (disabled ? " can no longer log in." : " can log in again."));
}

void app_password_add(const Cli& cli, const Arguments& a) {
  std::string password;
  with_records(cli, [&](Records& r) {
    password = or_fail(directory::add_app_password(r.store, r.tx, r.world.random, a.address, a.label));
  });
  report(cli, "App password \"" + a.label + "\" of " + a.address + ", shown this once: " + password,
         {{"address", json_string(a.address)},
          {"label", json_string(a.label)},
          {"password", json_string(password)}});
}

void app_password_list(const Cli& cli, const Arguments& a) {
  Table table({"LABEL", "SINCE"});
  std::vector<std::string> rows;
  with_records(cli, [&](Records& r) {
    for (const directory::AppPassword& p : directory::list_app_passwords(r.tx.db, a.address)) {
      table.row({p.label, to_local_text(p.created_at)});
      rows.push_back(json_object(
          {{"label", json_string(p.label)}, {"created_at", json_string(to_rfc3339(p.created_at))}}));
    }
  });
  if (cli.json) {
    cli.console.out << json_array(rows) << '\n';
  } else {
    cli.console.out << (rows.empty() ? a.address + " has no app passwords.\n" : table.text());
  }
}

void app_password_remove(const Cli& cli, const Arguments& a) {
  with_records(cli, [&](Records& r) { or_fail(directory::remove_app_password(r.tx, a.address, a.label)); });
  report(cli, "App password \"" + a.label + "\" of " + a.address + " no longer works.");
}

void alias_add(const Cli& cli, const Arguments& a) {
  bool takes = false;
  with_records(cli,
               [&](Records& r) { takes = directory::would_take_mail_from(r.tx.db, a.address, a.target); });
  if (takes && !a.over_account) {
    std::string what =
        a.address + " is an account. Its mail would go to " + a.target + " and no longer to itself";
    std::string keep = "`pabal alias add " + a.address + " " + a.address + "` first keeps a copy there";
    if (!confirm(cli.console, what + "; " + keep + ". Lead it away?"))
      throw CommandError(what + "; nothing was changed. " + keep + ", --over-account does without.");
  }
  with_records(cli, [&](Records& r) { or_fail(directory::add_alias(r.tx, a.address, a.target, takes)); });
  report(cli, a.address + " leads to " + a.target + " now.");
}

void alias_list(const Cli& cli) {
  Table table({"ALIAS", "LEADS TO"});
  std::vector<std::string> rows;
  with_records(cli, [&](Records& r) {
    for (const directory::Alias& alias : directory::list_aliases(r.tx.db)) {
      table.row({alias.address, alias.target});
      rows.push_back(
          json_object({{"address", json_string(alias.address)}, {"target", json_string(alias.target)}}));
    }
  });
  if (cli.json) {
    cli.console.out << json_array(rows) << '\n';
  } else {
    cli.console.out << (rows.empty() ? "No aliases. Add one with `pabal alias add ALIAS TARGET`.\n"
                                     : table.text());
  }
}

void domain_list(const Cli& cli) {
  Table table({"DOMAIN", "CATCH-ALL"});
  std::vector<std::string> rows;
  with_records(cli, [&](Records& r) {
    for (const directory::Domain& domain : directory::list_domains(r.tx.db)) {
      table.row({domain.name, domain.catch_all.empty() ? "none" : domain.catch_all});
      rows.push_back(
          json_object({{"name", json_string(domain.name)}, {"catch_all", json_string(domain.catch_all)}}));
    }
  });
  if (cli.json) {
    cli.console.out << json_array(rows) << '\n';
  } else {
    cli.console.out << (rows.empty() ? "No domains. Add one with `pabal domain add DOMAIN`.\n"
                                     : table.text());
  }
}

void add_account_commands(CLI::App& app, Cli& cli) {
  CLI::App* group = add_group(app, "account", "People who have a mailbox here");
  auto a = std::make_shared<Arguments>();
  auto command = [&](CLI::App& parent, const char* name, const char* description, const char* example,
                     auto run) {
    CLI::App* made = add_command(parent, cli, name, description, example, [&cli, a, run] { run(cli, *a); });
    made->add_option("ADDRESS", a->address, "Address of the account")->required();
    return made;
  };
  const char* password_help = "File whose first line is the password; - for standard input";

  CLI::App* add =
      command(*group, "add", "Add an account; asks for its password",
              "pabal account add alice@example.org --password-file alice.txt --quota 2GiB", account_add);
  auto* file = add->add_option("--password-file", a->password_file, password_help)->type_name("FILE");
  auto* generate =
      add->add_flag("--generate", a->generate, "Make a password and print it once")->excludes(file);
  add->add_flag("--group", a->group, "Nobody logs in; others share its mailboxes, see `pabal acl`")
      ->excludes(file)
      ->excludes(generate);
  add->add_option("--quota", a->size, "Most that its mail may take, such as 2GiB; none unless given")
      ->type_name("SIZE");

  add_command(*group, cli, "list", "All accounts with what they use", "pabal account list --json",
              [&cli] { account_list(cli); });

  CLI::App* remove = command(*group, "remove", "Remove an account and its mail",
                             "pabal account remove alice@example.org --yes", account_remove);
  remove->add_flag("--yes", a->yes, "Do not ask");

  command(*group, "password", "Set the password; asks for it", "pabal account password alice@example.org",
          account_password)
      ->add_option("--password-file", a->password_file, password_help)
      ->type_name("FILE");
  command(*group, "quota", "Set how much mail it may keep", "pabal account quota alice@example.org 5GiB",
          account_quota)
      ->add_option("SIZE", a->size, "Such as 5GiB; 0 for no limit")
      ->required();
  command(*group, "disable", "Let nobody log in; mail still arrives",
          "pabal account disable alice@example.org",
          [](const Cli& c, const Arguments& args) { set_disabled(c, args, true); });
  command(*group, "enable", "Undo disable", "pabal account enable alice@example.org",
          [](const Cli& c, const Arguments& args) { set_disabled(c, args, false); });

  CLI::App* app_password = add_group(*group, "app-password", "Further passwords, one for each program");
  app_password->footer("`pabal account app-password COMMAND --help` says more, with an example.");
  command(*app_password, "add", "Make an app password and print it once",
          "pabal account app-password add alice@example.org phone", app_password_add)
      ->add_option("LABEL", a->label, "What it is for")
      ->required();
  command(*app_password, "list", "The labels of its app passwords",
          "pabal account app-password list alice@example.org", app_password_list);
  command(*app_password, "remove", "End an app password",
          "pabal account app-password remove alice@example.org phone", app_password_remove)
      ->add_option("LABEL", a->label, "What it was for")
      ->required();
}

void add_alias_commands(CLI::App& app, Cli& cli) {
  CLI::App* group = add_group(app, "alias", "Addresses that lead to others");
  auto a = std::make_shared<Arguments>();
  CLI::App* add =
      add_command(*group, cli, "add", "Lead an address to another; several targets each get the mail",
                  "pabal alias add sales@example.org alice@example.org", [&cli, a] { alias_add(cli, *a); });
  add->add_flag("--over-account", a->over_account, "Also if ALIAS is an account, which then gets no mail");
  CLI::App* remove = add_command(
      *group, cli, "remove", "Undo one add", "pabal alias remove sales@example.org alice@example.org",
      [&cli, a] {
        with_records(cli, [&](Records& r) { or_fail(directory::remove_alias(r.tx, a->address, a->target)); });
        report(cli, a->address + " no longer leads to " + a->target + ".");
      });
  for (CLI::App* command : {add, remove}) {
    command->add_option("ALIAS", a->address, "The address that mail comes to")->required();
    command
        ->add_option("TARGET", a->target,
                     "Where it goes: an account here, another alias, or an address elsewhere")
        ->required();
  }
  add_command(*group, cli, "list", "All aliases", "pabal alias list", [&cli] { alias_list(cli); });
}

void add_domain_commands(CLI::App& app, Cli& cli) {
  CLI::App* group = add_group(app, "domain", "Domains whose mail is kept here");
  auto a = std::make_shared<Arguments>();
  CLI::App* add =
      add_command(*group, cli, "add", "Take mail for a domain", "pabal domain add example.org", [&cli, a] {
        with_records(cli, [&](Records& r) { or_fail(directory::add_domain(r.store, r.tx, a->address)); });
        report(cli, "Mail for " + a->address + " is taken now. Next: an account (`pabal account add NAME@" +
                        a->address + "`) and an MX record that names this server.");
      });
  CLI::App* remove = add_command(
      *group, cli, "remove", "Take no more mail for a domain", "pabal domain remove example.org", [&cli, a] {
        with_records(cli, [&](Records& r) { or_fail(directory::remove_domain(r.tx, a->address)); });
        report(cli, "Mail for " + a->address + " is no longer taken.");
      });
  CLI::App* catch_all = add_command(
      *group, cli, "catch-all", "Name the account that gets what nobody else does",
      "pabal domain catch-all example.org alice@example.org", [&cli, a] {
        with_records(cli,
                     [&](Records& r) { or_fail(directory::set_catch_all(r.tx, a->address, a->target)); });
        report(cli, a->target.empty()
                        ? "Unknown addresses at " + a->address + " are refused now."
                        : "Mail for unknown addresses at " + a->address + " goes to " + a->target + " now.");
      });
  for (CLI::App* command : {add, remove, catch_all}) {
    command->add_option("DOMAIN", a->address, "The domain")->required();
  }
  catch_all->add_option("ADDRESS", a->target, "The account; leave it out to have none");
  add_command(*group, cli, "list", "All domains", "pabal domain list", [&cli] { domain_list(cli); });
}

}  // namespace

void add_directory_commands(CLI::App& app, Cli& cli) {
  add_account_commands(app, cli);
  add_acl_commands(app, cli);
  add_alias_commands(app, cli);
  add_domain_commands(app, cli);
}

}  // namespace pabal::app
