#pragma once
// Where the search's documents come from. A source knows its kinds, which of the journal's events change them, and how
// they read now: the index is filled from nothing by every() and kept by changed() and documents().

#include <functional>
#include <set>
#include <span>
#include <vector>

#include "data/journal.h"
#include "desk/desk.h"
#include "desk/knowledge/articles.h"
#include "desk/pert/pert.h"
#include "desk/search/index.h"
#include "registry/registry.h"

namespace quipu::search {

class Source {
  public:
    Source() = default;
    Source(const Source&) = delete;
    Source& operator=(const Source&) = delete;
    virtual ~Source() = default;

    [[nodiscard]] virtual std::vector<std::string_view> kinds() const = 0;
    /// Called before everything else, with the journal that outlives it.
    virtual void open(data::Journal&) {}
    /// Adds the objects that may read differently after these events.
    virtual void changed(std::span<const data::Event> events, std::set<ObjectId>& out) = 0;
    /// As it is now; none when it is gone.
    [[nodiscard]] virtual Result<std::vector<Document>> documents(const ObjectId& object) = 0;
    /// All of them, the oldest first.
    [[nodiscard]] virtual Result<void> every(const std::function<Result<void>(ObjectId)>& take) = 0;
    /// Objects that the words name outright: an address's prefixes, a number's case.
    [[nodiscard]] virtual std::vector<ObjectId> named(std::string_view) { return {}; }
};

[[nodiscard]] std::unique_ptr<Source> registry_source(std::function<registry::Registry&()> registry);
[[nodiscard]] std::unique_ptr<Source> article_source(std::function<knowledge::Articles&()> articles);
[[nodiscard]] std::unique_ptr<Source> pert_source(std::function<pert::Pert&()> pert);
[[nodiscard]] std::unique_ptr<Source> case_source(std::function<desk::Desk&()> desk);
/// What everybody may read in the journal: the network's own events.
[[nodiscard]] std::unique_ptr<Source> journal_source();

}  // namespace quipu::search
