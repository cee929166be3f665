// The parts of the HTML page, as data for its template (page/report.mustache). Internal to reports.
// All texts go through the template's escaping; what is marked "ready HTML" is made of numbers.
#pragma once

#include "reports/layer_page.h"
#include "reports/page_data.h"
#include "reports/pictures.h"
#include "reports/variants.h"

namespace qbench::reports {

// {columns: [{title, explanation, number}], rows: [{name, problem, new_model, cells: [{text, sort,
// mark, kind}]}]}: the main table; the first column has the variants' names, then come those that
// decide.
Data ResultsTable(const RunView& run);

// [{title, id, json, rows}]: a chart for each data set; `json` is safe inside a <script> element,
// `rows` are its figures as text.
Data ChartSections(const RunView& run);

// [{title, explanation (ready HTML)}]: the columns of figures of "Latency in detail".
Data LatencyColumns();

// [{name, svg (ready HTML), invalid, figures: [{text}]}]: one a variant with latency samples, its
// figures in the order of those columns.
Data LatencyRows(const RunView& run);

// [{text}]: the marks above their ridges.
Data LatencyScaleMarks(const RunView& run);

// [{svg (ready HTML), rows: [{name, process, seconds, temperature, clock, load, throttled}],
// rest}]: one, the board over the run; none where fewer than two processes say when they ran.
Data BoardSection(const RunView& run);

// [{title, remark, classes: [{label}], rows: [{name, cells: [{text, heat}]}]}]: a table for each
// data set.
Data ClassTables(const RunView& run);

// [{name, open, labels, rows: [{label, cells: [{text, heat, hot, diagonal}]}], pairs: […]}]: one a
// group of cells with the same predictions.
Data ConfusionTables(const RunView& run);

// [{names, summary, images, rest}]: the images that cells with the same predictions put into
// another class than float does; what page/flipped_images.mustache shows.
Data FlipSections(const RunView& run, const Pictures& pictures);

// What page/layer_difference.mustache shows of a comparison; its headings are <h2> or the like.
Data LayerData(const LayerPage& page, int heading_level);
// That template, to be set as "layer_difference" in the data of one that includes it.
Data LayerPartial();

// [{name, summary, reason, open, parts: LayerData}]: one an artifact that was compared with float.
Data ComparisonSections(const RunView& run);

// [{name, delegation, shown, unfolded, rows: […]}]: one a variant that was profiled; what
// page/operators.mustache shows.
Data OperatorSections(const RunView& run);

// [{title, facts: [{name, value}]}]
Data ProvenanceTables(const RunView& run);
// Those of the run and its host alone, without models, plugins, artifacts and logs.
Data RunProvenanceTables(const RunView& run);

}  // namespace qbench::reports
