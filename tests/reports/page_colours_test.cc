// The colours of the page (reports/page/report.css), from the variables of its style sheet: texts
// can be read, and series told apart by everybody.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "base/files.h"

namespace qbench::reports {
namespace {

using Colour = std::array<double, 3>;  // 0 to 255, or linear from 0 to 1
using Theme = std::map<std::string, std::string>;

// Those of the screen by day, by night and of paper: each a block of variables.
std::vector<Theme> Themes() {
  const std::string css =
      *ReadTextFile(std::string(QBENCH_SOURCE_DIR) + "/reports/page/report.css");
  const std::regex block(R"(:root(\.printing)?\s*\{([^}]*)\})");
  const std::regex variable(R"(--([a-z]+):\s*([^;]+);)");
  std::vector<Theme> themes;
  for (std::sregex_iterator it(css.begin(), css.end(), block), end; it != end; ++it) {
    const std::string body = (*it)[2];
    Theme& theme = themes.emplace_back();
    for (std::sregex_iterator at(body.begin(), body.end(), variable); at != end; ++at) {
      theme[(*at)[1]] = (*at)[2];
    }
  }
  return themes;
}

Colour FromHex(const std::string& text) {
  Colour colour;
  for (size_t i = 0; i < 3; ++i) colour[i] = std::stoi(text.substr(1 + 2 * i, 2), nullptr, 16);
  return colour;
}

// "#1a2b3c" or "26 43 60".
Colour Parse(const std::string& text) {
  if (text.starts_with('#')) return FromHex(text);
  std::istringstream in(text);
  Colour colour;
  in >> colour[0] >> colour[1] >> colour[2];
  return colour;
}

std::vector<Colour> Series(const Theme& theme) {
  std::vector<Colour> series;
  std::istringstream in(theme.at("series"));
  for (std::string word; in >> word;) series.push_back(FromHex(word));
  return series;
}

double Linear(double channel) {
  channel /= 255;
  return channel <= 0.04045 ? channel / 12.92 : std::pow((channel + 0.055) / 1.055, 2.4);
}

Colour Linear(const Colour& colour) {
  return {Linear(colour[0]), Linear(colour[1]), Linear(colour[2])};
}

// WCAG 2.2, "relative luminance" and "contrast ratio".
double Contrast(const Colour& a, const Colour& b) {
  const auto luminance = [](const Colour& colour) {
    const Colour rgb = Linear(colour);
    return 0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2];
  };
  const auto [low, high] = std::minmax({luminance(a), luminance(b)});
  return (high + 0.05) / (low + 0.05);
}

Colour Mixed(const Colour& over, const Colour& under, double alpha) {
  Colour mixed;
  for (size_t i = 0; i < 3; ++i) mixed[i] = alpha * over[i] + (1 - alpha) * under[i];
  return mixed;
}

// What an eye without one kind of cones sees, of linear colours. Machado, Oliveira and Fernandes,
// "A Physiologically-based Model for Simulation of Color Vision Deficiency", IEEE Transactions on
// Visualization and Computer Graphics 15 (2009), severity 1.
using Matrix = std::array<std::array<double, 3>, 3>;
const std::map<std::string, Matrix> kEyes = {{"no deficiency", {{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}},
                                             {"protanopia",
                                              {{{0.152286, 1.052583, -0.204868},
                                                {0.114503, 0.786281, 0.099216},
                                                {-0.003882, -0.048116, 1.051998}}}},
                                             {"deuteranopia",
                                              {{{0.367322, 0.860646, -0.227968},
                                                {0.280085, 0.672501, 0.047413},
                                                {-0.011820, 0.042940, 0.968881}}}},
                                             {"tritanopia",
                                              {{{1.255528, -0.076749, -0.178779},
                                                {-0.078411, 0.930809, 0.147602},
                                                {0.004733, 0.691367, 0.303900}}}}};

// CIELAB of a linear colour under D65.
Colour Lab(const Colour& rgb) {
  const auto root = [](double t) {
    return t > 216.0 / 24389 ? std::cbrt(t) : (24389.0 / 27 * t + 16) / 116;
  };
  const double x = root((0.4124564 * rgb[0] + 0.3575761 * rgb[1] + 0.1804375 * rgb[2]) / 0.95047);
  const double y = root(0.2126729 * rgb[0] + 0.7151522 * rgb[1] + 0.0721750 * rgb[2]);
  const double z = root((0.0193339 * rgb[0] + 0.1191920 * rgb[1] + 0.9503041 * rgb[2]) / 1.08883);
  return {116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

Colour Seen(const Colour& colour, const Matrix& eye) {
  const Colour rgb = Linear(colour);
  Colour seen;
  for (size_t i = 0; i < 3; ++i) {
    seen[i] = std::clamp(eye[i][0] * rgb[0] + eye[i][1] * rgb[1] + eye[i][2] * rgb[2], 0.0, 1.0);
  }
  return Lab(seen);
}

double Apart(const Colour& a, const Colour& b) {
  return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
}

TEST(PageColours, HaveThreeThemes) { EXPECT_EQ(Themes().size(), 3U); }

TEST(PageColours, TextsHaveContrast) {
  for (const Theme& theme : Themes()) {
    for (const char* ground : {"paper", "panel"}) {
      for (const char* text : {"ink", "soft", "accent", "warm"}) {
        EXPECT_GE(Contrast(Parse(theme.at(text)), Parse(theme.at(ground))), 4.5)
            << text << " on " << ground << " of " << theme.at("paper");
      }
    }
    for (const Colour& colour : Series(theme)) {
      EXPECT_GE(Contrast(colour, Parse(theme.at("paper"))), 4.5);
    }
  }
}

// The tables of classes and the confusion matrices: the ink on the darkest tint.
TEST(PageColours, TextsOnTintsHaveContrast) {
  for (const Theme& theme : Themes()) {
    // A theme of paper has the day's strength.
    const double tint = std::stod(theme.at("tint"));
    for (const char* colour : {"accent", "warm"}) {
      const Colour ground = Mixed(Parse(theme.at(colour)), Parse(theme.at("paper")), tint);
      EXPECT_GE(Contrast(Parse(theme.at("ink")), ground), 4.5) << colour;
    }
  }
}

TEST(PageColours, SeriesAreToldApartByEveryEye) {
  constexpr double kFarEnough = 15;  // some 2 can be seen side by side
  for (const Theme& theme : Themes()) {
    const std::vector<Colour> series = Series(theme);
    EXPECT_EQ(series.size(), 8U);
    for (const auto& [name, eye] : kEyes) {
      for (size_t i = 0; i < series.size(); ++i) {
        for (size_t j = 0; j < i; ++j) {
          EXPECT_GE(Apart(Seen(series[i], eye), Seen(series[j], eye)), kFarEnough)
              << name << ": " << j << " and " << i;
        }
      }
    }
  }
}

}  // namespace
}  // namespace qbench::reports
