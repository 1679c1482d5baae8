// pabal store: is the data sound, and what to do when it is not.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>
#include <unistd.h>

#include "app/cli.h"
#include "app/journey_text.h"
#include "app/owner.h"
#include "base/bytes.h"
#include "base/local_time.h"
#include "console/terminal.h"
#include "os/real_world.h"
#include "store/backup.h"
#include "store/check.h"
#include "store/rebuild.h"
#include "store/rehearse.h"
#include "store/renewal.h"
#include "store/salvage.h"
#include "store/schema.h"

namespace pabal::app {

namespace {

constexpr size_t kMailsShownMax = 20;
constexpr Duration kProgressEvery = std::chrono::milliseconds(200);

struct Arguments {
  std::string data;  // --data
  std::string directory;
  bool quick = false;
  bool rehearse = false;
  bool cancel = false;
};

// One line on a terminal that is written over; nothing elsewhere.
class ProgressLine {
 public:
  ProgressLine(std::ostream& err, io::Clock& clock, bool shown)
      : err_(err), clock_(clock), shown_(shown && isatty(STDERR_FILENO) != 0) {}
  ~ProgressLine() {
    if (drawn_) err_ << "\r\x1b[K" << std::flush;
  }
  void operator()(std::string_view doing, uint64_t done, uint64_t total) {
    if (!shown_ || clock_.now() - last_ < kProgressEvery) return;
    last_ = clock_.now();
    drawn_ = true;
    err_ << "\r\x1b[K" << doing;
    if (total > 0) err_ << ' ' << done << '/' << total << " (" << done * 100 / total << "%)";
    err_ << std::flush;
  }

 private:
  std::ostream& err_;
  io::Clock& clock_;
  const bool shown_;
  bool drawn_ = false;
  Time last_;
};

// What a command does with the data directory.
enum class Use { look, change, make };

// Runs `work` on the real disk, with the data directory of the config or --data,
// as its owner.
template <class Work>
auto on_store(const Cli& cli, const Arguments& a, Use use, Work work) {
  std::string directory = a.data, config_file;
  if (directory.empty()) {
    Config config = load(cli);
    directory = config.server.data_directory;
    config_file = config.file;
  }
  // Where the other directory is, root may go for the owner.
  act_as_owner(directory, config_file, {.keep = Keep::files, .make = use == Use::make});
  require_access(directory, use == Use::change);
  try {
    os::RealWorldOptions options;
    options.log.level = LogLevel::warning;
    options.blocking_threads = 1;
    os::RealWorld real(options);
    io::World world = real.world();
    ProgressLine line(cli.console.err, world.clock, !cli.json);
    store::Progress progress = std::ref(line);
    return work(world, directory, progress);
  } catch (const store::StoreError& e) {
    throw CommandError(std::string(e.what()) + "\nThe data directory is " + directory + ", from " +
                       (a.data.empty() ? config_path(cli) : "--data") + '.');
  } catch (const io::IoError& e) {
    throw CommandError(e.what());
  }
}

std::string count_text(uint64_t n, const std::string& one) {
  return std::to_string(n) + ' ' + one + (n == 1 ? "" : "s");
}

std::string text_of(const store::AffectedMail& mail) {
  std::string out = journey::trace_id(mail.message);
  if (!mail.recipient.empty()) return out + " waits for " + printable(mail.recipient);
  if (mail.account.empty()) return out;
  return out + " in " + printable(mail.account) + ' ' + printable(mail.mailbox) + ", UID " +
         std::to_string(mail.uid.value);
}

std::string to_json(const store::AffectedMail& mail) {
  std::vector<std::pair<std::string_view, std::string>> members{
      {"mail", json_string(journey::trace_id(mail.message))}};
  if (!mail.recipient.empty()) {
    members.emplace_back("recipient", json_string(mail.recipient));
  } else if (!mail.account.empty()) {
    members.emplace_back("account", json_string(mail.account));
    members.emplace_back("mailbox", json_string(mail.mailbox));
    members.emplace_back("uid", std::to_string(mail.uid.value));
  }
  return json_object(members);
}

std::string to_json(const store::CheckResult& result) {
  std::vector<std::string> findings;
  for (const store::Finding& finding : result.findings) {
    std::vector<std::string> mails;
    for (const store::AffectedMail& mail : finding.mails) mails.push_back(to_json(mail));
    findings.push_back(json_object({{"kind", json_string(to_text(finding.kind))},
                                    {"where", json_string(finding.where)},
                                    {"what", json_string(finding.what)},
                                    {"mails", json_array(mails)},
                                    {"advice", json_string(advice(finding.kind))}}));
  }
  return json_object({{"ok", result.findings.empty() ? "true" : "false"},
                      {"findings", json_array(findings)},
                      {"more_findings", std::to_string(result.more_findings)},
                      {"accounts", std::to_string(result.accounts)},
                      {"mailboxes", std::to_string(result.mailboxes)},
                      {"mails", std::to_string(result.mails)},
                      {"messages", std::to_string(result.messages)},
                      {"queue_entries", std::to_string(result.queue_entries)},
                      {"compared_octets", std::to_string(result.octets)}});
}

void print_findings(std::ostream& out, const store::CheckResult& result) {
  for (const store::Finding& finding : result.findings) {
    out << to_text(finding.kind) << ": " << printable(finding.where) << ": " << printable(finding.what)
        << '\n';
    for (size_t i = 0; i < finding.mails.size() && i < kMailsShownMax; ++i)
      out << "    " << text_of(finding.mails[i]) << '\n';
    if (finding.mails.size() > kMailsShownMax)
      out << "    and " << finding.mails.size() - kMailsShownMax << " more; --json lists them all\n";
    out << "    To do: " << advice(finding.kind) << ".\n";
  }
  uint64_t findings = result.findings.size() + result.more_findings;
  out << count_text(result.messages, "message") << ", " << count_text(result.mails, "mail") << " in "
      << result.mailboxes << (result.mailboxes == 1 ? " mailbox, " : " mailboxes, ") << result.queue_entries
      << " waiting, " << human_size(result.octets)
      << " compared with their hashes: " << (findings == 0 ? "all is well" : count_text(findings, "finding"))
      << ".\n";
}

int check(const Cli& cli, const Arguments& a) {
  store::CheckResult result =
      on_store(cli, a, Use::look, [&](io::World& world, const std::string& directory, auto& progress) {
        return store::check_store(world, directory, {.bytes = !a.quick}, progress);
      });
  if (cli.json) {
    cli.console.out << to_json(result) << '\n';
  } else {
    print_findings(cli.console.out, result);
  }
  return result.findings.empty() ? 0 : 1;
}

int rebuild(const Cli& cli, const Arguments& a) {
  store::RebuildResult result =
      on_store(cli, a, Use::change, [](io::World& world, const std::string& directory, auto&) {
        return store::rebuild_store(world, directory);
      });
  std::vector<std::string> rows;
  Table table({"COUNTER", "OF", "WAS", "IS"});
  for (const store::WrongCounter& c : result.repaired) {
    std::string name =
        c.name + (c.table == store::WrongCounter::mail ? " UID " + std::to_string(c.uid.value) : "");
    rows.push_back(json_object({{"counter", json_string(c.column)},
                                {"of", json_string(name)},
                                {"was", std::to_string(c.stored)},
                                {"is", std::to_string(c.right)}}));
    table.row({c.column, printable(name), std::to_string(c.stored), std::to_string(c.right)});
  }
  if (cli.json) {
    cli.console.out << json_object({{"counters", json_array(rows)},
                                    {"leftovers", std::to_string(result.leftovers)},
                                    {"feeds", std::to_string(result.feeds)},
                                    {"summaries", std::to_string(result.summaries)}})
                    << '\n';
  } else {
    cli.console.out << table.text() << count_text(rows.size(), "counter") << " repaired.\n";
    if (result.leftovers > 0)
      cli.console.out << count_text(result.leftovers, "leftover row") << " removed.\n";
    if (result.feeds > 0)
      cli.console.out << count_text(result.feeds, "damaged change feed") << " begun anew.\n";
    if (result.summaries > 0) {
      cli.console.out << result.summaries << (result.summaries == 1 ? " summary" : " summaries")
                      << " thrown away: the server makes them again.\n";
    }
  }
  return 0;
}

int salvage(const Cli& cli, const Arguments& a) {
  store::SalvageResult r =
      on_store(cli, a, Use::look, [&](io::World& world, const std::string& directory, auto& progress) {
        return store::salvage_store(world, directory, a.directory, progress);
      });
  if (cli.json) {
    cli.console.out << json_object({{"report", json_string(a.directory + "/report.json")},
                                    {"written", std::to_string(r.written)},
                                    {"queued", std::to_string(r.queued)},
                                    {"unknown", std::to_string(r.unknown)},
                                    {"damaged", std::to_string(r.damaged)},
                                    {"bad_pages", std::to_string(r.bad_pages)},
                                    {"deleted_and_left_out", std::to_string(r.unreferenced)},
                                    {"database_found", r.database_found ? "true" : "false"}})
                    << '\n';
    return 0;
  }
  std::ostream& out = cli.console.out;
  if (!r.database_found) out << "There is no database: who owns a mail is not known.\n";
  if (r.bad_pages > 0) out << count_text(r.bad_pages, "page") << " of the database damaged.\n";
  out << count_text(r.written, "mail") << " written by account and mailbox, " << r.queued << " to queue, "
      << r.unknown << " of unknown owner; " << r.damaged << " damaged or lost.\nWhat is damaged stands in "
      << a.directory << "/report.json.\n";
  return 0;
}

int backup(const Cli& cli, const Arguments& a) {
  store::BackupResult r =
      on_store(cli, a, Use::look, [&](io::World& world, const std::string& directory, auto& progress) {
        return store::backup_store(world, directory, a.directory, progress);
      });
  const store::Manifest& m = r.manifest;
  if (cli.json) {
    std::vector<std::string> damaged;
    for (const std::string& text : r.damaged) damaged.push_back(json_string(text));
    cli.console.out << json_object({{"manifest", json_string(a.directory + "/manifest.json")},
                                    {"at", json_string(to_rfc3339(m.at))},
                                    {"generation", std::to_string(m.generation)},
                                    {"messages", std::to_string(m.messages)},
                                    {"mails", std::to_string(m.mails)},
                                    {"queue_entries", std::to_string(m.queue_entries)},
                                    {"database_octets", std::to_string(m.database_octets)},
                                    {"segments", std::to_string(m.segments.size())},
                                    {"segments_copied", std::to_string(r.segments_copied)},
                                    {"segment_octets_copied", std::to_string(r.copied_octets)},
                                    {"damaged", json_array(damaged)}})
                    << '\n';
  } else {
    cli.console.out << "Backup " << m.generation << " in " << a.directory << ": "
                    << count_text(m.messages, "message") << ", " << count_text(m.mails, "mail") << ", "
                    << m.queue_entries << " waiting. Database " << human_size(m.database_octets) << "; "
                    << r.segments_copied << " of " << count_text(m.segments.size(), "segment")
                    << " new or grown, " << human_size(r.copied_octets) << " copied.\n";
  }
  if (r.damaged.empty()) return 0;
  std::string text = "the backup is complete but for what is damaged in the store itself:";
  for (size_t i = 0; i < r.damaged.size() && i < kMailsShownMax; ++i) text += "\n  " + r.damaged[i];
  throw CommandError(text + "\n`pabal store check` tells which mails these are.");
}

int restore(const Cli& cli, const Arguments& a) {
  store::RestoreResult r =
      on_store(cli, a, Use::make, [&](io::World& world, const std::string& directory, auto& progress) {
        require_access(a.directory, false);
        return store::restore_store(world, a.directory, directory, progress);
      });
  bool sound = r.damaged.empty() && (!r.check || r.check->findings.empty());
  if (cli.json) {
    std::vector<std::string> damaged;
    for (const std::string& text : r.damaged) damaged.push_back(json_string(text));
    cli.console.out << json_object(
                           {{"at", json_string(to_rfc3339(r.manifest.at))},
                            {"messages", std::to_string(r.manifest.messages)},
                            {"damaged", json_array(damaged)},
                            {"new_uidvalidity", r.renewal == store::Renewal::begin_anew ? "true" : "false"},
                            {"check", r.check ? to_json(*r.check) : "null"}})
                    << '\n';
    return sound ? 0 : 1;
  }
  std::ostream& out = cli.console.out;
  out << "Restored the backup of " << to_local_text(r.manifest.at)
      << (r.renewal == store::Renewal::go_on
              ? ". When the server starts, every mail gets a new UID, above all that mail programs have "
                "seen, and they fetch everything anew.\n"
              : ". It was restored before, is older than three weeks, or cannot be marked as restored. So "
                "when the server starts, every mailbox gets a new UIDVALIDITY, and mail programs fetch "
                "everything anew.\n");
  for (const std::string& file : r.damaged) out << file << " of the backup is damaged or missing.\n";
  if (r.check) {
    print_findings(out, *r.check);
  } else {
    out << "It has an older schema: `pabal store upgrade --rehearse` tells what the server will do at its "
           "start.\n";
  }
  return sound ? 0 : 1;
}

int renew(const Cli& cli, const Arguments& a) {
  on_store(cli, a, Use::change, [&](io::World& world, const std::string& directory, auto&) {
    a.cancel ? store::cancel_renewal(world, directory) : store::request_renewal(world, directory);
    return 0;
  });
  report(cli, a.cancel ? "The numbers stay as they are: this store is taken for the one that was last in use."
                       : "When the server starts, every mailbox gets a new UIDVALIDITY, and mail programs "
                         "fetch everything anew.");
  return 0;
}

int print_rehearsal(const Cli& cli, const store::Rehearsal& r) {
  auto rows_text = [](std::optional<uint64_t> rows) { return rows ? std::to_string(*rows) : "none"; };
  auto rows_json = [](std::optional<uint64_t> rows) { return rows ? std::to_string(*rows) : "null"; };
  if (cli.json) {
    std::vector<std::string> tables, changes, findings;
    for (const auto& t : r.tables) {
      tables.push_back(json_object({{"table", json_string(t.name)},
                                    {"rows_before", rows_json(t.before)},
                                    {"rows_after", rows_json(t.after)}}));
    }
    for (const std::string& text : r.changes) changes.push_back(json_string(text));
    for (const std::string& text : r.findings) findings.push_back(json_string(text));
    cli.console.out << json_object({{"from_version", std::to_string(r.from_version)},
                                    {"to_version", std::to_string(r.to_version)},
                                    {"database_octets", std::to_string(r.database_octets)},
                                    {"copying_ms", std::to_string(r.copying.count())},
                                    {"upgrading_ms", std::to_string(r.upgrading.count())},
                                    {"tables", json_array(tables)},
                                    {"changes", json_array(changes)},
                                    {"findings", json_array(findings)}})
                    << '\n';
    return r.findings.empty() ? 0 : 1;
  }
  std::ostream& out = cli.console.out;
  Table table({"TABLE", "ROWS BEFORE", "ROWS AFTER"});
  for (const auto& t : r.tables) table.row({t.name, rows_text(t.before), rows_text(t.after)});
  out << table.text();
  for (const std::string& change : r.changes) out << change << '\n';
  for (const std::string& finding : r.findings) out << "wrong: " << printable(finding) << '\n';
  out << "Schema version " << r.from_version << " -> " << r.to_version << ": "
      << (r.from_version == r.to_version ? "nothing to do" : "upgraded in " + human_duration(r.upgrading))
      << " on a copy (" << human_size(r.database_octets) << ", copied in " << human_duration(r.copying)
      << "). The store was not changed.\n";
  return r.findings.empty() ? 0 : 1;
}

int upgrade(const Cli& cli, const Arguments& a) {
  if (!a.rehearse) {
    throw CommandError(
        "the server upgrades the store by itself when it starts, in one transaction. "
        "`pabal store upgrade --rehearse` tries it on a copy before that.");
  }
  return print_rehearsal(
      cli, on_store(cli, a, Use::look, [](io::World& world, const std::string& directory, auto& progress) {
        return store::rehearse_upgrade(world, directory, progress);
      }));
}

}  // namespace

void add_store_commands(CLI::App& app, Cli& cli) {
  CLI::App* group = add_group(app, "store", "Check, back up, restore and repair the mail that is kept");
  auto a = std::make_shared<Arguments>();

  struct Command {
    const char *name, *description, *details, *example, *argument, *argument_is;
    int (*run)(const Cli&, const Arguments&);
  };
  static constexpr Command commands[] = {
      {"check", "Compare everything that is stored; changes nothing",
       "SQLite's own check, references, counters, and the hash of every message. The server may run. Status "
       "1 if "
       "something is wrong.",
       "pabal store check\n  pabal store check --quick --json", nullptr, nullptr, check},
      {"rebuild", "Make derived data (today: the counters) anew",
       "In one transaction. The server may run: it keeps none of it in memory, and waits for a moment only.",
       "pabal store rebuild", nullptr, nullptr, rebuild},
      {"salvage", "Get everything readable out of a damaged store",
       "Writes Maildir folders, and report.json with what is damaged. Changes nothing in the store. Stop the "
       "server "
       "first.",
       "pabal store salvage /srv/rescued\n  pabal store salvage /srv/rescued --data /mnt/old-disk/pabal",
       "DIR", "Where to; must be empty or not there", salvage},
      {"backup", "Copy the store while the server runs",
       "A snapshot. Into a DIR that holds a backup: takes its place, copying only segments that are new or "
       "have "
       "grown; when interrupted, the one before is as it was.",
       "pabal store backup /srv/backup/pabal", "DIR", "Where to; empty, not there, or the last backup",
       backup},
      {"restore", "Make a store anew from a backup",
       "In a data directory that is empty or not there; then checks it. The files belong to whom the data "
       "directory (or, if it is not there, the config file) belongs to, also when root restores.",
       "pabal store restore /srv/backup/pabal", "DIR", "The backup", restore},
      {"renew", "Number mailboxes anew for mail programs, after a snapshot was put back",
       "A store that was put back to an earlier state gives UIDs again that mail programs have seen for "
       "other "
       "mails; those they would never fetch. `pabal store restore` and a copied database are noticed; after "
       "a "
       "snapshot of the file system or the machine, run this before the server starts. --cancel is for a "
       "copy "
       "that is the newest state, as after a move to another disk: nothing has to be fetched anew then. Stop "
       "the server first.",
       "pabal store renew\n  pabal store renew --cancel", nullptr, nullptr, renew},
      {"upgrade", "Try the upgrade of the schema on a copy",
       "--rehearse upgrades a copy of the database to this program's schema, tells what changes and how long "
       "it "
       "takes, and removes the copy. The server itself upgrades at its start.",
       "pabal store upgrade --rehearse", nullptr, nullptr, upgrade},
  };
  for (const Command& c : commands) {
    CLI::App* command = add_command(*group, cli, c.name, c.description, c.example, [] {});
    command->footer(std::string(c.details) + "\n\nExample:\n  " + c.example);
    command->callback([&cli, a, &c] { cli.chosen = [&cli, a, &c] { return c.run(cli, *a); }; });
    command->add_option("--data", a->data, "The data directory; else server.data_directory of the config")
        ->type_name("DIR");
    if (c.argument != nullptr) command->add_option(c.argument, a->directory, c.argument_is)->required();
  }
  group->get_subcommand("check")->add_flag("--quick", a->quick, "Leave the bytes of the messages out");
  group->get_subcommand("renew")->add_flag("--cancel", a->cancel, "Keep all numbers instead");
  group->get_subcommand("upgrade")->add_flag("--rehearse", a->rehearse, "On a copy");
}

}  // namespace pabal::app
