#pragma once
// What is wrong with a set of changes: all of it, each fault at its line and field.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "registry/registry.h"

namespace quipu::registry {

class Faults {
  public:
    explicit Faults(const ChangeSet& set) : set_(set) {}

    /// `field` is a path within the change's object; empty for the object as a whole.
    void add(ErrorCode code, const Change& change, std::string_view field, std::string what);
    /// Faults that a ReadContext collected under `path_of(change)`.
    void add(const Error& error);
    [[nodiscard]] bool ok() const { return faults_.empty(); }
    /// The gravest code of all, so that a caller who should read again is told so first.
    [[nodiscard]] Error error() const;

    /// "sites[santiago]", or nothing when the set is one change made by hand: then the fields speak for themselves.
    [[nodiscard]] std::string path_of(const Change& change) const;

  private:
    const ChangeSet& set_;
    std::vector<Fault> faults_;
    std::size_t more_ = 0;
    ErrorCode code_ = ErrorCode::conflict;
};

}  // namespace quipu::registry
