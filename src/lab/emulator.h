#pragma once
// The emulator's data plane: one thread that moves frames between the two ends of each link, when the engine says so.
// The ends are interfaces in one namespace of the lab's own; their peers are the routers' interfaces.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "lab/emulator_engine.h"
#include "lab/impairment.h"

namespace quipu::lab {

struct EmulatedLink {
    std::string interface_a, interface_b;
    Impairment forward, backward;  ///< a to b, b to a
};

enum class Direction : std::uint8_t { forward, backward };

/// Frames of one direction since the start. frames + duplicated = delivered + waiting + sum of dropped.
struct DirectionCounters {
    std::uint64_t frames = 0;
    std::uint64_t octets = 0;
    std::uint64_t delivered = 0;
    std::uint64_t duplicated = 0;
    std::uint64_t waiting = 0;
    std::array<std::uint64_t, kDropReasons> dropped{};  ///< by DropReason

    [[nodiscard]] std::uint64_t all_dropped() const;
};

class Emulator {
  public:
    struct Options {
        std::size_t mtu = 1500;            ///< longest IP packet; the frame's header comes on top
        std::size_t most_frames = 48'000;  ///< under way at the same time on all links together (about 75 MB)
        std::uint64_t seed = 0;            ///< of chance; 0: another one each time
    };
    /// `netns` is the path of the namespace where the interfaces stand. They must be up.
    [[nodiscard]] static Result<std::unique_ptr<Emulator>> start(const std::string& netns,
                                                                 const std::vector<EmulatedLink>& links,
                                                                 const Options& options);
    ~Emulator();  ///< stops at once; frames under way are lost
    Emulator(const Emulator&) = delete;
    Emulator& operator=(const Emulator&) = delete;

    /// From any thread; holds for frames that arrive afterwards, except that `down` also swallows those under way.
    void set(std::size_t link, Direction direction, const Impairment& impairment);
    [[nodiscard]] Impairment impairment(std::size_t link, Direction direction) const;
    /// From any thread.
    [[nodiscard]] DirectionCounters counters(std::size_t link, Direction direction) const;
    /// Whether the thread runs with real-time priority, which it does where it may.
    [[nodiscard]] bool real_time() const;

  private:
    class Plane;
    explicit Emulator(std::unique_ptr<Plane> plane);
    std::unique_ptr<Plane> plane_;
    std::jthread thread_;
};

}  // namespace quipu::lab
