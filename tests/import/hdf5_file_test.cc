// The adapter over libhdf5, on sound files that hold what no Keras model does. (Damaged ones, which
// crash the library, are keras_file_test's and the fuzz target's: those run in a process apart.)
#include "graph/import/keras/hdf5_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "graph/import/keras/keras_file.h"
#include "hdf5.h"

namespace qbench::graph::import {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr uint64_t kPlenty = 1 << 20;

struct Content {
  std::vector<uint64_t> dims;
  bool is_float = false;
  std::vector<float> values;
};

// All that a data set holds.
Result<Content> ReadArray(const Hdf5Group& group, const std::string& name, uint64_t max_bytes) {
  QB_ASSIGN_OR_RETURN(const Hdf5Array array, group.OpenArray(name, max_bytes));
  Content content{array.dims(), array.is_float(), {}};
  if (content.is_float) {
    QB_ASSIGN_OR_RETURN(content.values, array.ReadAll());
  }
  return content;
}

// Writes files with the library itself.
class Hdf5FileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    file_ = H5Fcreate(path().c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    ASSERT_GE(file_, 0);
  }
  std::filesystem::path path() const { return folder_.path() / "file.h5"; }

  void Group(const char* name) const {
    ASSERT_GE(H5Gclose(H5Gcreate2(file_, name, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT)), 0);
  }
  // A data set of floats, stored as `type`.
  void Array(const char* name, const std::vector<hsize_t>& dims, const std::vector<float>& values,
             hid_t type = H5T_IEEE_F32LE, hid_t creation = H5P_DEFAULT) const {
    const Hdf5Id space(dims.empty()
                           ? H5Screate(H5S_SCALAR)
                           : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr));
    const Hdf5Id data(
        H5Dcreate2(file_, name, type, space.get(), H5P_DEFAULT, creation, H5P_DEFAULT));
    ASSERT_TRUE(data.ok()) << name;
    if (values.empty()) return;
    ASSERT_GE(H5Dwrite(data.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()),
              0);
  }
  // An attribute of the root: `count` 0 is a scalar, -1 an empty array.
  void Attribute(const char* name, hid_t type, int count, const void* values) const {
    AttributeOf(file_, name, type, count, values);
  }
  static void AttributeOf(hid_t owner, const char* name, hid_t type, int count,
                          const void* values) {
    const auto size = static_cast<hsize_t>(std::max(count, 0));
    const Hdf5Id space(count == 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &size, nullptr));
    const Hdf5Id attribute(H5Acreate2(owner, name, type, space.get(), H5P_DEFAULT, H5P_DEFAULT));
    ASSERT_TRUE(attribute.ok()) << name;
    if (values == nullptr) return;
    ASSERT_GE(H5Awrite(attribute.get(), type, values), 0);
  }
  Hdf5Group Root() {
    EXPECT_GE(H5Fclose(file_), 0);
    Result<Hdf5Group> root = Hdf5Group::OpenFile(path());
    EXPECT_TRUE(root.ok()) << root.status().message();
    return std::move(root).value();
  }

  const TempDir folder_ = *TempDir::Create("hdf5-file-test");
  hid_t file_ = -1;
};

TEST_F(Hdf5FileTest, ReadsFloatsOfEverySizeAndRank) {
  Hdf5Id half(H5Tcopy(H5T_IEEE_F32LE));
  ASSERT_GE(H5Tset_fields(half.get(), 15, 10, 5, 0, 10), 0);
  ASSERT_GE(H5Tset_size(half.get(), 2), 0);
  ASSERT_GE(H5Tset_ebias(half.get(), 15), 0);
  const std::vector<float> values = {0.5F, -1.0F, 2.0F, 3.0F, -4.0F, 0.25F};
  Group("layer");
  Array("layer/f32", {2, 3}, values);
  Array("f64", {6}, values, H5T_IEEE_F64BE);
  Array("f16", {3, 1, 2}, values, half.get());
  Array("scalar", {}, {7.0F});
  Array("empty", {0, 3}, {});
  const Hdf5Group root = Root();
  const auto matrix = ReadArray(root, "layer/f32", kPlenty);
  ASSERT_TRUE(matrix.ok()) << matrix.status().message();
  EXPECT_TRUE(matrix->is_float);
  EXPECT_THAT(matrix->dims, ElementsAre(2, 3));
  EXPECT_EQ(matrix->values, values);
  EXPECT_EQ(ReadArray(root, "f64", kPlenty)->values, values);
  EXPECT_EQ(ReadArray(root, "f16", kPlenty)->values, values);
  EXPECT_THAT(ReadArray(root, "f16", kPlenty)->dims, ElementsAre(3, 1, 2));
  EXPECT_THAT(ReadArray(root, "scalar", kPlenty)->dims, IsEmpty());
  EXPECT_THAT(ReadArray(root, "scalar", kPlenty)->values, ElementsAre(7.0F));
  EXPECT_THAT(ReadArray(root, "empty", kPlenty)->dims, ElementsAre(0, 3));
  EXPECT_THAT(ReadArray(root, "empty", kPlenty)->values, IsEmpty());
  const Result<Hdf5Group> layer = root.Open("layer");
  ASSERT_TRUE(layer.ok());
  EXPECT_EQ(ReadArray(*layer, "f32", kPlenty)->values, values);
}

TEST_F(Hdf5FileTest, ReadsColumns) {
  std::vector<float> values(2 * 3 * 5);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  Array("cube", {2, 3, 5}, values);
  const hsize_t chunk[] = {1, 2, 2};
  const Hdf5Id chunked(H5Pcreate(H5P_DATASET_CREATE));
  ASSERT_GE(H5Pset_chunk(chunked.get(), 3, chunk), 0);
  Array("chunked", {2, 3, 5}, values, H5T_IEEE_F64LE, chunked.get());
  const Hdf5Group root = Root();
  for (const char* name : {"cube", "chunked"}) {
    const Result<Hdf5Array> array = root.OpenArray(name, kPlenty);
    ASSERT_TRUE(array.ok()) << array.status().message();
    std::vector<float> columns(2 * 3 * 2);
    ASSERT_TRUE(array->Read(3, 2, columns).ok());
    for (size_t i = 0; i < columns.size(); ++i) {
      EXPECT_EQ(columns[i], static_cast<float>(i / 2 * 5 + 3 + i % 2)) << name << " " << i;
    }
    EXPECT_EQ(array->Read(4, 2, columns).code(), StatusCode::kCorrupt) << "beyond the end";
  }
}

// More than is read at a time.
TEST_F(Hdf5FileTest, TurnsALargeWeight) {
  constexpr hsize_t kRows = 3;
  constexpr hsize_t kColumns = 4'000'003;
  std::vector<float> values(kRows * kColumns);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  Hdf5Id text(H5Tcopy(H5T_C_S1));
  ASSERT_GE(H5Tset_size(text.get(), 5), 0);
  Group("model_weights");
  Group("model_weights/layer");
  Array("model_weights/layer/large", {kRows, kColumns}, values);
  Attribute("model_config", text.get(), 0, "{}\0\0\0");
  {
    const Hdf5Id weights(H5Gopen2(file_, "model_weights", H5P_DEFAULT));
    AttributeOf(weights.get(), "layer_names", text.get(), 1, "layer");
    const Hdf5Id layer(H5Gopen2(file_, "model_weights/layer", H5P_DEFAULT));
    AttributeOf(layer.get(), "weight_names", text.get(), 1, "large");
  }
  Root();
  const Result<KerasFile> file = ReadKerasFile(path());
  ASSERT_TRUE(file.ok()) << file.status().message();
  const KerasWeight& weight = file->groups.at(0).weights.at(0);
  EXPECT_THAT(weight.dims, ElementsAre(kRows, kColumns));
  ASSERT_EQ(weight.data.size(), values.size() * sizeof(float));
  for (const size_t column : {hsize_t{0}, hsize_t{2'796'202}, kColumns - 1}) {
    for (size_t row = 0; row < kRows; ++row) {
      const size_t place = column * kRows + row;
      EXPECT_EQ(LoadUnaligned<float>(weight.data.subspan(place * sizeof(float))),
                values[row * kColumns + column]);
    }
  }
  EXPECT_TRUE(weight.Values() == values);
}

TEST_F(Hdf5FileTest, OtherTypesAreThereWithoutValues) {
  Array("integers", {4}, {1, 2, 3, 4}, H5T_STD_I32LE);
  const auto integers = ReadArray(Root(), "integers", kPlenty);
  ASSERT_TRUE(integers.ok());
  EXPECT_FALSE(integers->is_float);
  EXPECT_THAT(integers->dims, ElementsAre(4));
  EXPECT_THAT(integers->values, IsEmpty());
}

TEST_F(Hdf5FileTest, WhatIsTooLargeIsRefusedBeforeItIsRead) {
  const Hdf5Id chunked(H5Pcreate(H5P_DATASET_CREATE));
  const hsize_t chunk[] = {1, 1};
  ASSERT_GE(H5Pset_chunk(chunked.get(), 2, chunk), 0);
  // Nothing of it is stored: the file stays small.
  Array("claims", {hsize_t{1} << 20, hsize_t{1} << 20}, {}, H5T_IEEE_F32LE, chunked.get());
  Array("four", {4}, {1, 2, 3, 4});
  Array("nine_dimensions", {1, 1, 1, 1, 1, 1, 1, 1, 1}, {1});
  const Hdf5Group root = Root();
  EXPECT_THAT(ReadArray(root, "claims", kPlenty).status().message(),
              HasSubstr("claims more data than the file holds"));
  EXPECT_TRUE(ReadArray(root, "four", 16).ok());
  EXPECT_EQ(ReadArray(root, "four", 15).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(ReadArray(root, "nine_dimensions", kPlenty).status().code(), StatusCode::kCorrupt);
}

TEST_F(Hdf5FileTest, NoOtherFileIsRead) {
  const std::filesystem::path other = folder_.path() / "other.h5";
  const std::filesystem::path raw = folder_.path() / "raw";
  ASSERT_TRUE(WriteFileAtomically(raw, std::string(16, '\1')).ok());
  {
    const Hdf5Id created(H5Fcreate(other.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT));
    const Hdf5Id group(H5Gcreate2(created.get(), "group", H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT));
    const hsize_t four = 4;
    const Hdf5Id space(H5Screate_simple(1, &four, nullptr));
    const Hdf5Id data(H5Dcreate2(created.get(), "data", H5T_IEEE_F32LE, space.get(), H5P_DEFAULT,
                                 H5P_DEFAULT, H5P_DEFAULT));
    ASSERT_TRUE(data.ok());
  }
  for (const char* name : {"group", "data"}) {
    ASSERT_GE(H5Lcreate_external(other.c_str(), name, file_, name, H5P_DEFAULT, H5P_DEFAULT), 0);
  }
  const Hdf5Id outside(H5Pcreate(H5P_DATASET_CREATE));
  ASSERT_GE(H5Pset_external(outside.get(), raw.c_str(), 0, 16), 0);
  Array("outside", {4}, {}, H5T_IEEE_F32LE, outside.get());
  const Hdf5Id mapped(H5Pcreate(H5P_DATASET_CREATE));
  const hsize_t four = 4;
  const Hdf5Id space(H5Screate_simple(1, &four, nullptr));
  ASSERT_GE(H5Pset_virtual(mapped.get(), space.get(), other.c_str(), "data", space.get()), 0);
  Array("mapped", {4}, {}, H5T_IEEE_F32LE, mapped.get());
  const Hdf5Group root = Root();
  EXPECT_EQ(root.Open("group").status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(ReadArray(root, "data", kPlenty).status().code(), StatusCode::kCorrupt);
  for (const char* name : {"outside", "mapped"}) {
    const Status status = ReadArray(root, name, kPlenty).status();
    EXPECT_EQ(status.code(), StatusCode::kUnsupported) << name;
    EXPECT_THAT(status.message(), HasSubstr("in another file"));
  }
}

TEST_F(Hdf5FileTest, ReadsTextOfFixedAndVariableLength) {
  Hdf5Id variable(H5Tcopy(H5T_C_S1));
  ASSERT_GE(H5Tset_size(variable.get(), H5T_VARIABLE), 0);
  Hdf5Id fixed(H5Tcopy(H5T_C_S1));
  ASSERT_GE(H5Tset_size(fixed.get(), 4), 0);
  const char* const texts[] = {"first", "", "a longer one"};
  Attribute("variable", variable.get(), 3, static_cast<const void*>(texts));
  Attribute("scalar", variable.get(), 0, static_cast<const void*>(texts));
  Attribute("fixed", fixed.get(), 2, "ab\0\0full");
  Attribute("none", H5T_IEEE_F64LE, -1, nullptr);  // as Keras writes an empty list
  const double number = 1;
  Attribute("number", H5T_NATIVE_DOUBLE, 0, &number);
  const Hdf5Group root = Root();
  EXPECT_THAT(*root.Strings("variable", kPlenty), ElementsAre("first", "", "a longer one"));
  EXPECT_THAT(*root.Strings("scalar", kPlenty), ElementsAre("first"));
  EXPECT_THAT(*root.Strings("fixed", kPlenty), ElementsAre("ab", "full"));
  EXPECT_THAT(*root.Strings("none", kPlenty), IsEmpty());
  EXPECT_TRUE(root.HasAttribute("number"));
  EXPECT_FALSE(root.HasAttribute("missing"));
  for (const char* name : {"number", "missing"}) {
    const Status status = root.Strings(name, kPlenty).status();
    EXPECT_EQ(status.code(), StatusCode::kCorrupt);
    EXPECT_THAT(status.message(), HasSubstr(name));
  }
  EXPECT_EQ(root.Strings("fixed", 7).status().code(), StatusCode::kCorrupt);
  EXPECT_EQ(root.Strings("variable", 16).status().code(), StatusCode::kCorrupt);
}

TEST_F(Hdf5FileTest, WhatIsMissingIsNamed) {
  Array("data", {1}, {1});
  const Hdf5Group root = Root();
  for (const char* name : {"missing", "data/below", "", "/missing"}) {
    EXPECT_EQ(ReadArray(root, name, kPlenty).status().code(), StatusCode::kCorrupt) << name;
    EXPECT_EQ(root.Open(name).status().code(), StatusCode::kCorrupt) << name;
  }
  EXPECT_THAT(ReadArray(root, "missing", kPlenty).status().message(), HasSubstr("\"missing\""));
  EXPECT_EQ(root.Open("data").status().code(), StatusCode::kCorrupt);  // no group
}

TEST_F(Hdf5FileTest, WhatIsNoHdf5FileIsSaidToBeNone) {
  ASSERT_GE(H5Fclose(file_), 0);
  ASSERT_TRUE(WriteFileAtomically(path(), "a text").ok());
  const Status status = Hdf5Group::OpenFile(path()).status();
  EXPECT_EQ(status.code(), StatusCode::kCorrupt);
  EXPECT_THAT(status.message(), HasSubstr("not an HDF5 file"));
  EXPECT_EQ(Hdf5Group::OpenFile(folder_.path() / "none.h5").status().code(), StatusCode::kCorrupt);
}

}  // namespace
}  // namespace qbench::graph::import
