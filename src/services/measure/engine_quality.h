#pragma once
// Is that good enough, and for what? Three profiles: what speaks and meets (interactive), what moves data (bulk), and
// the pair compared with itself (usual). Each has two limits for each figure.

#include <cstdint>
#include <optional>
#include <string>

#include "base/describe.h"
#include "services/measure/figures.h"

namespace quipu::measure {

/// Up to `watch` a figure is good, up to `bad` fair, beyond poor.
struct Limits {
    Nanoseconds delay_watch{}, delay_bad{};  ///< above the floor; of the profile `usual`: above the usual delay
    double loss_watch = 0, loss_bad = 0;     ///< fractions
    Nanoseconds jitter_watch{}, jitter_bad{};
    static constexpr auto describe() {
        using T = Limits;
        return fields(field<&T::delay_watch>("delay_watch",
                                             "Delay above the floor (of `usual`: above the usual delay) "
                                             "from which it is to be watched"),
                      field<&T::delay_bad>("delay_bad", "…and from which it is bad"),
                      field<&T::loss_watch>("loss_watch", "Fraction lost from which it is to be watched").between(0, 1),
                      field<&T::loss_bad>("loss_bad", "…and from which it is bad").between(0, 1),
                      field<&T::jitter_watch>("jitter_watch", "Mean jitter (IPDV) from which it is to be watched"),
                      field<&T::jitter_bad>("jitter_bad", "…and from which it is bad"));
    }
};

/// The limits of each profile, as the section [measure.profiles] may set them. What a person hears: ITU-T Y.1541 gives
/// voice 1 in 1,000 lost and 50 ms of variation end to end, of which a network is a part; what TCP does with data falls
/// with the root of the loss (RFC 3155 §1), so that bulk asks for less of it and hardly minds delay.
struct Profiles {
    Limits interactive{.delay_watch = std::chrono::milliseconds(20),
                       .delay_bad = std::chrono::milliseconds(60),
                       .loss_watch = 0.001,
                       .loss_bad = 0.01,
                       .jitter_watch = std::chrono::milliseconds(5),
                       .jitter_bad = std::chrono::milliseconds(20)};
    Limits bulk{.delay_watch = std::chrono::milliseconds(50),
                .delay_bad = std::chrono::milliseconds(150),
                .loss_watch = 0.0001,
                .loss_bad = 0.001,
                .jitter_watch = std::chrono::milliseconds(20),
                .jitter_bad = std::chrono::milliseconds(100)};
    Limits usual{.delay_watch = std::chrono::milliseconds(2),
                 .delay_bad = std::chrono::milliseconds(10),
                 .loss_watch = 0.01,
                 .loss_bad = 0.05,
                 .jitter_watch = std::chrono::milliseconds(5),
                 .jitter_bad = std::chrono::milliseconds(20)};
    static constexpr auto describe() {
        using T = Profiles;
        return fields(field<&T::interactive>("interactive", "Voice and meetings"),
                      field<&T::bulk>("bulk", "Transfers of much data"),
                      field<&T::usual>("usual", "Compared with itself"));
    }
};
/// An error that names the limit that lies above its worse one.
[[nodiscard]] Result<void> check(const Profiles& profiles);

enum class Verdict : std::uint8_t { good, fair, poor, unknown };
constexpr auto describe_enum(Verdict) {
    return names<Verdict>(
        {{Verdict::good, "good"}, {Verdict::fair, "fair"}, {Verdict::poor, "poor"}, {Verdict::unknown, "unknown"}});
}

/// A pair by each profile.
struct Quality {
    Verdict interactive = Verdict::unknown, bulk = Verdict::unknown, usual = Verdict::unknown;
    bool operator==(const Quality&) const = default;
    static constexpr auto describe() {
        using T = Quality;
        return fields(field<&T::interactive>("interactive", "For voice and meetings").required(),
                      field<&T::bulk>("bulk", "For transfers of much data").required(),
                      field<&T::usual>("usual", "Compared with itself").required());
    }
};

/// What figures are compared with. What is absent is not judged.
struct Reference {
    std::optional<std::int64_t> floor_us, usual_us;
};

/// Nothing is held against a pair that the clocks can't prove: of a delay the clock error is taken off first. One lost
/// packet alone says nothing of a rate.
[[nodiscard]] Quality judge(const Profiles& profiles, const Figures& figures, const Reference& reference);

/// The delay lies further above the usual than this profile minds and the clocks can err.
[[nodiscard]] bool is_slow(const Figures& figures, std::optional<std::int64_t> usual_us, const Limits& usual);

/// The median above `than_us`, no finer than the clock error; nothing when either is unknown.
[[nodiscard]] std::optional<std::int64_t> above_us(const Figures& figures, std::optional<std::int64_t> than_us);

}  // namespace quipu::measure
