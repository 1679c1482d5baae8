#include "app/cli_agent.h"

#include <CLI/CLI.hpp>
#include <fstream>
#include <iterator>
#include <ostream>
#include <unistd.h>

#include "agent/draft.h"
#include "agent/fetch.h"
#include "agent/flags.h"
#include "agent/overview.h"
#include "agent/real.h"
#include "agent/sendmail.h"
#include "agent/submitter.h"
#include "agent/view.h"
#include "app/cli.h"
#include "app/cli_checks.h"
#include "console/terminal.h"
#include "deliver/replies.h"

namespace pabal::app {

namespace {

using namespace agent;

constexpr int kPartly = 3;  // some recipients were refused
constexpr uint32_t kShownByDefault = 20;
constexpr size_t kWidthElsewhere = 100;  // of a list that goes to no terminal

// What the options of a command are read into; lives as long as the parser.
struct Flags {
  ServerFlags server;
  std::string from, subject, text, html, target, directory;
  std::vector<std::string> to, cc, bcc, attachments, pictures, words;
  uint32_t number = 0, count = kShownByDefault;
  bool all = false, raw = false, verbose = false, keep = false, remove = false;
};

std::shared_ptr<Flags> add_flags(CLI::App& command, Cli& cli, const std::string& default_port) {
  auto flags = std::make_shared<Flags>();
  ServerFlags& server = flags->server;
  command.add_option("--server", server.server, "Server, as in mail.example.org:" + default_port)
      ->type_name("HOST[:PORT]");
  command.add_option("--tls", server.tls, "none, starttls or implicit; by default what the port asks for")
      ->type_name("MODE");
  command.add_option("--user", server.user, "User to log in as")->type_name("NAME");
  command.add_option("--password-file", server.password_file, "File with the password; - for standard input")
      ->type_name("FILE");
  command.add_option("--ca", server.ca_file, "Authority of the server's certificate (PEM)")
      ->type_name("FILE");
  command.add_flag("--insecure", server.insecure,
                   "Check no certificate, and send passwords in the clear too");
  command.add_option("--settings", server.settings_file, "Settings; else ~/.config/pabal/agent.toml")
      ->type_name("FILE");
  command.add_flag("--json", cli.json, "Print JSON, for programs");
  return flags;
}

std::string read_text(Console& console, const std::string& path) {
  if (path == "-") return {std::istreambuf_iterator<char>(console.in), {}};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw CommandError("cannot read " + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<mail::DraftFile> read_files(Console& console, const std::vector<std::string>& paths) {
  std::vector<mail::DraftFile> files;
  for (const std::string& path : paths) {
    std::string name = path.substr(path.rfind('/') + 1);
    files.push_back({.name = name, .type = {}, .bytes = read_text(console, path), .content_id = {}});
  }
  return files;
}

// send

rt::Task<void> submit_into(io::World& world, Submission submission, SubmitOptions options,
                           Submitted& result) {
  result = co_await submit(world, std::move(submission), std::move(options));
}

std::string submitted_json(const Submitted& result, const std::string& server) {
  std::vector<std::string> accepted, refused;
  for (const proto::smtp::Reply& reply : result.accepted)
    accepted.push_back(json_string(deliver::reply_text(reply)));
  for (const Refused& one : result.refused) {
    refused.push_back(json_object({{"address", json_string(to_string(one.address))},
                                   {"reply", json_string(deliver::reply_text(one.reply))}}));
  }
  return json_object({{"server", json_string(server)},
                      {"accepted", json_array(accepted)},
                      {"refused", json_array(refused)}});
}

int report_submitted(Cli& cli, const Submitted& result, const std::string& server) {
  Console& console = cli.console;
  if (cli.json) {
    console.out << submitted_json(result, server) << '\n';
  } else {
    for (const proto::smtp::Reply& reply : result.accepted)
      console.out << server << " has taken it: " << deliver::reply_text(reply) << '\n';
    for (const Refused& one : result.refused)
      console.err << "pabal: not sent to " << to_string(one.address) << ": " << deliver::reply_text(one.reply)
                  << '\n';
  }
  if (result.complete()) return 0;
  return result.accepted.empty() ? 1 : kPartly;
}

int send(Cli& cli, const Flags& flags) {
  Console& console = cli.console;
  Settings settings = settings_of(flags.server);
  DraftArgs args{.from = flags.from.empty() ? settings.from : flags.from,
                 .to = flags.to,
                 .cc = flags.cc,
                 .bcc = flags.bcc,
                 .subject = flags.subject};
  if (args.from.empty()) throw CommandError("who writes? Use --from, or from in " + default_settings_path());
  if (!flags.text.empty() || flags.html.empty()) {
    bool from_input = flags.text.empty() || flags.text == "-";
    if (from_input && console.interactive && !cli.json)
      console.err << "Write the text; end it with Ctrl-D on a line of its own.\n";
    args.text = read_text(console, from_input ? "-" : flags.text);
  }
  if (!flags.html.empty()) args.html = read_text(console, flags.html);
  args.attachments = read_files(console, flags.attachments);
  args.pictures = read_files(console, flags.pictures);
  Connection connection = smtp_connection(console, flags.server, settings);

  Submitted result;
  auto work = [&](io::World& world) {
    DraftContext context{.now = world.clock.now(), .token = world.random.token(24)};
    context.utc_offset_minutes = utc_offset_minutes(context.now);
    ReadyMail mail = or_fail(make_mail(args, context));
    Submission submission{.reverse_path = {std::move(mail.reverse_path)},
                          .forward_paths = std::move(mail.forward_paths),
                          .message = std::move(mail.message)};
    SubmitOptions options{.link = connection.link, .user = connection.user, .password = connection.password};
    if (flags.verbose) options.show = [&console](const std::string& dialogue) { console.err << dialogue; };
    return submit_into(world, std::move(submission), std::move(options), result);
  };
  run_in_real_world(work);
  return report_submitted(cli, result, connection.link.server.to_string());
}

void add_send(CLI::App& app, Cli& cli) {
  CLI::App* command = app.add_subcommand("send", "Write a mail and hand it to a server by SMTP");
  auto flags = add_flags(*command, cli, std::to_string(kSubmissionPort));
  command->add_option("--from", flags->from, "Who writes: \"Alice <alice@example.org>\"")
      ->type_name("ADDRESS");
  for (auto [name, list] : {std::pair{"--to", &flags->to}, {"--cc", &flags->cc}, {"--bcc", &flags->bcc}})
    command->add_option(name, *list, "A recipient; may be given several times")->type_name("ADDRESS");
  command->add_option("--subject", flags->subject, "Subject")->type_name("TEXT");
  command->add_option("--text", flags->text, "File with the text; - or nothing: standard input")
      ->type_name("FILE");
  command->add_option("--html", flags->html, "File with the text as HTML")->type_name("FILE");
  command->add_option("--attach", flags->attachments, "A file to attach; may be given several times")
      ->type_name("FILE");
  command->add_option("--inline", flags->pictures, "A picture to show in the text (HTML: src=\"cid:NAME\")")
      ->type_name("FILE");
  command->add_flag("-v,--verbose", flags->verbose, "Show the SMTP dialogue");
  command->footer(
      "Status: 0 all recipients taken, 1 none, 3 some.\nExample:\n"
      "  echo Hello | pabal send --from alice@seoul.test --to bob@busan.test --subject '안녕' --inline "
      "cat.png \\\n"
      "    --server mail.seoul.test:465 --user alice@seoul.test --password-file ~/.secret");
  command->callback([&cli, flags] { cli.chosen = [&cli, flags] { return send(cli, *flags); }; });
}

// inbox, read, save, fetch

// What a POP3 command does once it is logged in.
using Pop3Work = rt::Task<void> (*)(io::World&, Pop3Client&, Cli&, const Flags&);

rt::Task<void> with_pop3(io::World& world, Connection connection, Cli& cli, const Flags& flags,
                         Pop3Work work) {
  Pop3Client client(world, connection.link);
  co_await client.open(connection.user, connection.password);
  co_await work(world, client, cli, flags);
}

int run_pop3(Cli& cli, const Flags& flags, Pop3Work work) {
  Connection connection = pop3_connection(cli.console, flags.server);
  run_in_real_world([&](io::World& world) { return with_pop3(world, connection, cli, flags, work); });
  return 0;
}

rt::Task<void> show_inbox(io::World&, Pop3Client& client, Cli& cli, const Flags& flags) {
  std::vector<Pop3Client::Entry> entries = co_await client.list();
  size_t all = entries.size();
  if (!flags.all && all > flags.count) entries.erase(entries.begin(), entries.end() - flags.count);
  std::vector<uint32_t> numbers;
  for (const Pop3Client::Entry& entry : entries) numbers.push_back(entry.number);
  client.request(numbers, Pop3Client::What::head);
  std::vector<Overview> mails;
  for (const Pop3Client::Entry& entry : entries) {
    std::string head = co_await client.next();
    Overview overview = overview_of(head);
    overview.number = entry.number;
    overview.size_octets = entry.size_octets;
    overview.uid = entry.uid;
    mails.push_back(std::move(overview));
  }
  co_await client.quit();
  if (cli.json) {
    cli.console.out << format_overviews_json(mails);
    co_return;
  }
  cli.console.out << format_overviews(mails, terminal_width(STDOUT_FILENO).value_or(kWidthElsewhere));
  if (all == 0) cli.console.out << "No mail.\n";
  if (all > mails.size())
    cli.console.out << "The newest " << mails.size() << " of " << all << "; --all shows the rest.\n";
}

rt::Task<std::string> one_message(Pop3Client& client, uint32_t number) {
  client.request({number}, Pop3Client::What::whole);
  std::string message = co_await client.next();
  co_await client.quit();
  co_return message;
}

rt::Task<void> show_message(io::World&, Pop3Client& client, Cli& cli, const Flags& flags) {
  std::string message = co_await one_message(client, flags.number);
  if (flags.raw) {
    cli.console.raw() << message;
  } else {
    cli.console.out << (cli.json ? format_message_json(message) : format_message(message));
  }
}

rt::Task<void> save_message(io::World& world, Pop3Client& client, Cli& cli, const Flags& flags) {
  std::string message = co_await one_message(client, flags.number);
  std::vector<std::string> json;
  for (const SavedFile& file : save_attachments(world.disk, message, flags.directory)) {
    if (cli.json) {
      json.push_back(
          json_object({{"path", json_string(file.path)}, {"size", std::to_string(file.size_octets)}}));
    } else {
      cli.console.out << file.path << "  " << human_size(file.size_octets) << '\n';
    }
  }
  if (cli.json) cli.console.out << json_array(json) << '\n';
}

rt::Task<void> fetch_messages(io::World& world, Pop3Client& client, Cli& cli, const Flags& flags) {
  auto target = parse_target(flags.target);
  if (!target) throw CommandError("--to takes maildir:DIR or mbox:FILE");
  FetchOptions options{.target = *target, .remove = flags.remove, .account = client.account_name()};
  Fetched done = co_await fetch(world, client, std::move(options));
  if (cli.json) {
    cli.console.out << json_object({{"fetched", std::to_string(done.fetched)},
                                    {"known", std::to_string(done.known)},
                                    {"removed", std::to_string(done.removed)},
                                    {"octets", std::to_string(done.octets)}})
                    << '\n';
    co_return;
  }
  cli.console.out << done.fetched << " fetched (" << human_size(done.octets) << "), " << done.known
                  << " known already, " << done.removed << " deleted on the server\n";
}

CLI::App* add_pop3_command(CLI::App& app, Cli& cli, const std::string& name, const std::string& description,
                           const std::string& example, Pop3Work work, std::shared_ptr<Flags>& flags) {
  CLI::App* command = app.add_subcommand(name, description);
  flags = add_flags(*command, cli, std::to_string(kPop3Port));
  command->footer("Example:\n  " + example);
  command->callback(
      [&cli, work, flags] { cli.chosen = [&cli, work, flags] { return run_pop3(cli, *flags, work); }; });
  return command;
}

void add_reading(CLI::App& app, Cli& cli) {
  const std::string server = "--server mail.busan.test:995 --user bob@busan.test --password-file ~/.secret";
  std::shared_ptr<Flags> flags;
  CLI::App* inbox = add_pop3_command(app, cli, "inbox", "List the mails of a POP3 server, the newest last",
                                     "pabal inbox " + server, show_inbox, flags);
  check_whole_number(inbox->add_option("-n", flags->count, "How many")->type_name("COUNT"), 1);
  inbox->add_flag("--all", flags->all, "All of them");

  CLI::App* read = add_pop3_command(app, cli, "read", "Show a mail, decoded, with its attachments listed",
                                    "pabal read 3 " + server, show_message, flags);
  check_whole_number(read->add_option("N", flags->number, "Its number in `pabal inbox`")->required(), 1);
  read->add_flag("--raw", flags->raw, "As the server sent it, byte for byte");

  CLI::App* save = add_pop3_command(app, cli, "save", "Save the attachments of a mail; overwrites nothing",
                                    "pabal save 3 ~/Downloads " + server, save_message, flags);
  check_whole_number(save->add_option("N", flags->number, "Its number in `pabal inbox`")->required(), 1);
  save->add_option("DIR", flags->directory, "Where to")->required();

  CLI::App* fetch =
      add_pop3_command(app, cli, "fetch", "Bring all new mails into a Maildir or mbox",
                       "pabal fetch --keep --to maildir:$HOME/Maildir " + server, fetch_messages, flags);
  fetch->add_option("--to", flags->target, "maildir:DIR or mbox:FILE")->required()->type_name("TARGET");
  CLI::Option* keep = fetch->add_flag("--keep", flags->keep,
                                      "Leave them on the server; the next fetch into this target knows them");
  CLI::Option* remove =
      fetch->add_flag("--delete", flags->remove, "Delete them there, once they are safe in this target");
  keep->excludes(remove);
  // Which of both has to be said: a default would either lose or hoard mail. Not
  // as a final_callback, which would replace the callback that chooses the command.
  fetch->parse_complete_callback([keep, remove] {
    if (keep->count() + remove->count() == 0) throw CLI::RequiredError("--keep or --delete");
  });
}

void add_sendmail(CLI::App& app, Cli& cli) {
  CLI::App* command =
      app.add_subcommand("sendmail", "Be the program of that name: options as Sendmail has them");
  command->prefix_command();
  command->footer(
      "Reads a mail from standard input. Knows -t, -i, -oi, -f ADDRESS, -F NAME, -N, -R, -V, -v,\n"
      "-bp and -q, and lets pass what else Sendmail has. Names without a domain are the server's own.\n"
      "What no server takes is kept in ~/dead.letter.\n"
      "Also works when the binary is called by the name sendmail. Status: as in sysexits.h.\n"
      "Example:\n  printf 'To: bob@busan.test\\nSubject: hi\\n\\nHello\\n' | pabal sendmail -t");
  command->callback([&cli, command] {
    cli.chosen = [&cli, command] { return sendmail(command->remaining(), cli.console); };
  });
}

}  // namespace

int sendmail(const std::vector<std::string>& args, Console& console) {
  auto run = [](const std::vector<std::string>& command, Console& heard) {
    return run_cli(command, heard, {});
  };
  return sendmail_main(args, console, run);
}

void add_agent_commands(CLI::App& app, Cli& cli) {
  add_send(app, cli);
  add_reading(app, cli);
  add_sendmail(app, cli);
}

}  // namespace pabal::app
