#include "services/measure/engine_quality.h"

#include <algorithm>

namespace quipu::measure {
namespace {

// A packet is lost now and then: from two on there is a rate to speak of.
constexpr std::int64_t kFewestLost = 2;

template <class T>
Verdict beyond(T value, T watch, T bad) {
    if (value > bad) return Verdict::poor;
    return value > watch ? Verdict::fair : Verdict::good;
}

Verdict judge_one(const Limits& limits, const Figures& figures, std::optional<std::int64_t> than_us) {
    if (figures.sent == 0) return Verdict::unknown;
    if (figures.received == 0) return Verdict::poor;
    const auto us = [](Nanoseconds limit) { return limit.count() / 1000; };
    Verdict worst = Verdict::good;
    if (figures.lost >= kFewestLost) worst = beyond(figures.loss, limits.loss_watch, limits.loss_bad);
    if (figures.ipdv_us)
        worst = std::max(worst, beyond(*figures.ipdv_us, us(limits.jitter_watch), us(limits.jitter_bad)));
    if (const auto above = above_us(figures, than_us))
        worst = std::max(worst, beyond(*above - figures.clock_error_us, us(limits.delay_watch), us(limits.delay_bad)));
    return worst;
}

}  // namespace

Result<void> check(const Profiles& profiles) {
    const auto one = [](const std::string& name, const Limits& limits) -> Result<void> {
        const std::string where = "measure.profiles." + name;
        if (limits.delay_watch > limits.delay_bad)
            return fail(ErrorCode::invalid, "is above delay_bad", where + ".delay_watch");
        if (limits.loss_watch > limits.loss_bad)
            return fail(ErrorCode::invalid, "is above loss_bad", where + ".loss_watch");
        if (limits.jitter_watch > limits.jitter_bad)
            return fail(ErrorCode::invalid, "is above jitter_bad", where + ".jitter_watch");
        return {};
    };
    TRY(one("interactive", profiles.interactive));
    TRY(one("bulk", profiles.bulk));
    return one("usual", profiles.usual);
}

Quality judge(const Profiles& profiles, const Figures& figures, const Reference& reference) {
    return {.interactive = judge_one(profiles.interactive, figures, reference.floor_us),
            .bulk = judge_one(profiles.bulk, figures, reference.floor_us),
            .usual = judge_one(profiles.usual, figures, reference.usual_us)};
}

bool is_slow(const Figures& figures, std::optional<std::int64_t> usual_us, const Limits& usual) {
    const auto above = above_us(figures, usual_us);
    return above && *above - figures.clock_error_us > usual.delay_watch.count() / 1000;
}

std::optional<std::int64_t> above_us(const Figures& figures, std::optional<std::int64_t> than_us) {
    if (!figures.delay_median_us || !than_us) return std::nullopt;
    return rounded_us((*figures.delay_median_us - *than_us) * 1000, granule_us(figures.clock_error_us * 1000));
}

}  // namespace quipu::measure
