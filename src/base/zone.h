#pragma once
// Local time: the offset of a time zone at an instant, from the system's time zone files (TZif, RFC 9636), and the
// instant at which a clock on the wall there shows something. Not std::chrono's: libstdc++ 12 has none.

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace quipu {

using LocalTime = std::chrono::local_time<std::chrono::nanoseconds>;  ///< what a clock on the wall shows

class Zone {
  public:
    /// UTC.
    Zone() = default;
    /// By its IANA name, "America/Santiago", from /usr/share/zoneinfo. `not_found` when there is none, `unavailable`
    /// when the system has no time zones at all (package tzdata).
    static Result<Zone> load(std::string_view name);
    /// A file's content, version 2 or newer; at most 64 KiB. `invalid` names what is wrong.
    static Result<Zone> parse(ByteSpan file, std::string_view name);

    [[nodiscard]] const std::string& name() const { return name_; }
    [[nodiscard]] std::chrono::seconds offset_at(Time time) const;
    [[nodiscard]] LocalTime local(Time time) const;
    /// The first instant at which the wall shows this. What a wall skips (clocks put forward) is read as if they had
    /// not been: 02:30 becomes 03:30.
    [[nodiscard]] Time instant(LocalTime local) const;

  private:
    /// "M10.5.0/2": the day and time of a change, every year.
    struct Rule {
        enum class Kind : std::uint8_t { month, julian, day } kind = Kind::month;
        int month = 0, week = 0, day = 0;
        std::chrono::seconds time{};
        [[nodiscard]] std::chrono::local_seconds in(std::chrono::year year) const;
    };
    /// The rule that holds after the last transition (RFC 9636 §3.3), POSIX's TZ.
    struct Future {
        std::chrono::seconds standard{}, summer{};
        bool changes = false;
        Rule start, end;
        [[nodiscard]] std::chrono::seconds offset_at(Time time) const;
    };
    struct Transition {
        std::int64_t at = 0;  ///< seconds since 1970
        std::chrono::seconds offset{};
    };
    class FutureReader;

    std::string name_ = "UTC";
    std::chrono::seconds first_{};  ///< before the first transition
    std::vector<Transition> transitions_;
    Future future_;
    bool has_future_ = false;
};

}  // namespace quipu
