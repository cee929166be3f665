#include "base/json.h"

namespace qbench {

Result<Json> ParseJson(std::string_view text, int max_depth) {
  bool too_deep = false;
  try {
    // The depth of an array or object is the number of those around it.
    Json value = Json::parse(text, [&](int depth, Json::parse_event_t event, Json&) {
      const bool begins =
          event == Json::parse_event_t::array_start || event == Json::parse_event_t::object_start;
      too_deep = too_deep || (begins && depth >= max_depth);
      return !too_deep;
    });
    if (too_deep) {
      return Error(StatusCode::kCorrupt, "the JSON nests deeper than {} levels", max_depth);
    }
    return value;
  } catch (const nlohmann::json::exception& error) {
    // "[json.exception.parse_error.101] parse error at …": the library's number says nothing here.
    const std::string_view what = error.what();
    const size_t begin = what.find("] ");
    return Error(StatusCode::kCorrupt, "not JSON: {}",
                 what.substr(begin == std::string_view::npos ? 0 : begin + 2));
  }
}

std::string DumpJson(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace qbench
