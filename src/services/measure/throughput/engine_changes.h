#pragma once
// Has what a pair carries changed for good? Four tests a day are few, and what they carry is anything but normal: cross
// traffic makes some of them slow, evenings differ from nights. So nothing is assumed of their distribution: the last
// tests are compared with those before them by rank (Mann and Whitney, 1947, Ann. Math. Stat. 18(1) pp. 50–60),
// exactly, and the rate of false alarms follows from that alone, as long as tests are as like each other as those
// before.

#include <array>
#include <optional>
#include <span>

#include "services/measure/throughput/model.h"

namespace quipu::throughput {

/// The last 3, 6 or 12 tests are looked at: a pair that carries half is told within a day, one that loses a tenth among
/// tests that vary by as much within three.
inline constexpr std::array<std::size_t, 3> kWindows{3, 6, 12};
/// They are compared with so many before them, two weeks at four a day; with fewer than `kFewest` nothing is said but
/// that a change has gone back.
inline constexpr std::size_t kReference = 56;
inline constexpr std::size_t kFewest = 20;
/// Medians that differ by less are no news.
inline constexpr double kLeastShare = 0.1;
/// And so must be those that differ by less than so many of their standard deviations: other traffic that lasts makes a
/// test like the one before, and rank knows nothing of that.
inline constexpr double kDeviations = 3.5;
/// Of one pair in a month of 120 tests, at most.
inline constexpr double kFalseAlarms = 0.1;
inline constexpr double kTestsAMonth = 120;
/// How likely a going back may be nothing, of each time that it is looked at: it is looked for only after a change.
inline constexpr double kBackByChance = 0.03;

/// A change that was decided.
struct CarriedChange {
    Time since{};  ///< start of the first test that was so
    std::int64_t before_bps = 0, after_bps = 0;
    std::int64_t tests = 0;  ///< that decided it
    Protocol protocol = Protocol::tcp;
    std::int64_t streams = 1;
    static constexpr auto describe() {
        using T = CarriedChange;
        return fields(field<&T::since>("since", "Start of the first test that was so").required(),
                      field<&T::before_bps>("before_bps", "Median before").required(),
                      field<&T::after_bps>("after_bps", "Median since").required(),
                      field<&T::tests>("tests", "How many tests decided it").required(),
                      field<&T::protocol>("protocol", "Of those tests").required(),
                      field<&T::streams>("streams", "Of those tests").required());
    }
    bool operator==(const CarriedChange&) const = default;
};

/// The change that the last of these results decides. `results`: those of a pair's regular tests that ran to their end,
/// in order of their starts, all since `told`, the pair's last change, if there was one. Only those of the last one's
/// protocol and streams count.
[[nodiscard]] std::optional<CarriedChange> change_decided_by_last(std::span<const ThroughputResult> results,
                                                                  const std::optional<CarriedChange>& told);

/// How likely `late` values drawn like `early` others have a U of at most `most`: of the pairs of an early and a late
/// one, the number in which the late one is not beyond the early one. Exact where no two are equal.
[[nodiscard]] double chance_of_rank(std::size_t early, std::size_t late, std::size_t most);

}  // namespace quipu::throughput
