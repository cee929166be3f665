// Gathers what of a .tflite file the IR does not have, so that a reader can say all of it at once.
// Internal to graph/.
#pragma once

#include <string>
#include <vector>

#include "base/status.h"

namespace qbench::graph {

class Obstacles {
 public:
  // An operator of a kind that is not known, by its name and what it computes ("block/elu").
  void AddOperator(const std::string& kind, const std::string& layer);
  // Anything else; the same `what` again is counted. `where`: "tensor 3 ('x')".
  void Add(const std::string& what, const std::string& where);

  bool empty() const { return operators_.empty() && others_.empty(); }
  // One line for all kinds of operators, and one for each of the rest.
  std::vector<std::string> List() const;
  // OK where there are none, else kUnsupported with the list.
  Status ToStatus() const;

 private:
  struct Counted {
    std::string what;
    std::string first;
    size_t count = 0;
  };
  static void Count(std::vector<Counted>& list, const std::string& what, const std::string& where);

  std::vector<Counted> operators_;  // in the order in which they were found
  std::vector<Counted> others_;
};

}  // namespace qbench::graph
