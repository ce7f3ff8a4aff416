#pragma once
// Finds objects of all kinds by what people remember of them. Accents and case do not count.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "registry/registry.h"

namespace quipu::registry {

struct Hit {
    Kind kind = Kind::sites;
    std::string id;
    std::string name;
    std::string detail;  ///< what tells it from others of that name: country, ends, owner
    static constexpr auto describe() {
        using T = Hit;
        return fields(field<&T::kind>("kind", "Collection").required(), field<&T::id>("id", "Object").required(),
                      field<&T::name>("name", "What it is called").required(),
                      field<&T::detail>("detail", "What tells it from others").required());
    }
};

/// The texts of one picture, folded once. Immutable.
class SearchIndex {
  public:
    explicit SearchIndex(std::shared_ptr<const Picture> picture);

    [[nodiscard]] const std::shared_ptr<const Picture>& picture() const { return picture_; }
    /// Every word of the query must occur; best first: the whole name or id, then its beginning, then a word's
    /// beginning, then anywhere. An IP address finds the prefixes that cover it.
    [[nodiscard]] std::vector<Hit> find(std::string_view query, std::size_t limit) const;

  private:
    struct Text {
        Kind kind;
        std::string id;
        std::string name;
        std::string detail;
        std::string folded_name;
        std::string folded_all;  ///< id, name, other names, detail
    };

    std::shared_ptr<const Picture> picture_;
    std::vector<Text> texts_;
};

}  // namespace quipu::registry
