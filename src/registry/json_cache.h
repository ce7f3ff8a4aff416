#pragma once
// One JSON text for each object of a picture, made when it is first asked for and shared by all who ask later.

#include <array>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "registry/object.h"
#include "registry/registry.h"

namespace quipu::registry {

class JsonCache {
  public:
    /// The text of the picture's object number `index` of that kind; `make` is called if nobody has asked before.
    template <class F>
    std::shared_ptr<const std::string> get(const std::shared_ptr<const Picture>& picture, Kind kind, std::size_t index,
                                           std::size_t count, F make) {
        auto texts = texts_.load();
        if (texts == nullptr || texts->picture != picture) {
            texts = std::make_shared<Texts>(picture);
            texts_ = texts;
        }
        auto list = texts->kinds[index_of(kind)].load();
        if (list == nullptr) {
            list = std::make_shared<List>(count);
            texts->kinds[index_of(kind)] = list;
        }
        // Two who come at once both make the text; either will do.
        auto text = (*list)[index].load();
        if (text == nullptr) {
            text = std::make_shared<const std::string>(make());
            (*list)[index] = text;
        }
        return text;
    }

  private:
    using List = std::vector<std::atomic<std::shared_ptr<const std::string>>>;
    struct Texts {
        explicit Texts(std::shared_ptr<const Picture> p) : picture(std::move(p)) {}
        std::shared_ptr<const Picture> picture;
        std::array<std::atomic<std::shared_ptr<List>>, kKindCount> kinds;
    };
    std::atomic<std::shared_ptr<Texts>> texts_;
};

}  // namespace quipu::registry
