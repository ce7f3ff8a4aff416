#include "desk/search/follower.h"

#include <algorithm>

#include "base/log.h"

namespace quipu::search {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kBatch = 256;
constexpr auto kPauseAfterFailure = 5s;

constexpr LogEvent kFilled{LogLevel::info, "SEARCH_FILLED", "The search's index was made from its sources."};
constexpr LogEvent kFailed{LogLevel::warning, "SEARCH_FOLLOW_FAILED",
                           "The search's index could not take in what has changed; it is tried again.",
                           "See the error; what is found meanwhile may be old."};

}  // namespace

Follower::Follower(Index& index, data::Journal& journal, std::vector<Source*> sources)
    : index_(index), journal_(journal), sources_(std::move(sources)) {
    for (Source* source : sources_)
        source->open(journal);
}

Follower::~Follower() {
    stop();
}

void Follower::start() {
    listening_ = journal_.on_append([this] {
        const std::scoped_lock lock(mutex_);
        rung_ = true;
        changed_.notify_all();
    });
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

void Follower::stop() {
    listening_.reset();
    if (!thread_.joinable()) return;
    thread_.request_stop();
    thread_.join();
}

void Follower::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        {
            std::unique_lock lock(mutex_);
            changed_.wait(lock, stop, [&] { return rung_; });
            rung_ = false;
        }
        for (bool more = true; more && !stop.stop_requested();) {
            const auto taken = take();
            more = taken && *taken == kBatch;
            if (taken) continue;
            log(kFailed, {{"error", taken.error().text()}});
            std::unique_lock lock(mutex_);
            changed_.wait_for(lock, stop, kPauseAfterFailure, [] { return false; });
            rung_ = true;
        }
    }
}

Result<std::size_t> Follower::take() {
    const std::scoped_lock taking(taking_);
    std::int64_t position = TRY(index_.position());
    if (position < 0) {
        TRY(fill());
        position = TRY(index_.position());
    }
    data::EventFilter filter;
    filter.after = position;
    filter.limit = kBatch;
    const auto events = TRY(journal_.events(filter));
    if (!events.empty()) {
        std::set<ObjectId> changed;
        for (Source* source : sources_)
            source->changed(events, changed);
        std::vector<Indexed> batch;
        for (const ObjectId& object : changed)
            if (Source* source = source_of(object.kind); source != nullptr)
                batch.push_back({ object, TRY(source->documents(object)) });
        position = events.back().id;
        TRY(index_.put(batch, position));
    }
    set_position(position);
    return events.size();
}

Result<void> Follower::rebuild() {
    const std::scoped_lock taking(taking_);
    TRY(index_.clear());
    return fill();
}

Result<void> Follower::fill() {
    // What changes meanwhile is an event behind this one, and is taken in afterwards.
    const std::int64_t position = TRY(last_event());
    std::size_t count = 0;
    std::vector<Indexed> batch;
    const auto flush = [&]() -> Result<void> {
        TRY(index_.put(batch, std::nullopt));
        count += batch.size();
        batch.clear();
        return {};
    };
    TRY(index_.clear());
    for (Source* source : sources_)
        TRY(source->every([&](ObjectId object) -> Result<void> {
            auto documents = TRY(source->documents(object));
            batch.push_back({std::move(object), std::move(documents)});
            return batch.size() < kBatch ? Result<void>{} : flush();
        }));
    TRY(flush());
    TRY(index_.put({}, position));
    set_position(position);
    log(kFilled, {{"objects", count}});
    return {};
}

void Follower::catch_up(Nanoseconds patience) {
    const auto last = last_event();
    if (!last) return;
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, patience, [&] { return position_ >= *last; });
}

std::int64_t Follower::position() const {
    const std::scoped_lock lock(mutex_);
    return position_;
}

void Follower::set_position(std::int64_t position) {
    const std::scoped_lock lock(mutex_);
    position_ = position;
    changed_.notify_all();
}

Result<std::int64_t> Follower::last_event() const {
    data::EventFilter filter;
    filter.newest_first = true;
    filter.limit = 1;
    const auto events = TRY(journal_.events(filter));
    return events.empty() ? 0 : events.front().id;
}

Source* Follower::source_of(std::string_view kind) const {
    for (Source* source : sources_)
        if (std::ranges::count(source->kinds(), kind) > 0) return source;
    return nullptr;
}

}  // namespace quipu::search
