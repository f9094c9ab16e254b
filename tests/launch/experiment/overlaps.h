// Whether a picture's texts can be read.
#pragma once

#include <gtest/gtest.h>

#include "launch/experiment/svg.h"

namespace prelude::test {

inline bool overlap(const TextBox& a, const TextBox& b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

// No two texts overlap, and none leaves the picture.
inline void expect_readable(const Svg& svg) {
  const auto& texts = svg.texts();
  for (std::size_t i = 0; i < texts.size(); ++i) {
    EXPECT_GE(texts[i].left, 0) << texts[i].text;
    EXPECT_GE(texts[i].top, 0) << texts[i].text;
    EXPECT_LE(texts[i].right, svg.width()) << texts[i].text;
    EXPECT_LE(texts[i].bottom, svg.height()) << texts[i].text;
    for (std::size_t k = 0; k < i; ++k) {
      EXPECT_FALSE(overlap(texts[i], texts[k])) << texts[i].text << " and " << texts[k].text;
    }
  }
}

inline std::size_t count(const std::string& text, const std::string& part) {
  std::size_t number = 0;
  for (std::size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++number;
  return number;
}

}  // namespace prelude::test
