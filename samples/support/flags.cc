#include "support/flags.h"

#include <algorithm>
#include <charconv>
#include <iomanip>
#include <ostream>

namespace samples {

Flags::Flags(std::string program, std::string about)
    : program_(std::move(program)), about_(std::move(about)) {}

void Flags::add(const std::string& name, int64_t& value, const std::string& help, int64_t least) {
  const auto set = [name, &value, least](const std::string& text) -> std::string {
    int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || number < least) {
      return name + " wants a whole number, " + std::to_string(least) + " or more, not \"" + text +
             "\"";
    }
    value = number;
    return "";
  };
  flags_.push_back({name, "N", help, std::to_string(value), set});
}

void Flags::add(const std::string& name, std::string& value, const std::string& help) {
  const auto set = [name, &value](const std::string& text) -> std::string {
    if (text.empty()) return name + " wants a value, not an empty one";
    value = text;
    return "";
  };
  flags_.push_back({name, "PATH", help, value, set});
}

bool Flags::parse(int argc, const char* const* argv, std::ostream& out, std::ostream& errors) {
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      print_help(out);
      return false;
    }
    const size_t equals = argument.find('=');
    const std::string name = argument.substr(0, equals);
    const auto flag = std::find_if(flags_.begin(), flags_.end(),
                                   [&](const Flag& known) { return known.name == name; });
    if (flag == flags_.end()) return refuse(errors, "there is no flag \"" + name + "\"");
    std::string value;
    if (equals != std::string::npos) {
      value = argument.substr(equals + 1);
    } else if (i + 1 < argc) {
      value = argv[++i];
    } else {
      return refuse(errors, name + " wants a value after it");
    }
    if (const std::string problem = flag->set(value); !problem.empty()) {
      return refuse(errors, problem);
    }
  }
  return true;
}

bool Flags::refuse(std::ostream& errors, const std::string& problem) {
  errors << program_ << ": " << problem << ". " << program_ << " --help lists the flags.\n";
  exit_status_ = 2;
  return false;
}

void Flags::print_help(std::ostream& out) const {
  out << about_ << "\n\nUsage: " << program_ << " [FLAGS]\n";
  for (const Flag& flag : flags_) {
    out << "  " << std::left << std::setw(20) << flag.name + " " + flag.kind << flag.help << " ("
        << flag.standard << ")\n";
  }
  out << "  " << std::setw(20) << "--help"
      << "prints this\n";
}

}  // namespace samples
