#include "services/rpki/service/published.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/guarded.h"
#include "platform/bell.h"

namespace quipu::rpki {
namespace {

/// A larger text is made again for the next who asks: 800,000 VRPs with their objects are 300 MB.
constexpr std::size_t kMostKept = std::size_t{128} << 20U;

}  // namespace

std::shared_ptr<const Published> Published::create(Facts facts, const Published* before) {
    std::shared_ptr<Published> out(new Published(std::move(facts)));
    const bool same = before != nullptr && *before->facts_.payloads == *out->facts_.payloads &&
                      before->session() == out->session() && before->serial() == out->serial();
    out->changed_ = same ? before->changed_ : out->facts_.began;
    out->texts_of_payloads_ = same ? before->texts_of_payloads_ : std::make_shared<Texts>();
    return out;
}

std::uint64_t Published::session() const {
    return facts_.snapshot ? facts_.snapshot->session() : 0;
}

std::uint32_t Published::serial() const {
    return facts_.snapshot ? facts_.snapshot->serial() : 0;
}

Time Published::changed(Format format) const {
    return std::chrono::floor<std::chrono::seconds>(tells_objects(format) ? facts_.began : changed_);
}

std::string Published::etag(Format format) const {
    return fmt::format("{:x}-{}-{:x}", session(), serial(), unix_seconds(changed(format)));
}

Published::Made& Published::place(Format format) const {
    const auto number = static_cast<std::size_t>(format);
    return tells_objects(format) ? texts_of_objects_.at(number) : texts_of_payloads_->at(number);
}

Published::Text Published::text(Format format) const {
    Made& made = place(format);
    const std::scoped_lock lock(made.making);
    if (made.kept) return made.kept;
    if (auto sent = made.sent.lock()) return sent;
    auto text = std::make_shared<const std::string>(this->text(format, {}));
    if (text->size() <= kMostKept)
        made.kept = text;
    else
        made.sent = text;
    return text;
}

std::string Published::text(Format format, const Selection& selection) const {
    std::string out;
    write_payloads(*facts_.payloads, facts_.found.get(), unix_seconds(changed(format)), format, selection,
                   [&](std::string_view part) { out += part; });
    return out;
}

const PublicationCounts& Published::counts() const {
    std::call_once(counted_, [this] { counts_ = count_publications(*facts_.found, *facts_.payloads); });
    return counts_;
}

// ---- who waits

struct Publisher::Waiting {
    struct State {
        std::shared_ptr<const Published> now;
        std::vector<std::weak_ptr<platform::Bell>> bells;
        bool closed = false;
    };
    Guarded<State> state;

    void set(std::shared_ptr<const Published> next, bool closed) {
        const auto bells = state.with([&](State& s) {
            s.now = std::move(next);
            s.closed = closed;
            return std::exchange(s.bells, {});
        });
        for (const auto& weak : bells)
            if (const auto bell = weak.lock()) bell->ring();
    }
};

Publisher::Publisher() : waiting_(std::make_unique<Waiting>()) {}
Publisher::~Publisher() = default;

void Publisher::publish(std::shared_ptr<const Published> next) {
    waiting_->set(std::move(next), false);
}

void Publisher::close() {
    waiting_->set(nullptr, true);
}

std::shared_ptr<const Published> Publisher::now() const {
    return waiting_->state.with([](const auto& s) { return s.now; });
}

Task<std::shared_ptr<const Published>> Publisher::other_than(std::uint64_t session, std::uint32_t serial) {
    constexpr Nanoseconds kTurn = std::chrono::seconds(15);
    constexpr int kTurns = 20;
    net::EventLoop* const loop = net::EventLoop::current();
    const auto bell = loop != nullptr ? platform::Bell::create(*loop, kTurn) : nullptr;
    for (int turn = bell ? 0 : kTurns;; ++turn) {
        std::shared_ptr<const Published> found;
        const bool over = waiting_->state.with([&](Waiting::State& s) {
            found = s.now;
            if (s.closed || (found && (found->session() != session || found->serial() != serial))) return true;
            if (turn >= kTurns) return true;
            std::erase_if(s.bells, [&](const auto& other) { return other.expired() || other.lock() == bell; });
            s.bells.push_back(bell);
            return false;
        });
        if (over) co_return found;
        co_await bell->wait();
    }
}

}  // namespace quipu::rpki
