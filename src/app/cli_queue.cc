// pabal queue: mail that is still to be carried to other servers.
#include <CLI/CLI.hpp>
#include <memory>
#include <ostream>

#include "app/cli.h"
#include "app/cli_checks.h"
#include "app/dnssec.h"
#include "app/journey_text.h"
#include "base/bytes.h"
#include "base/local_time.h"
#include "queue/operate.h"

namespace pabal::app {

namespace {

constexpr size_t kListMax = 1000;
constexpr size_t kTraceIdOctets = 13;

struct Arguments {
  std::string id, destination, state;
  bool all = false;
  size_t max = kListMax;
};

// By ID of a mail (from `queue list`, our 250 reply, or a Received field) or
// number of one recipient's entry.
queue::Selection select(const Arguments& a) {
  queue::Selection selection;
  selection.destination = a.destination;
  if (!a.state.empty()) selection.state = queue::parse_state(a.state);
  if (a.id.empty()) return selection;
  if (a.id.size() == kTraceIdOctets) selection.message = journey::parse_trace_id(a.id);
  auto number = parse_uint(a.id);
  if (!selection.message && number && *number <= INT64_MAX)
    selection.entry = QueueEntryId{static_cast<int64_t>(*number)};
  if (!selection.message && !selection.entry) {
    throw CommandError("\"" + printable(a.id, 80) +
                       "\" is no id of a mail or of a queue entry; `pabal queue list` shows both.");
  }
  return selection;
}

std::string last_words(const queue::Entry& entry) {
  if (entry.attempts == 0) return "not tried yet";
  return printable(entry.last_status + ' ' + entry.last_reason, 120);
}

std::string due_text(const queue::Entry& entry, Time now) {
  if (entry.state == queue::State::held) return "held";
  return entry.due_at <= now ? "now" : "in " + human_duration(entry.due_at - now);
}

std::string entry_json(const queue::Listed& listed) {
  const queue::Entry& e = listed.entry;
  return json_object({{"entry", json_string(std::to_string(e.id.value))},
                      {"message", json_string(journey::trace_id(e.message))},
                      {"from", json_string(listed.reverse_path)},
                      {"to", json_string(mail::to_string(e.forward_path))},
                      {"destination", json_string(e.destination)},
                      {"size_octets", std::to_string(listed.size_octets)},
                      {"state", json_string(queue::to_text(e.state))},
                      {"attempts", std::to_string(e.attempts)},
                      {"queued_at", json_string(to_rfc3339(e.queued_at))},
                      {"due_at", json_string(to_rfc3339(e.due_at))},
                      {"last_status", json_string(e.last_status)},
                      {"last_reason", json_string(e.last_reason)},
                      {"last_mta", json_string(e.last_mta)}});
}

// warning: what keeps mail here though no entry says so.
std::vector<queue::Listed> find(const Cli& cli, const Arguments& a, Time& now,
                                std::string* warning = nullptr) {
  std::vector<queue::Listed> found;
  const std::string directory = load(cli).server.data_directory;
  with_records(cli, [&](Records& r) {
    now = r.tx.now;
    found = queue::list(r.tx.db, select(a), a.max);
    if (warning != nullptr) *warning = noted_dnssec_trouble(r.world.disk, directory).value_or("");
  });
  return found;
}

void print_json(const Cli& cli, const std::vector<queue::Listed>& found) {
  std::vector<std::string> rows;
  for (const queue::Listed& listed : found) rows.push_back(entry_json(listed));
  cli.console.out << json_array(rows) << '\n';
}

void list(const Cli& cli, const Arguments& a) {
  Time now;
  std::string warning;
  std::vector<queue::Listed> found = find(cli, a, now, &warning);
  if (cli.json) return print_json(cli, found);
  if (!warning.empty()) cli.console.out << "Warning: " << warning << "\n\n";
  if (found.empty()) {
    cli.console.out << "Nothing waits.\n";
    return;
  }
  Table table({"MAIL", "TO", "FROM", "SIZE", "AGE", "TRIED", "NEXT", "LAST ANSWER"});
  for (const queue::Listed& listed : found) {
    const queue::Entry& e = listed.entry;
    table.row({journey::trace_id(e.message), printable(mail::to_string(e.forward_path)),
               listed.reverse_path.empty() ? "<>" : printable(listed.reverse_path),
               human_size(listed.size_octets), human_duration(now - e.queued_at), std::to_string(e.attempts),
               due_text(e, now), last_words(e)});
  }
  cli.console.out << table.text() << found.size() << (found.size() == 1 ? " recipient" : " recipients")
                  << (found.size() == a.max ? " shown; there may be more" : "")
                  << ". `pabal track MAIL` tells its journey.\n";
}

void show(const Cli& cli, const Arguments& a) {
  Time now;
  std::vector<queue::Listed> found = find(cli, a, now);
  if (cli.json) return print_json(cli, found);
  if (found.empty())
    throw CommandError("nothing waits under " + a.id + "; `pabal track " + a.id + "` tells where it went.");
  for (const queue::Listed& listed : found) {
    const queue::Entry& e = listed.entry;
    Table table({"entry", std::to_string(e.id.value)});
    table.row({"mail", journey::trace_id(e.message)});
    table.row({"from", listed.reverse_path.empty() ? "<>" : printable(listed.reverse_path)});
    table.row({"to", printable(mail::to_string(e.forward_path))});
    table.row({"destination", e.destination});
    table.row({"size", human_size(listed.size_octets)});
    table.row({"state", std::string(queue::to_text(e.state))});
    table.row({"queued", to_local_text(e.queued_at) + " (" + human_duration(now - e.queued_at) + " ago)"});
    table.row({"next attempt", to_local_text(e.due_at) + " (" + due_text(e, now) + ")"});
    table.row({"attempts", std::to_string(e.attempts)});
    table.row(
        {"last answer", last_words(e) + (e.last_mta.empty() ? "" : " (" + printable(e.last_mta) + ")")});
    cli.console.out << table.text() << '\n';
  }
}

// One of retry, hold, release, drop on what the arguments select.
void change(const Cli& cli, const Arguments& a, size_t (*apply)(store::Transaction&, const queue::Selection&),
            const std::string& done) {
  if (a.id.empty() && a.destination.empty() && !a.all) {
    throw CommandError("name a mail (an ID from `pabal queue list`), or say --destination DOMAIN or --all.");
  }
  size_t changed = 0;
  with_records(cli, [&](Records& r) { changed = apply(r.tx, select(a)); });
  if (cli.json) {
    cli.console.out << json_object({{"changed", std::to_string(changed)}}) << '\n';
    return;
  }
  if (changed == 0) throw CommandError("nothing in the queue fits; `pabal queue list` shows what is there.");
  cli.console.out << changed << (changed == 1 ? " recipient " : " recipients ") << done << ".\n";
}

}  // namespace

void add_queue_commands(CLI::App& app, Cli& cli) {
  CLI::App* group = add_group(app, "queue", "Mail that is still to be carried to other servers");
  auto a = std::make_shared<Arguments>();

  CLI::App* listing = add_command(*group, cli, "list", "What waits, oldest first",
                                  "pabal queue list --destination example.net", [&cli, a] { list(cli, *a); });
  listing->add_option("--state", a->state, "Only these")->check(CLI::IsMember({"waiting", "held"}));
  check_whole_number(listing->add_option("--max", a->max, "At most so many")->capture_default_str(), 1);
  listing->add_option("--destination", a->destination, "Only what goes to this domain")->type_name("DOMAIN");

  CLI::App* showing = add_command(*group, cli, "show", "All that is known of one mail's recipients",
                                  "pabal queue show 06aez85kc8p1y", [&cli, a] { show(cli, *a); });
  showing->add_option("ID", a->id, "Of the mail or of the entry")->required();

  struct Change {
    const char *name, *description, *example, *done;
    size_t (*apply)(store::Transaction&, const queue::Selection&);
  };
  static constexpr Change changes[] = {
      {"retry", "Try again now", "pabal queue retry --destination example.net",
       "will be tried within a second", queue::retry},
      {"hold", "Do not try until released", "pabal queue hold 06aez85kc8p1y",
       "held until `pabal queue release`", queue::hold},
      {"release", "Undo hold", "pabal queue release --all", "released", queue::unhold},
      {"drop", "Remove for good; the sender is not told", "pabal queue drop 06aez85kc8p1y", "dropped",
       queue::drop},
  };
  for (const Change& c : changes) {
    CLI::App* command = add_command(*group, cli, c.name, c.description, c.example,
                                    [&cli, a, &c] { change(cli, *a, c.apply, c.done); });
    auto* id = command->add_option("ID", a->id, "Of the mail or of the entry");
    auto* destination = command->add_option("--destination", a->destination, "All that goes to this domain")
                            ->type_name("DOMAIN");
    command->add_flag("--all", a->all, "All")->excludes(id)->excludes(destination);
  }
}

}  // namespace pabal::app
