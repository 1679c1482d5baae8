#include <algorithm>

#include "app/config.h"
#include "app/config_fields.h"
#include "base/bytes.h"

namespace pabal::app {

namespace {

std::string quoted(std::string_view text) {
  return '"' + json_escape(text) + '"';  // TOML's basic strings escape as JSON's do
}

// "192.0.2.0/24".
std::string prefix_text(const io::IpPrefix& p) {
  return p.address.to_string() + '/' + std::to_string(p.bits);
}

// A member as TOML.
template <class S>
struct Printer {
  const S& s;

  std::string operator()(std::string S::* m) const { return quoted(s.*m); }
  std::string operator()(bool S::* m) const { return s.*m ? "true" : "false"; }
  std::string operator()(int S::* m) const { return std::to_string(s.*m); }
  std::string operator()(uint64_t S::* m) const { return quoted(size_text(s.*m)); }
  std::string operator()(Duration S::* m) const { return quoted(to_text(s.*m)); }
  std::string operator()(io::Endpoint S::* m) const { return quoted((s.*m).to_string()); }
  std::string operator()(const Choice<S>& choice) const { return quoted(choice.names[choice.get(s)]); }
  std::string operator()(std::vector<std::string> S::* m) const {
    return list(s.*m, [](const std::string& t) { return t; });
  }
  std::string operator()(std::vector<Duration> S::* m) const {
    return list(s.*m, [](Duration d) { return to_text(d); });
  }
  std::string operator()(std::vector<io::IpPrefix> S::* m) const { return list(s.*m, prefix_text); }

  template <class T, class Text>
  static std::string list(const std::vector<T>& values, Text text) {
    std::vector<std::string> pieces;
    for (const T& value : values) pieces.push_back(quoted(text(value)));
    return '[' + join(pieces, ", ") + ']';
  }
};

std::string commented(std::string_view text) {
  std::string out;
  for (std::string_view line : split(text, '\n')) out += "# " + std::string(line) + '\n';
  return out;
}

template <class S>
std::string lines(const S& section, bool with_docs) {
  static const S defaults;
  std::string out;
  for (const Field<S>& field : fields<S>()) {
    std::string value = std::visit(Printer<S>{section}, field.member);
    bool at_default =
        value == std::visit(Printer<S>{defaults}, field.member) && field.trait != Trait::required;
    if (with_docs) out += '\n' + commented(field.doc);
    if (at_default && !with_docs) continue;
    out += (at_default ? "#" : "") + std::string(field.key) + " = " + value + '\n';
  }
  return out;
}

template <class S>
std::string section_text(const std::string& name, const S& section) {
  return '[' + name + "]\n" + lines(section, true);
}

// The keys are explained once, then one block for each.
template <class S>
std::string section_text(const std::string& name, const std::vector<S>& sections) {
  std::string out = "#\n";
  for (const Field<S>& field : fields<S>()) {
    out += "#   " + std::string(field.key) + std::string(16 - std::min<size_t>(15, field.key.size()), ' ') +
           std::string(field.doc) + '\n';
  }
  if (sections.empty()) {
    out += "\n#[[" + name + "]]\n";
    for (const Field<S>& field : fields<S>()) {
      out += '#' + std::string(field.key) + " = " + std::visit(Printer<S>{S()}, field.member) + '\n';
    }
  }
  for (const S& section : sections) out += "\n[[" + name + "]]\n" + lines(section, false);
  return out;
}

}  // namespace

std::string size_text(uint64_t octets) {
  static constexpr const char* units[] = {"", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (octets != 0 && octets % 1024 == 0 && unit < 4) {
    octets /= 1024;
    ++unit;
  }
  return std::to_string(octets) + units[unit];
}

std::string write_config(const Config& config) {
  std::string out =
      "# Pabal's configuration. `pabal check-config --config FILE` tells whether it is right.\n"
      "# A line that begins with #key shows that key's default.\n";
  for_each_section(config, [&](const char* name, const char* doc, const auto& section) {
    out += "\n# ---- " + std::string(name) + " " + std::string(70 - std::string_view(name).size(), '-') +
           '\n' + commented(doc);
    out += section_text(name, section);
  });
  return out;
}

}  // namespace pabal::app
