#pragma once
// One router's conversation (RFC 8210 §8): octets in, shared octets out, one PDU at a time. Knows no socket and no
// clock.

#include <optional>
#include <string>

#include "services/rpki/rtr/snapshot.h"

namespace quipu::rpki::rtr {

/// An answer is written whole before the next PDU is looked at.
struct Answer {
    enum class What : std::uint8_t { none, full, delta, cache_reset, no_data, failed, told_error };
    What what = What::none;
    Octets octets;  ///< none: nothing is sent
    bool close = false;
    std::string why = {};  ///< of `failed` and `told_error`, for the log
};

class Session {
  public:
    struct Settings {
        Nanoseconds most_age = std::chrono::hours(24);
        /// RFC 8210 §5.2: no more than one Serial Notify a minute.
        Nanoseconds notify_pause = std::chrono::minutes(1);
    };
    explicit Session(Settings settings) : settings_(settings) {}

    /// What came from the router.
    void feed(ByteSpan octets) { input_.insert(input_.end(), octets.begin(), octets.end()); }
    /// How much more is taken before next() must be asked.
    [[nodiscard]] std::size_t room() const { return kLongestPdu - std::min(kLongestPdu, input_.size()); }
    /// Deals with the next PDU; nothing while none is whole.
    [[nodiscard]] std::optional<Answer> next(const Served& served, Time now);

    /// From when on the router may be told that there is something new; nothing when there is not.
    [[nodiscard]] std::optional<Monotonic> notify_at(const Served& served, Time now) const;
    [[nodiscard]] Octets notify(const Served& served, Monotonic now);

    [[nodiscard]] std::optional<std::uint8_t> version() const { return version_; }
    /// What the router was given last.
    [[nodiscard]] std::optional<std::uint32_t> serial() const { return serial_; }

  private:
    [[nodiscard]] std::optional<Answer> refuse(const Header& header);
    [[nodiscard]] Answer answer(const Pdu& query, const Snapshot& snapshot);
    [[nodiscard]] Answer failure(Failure failure, std::string text, bool close) const;
    [[nodiscard]] bool has_data(const Served& served, Time now) const;
    void give(const Snapshot& snapshot, std::uint16_t session);
    /// The router's own, if it is known.
    [[nodiscard]] std::uint16_t session_of(const Snapshot& snapshot) const;

    Settings settings_;
    std::vector<std::uint8_t> input_;
    std::size_t skip_ = 0;  // octets of a PDU that was refused already
    std::optional<std::uint8_t> version_;
    bool refused_version_ = false;
    std::optional<std::uint16_t> session_;  // that it was given on this connection
    std::optional<std::uint32_t> serial_;
    std::optional<std::pair<std::uint16_t, std::uint32_t>> told_;  // session and serial of the last notify
    std::optional<Monotonic> told_at_;
};

}  // namespace quipu::rpki::rtr
