#pragma once
// What was known when a case was opened, kept as it was then: series of the archive as columns with units, paths as the
// registry's topology had them, events of the journal.

#include <map>
#include <string>

#include "base/guarded.h"
#include "data/archive.h"
#include "desk/desk.h"
#include "registry/whatif.h"

namespace quipu::desk {

class Freezer {
  public:
    Freezer(const data::Archive& archive, const data::Journal& journal, const registry::Registry& registry,
            const Clock& clock)
        : archive_(archive), journal_(journal), registry_(registry), clock_(clock) {}

    void describe(SeriesDescription description);
    /// Without ids. What is not there (an unknown site, a series without records) is left out; a wish that can't be
    /// understood is `invalid`.
    [[nodiscard]] Result<std::vector<Evidence>> freeze(std::span<const EvidenceWish> wishes) const;

  private:
    [[nodiscard]] Result<std::optional<Evidence>> series(const EvidenceWish& wish, Time since, Time until) const;
    [[nodiscard]] Result<std::optional<Evidence>> path(const EvidenceWish& wish) const;
    [[nodiscard]] Result<std::optional<Evidence>> events(const EvidenceWish& wish, Time since, Time until) const;

    const data::Archive& archive_;
    const data::Journal& journal_;
    const registry::Registry& registry_;
    const Clock& clock_;
    /// The topology's shortest paths, computed once for each picture.
    [[nodiscard]] Result<std::shared_ptr<const registry::WhatIf>> topology() const;

    Guarded<std::map<std::string, SeriesDescription, std::less<>>> streams_;
    struct Known {
        std::shared_ptr<const registry::Picture> picture;
        std::shared_ptr<const registry::WhatIf> topology;
    };
    mutable Guarded<Known> known_;
};

}  // namespace quipu::desk
