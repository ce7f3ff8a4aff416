#pragma once
// Notices as they come, to whoever has the portal open.

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/guarded.h"
#include "net/http.h"
#include "platform/bell.h"
#include "platform/notify/store.h"
#include "platform/notify/texts.h"

namespace quipu::notify {

/// As the reader sees it, in their language.
[[nodiscard]] Shown shown_of(const TextSet& texts, const Store::ShownNotice& notice, mail::Language language);

class Streams {
  public:
    Streams(const Store& store, const TextSet& texts) : store_(store), texts_(texts) {}
    /// Sends what is above `after`; from now on when it is negative.
    Task<void> run(net::EventStream& stream, std::string recipient, mail::Language language, std::int64_t after);
    void ring();
    void close();

  private:
    const Store& store_;
    const TextSet& texts_;
    std::atomic<bool> closed_ = false;
    Guarded<std::vector<std::weak_ptr<platform::Bell>>> bells_;
};

}  // namespace quipu::notify
