#pragma once
// The section [measure]: what is measured and how long it is kept.

#include <fmt/format.h>
#include <string>
#include <string_view>

#include "base/describe.h"
#include "base/time.h"
#include "services/measure/assignment.h"
#include "services/measure/engine_quality.h"
#include "services/measure/rollup.h"
#include "services/measure/schedule.h"
#include "services/measure/store_raw.h"

namespace quipu::measure {

struct Settings {
    Spacing spacing = Spacing::poisson;
    std::int64_t packets_per_minute = 90;
    std::int64_t padding = 27;
    std::int64_t trace_every_s = 300;
    Profiles profiles;
    std::string keep_minutes = "366d";
    std::string keep_hours = "3653d";
    std::string keep_days = "36525d";
    std::string keep_points = "3653d";
    std::string keep_evidence = "3653d";
    bool raw = false;
    std::int64_t raw_octets = 1LL << 30U;
    std::string keep_raw = "7d";
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::trace_every_s>("trace_every_s", "Between two traces of a pair's way; 0: none are made")
                .between(0, 86'400)
                .format("s"),
            field<&T::spacing>("spacing", "When packets leave: poisson (RFC 2330 §11.1.1) or periodic (RFC 3432)"),
            field<&T::packets_per_minute>("packets_per_minute", "Of each session").between(1, 60'000),
            field<&T::padding>("padding", "Octets after the test packet's 14").between(0, 1400),
            field<&T::profiles>("profiles", "What counts as good, fair and poor, by what the network is used for"),
            field<&T::keep_minutes>("keep_minutes",
                                    "How long minutes are kept, at least 32d; what is older is there by the hour"),
            field<&T::keep_hours>("keep_hours", "How long hours are kept; what is older is there by the day"),
            field<&T::keep_days>("keep_days", "How long days are kept"),
            field<&T::keep_points>("keep_points",
                                   "How long it is kept how points were and when their clocks were wrong, at least as "
                                   "long as minutes"),
            field<&T::keep_evidence>("keep_evidence", "How long the evidence of events is kept, at least 32d"),
            field<&T::raw>("raw", "Keep every packet that was received, not only its minute"),
            field<&T::raw_octets>("raw_octets", "Room on disk for them; the oldest go beyond it")
                .between(1 << 20U, 1LL << 44U)
                .format("octets"),
            field<&T::keep_raw>("keep_raw", "How long they are kept where there is room"));
    }

    /// `file`: where they stand, for its errors.
    [[nodiscard]] Result<Kept> kept(const std::string& file) const {
        Kept out;
        out.minutes = TRY(duration(file, "keep_minutes", keep_minutes, kLeastKept));
        out.hours = TRY(duration(file, "keep_hours", keep_hours, out.minutes));
        out.days = TRY(duration(file, "keep_days", keep_days, out.hours));
        out.points = TRY(duration(file, "keep_points", keep_points, out.minutes));
        out.evidence = TRY(duration(file, "keep_evidence", keep_evidence, kLeastKept));
        return out;
    }
    [[nodiscard]] Result<RawLimits> raw_limits(const std::string& file) const {
        const Nanoseconds age = TRY(duration(file, "keep_raw", keep_raw, kHour));
        return RawLimits{.octets = static_cast<std::uint64_t>(raw_octets), .age = age};
    }

  private:
    static Result<Nanoseconds> duration(const std::string& file, std::string_view key, const std::string& text,
                                        Nanoseconds least) {
        const Nanoseconds out = TRY(parse_duration(text));
        TRY(check_between(fmt::format("{}: {}", file, key), out, least, Kept().days));
        return out;
    }
};

}  // namespace quipu::measure
