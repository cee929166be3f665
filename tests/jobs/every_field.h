// Every field of a job or result, one after another: filled with something that is not its default,
// and compared. C++ cannot count the members of a struct, so kFieldCount says how many there are: a
// wrong count does not compile, and so a new field cannot be forgotten here.
#pragma once

#include <algorithm>
#include <filesystem>
#include <optional>
#include <string>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <vector>

#include "fmt/format.h"
#include "harness/jobs/jobs.h"

namespace qbench::jobs {

template <typename T>
inline constexpr int kFieldCount = 0;
template <typename T>
inline constexpr int kFieldCount<const T> = kFieldCount<T>;

#define QBENCH_FIELDS(type, count) \
  template <>                      \
  inline constexpr int kFieldCount<type> = count
QBENCH_FIELDS(host::Option, 2);
QBENCH_FIELDS(host::OptionInfo, 4);
QBENCH_FIELDS(host::Fact, 2);
QBENCH_FIELDS(host::PluginDescriptor, 11);
QBENCH_FIELDS(host::SamplesRef, 6);
QBENCH_FIELDS(measure::LatencySettings, 5);
QBENCH_FIELDS(measure::LatencySamples, 5);
QBENCH_FIELDS(measure::MemoryUse, 4);
QBENCH_FIELDS(measure::Conditions, 12);
QBENCH_FIELDS(measure::MachinePeaks, 3);
QBENCH_FIELDS(stats::DifferenceSums, 10);
QBENCH_FIELDS(store::OperatorProfile, 14);
QBENCH_FIELDS(store::MachinePeak, 7);
QBENCH_FIELDS(checks::CheckFiles, 5);
QBENCH_FIELDS(OptionFile, 3);
QBENCH_FIELDS(PluginUse, 4);
QBENCH_FIELDS(ProbeJob, 3);
QBENCH_FIELDS(ProbeJob::Try, 3);
QBENCH_FIELDS(ProbeResult, 2);
QBENCH_FIELDS(ProbeResult::Entry, 5);
QBENCH_FIELDS(ImportChoice, 3);
QBENCH_FIELDS(ImportJob, 3);
QBENCH_FIELDS(InputTraits, 4);
QBENCH_FIELDS(ImportResult, 18);
QBENCH_FIELDS(QuantizeJob, 8);
QBENCH_FIELDS(QuantizeResult, 9);
QBENCH_FIELDS(QuantizeResult::Entry, 5);
QBENCH_FIELDS(AccuracyJob, 7);
QBENCH_FIELDS(AccuracyResult, 9);
QBENCH_FIELDS(LatencyJob, 6);
QBENCH_FIELDS(LatencyResult, 9);
QBENCH_FIELDS(ProfileJob, 7);
QBENCH_FIELDS(ProfileResult, 6);
QBENCH_FIELDS(PeakJob, 2);
QBENCH_FIELDS(PeakResult, 1);
QBENCH_FIELDS(DifferenceJob, 5);
QBENCH_FIELDS(DifferenceResult, 11);
QBENCH_FIELDS(DifferenceResult::Layer, 10);
QBENCH_FIELDS(ModelsJob, 4);
QBENCH_FIELDS(ModelsJob::Model, 2);
QBENCH_FIELDS(ModelsResult, 1);
QBENCH_FIELDS(CheckJob, 8);
QBENCH_FIELDS(CheckResult, 2);
#undef QBENCH_FIELDS

// The first members, which a worker does not know: numbers of rows of the store.
template <typename T>
inline constexpr int kFieldsLeftOut = 0;
template <>
inline constexpr int kFieldsLeftOut<store::OperatorProfile> = 2;
template <>
inline constexpr int kFieldsLeftOut<const store::OperatorProfile> = 2;
template <>
inline constexpr int kFieldsLeftOut<store::MachinePeak> = 2;
template <>
inline constexpr int kFieldsLeftOut<const store::MachinePeak> = 2;

// Of a measurement, those with the trait kFromWorker.
template <>
inline constexpr int kFieldCount<store::Measurement> = 6;

template <typename T>
concept Struct = kFieldCount<T> >
0;

// References to all members of a struct.
template <Struct T>
auto AllFieldsOf(T& value) {
  constexpr int n = kFieldCount<T>;
#define QBENCH_TIE(count, ...)    \
  if constexpr (n == (count)) {   \
    auto& [__VA_ARGS__] = value;  \
    return std::tie(__VA_ARGS__); \
  }
  QBENCH_TIE(1, a)
  QBENCH_TIE(2, a, b)
  QBENCH_TIE(3, a, b, c)
  QBENCH_TIE(4, a, b, c, d)
  QBENCH_TIE(5, a, b, c, d, e)
  QBENCH_TIE(6, a, b, c, d, e, f)
  QBENCH_TIE(7, a, b, c, d, e, f, g)
  QBENCH_TIE(8, a, b, c, d, e, f, g, h)
  QBENCH_TIE(9, a, b, c, d, e, f, g, h, i)
  QBENCH_TIE(10, a, b, c, d, e, f, g, h, i, j)
  QBENCH_TIE(11, a, b, c, d, e, f, g, h, i, j, k)
  QBENCH_TIE(12, a, b, c, d, e, f, g, h, i, j, k, l)
  QBENCH_TIE(13, a, b, c, d, e, f, g, h, i, j, k, l, m)
  QBENCH_TIE(14, a, b, c, d, e, f, g, h, i, j, k, l, m, o)
  QBENCH_TIE(15, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p)
  QBENCH_TIE(16, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q)
  QBENCH_TIE(17, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r)
  QBENCH_TIE(18, a, b, c, d, e, f, g, h, i, j, k, l, m, o, p, q, r, s)
#undef QBENCH_TIE
  static_assert(n <= 18, "add a line above");
}

// References to the members that travel.
template <Struct T>
auto FieldsOf(T& value) {
  if constexpr (std::is_same_v<std::remove_const_t<T>, store::Measurement>) {
    return std::tie(value.wall_seconds, value.peak_rss_bytes, value.load_ms, value.first_ms,
                    value.warmup_runs, value.warmup_seconds);
  } else if constexpr (kFieldsLeftOut<T> == 2) {
    return std::apply([](auto&, auto&, auto&... rest) { return std::tie(rest...); },
                      AllFieldsOf(value));
  } else {
    static_assert(kFieldsLeftOut<T> == 0);
    return AllFieldsOf(value);
  }
}

template <typename T>
inline constexpr bool kIsVector = false;
template <typename T>
inline constexpr bool kIsVector<std::vector<T>> = true;
template <typename T>
inline constexpr bool kIsOptional = false;
template <typename T>
inline constexpr bool kIsOptional<std::optional<T>> = true;

// Gives every field a value that differs from its default and from every other field's, where the
// type has as many.
class Filler {
 public:
  template <typename T>
  void Fill(T& value) {
    if constexpr (Struct<T>) {
      std::apply([&](auto&... field) { (Fill(field), ...); }, FieldsOf(value));
    } else if constexpr (kIsVector<T>) {
      value.resize(2);
      for (auto& element : value) Fill(element);
    } else if constexpr (kIsOptional<T>) {
      Fill(value.emplace());
    } else {
      Leaf(value);
    }
  }

 private:
  void Leaf(bool& value) { value = !value; }
  void Leaf(std::string& value) { value = fmt::format("text \"{}\"", ++count_); }
  void Leaf(std::filesystem::path& value) { value = fmt::format("/a path/{}", ++count_); }
  void Leaf(Json& value) { value = {++count_}; }
  template <typename T>
  requires(std::is_arithmetic_v<T>) void Leaf(T& value) {
    value = static_cast<T>(value + static_cast<T>(++count_) +
                           (std::is_floating_point_v<T> ? static_cast<T>(0.5) : T()));
  }
  // Each of these has two values.
  void Leaf(host::PluginKind& value) { Other(value); }
  void Leaf(store::PeakKind& value) { Other(value); }
  template <typename T>
  static void Other(T& value) {
    value = value == T{} ? static_cast<T>(1) : T{};
  }

  int count_ = 0;
};

// Where the two differ: "field 3 of …ImportResult…", as the compiler calls the types.
template <typename T>
void FindDifferences(const T& a, const T& b, const std::string& name,
                     std::vector<std::string>& found) {
  if constexpr (Struct<T>) {
    const auto compare = [&]<size_t... i>(std::index_sequence<i...>) {
      (FindDifferences(std::get<i>(FieldsOf(a)), std::get<i>(FieldsOf(b)),
                       fmt::format("field {} of {}", i + 1, typeid(T).name()), found),
       ...);
    };
    compare(std::make_index_sequence<static_cast<size_t>(kFieldCount<T> - kFieldsLeftOut<T>)>());
  } else if constexpr (kIsVector<T>) {
    if (a.size() != b.size()) found.push_back(name);
    for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
      FindDifferences(a[i], b[i], name, found);
    }
  } else if constexpr (kIsOptional<T>) {
    if (a.has_value() != b.has_value()) found.push_back(name);
    if (a.has_value() && b.has_value()) FindDifferences(*a, *b, name, found);
  } else if (a != b) {
    found.push_back(name);
  }
}

}  // namespace qbench::jobs
