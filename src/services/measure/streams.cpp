#include "services/measure/streams.h"

#include <algorithm>
#include <string>

namespace quipu::measure {
namespace {

constexpr Nanoseconds kKeepAlive = std::chrono::seconds(15);
// The records of one minute come from all agents within a second or two: they go out together.
constexpr Nanoseconds kGather = std::chrono::milliseconds(500);

}  // namespace

Task<void> PairStreams::run(std::shared_ptr<PairStreams> self, net::EventStream& stream, std::uint64_t since) {
    const auto bell = platform::Bell::create(stream.loop(), kKeepAlive);
    self->bells_.with([&](auto& bells) {
        std::erase_if(bells, [](const auto& each) { return each.expired(); });
        bells.push_back(bell);
    });
    while (!self->closed_) {
        const std::uint64_t version = self->live_->version();
        const auto pairs = version > since ? self->live_->pairs(self->clock_.now(), since) : std::vector<Pair>{};
        const auto sent = pairs.empty() ? co_await stream.keep_alive()
                                        : co_await stream.send("pairs", json_text(pairs), std::to_string(version));
        if (!sent) co_return;
        since = version;
        co_await bell->wait();
        if (!self->closed_) co_await stream.loop().sleep(kGather);
    }
}

void PairStreams::ring() {
    bells_.with([](auto& bells) {
        for (const auto& each : bells)
            if (const auto bell = each.lock()) bell->ring();
    });
}

void PairStreams::close() {
    closed_ = true;
    ring();
}

}  // namespace quipu::measure
