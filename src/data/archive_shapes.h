#pragma once
// What columns the program knows of each stream, and whether records fit them: the same for every archive.

#include <map>
#include <span>
#include <string>
#include <string_view>

#include "data/archive.h"

namespace quipu::data {

struct Shape {
    std::size_t integers = 0;
    std::size_t histograms = 0;
};

class Shapes {
  public:
    explicit Shapes(std::span<const StreamSchema> schemas);
    /// `not_found` for a stream that the program does not know.
    [[nodiscard]] Result<Shape> of(std::string_view stream) const;
    /// Names, times, columns and sequences: what append() refuses.
    [[nodiscard]] Result<void> check(std::string_view stream, std::span<const ArchiveRecord> records,
                                     const std::optional<Source>& source) const;

  private:
    std::map<std::string, Shape, std::less<>> shapes_;
};

}  // namespace quipu::data
