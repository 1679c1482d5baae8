#include "proto/smtp/grammar.h"

#include <algorithm>

#include "base/bytes.h"

namespace pabal::proto::smtp::grammar {

namespace {

bool is_keyword(std::string_view text) {
  return !text.empty() && is_alnum(text[0]) &&
         std::ranges::all_of(text, [](char c) { return is_alnum(c) || c == '-'; });
}

// esmtp-value: neither '=' nor controls nor spaces. '=' is let through because
// ORCPT's unitext and AUTH= of old clients contain it; each value is checked
// by its own grammar afterwards.
bool is_value(std::string_view text) {
  return !text.empty() &&
         std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != 0x7f; });
}

}  // namespace

std::unexpected<SyntaxError> bad_parameter(std::string text) {
  return std::unexpected(SyntaxError{501, "5.5.4", std::move(text)});
}

std::unexpected<SyntaxError> unknown_parameter(std::string_view verb, std::string_view keyword) {
  return std::unexpected(SyntaxError{
      555, "5.5.4",
      std::string(verb) + " parameter " + printable(keyword, 64) + " is not known here; EHLO lists what is"});
}

std::expected<std::vector<Parameter>, SyntaxError> parse_parameters(std::string_view text) {
  std::vector<Parameter> parameters;
  while (!text.empty()) {
    if (!is_wsp(text[0])) return bad_parameter("There must be a space between the path and its parameters");
    size_t begin = text.find_first_not_of(" \t");
    if (begin == std::string_view::npos) break;
    text.remove_prefix(begin);
    std::string_view word = text.substr(0, text.find_first_of(" \t"));
    text.remove_prefix(word.size());

    size_t equals = word.find('=');
    Parameter parameter;
    parameter.keyword = to_upper(word.substr(0, equals));
    parameter.has_value = equals != std::string_view::npos;
    if (parameter.has_value) parameter.value = word.substr(equals + 1);
    if (!is_keyword(parameter.keyword) || (parameter.has_value && !is_value(parameter.value)))
      return bad_parameter("Parameters are written KEYWORD or KEYWORD=value: " + printable(word, 64));
    for (const Parameter& earlier : parameters)
      if (earlier.keyword == parameter.keyword)
        return bad_parameter("Parameter " + parameter.keyword + " must not be given twice");
    parameters.push_back(std::move(parameter));
  }
  return parameters;
}

bool take_path_keyword(std::string_view& arguments, std::string_view keyword) {
  if (!istarts_with(arguments, keyword)) return false;
  arguments.remove_prefix(keyword.size());
  while (!arguments.empty() && is_wsp(arguments[0])) arguments.remove_prefix(1);
  return true;
}

}  // namespace pabal::proto::smtp::grammar
