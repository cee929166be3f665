#include "graph/import/keras/hdf5_file.h"

#include <cstring>
#include <type_traits>

#include "hdf5.h"

namespace qbench::graph::import {
namespace {

static_assert(std::is_same_v<hid_t, int64_t>);
constexpr int kMaxRank = 8;
constexpr size_t kSieveBytes = size_t{8} << 10;

herr_t RefuseExternalLink(const char*, const char*, const char*, const char*, unsigned*, hid_t,
                          void*) {
  return -1;
}

// Access properties that do not follow links into other files.
Hdf5Id NoExternalLinks(hid_t property_class) {
  Hdf5Id properties(H5Pcreate(property_class));
  H5Pset_elink_cb(properties.get(), RefuseExternalLink, nullptr);
  return properties;
}

// What the library allocated for variable-length strings, given back to it.
class VariableStrings {
 public:
  VariableStrings(hid_t type, hid_t space, size_t count)
      : type_(type), space_(space), texts_(count, nullptr) {}
  VariableStrings(const VariableStrings&) = delete;
  VariableStrings& operator=(const VariableStrings&) = delete;
  ~VariableStrings() { H5Dvlen_reclaim(type_, space_, H5P_DEFAULT, texts_.data()); }
  std::vector<char*>& texts() { return texts_; }

 private:
  hid_t type_;
  hid_t space_;
  std::vector<char*> texts_;
};

Result<std::vector<std::string>> ReadVariableStrings(hid_t attribute, hid_t space, size_t count,
                                                     uint64_t max_bytes) {
  Hdf5Id memory_type(H5Tcopy(H5T_C_S1));
  H5Tset_size(memory_type.get(), H5T_VARIABLE);
  Hdf5Id file_type(H5Aget_type(attribute));
  H5Tset_cset(memory_type.get(), H5Tget_cset(file_type.get()));
  VariableStrings read(memory_type.get(), space, count);
  if (H5Aread(attribute, memory_type.get(), read.texts().data()) < 0) {
    return Error(StatusCode::kCorrupt, "the text cannot be read");
  }
  std::vector<std::string> strings;
  uint64_t total = 0;
  for (const char* text : read.texts()) {
    strings.emplace_back(text == nullptr ? "" : text);
    total += strings.back().size();
    if (total > max_bytes) return Error(StatusCode::kCorrupt, "the text is larger than the file");
  }
  return strings;
}

Result<std::vector<std::string>> ReadFixedStrings(hid_t attribute, hid_t type, size_t count) {
  const size_t length = H5Tget_size(type);
  std::vector<char> buffer(length * count);
  Hdf5Id memory_type(H5Tcopy(type));
  if (H5Aread(attribute, memory_type.get(), buffer.data()) < 0) {
    return Error(StatusCode::kCorrupt, "the text cannot be read");
  }
  std::vector<std::string> strings;
  strings.reserve(count);
  for (size_t i = 0; i < count; ++i) {
    const char* text = buffer.data() + i * length;
    strings.emplace_back(text, strnlen(text, length));
  }
  return strings;
}

// Contiguous, compact or chunked, in this file.
bool StoredHere(hid_t dataset) {
  Hdf5Id creation(H5Dget_create_plist(dataset));
  if (!creation.ok()) return false;
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  if (layout == H5D_CHUNKED || layout == H5D_COMPACT) return true;
  return layout == H5D_CONTIGUOUS && H5Pget_external_count(creation.get()) == 0;
}

bool IsFloatType(hid_t type) {
  if (H5Tget_class(type) != H5T_FLOAT) return false;
  const size_t size = H5Tget_size(type);
  return size == 2 || size == 4 || size == 8;
}

void SetUpLibrary() {
  H5dont_atexit();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  H5PLset_loading_state(0);  // no filter plugins named by the file
}

// How the library gets memory for a file's image: it uses the one that there is, and copies
// nothing.
void* UseImage(size_t, H5FD_file_image_op_t, void* image) { return image; }
void* KeepImage(void* to, const void*, size_t, H5FD_file_image_op_t, void*) { return to; }
herr_t LeaveImage(void*, H5FD_file_image_op_t, void*) { return 0; }
void* SameMemory(void* image) { return image; }
herr_t LeaveMemory(void*) { return 0; }

}  // namespace

Hdf5Id::~Hdf5Id() {
  // Closes whatever kind it is, when the last reference goes.
  if (id_ >= 0) H5Idec_ref(id_);
}

Result<Hdf5Group> Hdf5Group::Open(const char* name, int64_t access) {
  Hdf5Id file(H5Fopen(name, H5F_ACC_RDONLY, access));
  if (!file.ok())
    return Error(StatusCode::kCorrupt,
                 "not an HDF5 file, or a damaged one: copy it again, or save the model again");
  // The root group keeps the file open.
  Hdf5Id root(H5Gopen2(file.get(), "/", H5P_DEFAULT));
  if (!root.ok()) return Error(StatusCode::kCorrupt, "the HDF5 file has no root group");
  return Hdf5Group(std::move(root));
}

Result<Hdf5Group> Hdf5Group::OpenFile(const std::filesystem::path& path) {
  SetUpLibrary();
  Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS));
  // Read-only folders and network file systems have no locks; nobody writes the file meanwhile.
  H5Pset_file_locking(access.get(), false, true);
  // Of large data sets, parts of rows are read; by default each takes 64 KiB of the file.
  H5Pset_sieve_buf_size(access.get(), kSieveBytes);
  return Open(path.c_str(), access.get());
}

Result<Hdf5Group> Hdf5Group::OpenImage(std::span<uint8_t> image) {
  SetUpLibrary();
  Hdf5Id access(H5Pcreate(H5P_FILE_ACCESS));
  H5FD_file_image_callbacks_t callbacks = {UseImage,   KeepImage,   nullptr,     LeaveImage,
                                           SameMemory, LeaveMemory, image.data()};
  if (H5Pset_fapl_core(access.get(), kSieveBytes, false) < 0 ||
      H5Pset_file_image_callbacks(access.get(), &callbacks) < 0 ||
      H5Pset_file_image(access.get(), image.data(), image.size()) < 0) {
    return Error(StatusCode::kInternal, "the HDF5 library takes no file in memory");
  }
  return Open("image", access.get());
}

Result<Hdf5Group> Hdf5Group::Open(const std::string& name) const {
  const Hdf5Id access = NoExternalLinks(H5P_GROUP_ACCESS);
  Hdf5Id group(H5Gopen2(id_.get(), name.c_str(), access.get()));
  if (!group.ok()) return Error(StatusCode::kCorrupt, "there is no group \"{}\"", name);
  return Hdf5Group(std::move(group));
}

bool Hdf5Group::HasGroup(const std::string& name) const {
  if (H5Lexists(id_.get(), name.c_str(), H5P_DEFAULT) <= 0) return false;
  const Hdf5Id access = NoExternalLinks(H5P_GROUP_ACCESS);
  return Hdf5Id(H5Gopen2(id_.get(), name.c_str(), access.get())).ok();
}

bool Hdf5Group::HasArray(const std::string& name) const {
  if (H5Lexists(id_.get(), name.c_str(), H5P_DEFAULT) <= 0) return false;
  const Hdf5Id access = NoExternalLinks(H5P_DATASET_ACCESS);
  return Hdf5Id(H5Dopen2(id_.get(), name.c_str(), access.get())).ok();
}

Result<std::vector<std::string>> Hdf5Group::Groups(size_t most) const {
  H5G_info_t info = {};
  if (H5Gget_info(id_.get(), &info) < 0 || info.nlinks > most) {
    return Error(StatusCode::kCorrupt, "a group is damaged, or has more than {} entries", most);
  }
  std::vector<std::string> names;
  for (hsize_t i = 0; i < info.nlinks; ++i) {
    constexpr size_t kLongest = 4096;
    std::string name(kLongest, '\0');
    const ssize_t length = H5Lget_name_by_idx(id_.get(), ".", H5_INDEX_NAME, H5_ITER_INC, i,
                                              name.data(), name.size(), H5P_DEFAULT);
    if (length < 0 || static_cast<size_t>(length) >= name.size()) {
      return Error(StatusCode::kCorrupt, "entry {} of a group is damaged", i);
    }
    name.resize(static_cast<size_t>(length));
    if (HasGroup(name)) names.push_back(std::move(name));
  }
  return names;
}

bool Hdf5Group::HasAttribute(const std::string& name) const {
  return H5Aexists(id_.get(), name.c_str()) > 0;
}

Result<std::vector<std::string>> Hdf5Group::Strings(const std::string& attribute,
                                                    uint64_t max_bytes) const {
  Hdf5Id id(H5Aopen(id_.get(), attribute.c_str(), H5P_DEFAULT));
  if (!id.ok()) return Error(StatusCode::kCorrupt, "there is no attribute \"{}\"", attribute);
  Hdf5Id type(H5Aget_type(id.get()));
  Hdf5Id space(H5Aget_space(id.get()));
  if (!type.ok() || !space.ok()) {
    return Error(StatusCode::kCorrupt, "the attribute \"{}\" is damaged", attribute);
  }
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  if (count == 0) return std::vector<std::string>();
  const size_t element = H5Tget_size(type.get());
  if (count < 0 || H5Tget_class(type.get()) != H5T_STRING || element == 0 ||
      static_cast<uint64_t>(count) > max_bytes / element) {
    return Error(StatusCode::kCorrupt, "the attribute \"{}\" is not text, or damaged", attribute);
  }
  const auto size = static_cast<size_t>(count);
  auto strings = H5Tis_variable_str(type.get()) > 0
                     ? ReadVariableStrings(id.get(), space.get(), size, max_bytes)
                     : ReadFixedStrings(id.get(), type.get(), size);
  if (!strings.ok()) return strings.status().WithContext("attribute \"" + attribute + "\"");
  return strings;
}

Result<Hdf5Array> Hdf5Group::OpenArray(const std::string& path, uint64_t max_bytes) const {
  const Hdf5Id access = NoExternalLinks(H5P_DATASET_ACCESS);
  Hdf5Id dataset(H5Dopen2(id_.get(), path.c_str(), access.get()));
  if (!dataset.ok()) return Error(StatusCode::kCorrupt, "there is no data set \"{}\"", path);
  if (!StoredHere(dataset.get())) {
    return Error(StatusCode::kUnsupported, "the data set \"{}\" keeps its data in another file",
                 path);
  }
  Hdf5Id space(H5Dget_space(dataset.get()));
  Hdf5Id type(H5Dget_type(dataset.get()));
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (!type.ok() || rank < 0 || rank > kMaxRank) {
    return Error(StatusCode::kCorrupt, "the data set \"{}\" is damaged", path);
  }
  hsize_t dims[kMaxRank] = {};
  H5Sget_simple_extent_dims(space.get(), dims, nullptr);

  Hdf5Array array;
  for (int i = 0; i < rank; ++i) {
    const uint64_t dim = dims[i];
    if (dim != 0 && array.count_ > max_bytes / sizeof(float) / dim) {
      return Error(StatusCode::kCorrupt, "the data set \"{}\" claims more data than the file holds",
                   path);
    }
    array.count_ *= dim;
    array.dims_.push_back(dim);
  }
  array.is_float_ = IsFloatType(type.get());
  array.path_ = path;
  array.dataset_ = std::move(dataset);
  return array;
}

Status Hdf5Array::Read(uint64_t first, uint64_t columns, std::span<float> values) const {
  if (values.empty()) return OkStatus();
  Hdf5Id in_file(H5Dget_space(dataset_.get()));
  const hsize_t size = values.size();
  Hdf5Id in_memory(H5Screate_simple(1, &size, nullptr));
  herr_t chosen = 0;
  if (!dims_.empty()) {
    std::vector<hsize_t> start(dims_.size(), 0);
    std::vector<hsize_t> count(dims_.begin(), dims_.end());
    start.back() = first;
    count.back() = columns;
    chosen = H5Sselect_hyperslab(in_file.get(), H5S_SELECT_SET, start.data(), nullptr, count.data(),
                                 nullptr);
  }
  if (chosen >= 0 && H5Dread(dataset_.get(), H5T_NATIVE_FLOAT, in_memory.get(), in_file.get(),
                             H5P_DEFAULT, values.data()) >= 0) {
    return OkStatus();
  }
  return Error(StatusCode::kCorrupt, "the data set \"{}\" cannot be read: its data are damaged",
               path_);
}

Result<std::vector<float>> Hdf5Array::ReadAll() const {
  std::vector<float> values(count_);
  QB_RETURN_IF_ERROR(Read(0, dims_.empty() ? 1 : dims_.back(), values));
  return values;
}

}  // namespace qbench::graph::import
