#include "cli/litert_option.h"

#include <boost/program_options/value_semantic.hpp>
#include <cstdlib>
#include <filesystem>
#include <system_error>

#include "cli/command.h"
#include "harness/plan/catalogue.h"

namespace qbench::cli {
namespace po = boost::program_options;
namespace {

constexpr const char* kOption = "litert-library";
constexpr const char* kVariable = "QBENCH_LITERT_LIBRARY";
constexpr const char* kRuntime = "litert";

}  // namespace

void AddLitertOption(po::options_description& options) {
  options.add_options()(kOption, po::value<std::string>()->value_name("FILE"),
                        "the libLiteRt.so for the runtime litert (default: $QBENCH_LITERT_LIBRARY, "
                        "else that of scripts/setup.sh, else the system's)");
}

Status SetLitertLibrary(const Arguments& arguments) {
  if (!arguments.Has(kOption)) return OkStatus();
  const auto& named = arguments.Get<std::string>(kOption);
  std::error_code error;
  const std::filesystem::path path = std::filesystem::absolute(named, error);
  if (error || !std::filesystem::is_regular_file(path, error)) {
    return Error(StatusCode::kNotFound,
                 "--litert-library {}: there is no such file; name a libLiteRt.so, or leave the "
                 "option away to take the one of scripts/setup.sh",
                 named);
  }
  if (setenv(kVariable, path.c_str(), /*overwrite=*/1) != 0) {
    return Error(StatusCode::kOutOfMemory, "no memory for the environment");
  }
  return OkStatus();
}

Status RequireLitertLibrary(const Arguments& arguments) {
  QB_RETURN_IF_ERROR(SetLitertLibrary(arguments));
  if (!arguments.Has(kOption)) return OkStatus();
  QB_ASSIGN_OR_RETURN(const plan::Catalogue catalogue, plan::ReadCatalogue(WorkerJobs()));
  for (const plan::InstalledPlugin* plugin : catalogue.Find(kRuntime)) {
    if (plugin->available) return OkStatus();
    return Error(StatusCode::kNotFound, "--litert-library: {}", plugin->reason);
  }
  return Error(StatusCode::kNotFound,
               "--litert-library: there is no plugin {} to use it; there are {}", kRuntime,
               catalogue.Names());
}

}  // namespace qbench::cli
