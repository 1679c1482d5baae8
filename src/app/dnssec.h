// Whether answers of the DNS can be validated where this server stands: found out by
// the server at its start, kept in a file beside the store for the commands.
#pragma once

#include <optional>
#include <string>

#include "app/config.h"
#include "io/disk.h"
#include "os/validating_resolver.h"

namespace pabal::app {

// The word for the log and for --json: "off", "no-anchor", "unknown", "works", "stripped".
const char* to_text(os::Dnssec verdict);

// What it means and what to do, for people; nullopt when all is well.
std::optional<std::string> dnssec_trouble(os::Dnssec verdict);

// By questions to the resolver of the config; takes some seconds where nobody answers.
os::Dnssec look_for_dnssec(const Config& config);

// Tells the log and keeps it for the commands. Never throws.
void note_dnssec(Log& log, io::Disk& disk, const std::string& data_directory, os::Dnssec verdict);
// What was kept: dnssec_trouble() of the running server, or of the last one.
std::optional<std::string> noted_dnssec_trouble(io::Disk& disk, const std::string& data_directory);

}  // namespace pabal::app
