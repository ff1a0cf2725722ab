// The program tenon: what is in checkpoints, models that run, and what Tenon sees of this machine.
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <vector>

#include "tools/arguments.h"
#include "tools/commands.h"

namespace tenon::tool {
namespace {

struct Command {
  const char* name;
  int (*run)(const std::vector<std::string>&);
  const char* usage;
};

constexpr Command kCommands[] = {
    {"inspect", inspect,
     "tenon inspect PATH [--tensor NAME] [--stats] [--json]\n"
     "  Lists the tensors of a checkpoint: name, dtype, shape, bytes; then their sums.\n"
     "  --tensor NAME  only that one, with its values\n"
     "  --stats        the least and greatest value, the mean and the 2-norm of each\n"
     "  --json         as JSON: {\"tensors\": [{\"name\", \"dtype\", \"shape\", \"bytes\"}]}, "
     "with\n"
     "                 --stats \"min\", \"max\", \"mean\" and \"l2\" too\n"
     "  TensorFlow's --file_name PATH, --tensor_name NAME and --all_tensors are taken as well.\n"},
    {"diff", diff,
     "tenon diff A B\n"
     "  Says what differs between two checkpoints: tensors that only one has, dtypes, shapes,\n"
     "  values. Exits with 1 where something does.\n"},
    {"rename", rename,
     "tenon rename FROM TO [--name OLD NEW]... [--pattern EXPRESSION REPLACEMENT]...\n"
     "  Copies a checkpoint under other names: --name renames one tensor, --pattern replaces what\n"
     "  the regular expression finds in every other name (\\1 is its first group).\n"},
    {"convert", convert,
     "tenon convert FROM TO\n"
     "  Copies a checkpoint into another format: that of TO's end, .safetensors or .npz, else\n"
     "  TensorFlow's with TO as its prefix.\n"},
    {"run", run_model,
     "tenon run MODEL [--checkpoint PREFIX] [--signature NAME] --feed F.npz --fetch A,B --out "
     "O.npz\n"
     "          [--target OP [--variables V.npz]] [--repeat N]\n"
     "  Runs a model that TensorFlow wrote: a frozen graph (.pb), a MetaGraph (.meta) with a\n"
     "  checkpoint, or a SavedModel (its folder or file). In npz files | stands for / in names.\n"
     "  --signature NAME  names of feeds and fetches are those of this signature\n"
     "  --target OP       an operation that runs once after the fetches, such as a training step\n"
     "  --variables FILE  what the variables are then\n"
     "  --repeat N        runs the fetches N times, and says how long each took\n"},
    {"graph", graph,
     "tenon graph show|check|summary|dot|freeze MODEL [--tags A,B] [--checkpoint PREFIX]\n"
     "          [--svg] [--output A,B --out FILE]\n"
     "  What is in a model that TensorFlow wrote (as for run).\n"
     "  show     each operation with its type, what it makes and what it takes\n"
     "  check    whether all of it is supported: what isn't, how often, where first; then it\n"
     "           exits with 1\n"
     "  summary  operations by type, inputs, outputs, signatures, weights and their bytes\n"
     "  dot      a picture for Graphviz; with --svg one that browsers show\n"
     "  freeze   writes what the operations --output need into the graph --out, variables as\n"
     "           constants\n"
     "  --tags A,B  the tags of a SavedModel's graph, serve unless they are given\n"},
    {"devices", devices,
     "tenon devices\n"
     "  Lists the devices that a session would have: name, type, description.\n"},
    {"env", env,
     "tenon env\n"
     "  Prints the version, the modules and why they are used or not, and the environment\n"
     "  variables that Tenon reads.\n"},
};

void print_usage(std::ostream& out) {
  out << "Usage: tenon COMMAND [ARGUMENTS]\n\n";
  for (const Command& command : kCommands) out << command.usage << '\n';
  out << "PATH, FROM, A and B: a checkpoint's prefix, any of its files, or its folder (the latest\n"
         "there); TensorFlow's of today and of old, .safetensors, .npz.\n"
         "Exit codes: 0, 1 where something failed or differs, 2 where the call was wrong.\n";
}

int run(const std::string& name, const std::vector<std::string>& arguments) {
  if (name == "--help" || name == "-h" || name == "help") {
    print_usage(std::cout);
    return 0;
  }
  for (const Command& command : kCommands) {
    if (name != command.name) continue;
    for (const std::string& argument : arguments) {
      if (argument == "--") break;
      if (argument != "--help" && argument != "-h") continue;
      std::cout << "Usage: " << command.usage;
      return 0;
    }
    try {
      return command.run(arguments);
    } catch (const UsageError& error) {
      std::cerr << "tenon " << name << ": " << error.what() << "\nUsage: " << command.usage;
      return 2;
    }
  }
  std::cerr << "tenon: there is no command " << name << "\n\n";
  print_usage(std::cerr);
  return 2;
}

}  // namespace
}  // namespace tenon::tool

int main(int count, char** arguments) {
  const std::vector<std::string> all(arguments + 1, arguments + count);
  if (all.empty()) {
    tenon::tool::print_usage(std::cerr);
    return 2;
  }
  try {
    const int code = tenon::tool::run(all[0], {all.begin() + 1, all.end()});
    std::cout.flush();
    if (std::cout.good() || code != 0) return code;
    std::cerr << "tenon: standard output can't be written\n";
  } catch (const std::exception& error) {
    std::cerr << "tenon: " << error.what() << '\n';
  }
  return 1;
}
