// `qbench dataset import intel PATH`: takes the Intel Image Classification set as Kaggle delivers
// it, as folder or zip, into the data home, where `--dataset intel` finds it.
#pragma once

#include "datasets/import/importers.h"

namespace qbench::datasets {

ImportableDataset IntelDataset();

// Copies into <data home>/datasets/intel/{train,calibration,test}, replacing an earlier import only
// when all has gone well. kNotFound or kInvalidArgument where the source is not the Intel set (the
// message says what is missing), kCorrupt for a zip that is damaged or hostile, kIo, kCancelled.
Result<ImportReport> ImportIntel(const ImportOptions& options);

}  // namespace qbench::datasets
