#pragma once
// Several traces at once under one bound of rate: whose probe leaves next, and whose an answer is.

#include <cstdint>
#include <list>
#include <unordered_map>
#include <utility>
#include <vector>

#include "services/measure/path/engine_trace.h"

namespace quipu::path {

class Traces {
  public:
    struct Out {
        std::uint32_t trace = 0, number = 0;
        Flow flow;
        Probe probe;
    };
    struct Done {
        std::uint32_t trace = 0;
        PathRecord record;
    };

    /// `gap`: between any two probes. `identity`: the first probe's; any.
    Traces(Nanoseconds gap, std::uint16_t identity) : gap_(gap), identity_(identity) {}

    /// `flow` is complete: source and both ports. `trace` names it; no other running trace has the number.
    void start(std::uint32_t trace, const TraceSettings& settings, const Flow& flow, Time began);
    [[nodiscard]] std::size_t running() const { return traces_.size(); }

    /// The next probe that may leave; to be followed by sent() or not_sent().
    [[nodiscard]] std::optional<Out> due(Monotonic now);
    void sent(const Out& out, Monotonic at);
    void not_sent(const Out& out);
    /// What nobody asked for is dropped.
    void answered(const Answer& answer, Monotonic at);
    void tick(Monotonic now);
    [[nodiscard]] Monotonic when() const;
    [[nodiscard]] std::vector<Hop> take_settled(std::uint32_t trace);
    /// Traces that are over; all of them, as they are, if `now_all`.
    [[nodiscard]] std::vector<Done> take_done(bool now_all = false);

  private:
    struct One {
        std::uint32_t trace = 0;
        TraceEngine engine;
        Flow flow;
        std::uint16_t closed_port = 0;
        std::uint8_t traffic_class = 0;
        Time began{};
        std::vector<std::uint16_t> identities;
    };
    struct Asked {
        std::uint32_t trace = 0, number = 0;
        bool closed_port = false;
    };
    [[nodiscard]] One* find(std::uint32_t trace);
    [[nodiscard]] std::optional<std::uint16_t> free_identity();

    const Nanoseconds gap_;
    std::uint16_t identity_;
    std::list<One> traces_;  // the first one's turn is next
    std::unordered_map<std::uint16_t, Asked> asked_;
    Monotonic next_{};
};

}  // namespace quipu::path
