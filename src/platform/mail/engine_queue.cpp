#include "platform/mail/engine_queue.h"

#include <algorithm>
#include <array>

namespace quipu::mail {
namespace {

using namespace std::chrono_literals;

constexpr std::array<Nanoseconds, 7> kPauses{1min, 5min, 15min, 30min, 1h, 2h, 4h};

/// Between 75 % and 125 %: letters that failed together do not come again together.
Nanoseconds spread(Nanoseconds pause, Rng& rng) {
    return Nanoseconds(static_cast<std::int64_t>(static_cast<double>(pause.count()) * (0.75 + 0.5 * rng.uniform())));
}

}  // namespace

NextStep after_attempt(const Outcome& outcome, std::int64_t attempts, Time now, Time expires, Rng& rng) {
    switch (outcome.kind) {
        case Outcome::Kind::sent: return {.state = RecipientState::sent};
        case Outcome::Kind::never:
            return {.state = RecipientState::failed, .bad_address = says_bad_address(outcome.code, outcome.status)};
        case Outcome::Kind::later: break;
    }
    const auto at = static_cast<std::size_t>(std::clamp<std::int64_t>(attempts - 1, 0, kPauses.size() - 1));
    const Time next = now + spread(kPauses[at], rng);
    if (next > expires) return {.state = RecipientState::expired};
    return {.state = RecipientState::queued, .next = next};
}

Nanoseconds pause_after(std::int64_t failures, Rng& rng) {
    const std::int64_t doubled = std::clamp<std::int64_t>(failures - 1, 0, 7);
    return spread(std::min<Nanoseconds>(2s * (std::int64_t{1} << doubled), 5min), rng);
}

bool says_bad_address(int code, std::string_view status) {
    static constexpr std::array<std::string_view, 6> kBad{"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"};
    if (!status.empty()) return std::ranges::find(kBad, status) != kBad.end();
    return code == 550 || code == 553;
}

}  // namespace quipu::mail
