// What the templates of all pages (reports/page) are filled with alike. Internal to reports.
#pragma once

#include <kainjow/mustache.hpp>
#include <string>
#include <vector>

namespace qbench::reports {

using Data = kainjow::mustache::data;

// [{text}]
Data TextList(const std::vector<std::string>& texts);

// A section appears only where it has something to show: sets `name`, and `has_name`, unless the
// list is empty.
void SetIfAny(Data* section, const std::string& name, const Data& list);

}  // namespace qbench::reports
