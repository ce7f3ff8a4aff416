#pragma once
// How long after the stamp that they carry packets really leave. A stamp is written before the call that sends; the
// kernel knows when the packet was given to the device, but to ask of each one costs as much as to send it. So it is
// asked of a sample.

#include <array>
#include <cstdint>
#include <optional>

#include "base/histogram.h"
#include "base/time.h"

namespace quipu::owamp {

/// Which packets the kernel is asked for, one after the other, and which of its answers is about the one that is asked
/// for. Answers may come late, never, or be about one that was given up.
class SentSample {
  public:
    /// At most 200 a second.
    [[nodiscard]] bool wanted(Time now) const;
    /// `number`: that of the packet among those of its socket that asked.
    void asked(std::uint32_t socket, std::uint32_t number, Time stamp);
    /// How late it left, when the answer is about it.
    [[nodiscard]] std::optional<Nanoseconds> told(std::uint32_t socket, std::uint32_t number, Time left);

  private:
    struct Asked {
        std::uint32_t socket = 0;
        std::uint32_t number = 0;
        Time stamp;
    };
    std::optional<Asked> under_way_;
    Time last_{};  // stamp of the latest that was asked for
};

class Lateness {
  public:
    struct Figures {
        std::uint64_t samples = 0;
        Nanoseconds median{}, p95{}, p99{};
    };

    void add(Nanoseconds late);
    /// What a stamp is off by, but for one in a hundred: of the latest 256 samples. While there are few of them, or the
    /// kernel tells nothing, what is assumed: 100 µs.
    [[nodiscard]] Nanoseconds bound() const;
    /// Of all samples.
    [[nodiscard]] Figures figures() const;

  private:
    Histogram all_;
    std::array<std::int64_t, 256> latest_{};
};

}  // namespace quipu::owamp
