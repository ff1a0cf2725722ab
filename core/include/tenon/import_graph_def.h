// Graphs that TensorFlow wrote: a GraphDef's operations, added to the default graph.
//
//   auto imported = import_graph_def("frozen.pb", {.name = "", .return_elements = {"probs:0"}});
//   session.run(imported.outputs[0], {{graph.tensor("image:0"), pixels}});
//
// A file is read as TensorFlow 1 reads it: attributes that it leaves out have the defaults of their
// operations, what it says of output shapes isn't believed, colocations with operations that aren't
// there don't count, and constants may be stored in any way. Weights stay where the file has them
// until the graph is made.
//
// What Tenon can't do is said before anything is made, all of it at once (UnimplementedError,
// no_kernel): operation types, dtypes and attributes, with how many there are and the first
// operation of each. Bytes that are no graph throw DataLossError (corrupt_file), a graph that
// contradicts itself ValueError (bad_argument); then the default graph is as it was.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/graph.h"

namespace tenon {

struct ImportOptions {
  // Stands in front of all names, with a slash; "" leaves them as they are. Unlike TensorFlow,
  // which makes it unique, a name that the graph has already is an error.
  std::string name = "import";
  // Tensors of the default graph that take the place of those of the file, by their names there:
  // "x:0", or "x" for its first.
  std::map<std::string, Output> input_map = {};
  // What is answered: operations ("train") and tensors ("probs:0") of the file.
  std::vector<std::string> return_elements = {};
  // False: what Tenon can't do is left out, with all that depends on it, unless an element to
  // return needs it.
  bool strict = true;
  bool clear_devices = false;
};

struct ImportedElements {
  std::vector<Operation> operations = {};  // of return_elements, in their order
  std::vector<Output> outputs = {};
};

// The file's path. Throws NotFoundError (no_such_file) as well.
TENON_API ImportedElements import_graph_def(const std::string& path,
                                            const ImportOptions& options = {},
                                            Location where = Location::current());
// The bytes of a GraphDef.
TENON_API ImportedElements import_graph_def_bytes(std::string_view bytes,
                                                  const ImportOptions& options = {},
                                                  Location where = Location::current());

}  // namespace tenon
