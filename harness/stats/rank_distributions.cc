#include "harness/stats/rank_distributions.h"

namespace qbench::stats {

// By Mann and Whitney's recurrence: the largest value of all is one of the m, which adds nothing to
// U, or one of the n, which adds m.
std::vector<double> MannWhitneyCounts(size_t m, size_t n) {
  // rows[j]: the counts for i and j values, i growing.
  std::vector<std::vector<double>> rows(n + 1, std::vector<double>{1.0});
  for (size_t i = 1; i <= m; ++i) {
    for (size_t j = 1; j <= n; ++j) {
      rows[j].resize(i * j + 1, 0.0);
      for (size_t u = 0; u < rows[j - 1].size(); ++u) rows[j][u + i] += rows[j - 1][u];
    }
  }
  return rows[n];
}

std::vector<double> SignedRankProbabilities(size_t n) {
  const size_t total = n * (n + 1) / 2;
  std::vector<double> probability(total + 1, 0.0);  // of each sum, with the ranks so far
  probability[0] = 1;
  for (size_t rank = 1; rank <= n; ++rank) {
    for (size_t sum = rank * (rank + 1) / 2 + 1; sum-- > 0;) {
      const double with = sum >= rank ? probability[sum - rank] : 0.0;
      probability[sum] = (probability[sum] + with) / 2;
    }
  }
  return probability;
}

}  // namespace qbench::stats
