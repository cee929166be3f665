#include "reports/page_data.h"

namespace qbench::reports {

Data TextList(const std::vector<std::string>& texts) {
  Data list(Data::type::list);
  for (const std::string& text : texts) list.push_back(Data("text", text));
  return list;
}

void SetIfAny(Data* section, const std::string& name, const Data& list) {
  if (list.list_value().empty()) return;
  section->set("has_" + name, true);
  section->set(name, list);
}

}  // namespace qbench::reports
