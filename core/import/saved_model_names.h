// What things are called in SavedModels.
#pragma once

namespace tenon::internal {

inline constexpr const char* kSavedModelFile = "saved_model.pb";
inline constexpr const char* kMainOp = "saved_model_main_op";  // a collection
// A signature of no inputs whose output is the operation of kMainOp.
inline constexpr const char* kInitSignature = "__saved_model_init_op";

}  // namespace tenon::internal
