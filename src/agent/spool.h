#pragma once
// The agent's records on disk until the hub has them. One folder a stream, in it segments named by the sequence of
// their first record; a record is a frame (frames.h).
//
// What is promised: a record that `append` accepted survives the end of the process at once, and a loss of power from
// the moment that it has been sent (it is synced before). A tail that was torn by a loss of power is cut at the last
// whole frame. Sequences go on where they were, for the newest segment is kept even when all of it is acknowledged.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "agent/part.h"
#include "base/guarded.h"
#include "base/result.h"

namespace quipu::agent {

struct SpoolLimits {
    std::uint64_t octets = 256ULL * 1024 * 1024;  ///< of all streams; the oldest segments go beyond it
    std::uint64_t segment_octets = 1024ULL * 1024;
    std::size_t told_octets = 64UL * 1024;  ///< of what is told and not sent yet
};

class Spool final : public RecordSink {
  public:
    /// Makes the folder if it is missing. `conflict` when another process holds it.
    static Result<std::unique_ptr<Spool>> open(std::string folder, const SpoolLimits& limits, const Clock& clock);
    ~Spool() override;

    Result<void> append(std::string_view stream, ByteSpan payload) override;
    void tell(std::string_view stream, ByteSpan payload) override;

    /// What is to be sent next: an encoded batch (batch.h) and, for each kept stream in it, the last sequence.
    struct Outgoing {
        std::vector<std::uint8_t> bytes;
        std::vector<std::pair<std::string, std::uint64_t>> last;
        std::size_t records = 0;
    };
    /// Records that are not acknowledged, oldest first, synced to disk, at most `octets`; nothing when there is none.
    /// `skip` names streams that the hub refuses for now.
    [[nodiscard]] Result<std::optional<Outgoing>> next(std::size_t octets, const std::vector<std::string>& skip);
    /// The hub has all of this stream up to `sequence`.
    void acknowledge(std::string_view stream, std::uint64_t sequence);
    /// Forgets what was told: the hub is away.
    void forget_told();

    /// Called after each append and tell, from the caller's thread.
    void on_append(std::function<void()> wake);
    [[nodiscard]] const std::string& identity() const { return identity_; }

    struct State {
        std::uint64_t waiting = 0;  ///< records not acknowledged
        std::uint64_t octets = 0;   ///< on disk
        std::uint64_t dropped = 0;  ///< records that went because of the bound
    };
    [[nodiscard]] State state() const;

  private:
    struct Segment;
    struct Stream;
    struct Contents;
    Spool(std::string folder, std::string identity, const SpoolLimits& limits, const Clock& clock, int lock);

    Result<void> load();
    Result<Stream*> stream_of(Contents& contents, std::string_view name) const;
    Result<void> start_segment(Contents& contents, Stream& stream) const;
    void shrink(Contents& contents) const;

    std::string folder_;
    std::string identity_;
    SpoolLimits limits_;
    const Clock& clock_;
    int lock_;
    std::unique_ptr<Guarded<Contents>> contents_;
};

}  // namespace quipu::agent
