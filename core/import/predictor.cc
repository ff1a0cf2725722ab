// Signatures of models, asked from any thread.
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/base/check.h"
#include "core/base/strings.h"
#include "tenon/saved_model.h"

namespace tenon {

namespace internal {

struct PredictorState {
  saved_model::Signature signature;
  Callable call;  // for inputs and outputs in the order of the signature's
};

namespace {

template <typename Map>
std::vector<std::string> keys_of(const Map& map) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : map) keys.push_back(key);
  return keys;
}

std::shared_ptr<const PredictorState> make_predictor(Session& session,
                                                     const saved_model::Signature& signature) {
  std::vector<FeedKey> feeds;
  std::vector<Fetch> fetches;
  for (const auto& [name, tensor] : signature.inputs) feeds.emplace_back(tensor);
  for (const auto& [name, tensor] : signature.outputs) fetches.emplace_back(tensor);
  return std::make_shared<PredictorState>(
      PredictorState{signature, session.make_callable(fetches, feeds)});
}

std::shared_ptr<const PredictorState> load_predictor(const std::string& folder,
                                                     const saved_model::PredictorOptions& options,
                                                     const Location& where) {
  const Graph graph;
  Session session(graph, options.session);
  const saved_model::LoadedModel model =
      saved_model::load(session, options.tags, folder, {}, where);
  const auto signature = model.signatures.find(options.signature);
  require<ValueError>(signature != model.signatures.end(), ErrorKind::bad_argument,
                      "The model has no signature '", options.signature, "'; it has ",
                      model.signatures.empty() ? "none" : join(keys_of(model.signatures)));
  return make_predictor(session, signature->second);
}

}  // namespace
}  // namespace internal

namespace saved_model {

Predictor::Predictor(const std::string& folder, const PredictorOptions& options, Location where)
    : state_(internal::load_predictor(folder, options, where)) {}
Predictor::Predictor(Session& session, const Signature& signature)
    : state_(internal::make_predictor(session, signature)) {}

std::map<std::string, Tensor> Predictor::operator()(
    const std::map<std::string, Tensor>& inputs) const {
  const std::map<std::string, std::string>& taken = state_->signature.inputs;
  std::vector<Tensor> feeds;
  for (const auto& [name, tensor] : taken) {
    const auto input = inputs.find(name);
    internal::require<ValueError>(input != inputs.end(), ErrorKind::bad_feed, "The input '", name,
                                  "' is missing: the signature takes ",
                                  internal::join(internal::keys_of(taken)));
    feeds.push_back(input->second);
  }
  for (const auto& [name, value] : inputs) {
    internal::require<ValueError>(
        taken.contains(name), ErrorKind::bad_feed, "There is no input '", name,
        "': the signature takes ",
        taken.empty() ? "none" : internal::join(internal::keys_of(taken)));
  }
  std::vector<Tensor> results = state_->call(feeds);
  std::map<std::string, Tensor> outputs;
  size_t next = 0;
  for (const auto& [name, tensor] : state_->signature.outputs) {
    outputs.emplace(name, std::move(results[next++]));
  }
  return outputs;
}

const Signature& Predictor::signature() const noexcept { return state_->signature; }

}  // namespace saved_model
}  // namespace tenon
