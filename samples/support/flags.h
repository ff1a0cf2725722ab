// A sample's command line: --name VALUE or --name=VALUE.
#pragma once

#include <cstdint>
#include <functional>
#include <iosfwd>
#include <string>
#include <vector>

namespace samples {

//   int epochs = 30;
//   Flags flags("digits", "Trains a network to read digits.");
//   flags.add("--epochs", epochs, "how often all images are seen", 1);
//   if (!flags.parse(argc, argv, std::cout, std::cerr)) return flags.exit_status();
class Flags {
 public:
  Flags(std::string program, std::string about);

  // The variable keeps its value, shown as the default, unless the flag is given. A number must be
  // a whole one and at least `least`.
  void add(const std::string& name, int64_t& value, const std::string& help, int64_t least);
  void add(const std::string& name, std::string& value, const std::string& help);

  // Reads the arguments. False when the program should end: --help was printed to `out`, or what is
  // wrong and how to get help to `errors`.
  bool parse(int argc, const char* const* argv, std::ostream& out, std::ostream& errors);
  int exit_status() const { return exit_status_; }  // 0 after --help, 2 after a mistake

 private:
  struct Flag {
    std::string name, kind, help, standard;
    std::function<std::string(const std::string&)> set;  // answers what is wrong, or nothing
  };
  void print_help(std::ostream& out) const;
  bool refuse(std::ostream& errors, const std::string& problem);

  std::string program_, about_;
  std::vector<Flag> flags_;
  int exit_status_ = 0;
};

}  // namespace samples
