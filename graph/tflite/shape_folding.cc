#include "graph/tflite/shape_folding.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "graph/tflite/tflite_codes.h"
#include "graph/tflite/tflite_names.h"

namespace qbench::graph {
namespace {

constexpr size_t kMostElements = 16;

// One number of a shape.
struct Number {
  bool batch = false;  // the open batch, whatever it is
  int64_t value = 0;
};
using Numbers = std::vector<Number>;

class Folder {
 public:
  explicit Folder(const TfliteFile& file) : file_(file), subgraph_(file.main()) {}

  ShapeFolding Fold() {
    const size_t ops = subgraph_.operators() == nullptr ? 0 : subgraph_.operators()->size();
    ShapeFolding none{.folded = std::vector<bool>(ops, false), .new_shapes = {}};
    ShapeFolding result = none;
    for (size_t i = 0; i < ops; ++i) result.folded[i] = Evaluate(Op(i));
    if (values_.empty()) return none;
    for (size_t i = 0; i < ops; ++i) {
      const wire::Operator& op = Op(i);
      if (result.folded[i] || !ReadsValues(op)) continue;
      std::optional<std::vector<int32_t>> shape = NewShape(op);
      if (!shape) return none;
      result.new_shapes.emplace(i, std::move(*shape));
    }
    for (const int32_t output : Elements(subgraph_.outputs())) {
      if (values_.contains(output)) return none;
    }
    return result;
  }

 private:
  const wire::Operator& Op(size_t i) const {
    return *subgraph_.operators()->Get(static_cast<flatbuffers::uoffset_t>(i));
  }
  const wire::Tensor& At(int32_t id) const {
    return *subgraph_.tensors()->Get(static_cast<flatbuffers::uoffset_t>(id));
  }
  bool Is(const wire::Operator& op, std::string_view name) const {
    return BuiltinCode(*file_.model().operator_codes()->Get(op.opcode_index())) ==
           BuiltinOperatorCode(name);
  }
  static int32_t In(const wire::Operator& op, size_t i) {
    return op.inputs() != nullptr && i < op.inputs()->size()
               ? op.inputs()->Get(static_cast<flatbuffers::uoffset_t>(i))
               : -1;
  }

  bool ReadsValues(const wire::Operator& op) const {
    return std::ranges::any_of(Elements(op.inputs()),
                               [&](int32_t id) { return values_.contains(id); });
  }

  // The numbers of an int32 tensor: computed by an operator before, or constant.
  std::optional<Numbers> ValuesOf(int32_t id) const {
    if (id < 0) return std::nullopt;
    if (const auto found = values_.find(id); found != values_.end()) return found->second;
    const ByteSpan data = file_.BufferData(At(id).buffer());
    if (At(id).type() != CodeOf(DataType::kInt32) || data.empty() ||
        data.size() % sizeof(int32_t) != 0 || data.size() > kMostElements * sizeof(int32_t)) {
      return std::nullopt;
    }
    Numbers numbers;
    for (size_t i = 0; i < data.size(); i += sizeof(int32_t)) {
      numbers.push_back({false, LoadUnaligned<int32_t>(data.subspan(i))});
    }
    return numbers;
  }

  // Whether the operator's output is known now.
  bool Evaluate(const wire::Operator& op) {
    const std::vector<int32_t> outputs = Elements(op.outputs());
    if (outputs.size() != 1 || At(outputs[0]).type() != CodeOf(DataType::kInt32)) return false;
    std::optional<Numbers> numbers;
    if (Is(op, "SHAPE")) numbers = OfShape(op);
    if (Is(op, "STRIDED_SLICE")) numbers = OfSlice(op);
    if (Is(op, "PACK")) numbers = OfPack(op);
    if (!numbers || numbers->size() > kMostElements) return false;
    values_[outputs[0]] = std::move(*numbers);
    return true;
  }

  std::optional<Numbers> OfShape(const wire::Operator& op) const {
    if (In(op, 0) < 0) return std::nullopt;
    const std::vector<int32_t> shape = StatedShape(At(In(op, 0)));
    Numbers numbers;
    for (size_t i = 0; i < shape.size(); ++i) {
      if (shape[i] < 1 && (shape[i] != -1 || i > 0)) return std::nullopt;
      numbers.push_back({shape[i] == -1, shape[i]});
    }
    return numbers;
  }

  // Of one dimension, forwards.
  std::optional<Numbers> OfSlice(const wire::Operator& op) const {
    const auto* options = op.builtin_options_as_StridedSliceOptions();
    const auto from = values_.find(In(op, 0));
    const auto begin = ValuesOf(In(op, 1));
    const auto end = ValuesOf(In(op, 2));
    const auto stride = ValuesOf(In(op, 3));
    if (options == nullptr || from == values_.end() || !begin || !end || !stride ||
        begin->size() != 1 || end->size() != 1 || stride->size() != 1 ||
        options->ellipsis_mask() != 0 || options->new_axis_mask() != 0 || options->offset()) {
      return std::nullopt;
    }
    if (begin->front().batch || end->front().batch || stride->front().batch) return std::nullopt;
    const auto size = static_cast<int64_t>(from->second.size());
    const auto place = [size](int64_t index) {
      return std::clamp<int64_t>(index < 0 ? index + size : index, 0, size);
    };
    const int64_t first = (options->begin_mask() & 1) != 0 ? 0 : place(begin->front().value);
    if ((options->shrink_axis_mask() & 1) != 0) {
      if (first >= size) return std::nullopt;
      return Numbers{from->second[static_cast<size_t>(first)]};
    }
    const int64_t last = (options->end_mask() & 1) != 0 ? size : place(end->front().value);
    const int64_t step = stride->front().value;
    if (step < 1) return std::nullopt;
    Numbers numbers;
    for (int64_t i = first; i < last; i += step) {
      numbers.push_back(from->second[static_cast<size_t>(i)]);
    }
    return numbers;
  }

  // Scalars to a vector.
  std::optional<Numbers> OfPack(const wire::Operator& op) const {
    Numbers numbers;
    for (const int32_t id : Elements(op.inputs())) {
      const auto values = ValuesOf(id);
      if (!values || values->size() != 1 || !Elements(At(id).shape()).empty()) {
        return std::nullopt;
      }
      numbers.push_back(values->front());
    }
    return numbers;
  }

  // Of a RESHAPE that reads a known value; nothing where it is something else.
  std::optional<std::vector<int32_t>> NewShape(const wire::Operator& op) const {
    const auto found = values_.find(In(op, 1));
    if (!Is(op, "RESHAPE") || found == values_.end() || values_.contains(In(op, 0)) ||
        In(op, 0) < 0) {
      return std::nullopt;
    }
    const Numbers& numbers = found->second;
    const auto is_batch = [](const Number& number) { return number.batch; };
    const auto is_open = [](const Number& number) { return !number.batch && number.value == -1; };
    const auto batches = std::ranges::count_if(numbers, is_batch);
    const auto open = std::ranges::count_if(numbers, is_open);
    if (batches > 1 || open > 1) return std::nullopt;
    // What is left open beside the batch follows from the sample's elements.
    std::optional<int64_t> rest;
    if (batches == 1 && open == 1) {
      rest = OpenDimension(StatedShape(At(In(op, 0))), numbers);
      if (!rest) return std::nullopt;
    }
    std::vector<int32_t> shape;
    for (const Number& number : numbers) {
      int64_t value = number.value;
      if (number.batch) {
        value = -1;
      } else if (number.value == -1 && rest) {
        value = *rest;
      }
      if (value < -1 || value > std::numeric_limits<int32_t>::max()) return std::nullopt;
      shape.push_back(static_cast<int32_t>(value));
    }
    return shape;
  }

  static std::optional<int64_t> OpenDimension(const std::vector<int32_t>& input,
                                              const Numbers& numbers) {
    constexpr int64_t kMost = std::numeric_limits<int32_t>::max();
    if (input.empty() || input[0] != -1) return std::nullopt;
    int64_t elements = 1;
    for (size_t i = 1; i < input.size(); ++i) {
      if (input[i] < 1 || elements > kMost / input[i]) return std::nullopt;
      elements *= input[i];
    }
    int64_t known = 1;
    for (const Number& number : numbers) {
      if (number.batch || number.value == -1) continue;
      if (number.value < 1 || known > kMost / number.value) return std::nullopt;
      known *= number.value;
    }
    if (elements % known != 0) return std::nullopt;
    return elements / known;
  }

  const TfliteFile& file_;
  const wire::SubGraph& subgraph_;
  std::map<int32_t, Numbers> values_;  // by tensor
};

}  // namespace

ShapeFolding FoldShapes(const TfliteFile& file) { return Folder(file).Fold(); }

}  // namespace qbench::graph
