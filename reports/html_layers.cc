#include "reports/html_sections.h"
#include "reports/layer_report.h"

namespace qbench::reports {

Data ComparisonSections(const RunView& run) {
  Data sections(Data::type::list);
  const std::vector<NamedComparison> comparisons = Comparisons(run);
  for (const auto& [name, comparison] : comparisons) {
    Data section("name", name);
    section.set("summary", LayerSummary(*comparison));
    if (!comparison->layers.empty()) {
      const bool stands_out = JudgeLayers(*comparison).jump.has_value();
      section.set("unfolded", stands_out || comparison == comparisons.front().comparison);
      section.set("parts", LayerData(LayerPageOf(*comparison, name), 3));
    }
    sections.push_back(section);
  }
  return sections;
}

}  // namespace qbench::reports
