// Collections: the lists that variables and losses put themselves into, and lists of one's own.
#include <tenon/tenon.h>

#include <iostream>
#include <string>
#include <string_view>
#include <vector>

namespace tn = tenon;

namespace {

void show(std::string_view what, const std::vector<tn::Variable>& variables) {
  std::cout << "  " << what << ':';
  for (const tn::Variable& v : variables) std::cout << ' ' << v.name();
  std::cout << '\n';
}

// Variables land in lists by what they are for.
void where_variables_go() {
  std::cout << "Where variables go\n";
  auto scope = tn::variable_scope("model");
  tn::get_variable("weights", {.shape = {2, 2}});
  tn::get_variable("frozen", {.shape = {2}, .trainable = false});
  tn::get_local_variable("examples_seen", {.shape = {}, .dtype = tn::int64});
  tn::get_variable("mine", {.shape = {2}, .collections = {"my_collection"}});
  show("global", tn::global_variables());
  show("trainable", tn::trainable_variables());
  show("local", tn::local_variables());
  show("my_collection", tn::get_collection<tn::Variable>("my_collection"));
}

// A scope filters by name: a regular expression, matched at the start.
void filters() {
  std::cout << "\nThose of one scope\n";
  {
    auto scope = tn::variable_scope("model2");
    tn::get_variable("weights", {.shape = {2, 2}});
  }
  show("\"model\"", tn::global_variables("model"));
  show("\"model/\"", tn::global_variables("model/"));
  show("\".*weights\"", tn::global_variables(".*weights"));
  auto scope = tn::variable_scope("model2");
  show("model2's own", scope.scope().global_variables());
}

// Regularizers add their losses when the variable is made, not when it is shared.
void losses() {
  std::cout << "\nLosses\n";
  tn::Variable w;
  for (const tn::Reuse& reuse : {tn::Reuse(false), tn::Reuse(true)}) {
    auto scope =
        tn::variable_scope("fit", {.regularizer = tn::l2_regularizer(0.1), .reuse = reuse});
    w = tn::get_variable("w", {.shape = {2}, .initializer = tn::constant_initializer(2.0)});
  }
  tn::losses::add_loss(tn::reduce_sum(w, {.name = "data_loss"}));
  for (const tn::Output& loss : tn::losses::get_losses()) std::cout << "  " << loss.name() << '\n';
  for (const tn::Output& loss : tn::losses::get_regularization_losses()) {
    std::cout << "  " << loss.name() << '\n';
  }
  tn::Output total = tn::losses::get_total_loss();
  tn::Session session;
  session.run(w.initializer());
  std::cout << "  in all: " << session.run(total) << '\n';
}

// A collection holds anything; get_collection copies the list, get_collection_ref hands it out.
void lists_of_ones_own() {
  std::cout << "\nLists of one's own\n";
  tn::add_to_collection("notes", "made by hand");
  tn::add_to_collections({"notes", "others"}, std::string("in two lists"));
  tn::get_collection_ref("notes")->push_back(std::string("through the list itself"));
  for (const std::string& note : tn::get_collection<std::string>("notes")) {
    std::cout << "  " << note << '\n';
  }
  tn::clear_collection("others");
  std::cout << "  keys:";
  for (const std::string& key : tn::get_all_collection_keys()) std::cout << ' ' << key;
  std::cout << '\n';
}

}  // namespace

int main() {
  try {
    where_variables_go();
    filters();
    losses();
    lists_of_ones_own();
  } catch (const tn::Error& error) {
    std::cerr << "collections: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
