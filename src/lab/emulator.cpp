#include "lab/emulator.h"

#include <algorithm>
#include <cerrno>
#include <deque>
#include <linux/if_ether.h>
#include <numeric>
#include <optional>
#include <pthread.h>
#include <sched.h>
#include <span>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include "base/guarded.h"
#include "base/log.h"
#include "lab/frame_pool.h"
#include "lab/netns.h"
#include "lab/packet_port.h"
#include "lab/timing_wheel.h"

namespace quipu::lab {

namespace {

constexpr LogEvent kNotRealTime{LogLevel::info, "LAB_NOT_REAL_TIME",
                                "the emulator runs without real-time priority, so a busy machine delays frames",
                                "run as root, or give the process CAP_SYS_NICE"};
constexpr LogEvent kEmulatorFailed{LogLevel::error, "LAB_EMULATOR_FAILED",
                                   "the emulator's thread cannot wait for frames"};

// Written by the emulator's thread alone, read by any.
class Count {
  public:
    void add(std::uint64_t by = 1) {
        value_.store(value_.load(std::memory_order_relaxed) + by, std::memory_order_relaxed);
    }
    void subtract(std::uint64_t by) {
        value_.store(value_.load(std::memory_order_relaxed) - by, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

struct Way {
    Way(const Impairment& impairment, Rng rng, PacketPort& from, PacketPort& to)
        : engine(impairment, rng), wanted(impairment), in(from), out(to) {}

    void drop(DropReason reason, std::uint64_t count = 1) { dropped[static_cast<std::size_t>(reason)].add(count); }

    DirectionEngine engine;
    Guarded<Impairment> wanted;  // what set() asked for; the thread takes it over
    PacketPort& in;
    PacketPort& out;
    Monotonic last_arrival{};
    std::vector<iovec> leaving;  // due now, in order
    Count frames, octets, delivered, duplicated, waiting;
    std::array<Count, kDropReasons> dropped;
    mutable std::atomic<std::uint64_t> overflow{0};  // frames that the socket had no room for
};

struct UnderWay {
    Way* way;
    std::uint8_t* frame;
    std::uint32_t octets;
};

Monotonic monotonic_now() {
    return std::chrono::steady_clock::now();
}

// How much before a deadline to ask the kernel to wake us: about as late as it usually is. The median of its lateness
// is followed in small steps, up when a waking was later than thought and down when it was earlier; a waking that comes
// early is filled by polling.
class WakeLead {
  public:
    [[nodiscard]] Nanoseconds lead() const { return lead_; }
    void woke(Nanoseconds late) { lead_ = std::clamp(lead_ + (late > lead_ ? kStep : -kStep), Nanoseconds{0}, kMost); }

  private:
    static constexpr Nanoseconds kStep{500};
    static constexpr Nanoseconds kMost = std::chrono::microseconds(120);
    Nanoseconds lead_ = std::chrono::microseconds(50);
};

}  // namespace

class Emulator::Plane {
  public:
    static Result<std::unique_ptr<Plane>> open(const std::string& netns, const std::vector<EmulatedLink>& links,
                                               const Options& options);
    void run(const std::stop_token& stop);
    void wake() const {
        const std::uint64_t one = 1;
        static_cast<void>(!::write(wake_.get(), &one, sizeof(one)));
    }

    std::deque<PacketPort> ports;
    std::deque<Way> ways;  // two for each link: forward, backward
    std::atomic<bool> changed{false};
    std::atomic<bool> real_time{false};

  private:
    explicit Plane(const Options& options)
        : pool_(options.mtu + ETH_HLEN + kVlanTag, options.most_frames + 2 * PacketPort::kBatch) {
        static_cast<void>(fill_buffers());
        reserve_.swap(buffers_);
    }

    Result<void> watch(int fd, Way* way);
    void take_changes();
    [[nodiscard]] bool fill_buffers();
    void take_in(Way& way);
    void offer(Way& way, const ReceivedFrame& received, Nanoseconds clock_difference, Monotonic now);
    void let_go(Monotonic now);
    void send(Way& way);
    void forget(const UnderWay& frame, DropReason reason);
    [[nodiscard]] std::size_t wait(std::span<epoll_event> events);
    void raise_priority();

    static constexpr std::size_t kVlanTag = 4;

    FramePool pool_;
    TimingWheel<UnderWay> wheel_;
    std::vector<std::uint8_t*> buffers_;  // lent to receive()
    std::vector<std::uint8_t*> reserve_;  // lent to receive() when the pool is used up
    std::vector<Way*> leaving_;           // ways with frames to send now
    WakeLead lead_;
    Descriptor epoll_, wake_;
};

Result<std::unique_ptr<Emulator::Plane>> Emulator::Plane::open(const std::string& netns,
                                                               const std::vector<EmulatedLink>& links,
                                                               const Options& options) {
    std::unique_ptr<Plane> plane(new Plane(options));
    plane->epoll_ = Descriptor(::epoll_create1(EPOLL_CLOEXEC));
    plane->wake_ = Descriptor(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
    if (!plane->epoll_.is_open() || !plane->wake_.is_open()) return fail_errno(errno, "starting the emulator");
    TRY(in_namespace(netns, [&] -> Result<void> {
        for (const EmulatedLink& link : links) {
            plane->ports.push_back(TRY(PacketPort::open(link.interface_a)));
            plane->ports.push_back(TRY(PacketPort::open(link.interface_b)));
        }
        return {};
    }));
    Rng chance = options.seed == 0 ? Rng::from_system() : Rng(options.seed);
    for (std::size_t i = 0; i < links.size(); ++i) {
        PacketPort& a = plane->ports[2 * i];
        PacketPort& b = plane->ports[2 * i + 1];
        plane->ways.emplace_back(links[i].forward, Rng(chance.next()), a, b);
        plane->ways.emplace_back(links[i].backward, Rng(chance.next()), b, a);
    }
    for (Way& way : plane->ways)
        TRY(plane->watch(way.in.fd(), &way));
    TRY(plane->watch(plane->wake_.get(), nullptr));
    return plane;
}

Result<void> Emulator::Plane::watch(int fd, Way* way) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = way;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) return fail_errno(errno, "watching a packet socket");
    return {};
}

void Emulator::Plane::run(const std::stop_token& stop) {
    raise_priority();
    std::array<epoll_event, PacketPort::kBatch> events{};
    while (!stop.stop_requested()) {
        let_go(monotonic_now());
        const std::size_t ready = wait(events);
        if (changed.exchange(false, std::memory_order_acquire)) take_changes();
        for (const epoll_event& event : std::span(events).first(ready)) {
            if (event.data.ptr != nullptr) {
                take_in(*static_cast<Way*>(event.data.ptr));
            } else {
                std::uint64_t times = 0;
                static_cast<void>(!::read(wake_.get(), &times, sizeof(times)));
            }
        }
    }
}

void Emulator::Plane::raise_priority() {
    ::pthread_setname_np(::pthread_self(), "emulator");
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    const sched_param priority{10};
    real_time = ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &priority) == 0;
    if (!real_time) log(kNotRealTime);
}

std::size_t Emulator::Plane::wait(std::span<epoll_event> events) {
    const std::optional<Monotonic> deadline = wheel_.next();
    const Monotonic start = monotonic_now();
    const Nanoseconds sleep =
        deadline ? std::max(*deadline - lead_.lead() - start, Nanoseconds{0}) : Nanoseconds(std::chrono::hours(1));
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(sleep);
    const timespec limit{seconds.count(), (sleep - seconds).count()};
    const int ready = ::epoll_pwait2(epoll_.get(), events.data(), static_cast<int>(events.size()), &limit, nullptr);
    if (ready == 0 && sleep > Nanoseconds{0}) lead_.woke(monotonic_now() - start - sleep);
    if (ready < 0 && errno != EINTR) {
        log(kEmulatorFailed, {{"error", errno}});
        std::this_thread::sleep_for(std::chrono::milliseconds(100));
    }
    return static_cast<std::size_t>(std::max(ready, 0));
}

void Emulator::Plane::take_changes() {
    for (Way& way : ways)
        way.engine.set(way.wanted.with([](const Impairment& impairment) { return impairment; }));
}

bool Emulator::Plane::fill_buffers() {
    while (buffers_.size() < PacketPort::kBatch) {
        std::uint8_t* frame = pool_.take();
        if (frame == nullptr) return false;
        buffers_.push_back(frame);
    }
    return true;
}

void Emulator::Plane::take_in(Way& way) {
    // With the pool used up, frames are still taken from the socket, and dropped: those that come when there is room
    // again must not have waited behind them.
    const bool room = fill_buffers();
    std::array<ReceivedFrame, PacketPort::kBatch> frames;
    const std::size_t count = way.in.receive(room ? buffers_ : reserve_, pool_.frame_octets(), frames);
    const Monotonic now = monotonic_now();
    const Nanoseconds clock_difference = now.time_since_epoch() - std::chrono::system_clock::now().time_since_epoch();
    std::size_t kept = 0;
    for (const ReceivedFrame& received : std::span(frames).first(count)) {
        way.frames.add();
        way.octets.add(received.octets);
        if (!room) {
            way.drop(DropReason::memory);
        } else if (received.octets > pool_.frame_octets()) {
            way.drop(DropReason::interface);
            buffers_[kept++] = received.frame;
        } else {
            offer(way, received, clock_difference, now);
        }
    }
    if (room)
        buffers_.erase(buffers_.begin() + static_cast<std::ptrdiff_t>(kept),
                       buffers_.begin() + static_cast<std::ptrdiff_t>(count));
}

// The frame's time counts from its arrival in the kernel, however late this thread comes to it. The kernel stamps with
// the time of day: a stamp that cannot be (the clock was just set) is brought into the last second.
void Emulator::Plane::offer(Way& way, const ReceivedFrame& received, Nanoseconds clock_difference, Monotonic now) {
    Monotonic arrival = now;
    if (received.arrived != Time::max())
        arrival = std::clamp(Monotonic(received.arrived.time_since_epoch() + clock_difference),
                             now - std::chrono::seconds(1), now);
    way.last_arrival = std::max(way.last_arrival, arrival);
    const Verdict verdict = way.engine.offer(way.last_arrival, received.octets);
    if (verdict.count == 0) {
        way.drop(verdict.dropped);
        return pool_.give(received.frame);
    }
    const auto octets = static_cast<std::uint32_t>(received.octets);
    wheel_.insert(verdict.departures[0], {&way, received.frame, octets});
    way.waiting.add();
    if (verdict.count < 2) return;
    way.duplicated.add();
    std::uint8_t* copy = pool_.take();
    if (copy == nullptr) return way.drop(DropReason::memory);
    std::copy_n(received.frame, octets, copy);
    wheel_.insert(verdict.departures[1], {&way, copy, octets});
    way.waiting.add();
}

void Emulator::Plane::let_go(Monotonic now) {
    while (const auto due = wheel_.pop(now)) {
        if (due->way->engine.impairment().down) {
            forget(*due, DropReason::down);
            continue;
        }
        if (due->way->leaving.empty()) leaving_.push_back(due->way);
        due->way->leaving.push_back({due->frame, due->octets});
    }
    for (Way* way : leaving_)
        send(*way);
    leaving_.clear();
}

void Emulator::Plane::send(Way& way) {
    const std::size_t refused = way.out.send(way.leaving);
    way.delivered.add(way.leaving.size() - refused);
    way.waiting.subtract(way.leaving.size());
    if (refused > 0) way.drop(DropReason::interface, refused);
    for (const iovec& frame : way.leaving)
        pool_.give(static_cast<std::uint8_t*>(frame.iov_base));
    way.leaving.clear();
}

void Emulator::Plane::forget(const UnderWay& frame, DropReason reason) {
    frame.way->waiting.subtract(1);
    frame.way->drop(reason);
    pool_.give(frame.frame);
}

std::uint64_t DirectionCounters::all_dropped() const {
    return std::accumulate(dropped.begin(), dropped.end(), std::uint64_t{0});
}

Emulator::Emulator(std::unique_ptr<Plane> plane) : plane_(std::move(plane)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { plane_->run(stop); });
}

Emulator::~Emulator() {
    thread_.request_stop();
    plane_->wake();
}

Result<std::unique_ptr<Emulator>> Emulator::start(const std::string& netns, const std::vector<EmulatedLink>& links,
                                                  const Options& options) {
    return std::unique_ptr<Emulator>(new Emulator(TRY(Plane::open(netns, links, options))));
}

void Emulator::set(std::size_t link, Direction direction, const Impairment& impairment) {
    Way& way = plane_->ways[2 * link + static_cast<std::size_t>(direction)];
    way.wanted.with([&](Impairment& wanted) { wanted = impairment; });
    plane_->changed.store(true, std::memory_order_release);
    plane_->wake();
}

Impairment Emulator::impairment(std::size_t link, Direction direction) const {
    const Way& way = plane_->ways[2 * link + static_cast<std::size_t>(direction)];
    return way.wanted.with([](const Impairment& impairment) { return impairment; });
}

DirectionCounters Emulator::counters(std::size_t link, Direction direction) const {
    const Way& way = plane_->ways[2 * link + static_cast<std::size_t>(direction)];
    DirectionCounters counters;
    counters.frames = way.frames.value();
    counters.octets = way.octets.value();
    counters.delivered = way.delivered.value();
    counters.duplicated = way.duplicated.value();
    counters.waiting = way.waiting.value();
    for (std::size_t i = 0; i < kDropReasons; ++i)
        counters.dropped[i] = way.dropped[i].value();
    const std::uint32_t more = way.in.overflow();
    const std::uint64_t overflow = way.overflow.fetch_add(more) + more;
    counters.frames += overflow;
    counters.dropped[static_cast<std::size_t>(DropReason::memory)] += overflow;
    return counters;
}

bool Emulator::real_time() const {
    return plane_->real_time;
}

}  // namespace quipu::lab
