#pragma once
// What routers are served at one serial. Immutable: the answers to each version's queries are made once, when first
// asked for, and the same octets go to every router.

#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "services/rpki/rtr/codec_rtr.h"
#include "services/rpki/rtr/delta.h"

namespace quipu::rpki::rtr {

using Octets = std::shared_ptr<const std::vector<std::uint8_t>>;

/// The set as PDUs of a version that announce it, in the order that keeps routers from seeing a prefix's holder after
/// the holder of a larger one (draft-ietf-sidrops-8210bis §11): more specific prefixes first, one prefix's together.
void write_set(ByteWriter& out, std::uint8_t version, const PayloadSet& set);
/// Announcements, so that nothing is missing meanwhile, then withdrawals, less specific prefixes first.
void write_delta(ByteWriter& out, std::uint8_t version, const Delta& delta);

class Snapshot {
  public:
    using Steps = std::vector<std::shared_ptr<const Delta>>;
    /// Sessions have the upper octet of `session`, or its complement (version 0). `number` is the serial before it
    /// wraps. `steps` lead to this set, the oldest first.
    Snapshot(std::uint16_t session, std::uint64_t number, std::shared_ptr<const PayloadSet> set, Steps steps,
             Intervals intervals)
        : session_(session), number_(number), set_(std::move(set)), steps_(std::move(steps)), intervals_(intervals) {}

    /// The session of who loads this set whole: another one for each version (draft-ietf-sidrops-8210bis §5.1). Version
    /// 0 has another one for each serial as well, which stays with the router while it follows the deltas: GoBGP loads
    /// everything each time that it connects, and forgets what it had only if the session is another one.
    [[nodiscard]] std::uint16_t session(std::uint8_t version) const;
    /// Whether a router's session is one of this cache's.
    [[nodiscard]] bool knows(std::uint8_t version, std::uint16_t session) const;
    /// What the sessions of all versions are made of.
    [[nodiscard]] std::uint16_t session() const { return session_; }
    [[nodiscard]] std::uint32_t serial() const { return static_cast<std::uint32_t>(number_); }
    [[nodiscard]] const PayloadSet& set() const { return *set_; }
    [[nodiscard]] std::size_t steps() const { return steps_.size(); }

    /// Cache Response to End of Data: the answer to a Reset Query.
    [[nodiscard]] Octets full(std::uint8_t version) const;
    /// The answer to a Serial Query of a session that it knows; nothing if there is no delta from that serial.
    [[nodiscard]] Octets since(std::uint8_t version, std::uint16_t session, std::uint32_t serial) const;
    /// The changes from that serial to this one; nothing if there is no delta from it.
    [[nodiscard]] std::optional<Delta> changes_since(std::uint32_t serial) const;

  private:
    template <class F>
    [[nodiscard]] Octets answer(std::uint8_t version, std::uint16_t session, std::size_t size, F write_payloads) const;

    std::uint16_t session_;
    std::uint64_t number_;
    std::shared_ptr<const PayloadSet> set_;
    Steps steps_;
    Intervals intervals_;

    // Held while an answer is made: whoever asks for the same meanwhile waits for it, which is the shortest way.
    mutable std::mutex making_;
    mutable std::array<Octets, kHighestVersion + 1> full_;
    mutable std::map<std::tuple<std::uint8_t, std::uint16_t, std::uint32_t>, Octets> since_;  // session, steps back
};

/// A snapshot and when a validation last found its set; no snapshot before there is any.
struct Served {
    std::shared_ptr<const Snapshot> snapshot;
    Time confirmed{};
};

}  // namespace quipu::rpki::rtr
