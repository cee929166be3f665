// What must hold of the store's records beyond what the columns' types, CHECKs and foreign keys
// say. Internal to the store.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/status.h"
#include "harness/store/store.h"

namespace qbench::store {

// Every image has one of the split's labels.
Status CheckSplit(const DatasetSplit& split);

// Predictions and confidences: none, or as many as the split has images, each the index of one of
// its labels or -1.
Status CheckPredictions(const Measurement& measurement, size_t images, int64_t labels);

// A layer reads layers before it.
Status CheckLayers(const LayerComparison& comparison);

// That what the cell refers to is there, and its predictions.
Status CheckCell(const RunData& run, const CellData& cell);

// All of it but the cells, and that what artifacts and comparisons refer to is there.
Status CheckRun(const RunData& run);

}  // namespace qbench::store
