#include "base/json.h"

namespace qbench {

Result<Json> ParseJson(std::string_view text, int max_depth) {
  bool too_deep = false;
  try {
    Json value = Json::parse(text, [&](int depth, Json::parse_event_t, Json&) {
      too_deep = too_deep || depth > max_depth;
      return !too_deep;
    });
    if (too_deep) {
      return Error(StatusCode::kCorrupt, "the JSON nests deeper than {} levels", max_depth);
    }
    return value;
  } catch (const nlohmann::json::exception& error) {
    return Error(StatusCode::kCorrupt, "not JSON: {}", error.what());
  }
}

std::string DumpJson(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace qbench
