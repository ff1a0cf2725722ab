// Saver: the variables of a session, saved to checkpoints and restored from them.
//
//   train::Saver saver;                                    // all variables of the default graph
//   saver.save(session, "run/model", {.global_step = 100});
//   saver.restore(session, train::latest_checkpoint("run"));
//   std::cout << saver.plan(session, "pretrained/model.ckpt").to_string();
//
// The files are TensorFlow's (tenon/checkpoint.h), and so are the names in them: that of a
// variable's operation; of a partitioned variable that of the whole, whose parts are saved as
// slices and may be restored under any other partitioning. A model written with the same scopes in
// TensorFlow 1 restores here, and the other way round, optimizer slots included.
//
// Nothing is lost. A checkpoint's files are written under temporary names, put on the disk, and
// only then get their names; saving over a prefix keeps the old checkpoint until the new one is
// whole. Only files that this saver wrote are ever removed.
//
// A saver adds nothing to the graph. Its values are all of one moment: a save holds the variables
// while it reads them, so that no run changes them.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tenon/dtype.h"
#include "tenon/error.h"
#include "tenon/export.h"
#include "tenon/session.h"
#include "tenon/shape.h"
#include "tenon/variable.h"

namespace tenon {

namespace internal {
class SaverState;
}  // namespace internal

namespace train {

// The variables of a saver: a list, saved under their own names, or a map of names to variables.
class TENON_API SaverVariables {
 public:
  SaverVariables(std::vector<Variable> list) : list_(std::move(list)) {}
  SaverVariables(std::initializer_list<Variable> list) : list_(list) {}
  SaverVariables(std::map<std::string, Variable> by_name) : by_name_(std::move(by_name)) {}
  SaverVariables(std::initializer_list<std::pair<const std::string, Variable>> by_name)
      : by_name_(by_name) {}

  const std::vector<Variable>& list() const noexcept { return list_; }
  const std::map<std::string, Variable>& by_name() const noexcept { return by_name_; }

 private:
  std::vector<Variable> list_;
  std::map<std::string, Variable> by_name_;
};

struct SaverOptions {
  // Left out: GLOBAL_VARIABLES and SAVEABLE_OBJECTS of the default graph.
  std::optional<SaverVariables> var_list = {};
  bool reshape = false;  // restore a tensor of another shape with as many elements
  bool sharded = false;  // a data file for each device
  int max_to_keep = 5;   // older checkpoints are removed; 0: none is, nor is it noted
  double keep_checkpoint_every_n_hours = 10000;  // one of so many hours is kept for good
  bool restore_sequentially = false;  // accepted for TensorFlow's sake: one after the other it is
  bool allow_empty = false;           // without variables, do nothing instead of throwing
  bool defer_build = false;           // the variables are collected by build()
  bool pad_step_number = false;       // "model-00000100"
  bool save_relative_paths = true;    // in the file `checkpoint`, so that the folder may be moved
};

// A number, or the variable that holds it.
class GlobalStep {
 public:
  GlobalStep(int64_t number) : number_(number) {}
  GlobalStep(int number) : number_(number) {}
  GlobalStep(Variable variable) : variable_(std::move(variable)) {}
  int64_t value(Session& session) const;

 private:
  int64_t number_ = 0;
  Variable variable_;
};

struct SaveOptions {
  std::optional<GlobalStep> global_step = {};  // "model-100"
  std::string latest_filename = {};            // left out: "checkpoint"
  std::string meta_graph_suffix = "meta";
  // Write "model-100.meta", too: the graph, by which TensorFlow's import_meta_graph and this one's
  // make it again (tenon/export_meta_graph.h). It isn't there where the graph can't be written.
  bool write_meta_graph = true;
  bool write_state = true;  // note it in the folder's file `checkpoint`
  // Of save_async, while another one is under way: wait for it, or throw FailedPreconditionError.
  bool wait = true;
};

// What of the checkpoint goes where.
struct RestoreOptions {
  // Restore what fits, and leave variables that nothing fits as they are.
  bool partial = false;
  // The tensor of the checkpoint for a variable, by the name that the saver knows it by. One tensor
  // may serve several.
  std::map<std::string, std::string> names = {};
  // For the others: what each regular expression in turn finds in the name is replaced, as by
  // Python's re.sub, and gives the tensor's name. R"(\1)" is the expression's first group, $1 too.
  std::vector<std::pair<std::string, std::string>> renames = {};
};

// What RestoreOptions::renames make of names. Throws ValueError (bad_argument) for what is no
// regular expression (get_collection says which are), and for a replacement that speaks of a group
// which the expression hasn't.
TENON_API std::vector<std::string> renamed(
    std::vector<std::string> names,
    const std::vector<std::pair<std::string, std::string>>& renames);

// What a restore does, worked out before anything is changed.
struct TENON_API RestorePlan {
  enum class Outcome { restored, missing, other_shape, other_dtype };
  struct Entry {
    std::string variable;  // the saver's name for it
    std::string tensor;    // the tensor of the checkpoint that it is restored from
    Outcome outcome = Outcome::restored;
    DType dtype = DType::invalid;
    Shape shape = {};
    std::string stored_dtype = {};  // empty: missing
    Shape stored_shape = {};
    int parts = 1;                       // of a partitioned variable
    std::vector<std::string> near = {};  // of a missing one: tensors whose names come near
  };
  std::string checkpoint;
  std::vector<Entry> entries;      // of all variables, by name
  std::vector<std::string> extra;  // tensors that no variable is restored from

  bool complete() const;  // whether every variable is restored
  // Everything that doesn't fit, one line each, then what is extra, then what is restored.
  std::string to_string() const;
};

// Copies share the saver. Its methods may be called from several threads; they take turns.
class TENON_API Saver {
 public:
  // Throws ValueError (bad_argument): "No variables to save", "At least two variables have the same
  // name"; TypeError (not_a_variable) for what is no variable.
  explicit Saver(SaverOptions options = {}, Location where = Location::current());

  // Collects the variables, once; only with defer_build need it be called.
  void build(Location where = Location::current());

  // Saves the variables and returns the prefix of the checkpoint: path, and the global step if
  // there is one. A folder that is missing is made, the ones above it not. Empty without variables.
  // Throws FailedPreconditionError (uninitialized) naming the variables without a value, ValueError
  // (bad_argument) for a path or name that can't be, and what tenon/checkpoint.h says of files:
  // then the checkpoints there, and the session, are as they were.
  std::string save(Session& session, std::string_view path, const SaveOptions& options = {},
                   Location where = Location::current());
  // The same, but returns when the values are copied; they are written while the session goes on.
  // What fails then is thrown by the next call of this saver, whichever, and by wait().
  std::string save_async(Session& session, std::string_view path, const SaveOptions& options = {},
                         Location where = Location::current());
  // Waits for the save that is under way, if there is one.
  void wait();

  // train::export_meta_graph with this saver.
  std::string export_meta_graph(const std::string& path = {},
                                Location where = Location::current()) const;

  // Gives the variables the values of a checkpoint, by its prefix, one of its files, or its folder.
  // Throws ValueError (no_such_file) where there is none; unless options.partial, the whole plan
  // when it isn't complete: NotFoundError (not_in_checkpoint) when a tensor is missing, else
  // InvalidArgumentError (shape_incompatible, dtype_incompatible). Nothing is changed then.
  // Returns what it did.
  RestorePlan restore(Session& session, std::string_view path, const RestoreOptions& options = {},
                      Location where = Location::current());
  // What restore would do.
  RestorePlan plan(Session& session, std::string_view path, const RestoreOptions& options = {},
                   Location where = Location::current()) const;

  // The checkpoints that are kept, oldest first.
  std::vector<std::string> last_checkpoints() const;
  void set_last_checkpoints(const std::vector<std::string>& paths);
  // Takes over the checkpoints of another program that are still there, oldest first: they count,
  // and are removed, as this saver's own.
  void recover_last_checkpoints(const std::vector<std::string>& paths,
                                Location where = Location::current());

  // Internal.
  const std::shared_ptr<internal::SaverState>& state() const noexcept { return state_; }

 private:
  std::shared_ptr<internal::SaverState> state_;
};

}  // namespace train
}  // namespace tenon
