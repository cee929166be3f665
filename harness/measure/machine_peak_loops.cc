#include "harness/measure/machine_peak_loops.h"

#include <numeric>

#if defined(__aarch64__)
#include <sys/auxv.h>
#endif

// Inlined into functions of every target, which then compile it for their instruction set.
#define QBENCH_LOOP [[gnu::always_inline]] inline

namespace qbench::measure {
namespace {

// As many numbers as a register of `bytes` holds; arithmetic on it is element by element (a GNU
// extension that every target knows, wider ones in several registers).
template <typename Element, int bytes>
struct Vector {
  typedef Element Type __attribute__((vector_size(bytes)));
};

// Independent chains x += x * a, which stay in registers: enough to hide the latency of a
// multiply-add (4 to 7 cycles, up to two units), and not more than GCC unrolls. That it is not
// x * a + b spares ARM, whose multiply-add overwrites the summand, a move each.
template <typename Element, int bytes>
QBENCH_LOOP double MultiplyAdd(PeakOperands& operands) {
  using Vec = typename Vector<Element, bytes>::Type;
  constexpr int kLanes = bytes / sizeof(Element);
  constexpr int kChains = 12;
  constexpr int kRounds = 20000;
  Vec factor;
  for (int i = 0; i < kLanes; ++i) factor[i] = static_cast<Element>(operands.factor);
  Vec chains[kChains];
  for (Vec& chain : chains) {
    for (int i = 0; i < kLanes; ++i) chain[i] = static_cast<Element>(1.0F);
  }
  for (int round = 0; round < kRounds; ++round) {
    for (int i = 0; i < kChains; ++i) chains[i] += chains[i] * factor;
  }
  Vec sum = chains[0];
  for (int i = 1; i < kChains; ++i) sum += chains[i];
  operands.sink = static_cast<double>(sum[0]);
  return static_cast<double>(kRounds) * kChains * kLanes;
}

// The inner loop of a matrix product: 4 x 4 dot products at a time, so that loads do not bound it.
template <typename Row>
QBENCH_LOOP double DotProducts(PeakOperands& operands, const Row* rows) {
  constexpr int kRows = PeakOperands::kRows;
  constexpr int kColumns = PeakOperands::kColumns;
  constexpr int kDepth = PeakOperands::kDepth;
  constexpr int kRounds = 50;
  const int8_t* columns = operands.columns();
  for (int round = 0; round < kRounds; ++round) {
    int32_t sums[kRows][kColumns] = {};
    for (int i = 0; i < kDepth; ++i) {
      for (int r = 0; r < kRows; ++r) {
        for (int c = 0; c < kColumns; ++c) {
          sums[r][c] += static_cast<int32_t>(rows[r * kDepth + i]) * columns[c * kDepth + i];
        }
      }
    }
    int32_t sum = 0;
    for (const auto& row : sums) sum = std::accumulate(row, row + kColumns, sum);
    operands.sink = sum;
  }
  return static_cast<double>(kRounds) * kRows * kColumns * kDepth;
}

QBENCH_LOOP double DotProductsSigned(PeakOperands& operands) {
  return DotProducts(operands, operands.signed_rows());
}
QBENCH_LOOP double DotProductsUnsigned(PeakOperands& operands) {
  return DotProducts(operands, operands.unsigned_rows());
}

QBENCH_LOOP double Read(PeakOperands& operands) {
  const std::span<const float> buffer = operands.buffer();
  // Sums of integers may be taken in any order, so this vectorizes without further leave.
  const auto* words = reinterpret_cast<const uint32_t*>(buffer.data());
  uint32_t sum = 0;
  for (size_t i = 0; i < buffer.size(); ++i) sum += words[i];
  operands.sink = sum;
  return static_cast<double>(buffer.size_bytes());
}

QBENCH_LOOP double Triad(PeakOperands& operands) {
  const std::span<float> a = operands.stream(0);
  const std::span<float> b = operands.stream(1);
  const std::span<float> c = operands.stream(2);
  float* __restrict to = a.data();
  const float* __restrict from = b.data();
  const float* __restrict scaled = c.data();
  for (size_t i = 0; i < a.size(); ++i) to[i] = from[i] + 0.5F * scaled[i];
  operands.sink = a[0];
  return 3.0 * static_cast<double>(a.size_bytes());
}

// --- For each instruction set -------------------------------------------------------------------

#if defined(__aarch64__)
constexpr const char* kBaseline = "asimd";
#else
constexpr const char* kBaseline = "baseline";
#endif

double FloatBaseline(PeakOperands& operands) { return MultiplyAdd<float, 16>(operands); }
double SignedBaseline(PeakOperands& operands) { return DotProductsSigned(operands); }
double UnsignedBaseline(PeakOperands& operands) { return DotProductsUnsigned(operands); }
double ReadBaseline(PeakOperands& operands) { return Read(operands); }
double TriadBaseline(PeakOperands& operands) { return Triad(operands); }

#if defined(__x86_64__)

// GCC uses half of a 512-bit register unless told otherwise; Clang has no such word.
#if defined(__clang__)
#define QBENCH_WIDE ""
#else
#define QBENCH_WIDE ",prefer-vector-width=512"
#endif
#define QBENCH_AVX2 [[gnu::target("avx2,fma")]]
#define QBENCH_AVX512 [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl" QBENCH_WIDE)]]
#define QBENCH_AVX512_VNNI \
  [[gnu::target("avx512f,avx512bw,avx512dq,avx512vl,avx512vnni" QBENCH_WIDE)]]

QBENCH_AVX2 double FloatAvx2(PeakOperands& operands) { return MultiplyAdd<float, 32>(operands); }
QBENCH_AVX2 double SignedAvx2(PeakOperands& operands) { return DotProductsSigned(operands); }
QBENCH_AVX2 double ReadAvx2(PeakOperands& operands) { return Read(operands); }
QBENCH_AVX2 double TriadAvx2(PeakOperands& operands) { return Triad(operands); }
QBENCH_AVX512 double FloatAvx512(PeakOperands& operands) {
  return MultiplyAdd<float, 64>(operands);
}
QBENCH_AVX512 double SignedAvx512(PeakOperands& operands) { return DotProductsSigned(operands); }
QBENCH_AVX512 double ReadAvx512(PeakOperands& operands) { return Read(operands); }
QBENCH_AVX512 double TriadAvx512(PeakOperands& operands) { return Triad(operands); }
QBENCH_AVX512_VNNI double UnsignedAvx512Vnni(PeakOperands& operands) {
  return DotProductsUnsigned(operands);
}
// Clang 14 does not know these by their names.
#if !defined(__clang__)
[[gnu::target("avx2,fma,avxvnni")]] double UnsignedAvxVnni(PeakOperands& operands) {
  return DotProductsUnsigned(operands);
}
[[gnu::target("avx512fp16,prefer-vector-width=512")]] double HalfAvx512(PeakOperands& operands) {
  return MultiplyAdd<_Float16, 64>(operands);
}
void AddNewest(std::vector<PeakLoop>& loops) {
  if (__builtin_cpu_supports("avxvnni")) {
    loops.push_back({store::PeakKind::kMultiplyAdd, "int8", "avx_vnni", UnsignedAvxVnni});
  }
  if (__builtin_cpu_supports("avx512fp16")) {
    loops.push_back({store::PeakKind::kMultiplyAdd, "float16", "avx512_fp16", HalfAvx512});
  }
}
#else
void AddNewest(std::vector<PeakLoop>&) {}
#endif

void AddForProcessor(std::vector<PeakLoop>& loops) {
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
  if (avx2) {
    loops.push_back({store::PeakKind::kMultiplyAdd, "float32", "avx2", FloatAvx2});
    loops.push_back({store::PeakKind::kMultiplyAdd, "int8", "avx2", SignedAvx2});
    loops.push_back({store::PeakKind::kBandwidth, "read", "avx2", ReadAvx2});
    loops.push_back({store::PeakKind::kBandwidth, "triad", "avx2", TriadAvx2});
  }
  if (avx512) {
    loops.push_back({store::PeakKind::kMultiplyAdd, "float32", "avx512", FloatAvx512});
    loops.push_back({store::PeakKind::kMultiplyAdd, "int8", "avx512", SignedAvx512});
    loops.push_back({store::PeakKind::kBandwidth, "read", "avx512", ReadAvx512});
    loops.push_back({store::PeakKind::kBandwidth, "triad", "avx512", TriadAvx512});
  }
  if (avx512 && __builtin_cpu_supports("avx512vnni")) {
    loops.push_back({store::PeakKind::kMultiplyAdd, "int8", "avx512_vnni", UnsignedAvx512Vnni});
  }
  AddNewest(loops);
}

#elif defined(__aarch64__)

// The names of the bits are those of <asm/hwcap.h>: ASIMDHP and ASIMDDP.
constexpr uint64_t kHalfPrecision = uint64_t{1} << 10;
constexpr uint64_t kDotProduct = uint64_t{1} << 20;

[[gnu::target("arch=armv8.2-a+dotprod")]] double SignedDotProduct(PeakOperands& operands) {
  return DotProductsSigned(operands);
}

[[gnu::target("arch=armv8.2-a+fp16")]] double HalfAsimd(PeakOperands& operands) {
  return MultiplyAdd<__fp16, 16>(operands);
}

void AddForProcessor(std::vector<PeakLoop>& loops) {
  const uint64_t features = getauxval(AT_HWCAP);
  if ((features & kDotProduct) != 0) {
    loops.push_back({store::PeakKind::kMultiplyAdd, "int8", "asimddp", SignedDotProduct});
  }
  if ((features & kHalfPrecision) != 0) {
    loops.push_back({store::PeakKind::kMultiplyAdd, "float16", "asimdhp", HalfAsimd});
  }
}

#else

void AddForProcessor(std::vector<PeakLoop>&) {}

#endif

}  // namespace

PeakOperands::PeakOperands(uint64_t buffer_bytes)
    : signed_rows_(static_cast<size_t>(kRows) * kDepth, int8_t{3}),
      unsigned_rows_(static_cast<size_t>(kRows) * kDepth, uint8_t{5}),
      columns_(static_cast<size_t>(kColumns) * kDepth, int8_t{2}),
      buffer_(buffer_bytes / sizeof(float), 1.0F) {}

std::vector<PeakLoop> PeakLoops() {
  std::vector<PeakLoop> loops = {
      {store::PeakKind::kMultiplyAdd, "float32", kBaseline, FloatBaseline},
      {store::PeakKind::kMultiplyAdd, "int8", kBaseline, SignedBaseline},
      {store::PeakKind::kMultiplyAdd, "int8", kBaseline, UnsignedBaseline},
      {store::PeakKind::kBandwidth, "read", kBaseline, ReadBaseline},
      {store::PeakKind::kBandwidth, "triad", kBaseline, TriadBaseline},
  };
  AddForProcessor(loops);
  return loops;
}

}  // namespace qbench::measure
