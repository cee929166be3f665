#include "harness/plan/catalogue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "base/files.h"
#include "base/sha256.h"

namespace qbench::plan {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

InstalledPlugin Quantizer(const std::string& id) {
  InstalledPlugin plugin;
  plugin.descriptor.kind = host::PluginKind::kQuantizer;
  plugin.descriptor.id = id;
  plugin.descriptor.options = {{"io", "float", "float|int8", "type of input and output"}};
  return plugin;
}

InstalledPlugin Runtime(const std::string& id, bool oracle = false) {
  InstalledPlugin plugin;
  plugin.descriptor.kind = host::PluginKind::kRuntime;
  plugin.descriptor.id = id;
  plugin.descriptor.oracle = oracle;
  return plugin;
}

Catalogue Installed() {
  Catalogue catalogue;
  catalogue.plugins = {Quantizer("float"), Quantizer("int8"), Runtime("litert"),
                       Runtime("reference", /*oracle=*/true)};
  catalogue.plugins[2].descriptor.calibration = true;
  return catalogue;
}

Catalogue WithoutLitert() {
  Catalogue catalogue = Installed();
  catalogue.plugins[2].available = false;
  catalogue.plugins[2].reason = "LiteRT is not installed; run scripts/setup.sh";
  return catalogue;
}

std::vector<std::string> Names(const std::vector<SelectedPlugin>& plugins) {
  std::vector<std::string> names;
  names.reserve(plugins.size());
  for (const SelectedPlugin& plugin : plugins) names.push_back(plugin.Name());
  return names;
}

Result<Selection> Select(const Catalogue& catalogue, std::string_view list) {
  return SelectPlugins(catalogue, *ParsePluginList(list));
}

TEST(SelectPlugins, NoRuntimeNamedMeansAllFastOnes) {
  const Result<Selection> selection = Select(Installed(), "int8:io=int8,float");
  ASSERT_TRUE(selection.ok()) << selection.status().message();
  EXPECT_THAT(Names(selection->quantizers), ElementsAre("int8:io=int8", "float"));
  EXPECT_THAT(Names(selection->runtimes), ElementsAre("litert"));
  EXPECT_THAT(selection->warnings, IsEmpty());
}

TEST(SelectPlugins, NoQuantizerNamedMeansAll) {
  const Result<Selection> selection = Select(Installed(), "reference");
  ASSERT_TRUE(selection.ok());
  EXPECT_THAT(Names(selection->quantizers), ElementsAre("float", "int8"));
  EXPECT_THAT(Names(selection->runtimes), ElementsAre("reference"));
}

TEST(SelectPlugins, TheSlowQuantizerIsTakenOnlyWhenNamed) {
  Catalogue catalogue = Installed();
  catalogue.plugins.push_back(Quantizer("int16x8"));
  catalogue.plugins.back().descriptor.only_when_named = "its models are slow";
  const Result<Selection> all = Select(catalogue, "litert");
  ASSERT_TRUE(all.ok());
  EXPECT_THAT(Names(all->quantizers), ElementsAre("float", "int8"));
  EXPECT_THAT(all->warnings, ElementsAre("int16x8 is left out, since its models are slow: name it "
                                         "in --plugins to have it"));
  const Result<Selection> named = Select(catalogue, "float,int16x8,litert");
  ASSERT_TRUE(named.ok());
  EXPECT_THAT(Names(named->quantizers), ElementsAre("float", "int16x8"));
  EXPECT_THAT(named->warnings, IsEmpty());
}

TEST(SelectPlugins, WithoutAFastRuntimeTheOracleRunsAndIsWarnedOf) {
  const Result<Selection> selection = Select(WithoutLitert(), "float");
  ASSERT_TRUE(selection.ok());
  EXPECT_THAT(Names(selection->runtimes), ElementsAre("reference"));
  EXPECT_THAT(selection->warnings,
              ElementsAre(HasSubstr("scripts/setup.sh"), HasSubstr("'reference' is used")));
}

TEST(SelectPlugins, ANamedRuntimeThatIsNotHereIsAnError) {
  const Result<Selection> selection = Select(WithoutLitert(), "float,litert");
  ASSERT_FALSE(selection.ok());
  EXPECT_THAT(selection.status().message(), HasSubstr("run scripts/setup.sh"));
}

TEST(SelectPlugins, UnknownNamesAndOptionsAreToldWithTheValidOnes) {
  EXPECT_THAT(Select(Installed(), "int4").status().message(),
              HasSubstr("float, int8, litert, reference"));
  EXPECT_THAT(Select(Installed(), "int8:speed=fast").status().message(),
              HasSubstr("int8 has no option \"speed\"; it has io=float|int8"));
}

TEST(SelectPlugins, ANamedRuntimeThatFailedWhenTriedIsTaken) {
  Catalogue catalogue = WithoutLitert();
  catalogue.plugins[2].failed = true;
  const Result<Selection> selection = Select(catalogue, "float,litert");
  ASSERT_TRUE(selection.ok()) << selection.status().message();
  EXPECT_THAT(Names(selection->runtimes), ElementsAre("litert"));
}

TEST(SelectPlugins, ASharedNameMeansBoth) {
  Catalogue catalogue = Installed();
  catalogue.plugins.push_back(Runtime("float"));
  const Result<Selection> selection = Select(catalogue, "float");
  ASSERT_TRUE(selection.ok());
  EXPECT_THAT(Names(selection->quantizers), ElementsAre("float"));
  EXPECT_THAT(Names(selection->runtimes), ElementsAre("float"));
}

TEST(SelectPlugins, FilesAreResolvedAndKnownByTheirContent) {
  const TempDir folder = *TempDir::Create("catalogue-test");
  const std::filesystem::path file = folder.path() / "ranges.json";
  ASSERT_TRUE(WriteFileAtomically(file, "one").ok());
  Catalogue catalogue = Installed();
  catalogue.plugins[1].descriptor.options.push_back({"ranges", "", "FILE", "ranges"});
  const std::string list = "int8:ranges=" + std::filesystem::relative(file).string();
  const Result<Selection> selection = Select(catalogue, list);
  ASSERT_TRUE(selection.ok()) << selection.status().message();
  const SelectedPlugin selected = selection->quantizers[0];
  EXPECT_EQ(selected.Name(), list);
  const std::filesystem::path used = selected.Use().options[0].value;
  EXPECT_TRUE(used.is_absolute());
  EXPECT_TRUE(std::filesystem::equivalent(used, file));
  EXPECT_EQ(selected.ContentName(), "int8:ranges=" + Sha256Hex("one"));
  EXPECT_EQ(selected.FileHashes(), Json({{"ranges", Sha256Hex("one")}}));
  ASSERT_TRUE(WriteFileAtomically(file, "two").ok());
  EXPECT_EQ(Select(catalogue, list)->quantizers[0].ContentName(),
            "int8:ranges=" + Sha256Hex("two"));
  EXPECT_THAT(Select(catalogue, "int8:ranges=missing.json").status().message(),
              HasSubstr("int8:ranges=missing.json: "));
  EXPECT_EQ(Select(catalogue, "int8:ranges=").status().message(), "int8:ranges=: name a file");
}

TEST(CalibrationRuntime, CanBeNamed) {
  EXPECT_EQ(CalibrationRuntime(Installed(), "reference")->Name(), "reference");
  Catalogue optional = Installed();
  optional.plugins[2].descriptor.options.push_back({"kernels", "fast", "fast|slow", "which"});
  EXPECT_EQ(CalibrationRuntime(optional, "litert:kernels=slow")->Name(), "litert:kernels=slow");
  EXPECT_THAT(CalibrationRuntime(optional, "litert:kernel=slow").status().message(),
              HasSubstr("it has kernels=fast|slow"));
  EXPECT_THAT(CalibrationRuntime(optional, "litert,reference").status().message(),
              HasSubstr("takes one runtime"));
  EXPECT_THAT(CalibrationRuntime(Installed(), "int8").status().message(),
              HasSubstr("no runtime \"int8\""));
}

TEST(CalibrationRuntime, PrefersThatForCalibrationThenFastOnesThenOracles) {
  Catalogue two = Installed();
  two.plugins.insert(two.plugins.begin() + 2, Runtime("fast"));
  EXPECT_EQ(CalibrationRuntime(two)->Name(), "litert");
  two.plugins[3].descriptor.calibration = false;
  EXPECT_EQ(CalibrationRuntime(two)->Name(), "fast");
  EXPECT_EQ(CalibrationRuntime(WithoutLitert())->Name(), "reference");
  Catalogue other = WithoutLitert();
  other.plugins.push_back(Runtime("xnnpack"));
  EXPECT_EQ(CalibrationRuntime(other)->Name(), "xnnpack");
  EXPECT_FALSE(CalibrationRuntime(Catalogue()).ok());
}

TEST(ReadCatalogue, AFullDiskSaysNothingOfThePlugins) {
  const TempDir folder = *TempDir::Create("catalogue-test");
  ASSERT_TRUE(WriteFileAtomically(folder.path() / "some.so", "a plugin").ok());
  setenv("QBENCH_PLUGIN_PATH", folder.path().c_str(), 1);
  const Status status =
      ReadCatalogue([](const jobs::Job&, const jobs::JobSettings&, const jobs::JobCallbacks&) {
        jobs::JobOutcome outcome;
        outcome.status = store::Outcome::kFailed;
        outcome.code = StatusCode::kNoSpace;
        outcome.reason = "cannot write to /tmp: no space left on device";
        return outcome;
      }).status();
  unsetenv("QBENCH_PLUGIN_PATH");
  EXPECT_EQ(status.code(), StatusCode::kNoSpace);
  EXPECT_THAT(status.message(), HasSubstr("no space left"));
}

}  // namespace
}  // namespace qbench::plan
