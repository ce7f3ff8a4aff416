#include "services/measure/agent.h"

#include <algorithm>
#include <bit>
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>

#include "agent/files.h"
#include "base/log.h"
#include "services/measure/data_plane.h"
#include "services/measure/path/interfaces.h"
#include "services/measure/path/tracer.h"
#include "services/measure/sent_log.h"

namespace quipu::measure {
namespace {

constexpr LogEvent kAssigned{LogLevel::info, "MEASURE_ASSIGNED", "The hub has assigned sessions"};
constexpr LogEvent kRecordLost{LogLevel::error, "MEASURE_RECORD_LOST", "Measured records could not be kept",
                               "Free disk space for the agent's folder."};
constexpr LogEvent kNoSentLog{
    LogLevel::warning, "MEASURE_SENT_LOG",
    "Until when packets were sent can't be kept: after a restart the absence will look like loss",
    "See that the agent's folder can be written to."};

constexpr LogEvent kNotResumed{LogLevel::warning, "MEASURE_NOT_RESUMED",
                               "What the hub has assigned can't be kept: after a restart the point waits for its hub",
                               "See that the agent's folder can be written to."};

constexpr LogEvent kNoPaths{LogLevel::warning, "MEASURE_NO_PATHS", "The ways to other points are not traced",
                            "Let the agent open raw sockets: run it as root or with CAP_NET_RAW."};

class PointPart final : public Point {
  public:
    explicit PointPart(PointSettings settings) : settings_(settings) {}
    ~PointPart() override { halt(); }

    [[nodiscard]] std::string_view name() const override { return "measure"; }

    [[nodiscard]] Result<void> start(const agent::PartContext& context) override {
        context_.emplace(context);
        sent_log_.emplace(context.folder + "/measure-sent");
        sent_log_->load();
        plane_ = TRY(DataPlane::open(context.clock, context.addresses, settings_.port, context.clock_error,
                                     context.clock_shift));
        plane_->start();
        interfaces_ = path::addresses_of_interfaces();
        auto tracer = path::Tracer::open(context.clock, context.addresses, plane_->port(),
                                         [this](const path::TracedPath& found) { keep_path(found); });
        if (tracer)
            tracer_ = std::move(*tracer);
        else
            log(kNoPaths, {{"error", tracer.error().text()}});
        keeper_ = std::jthread([this](const std::stop_token& stop) { keep(stop); });
        resume();
        return {};
    }

    [[nodiscard]] Value facts() const override {
        if (!plane_) return {};
        const ClockQuality quality = plane_->clock();
        PointFacts facts;
        facts.addresses = context_->addresses;
        facts.port = plane_->port();
        facts.clock = context_->clock_error > Nanoseconds::zero() ? "declared"
                      : quality.synchronised                      ? "synchronised"
                                                                  : "free-running";
        // What the kernel says drifts, and would be a new fact at each poll: in powers of two, upwards.
        const auto bound = std::chrono::ceil<std::chrono::microseconds>(quality.bound).count();
        const bool drifts = context_->clock_error == Nanoseconds::zero() && bound > 1;
        facts.clock_error_us =
            drifts ? static_cast<std::int64_t>(std::bit_ceil(static_cast<std::uint64_t>(bound))) : bound;
        facts.interfaces = interfaces_;
        return to_value(facts);
    }

    [[nodiscard]] Result<void> assign(const Value& assignment) override {
        const auto wanted =
            assignment.is_null() ? Assignment{} : TRY(read<Assignment>(assignment, "assignment of measure"));
        trace(wanted);
        // The packets' thread is left alone when only paths are asked for.
        if (assigned_ && assigned_->send == wanted.send && assigned_->receive == wanted.receive &&
            assigned_->raw == wanted.raw)
            return {};
        assigned_ = wanted;
        Orders orders{.send = wanted.send, .sent_until = {}, .receive = wanted.receive, .raw = wanted.raw};
        std::set<SentLog::Name> names;
        const Time now = context_->clock.now();
        {
            const std::scoped_lock lock(log_mutex_);
            for (const auto& session : wanted.send) {
                orders.sent_until.push_back(sent_log_->sent_until({session.site, session.seed}, now));
                names.emplace(session.site, session.seed);
            }
            if (auto kept = sent_log_->start_sessions(names, now); !kept)
                log(kNoSentLog, {{"error", kept.error().text()}});
        }
        log(kAssigned, {{"send", wanted.send.size()}, {"receive", wanted.receive.size()}});
        plane_->order(std::move(orders));
        if (auto kept = agent::write_file(assignment_file(), json_text(wanted), 0600); !kept)
            log(kNotResumed, {{"error", kept.error().text()}});
        return {};
    }

    void stop() override { halt(); }

    [[nodiscard]] PointCounters counters() const override {
        PointCounters out = plane_ ? plane_->counters() : PointCounters{};
        out.records_lost = records_lost_;
        return out;
    }

  private:
    [[nodiscard]] std::string assignment_file() const { return context_->folder + "/assignment.json"; }

    /// A point that starts while its hub is away goes on with what it did before.
    void resume() {
        const auto text = agent::read_file(assignment_file());
        if (!text && text.error().code == ErrorCode::not_found) return;
        const auto value = text ? parse_json(*text, assignment_file()) : Result<Value>(std::unexpected(text.error()));
        const auto done = value ? assign(*value) : Result<void>(std::unexpected(value.error()));
        if (!done) log(kNotResumed, {{"error", done.error().text()}});
    }

    /// Whom to trace, and those to whom the way seems to have changed.
    void trace(const Assignment& wanted) {
        if (!tracer_) return;
        std::vector<path::Peer> peers;
        for (const auto& session : wanted.send)
            peers.push_back({session.site, session.address});
        tracer_->order(std::move(peers), std::chrono::seconds(wanted.trace_every_s));
        for (const auto& order : wanted.trace) {
            // What was ordered before this point was started is traced soon anyway.
            if (std::exchange(traced_[order.site], order.number) != order.number && assigned_)
                tracer_->hurry(order.site);
        }
    }

    void keep_path(const path::TracedPath& found) {
        ByteWriter out(256);
        path::write_path(out, found);
        keep_record(path::kPathStream, out.span());
    }

    /// Told once each time that it begins to fail: a full disk would fill the log as well.
    void keep_record(std::string_view stream, ByteSpan payload) {
        const auto kept = context_->records.append(stream, payload);
        if (!kept) ++records_lost_;
        if (failing_.exchange(!kept) || kept) return;
        log(kRecordLost, {{"stream", stream}, {"error", kept.error().text()}});
    }

    /// What comes from a site with another TTL came another way: ours to it may have changed as well.
    void notice_ttl(ByteSpan minute) {
        ByteReader in(minute);
        const auto record = parse_record(in);
        if (!tracer_ || !record || record->ttl <= 0) return;
        const auto [at, first] = ttls_.emplace(record->from, record->ttl);
        if (!first && std::exchange(at->second, record->ttl) != record->ttl) tracer_->hurry(record->from);
    }

    void halt() {
        if (tracer_) tracer_->stop();
        if (plane_) plane_->stop();
        if (keeper_.joinable()) {
            keeper_.request_stop();
            keeper_.join();
        }
    }

    /// Empties the outbox a few times a second, and once more at the end.
    void keep(const std::stop_token& stop) {
        std::mutex mutex;
        std::condition_variable_any bell;
        while (!stop.stop_requested()) {
            std::unique_lock lock(mutex);
            bell.wait_for(lock, stop, std::chrono::milliseconds(500), [] { return false; });
            flush();
        }
    }

    void flush() {
        for (const auto& entry : plane_->take_outbox()) {
            if (entry.offered) {
                context_->records.tell(entry.stream, entry.payload);
                continue;
            }
            if (entry.stream == kMinuteStream) notice_ttl(entry.payload);
            keep_record(entry.stream, entry.payload);
        }
        plane_->note_records_lost(records_lost_);
        const std::scoped_lock lock(log_mutex_);
        if (const Time until = plane_->sent_until(); until != Time{}) sent_log_->mark(until);
    }

    const PointSettings settings_;
    std::optional<agent::PartContext> context_;
    std::mutex log_mutex_;
    std::optional<SentLog> sent_log_;
    std::unique_ptr<DataPlane> plane_;
    std::vector<net::IpAddress> interfaces_;
    std::optional<Assignment> assigned_;
    std::map<std::string, std::int64_t> traced_;             // numbers of orders, by site
    std::map<std::string, std::int16_t, std::less<>> ttls_;  // of the keeper's thread alone
    std::unique_ptr<path::Tracer> tracer_;
    std::atomic<std::uint64_t> records_lost_ = 0;
    std::atomic<bool> failing_ = false;  // the last record was not kept
    std::jthread keeper_;
};

}  // namespace

std::unique_ptr<Point> make_point(PointSettings settings) {
    return std::make_unique<PointPart>(settings);
}

}  // namespace quipu::measure
