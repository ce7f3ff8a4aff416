#pragma once
// What a lab link imposes on the frames of one direction, and how a person or a program asks for a change of it.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/describe.h"
#include "base/result.h"
#include "base/time.h"
#include "base/units.h"

namespace quipu::lab {

/// Imposed on one direction of a link. Fractions are 0…1 and are drawn for each frame on its own.
struct Impairment {
    bool down = false;     ///< nothing passes, silently, as behind a switch that keeps its own port up
    Nanoseconds delay{0};  ///< from a frame's arrival (plus its time on the line, if there is a rate) to its departure
    Nanoseconds jitter{
        0};  ///< standard deviation of a normal distribution around `delay`, cut at three deviations and at zero
    double loss = 0;       ///< fraction of frames lost
    double reorder = 0;    ///< fraction of frames held back by kHoldBack, so that later ones overtake them
    double duplicate = 0;  ///< fraction of frames that arrive twice
    Bandwidth rate{0};     ///< of the line; 0: as fast as this machine can
    Nanoseconds queue =
        std::chrono::milliseconds(100);  ///< longest wait for the line; a frame that would wait longer is dropped

    bool operator==(const Impairment&) const = default;
};

/// How much longer than its successors a reordered frame stays on the way.
inline constexpr Nanoseconds kHoldBack = std::chrono::milliseconds(10);
/// Limits of what may be imposed: a delay beyond the longest of real paths is a slip of the keyboard.
inline constexpr Nanoseconds kLongestDelay = std::chrono::seconds(10);

enum class LinkState : std::uint8_t { up, down };
constexpr auto describe_enum(LinkState) {
    return names<LinkState>({{LinkState::up, "up"}, {LinkState::down, "down"}});
}
enum class Directions : std::uint8_t { both, forward, backward };
constexpr auto describe_enum(Directions) {
    return names<Directions>(
        {{Directions::both, "both"}, {Directions::forward, "forward"}, {Directions::backward, "backward"}});
}

/// A wanted change: what is left out stays as it is. `forward` is from the link's end `a` to its end `b`.
struct LinkChange {
    std::optional<LinkState> state;
    std::optional<std::int64_t> delay_us;
    std::optional<std::int64_t> jitter_us;
    std::optional<double> loss;
    std::optional<double> reorder;
    std::optional<double> duplicate;
    std::optional<std::int64_t> rate_bps;
    std::optional<Directions> direction;

    static constexpr auto describe() {
        using T = LinkChange;
        constexpr double kLongestDelayUs = 1e7;
        return fields(field<&T::state>("state", "up or down: a link that is down drops every frame silently"),
                      field<&T::delay_us>("delay_us", "One-way delay").between(0, kLongestDelayUs).format("us"),
                      field<&T::jitter_us>("jitter_us", "Standard deviation of the delay")
                          .between(0, kLongestDelayUs)
                          .format("us"),
                      field<&T::loss>("loss", "Fraction of frames lost").between(0, 1),
                      field<&T::reorder>("reorder", "Fraction of frames that later ones overtake").between(0, 1),
                      field<&T::duplicate>("duplicate", "Fraction of frames that arrive twice").between(0, 1),
                      field<&T::rate_bps>("rate_bps", "Bits per second of the line; 0: no limit").between(0, 1e12),
                      field<&T::direction>("direction", "Which way: both (if left out), forward (a to b) or backward"));
    }
    [[nodiscard]] bool empty() const;
};

/// The impairment after the change.
[[nodiscard]] Impairment changed(Impairment before, const LinkChange& change);

/// Reads "up", "down", "forward", "backward", "delay=20ms", "loss=1%", "rate=100Mb/s"… as the command line gives them.
/// Fractions are numbers 0…1 or per cent. Errors name the word.
[[nodiscard]] Result<LinkChange> parse_change(std::span<const std::string> words);
/// "delay=20ms loss=1%": what was asked for, readable by parse_change; for the journal.
[[nodiscard]] std::string change_text(const LinkChange& change);

}  // namespace quipu::lab
