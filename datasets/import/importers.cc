#include "datasets/import/importers.h"

#include <algorithm>

#include "datasets/import/intel_import.h"

namespace qbench::datasets {

std::span<const DatasetImporter> DatasetImporters() {
  static const std::vector<DatasetImporter> importers = {{IntelDataset(), &ImportIntel}};
  return importers;
}

const DatasetImporter* FindImporter(std::string_view name) {
  const auto found = std::ranges::find_if(DatasetImporters(), [&](const DatasetImporter& importer) {
    return importer.dataset.name == name;
  });
  return found == DatasetImporters().end() ? nullptr : &*found;
}

std::vector<ImportableDataset> ImportableDatasets() {
  std::vector<ImportableDataset> importable;
  for (const DatasetImporter& importer : DatasetImporters()) importable.push_back(importer.dataset);
  return importable;
}

}  // namespace qbench::datasets
