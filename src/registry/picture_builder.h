#pragma once
// Makes pictures from records. Collections that did not change since the picture before are shared with it.

#include <array>
#include <memory>

#include "registry/records.h"
#include "registry/registry.h"

namespace quipu::registry {

class PictureBuilder {
  public:
    using Dirty = std::array<bool, kKindCount>;
    static constexpr Dirty kAll = {true, true, true, true, true, true, true, true, true, true};

    /// What is true on `day`; with `everything` also what is over or not yet there.
    [[nodiscard]] static std::shared_ptr<const Picture> build(const Records& records, std::int64_t revision, Date day,
                                                              bool everything);
    /// The same from a picture of the same day and sort, of which only the `dirty` collections have changed.
    [[nodiscard]] static std::shared_ptr<const Picture> rebuild(const Picture& before, const Records& records,
                                                                std::int64_t revision, const Dirty& dirty);

  private:
    static std::shared_ptr<const Picture> make(const Picture* before, const Records& records, std::int64_t revision,
                                               Date day, bool everything, Dirty dirty);
};

}  // namespace quipu::registry
