#include "services/rpki/transport/engine_fetch.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::rpki {

Result<void> TransportSettings::check() const {
    using std::chrono::hours;
    using std::chrono::seconds;
    TRY(check_between("rpki.transport.stall_time", stall_time, seconds(1), hours(1)));
    TRY(check_between("rpki.transport.file_time", file_time, seconds(1), hours(24)));
    TRY(check_between("rpki.transport.rsync_time", rsync_time, seconds(1), hours(24)));
    TRY(check_between("rpki.transport.repository_time", repository_time, seconds(1), hours(24)));
    TRY(check_between("rpki.transport.fallback_delay", fallback_delay, seconds(0), hours(7 * 24)));
    TRY(check_between("rpki.transport.back_off_first", back_off_first, seconds(1), hours(24)));
    TRY(check_between("rpki.transport.back_off_most", back_off_most, back_off_first, hours(24)));
    if (!rrdp && !rsync)
        return fail(ErrorCode::invalid, "nothing is fetched without RRDP and without rsync", "rpki.transport.rsync",
                    "leave one of them on, or name a folder in rpki.offline");
    return {};
}

RrdpPlan plan_update(const Notification& notification, const std::optional<RrdpState>& state,
                     const TransportSettings& settings) {
    const auto snapshot = [](std::string why) { return RrdpPlan{RrdpPlan::Step::snapshot, {}, std::move(why)}; };
    if (!state || state->session.empty()) return snapshot("nothing was there");
    if (state->session != notification.session) return snapshot("the session is new");
    if (notification.serial < state->serial)
        return snapshot(fmt::format("the serial went back from {} to {}", state->serial, notification.serial));
    // RFC 9697 §4: the same delta with another hash means that the session was not kept.
    for (const RrdpState::Delta& before : state->deltas) {
        const auto now = std::ranges::find(notification.deltas, before.serial, &RrdpDelta::serial);
        if (now != notification.deltas.end() && now->hash != before.hash)
            return snapshot(fmt::format("delta {} has another hash than before", before.serial));
    }
    if (notification.serial == state->serial) return {};
    const std::uint64_t missing = notification.serial - state->serial;
    if (missing > static_cast<std::uint64_t>(settings.max_deltas))
        return snapshot(fmt::format("{} deltas behind, max_deltas is {}", missing, settings.max_deltas));
    if (notification.deltas.empty() || notification.deltas.front().serial > state->serial + 1)
        return snapshot("the deltas begin too late");
    RrdpPlan out{RrdpPlan::Step::deltas, {}, {}};
    for (const RrdpDelta& delta : notification.deltas)
        if (delta.serial > state->serial) out.deltas.push_back(delta);
    return out;
}

Nanoseconds back_off(std::int64_t failures, const TransportSettings& settings, Rng& rng) {
    Nanoseconds out = settings.back_off_first;
    for (std::int64_t i = 1; i < failures && out < settings.back_off_most; ++i)
        out *= 2;
    out = std::min(out, settings.back_off_most);
    return out - std::chrono::floor<Nanoseconds>(out * (rng.uniform() / 2));
}

bool falls_back(const RepositoryStatus& status, Time now, const TransportSettings& settings) {
    return !status.last_success || now - *status.last_success >= settings.fallback_delay;
}

}  // namespace quipu::rpki
