// pabal track: where is my mail?
#include <CLI/CLI.hpp>
#include <algorithm>
#include <functional>
#include <iterator>
#include <memory>
#include <ostream>

#include "app/cli.h"
#include "app/cli_checks.h"
#include "app/journey_text.h"
#include "base/bytes.h"
#include "base/local_time.h"
#include "journey/refusals.h"

namespace pabal::app {

namespace {

struct Arguments {
  std::string what;
  bool all = false;
  size_t max = 20;
};

Journey read_journey(store::Database& db, MessageId message) {
  queue::Selection selection;
  selection.message = message;
  return {message, journey::read(db, message), queue::list(db, selection, 1000)};
}

Time begin_of(const Journey& journey) {
  return journey.events.empty() ? Time{} : journey.events.front().at;
}

// Mails, and what never became one, newest first.
std::vector<Journey> find_by_address(Records& r, const Arguments& a, const std::string& directory) {
  std::vector<Journey> mails, refusals, found;
  for (MessageId message : journey::find_by_address(r.tx.db, a.what, a.max)) {
    mails.push_back(read_journey(r.tx.db, message));
  }
  for (journey::Event& refusal : journey::find_refusals(r.world.disk, directory, a.what, a.max)) {
    refusals.push_back({{}, {std::move(refusal)}, {}});
  }
  std::ranges::merge(mails, refusals, std::back_inserter(found), std::greater(), begin_of, begin_of);
  if (found.size() > a.max) found.resize(a.max);
  return found;
}

std::vector<Journey> find(Records& r, const Arguments& a, const std::string& directory) {
  std::vector<Journey> found;
  if (a.what.find('@') != std::string::npos) return find_by_address(r, a, directory);
  auto message = journey::parse_trace_id(a.what);
  if (!message) {
    throw CommandError("\"" + printable(a.what, 80) +
                       "\" is neither an address nor the id of a mail. The id stands in our reply to its "
                       "sender and in its Received field.");
  }
  Journey journey = read_journey(r.tx.db, *message);
  if (!journey.events.empty() || !journey.waiting.empty()) found.push_back(std::move(journey));
  return found;
}

void print_summaries(std::ostream& out, const std::vector<Journey>& found) {
  Table table({"MAIL", "TIME", "FROM", "TO", "STATUS"});
  for (const Journey& journey : found) {
    std::string from = fact_of(journey.events, "from");
    if (from.empty()) from = fact_of(journey.events, "account");
    table.row({journey.message ? journey::trace_id(journey.message) : "-", to_local_text(begin_of(journey)),
               printable(from, 60), printable(fact_of(journey.events, "to"), 60), journey_status(journey)});
  }
  out << table.text() << "`pabal track MAIL` tells the whole journey, --all all of them.\n";
}

void track(const Cli& cli, const Arguments& a) {
  std::vector<Journey> found;
  Time now;
  const std::string directory = load(cli).server.data_directory;
  with_records(cli, [&](Records& r) {
    now = r.tx.now;
    found = find(r, a, directory);
  });
  if (cli.json) {
    std::vector<std::string> journeys;
    for (const Journey& journey : found) journeys.push_back(journey_json(journey));
    cli.console.out << json_array(journeys) << '\n';
    return;
  }
  if (found.empty()) {
    throw CommandError("no mail is known for " + printable(a.what, 80) +
                       ". Either it never came here, or its journey ended long ago.");
  }
  if (found.size() > 1 && !a.all) return print_summaries(cli.console.out, found);
  for (const Journey& journey : found) cli.console.out << journey_text(journey, now) << '\n';
}

}  // namespace

void add_track_command(CLI::App& app, Cli& cli) {
  auto a = std::make_shared<Arguments>();
  CLI::App* command = add_command(
      app, cli, "track",
      "The journey of a mail: where it came from, what happened, where it is; and what was refused",
      "pabal track 06aez85kc8p1y\n  pabal track alice@example.org", [&cli, a] { track(cli, *a); });
  command
      ->add_option("ID|ADDRESS", a->what, "Id of a mail, or address of its sender, a recipient or an account")
      ->required();
  check_whole_number(command->add_option("--max", a->max, "For an address: at most so many, newest first")
                         ->capture_default_str(),
                     1);
  command->add_flag("--all", a->all, "For an address: every journey whole");
}

}  // namespace pabal::app
