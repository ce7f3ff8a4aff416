#include "services/measure/compare/agent.h"

#include <condition_variable>
#include <deque>
#include <mutex>
#include <set>
#include <thread>
#include <variant>

#include "base/log.h"
#include "services/measure/compare/observe.h"
#include "services/measure/stamp/server_reflector.h"

namespace quipu::compare {
namespace {

constexpr LogEvent kNoReflector{LogLevel::warning, "COMPARE_NO_REFLECTOR",
                                "The point's STAMP reflector can't be started: others can't compare ways to it",
                                "See that nothing else uses its UDP port, or choose another with --reflector-port."};
constexpr LogEvent kNotKept{LogLevel::error, "COMPARE_NOT_KEPT", "What a comparison saw could not be kept",
                            "Free disk space for the agent's folder."};

constexpr std::size_t kRemembered = 1000;  // identifiers of what was done

class PointPart final : public agent::Part {
  public:
    explicit PointPart(PointSettings settings) : settings_(settings) {}
    ~PointPart() override { halt(); }

    [[nodiscard]] std::string_view name() const override { return "compare"; }

    [[nodiscard]] Result<void> start(const agent::PartContext& context) override {
        context_.emplace(context);
        worker_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
        return {};
    }

    [[nodiscard]] Value facts() const override {
        if (!context_) return {};
        const std::scoped_lock lock(mutex_);
        return to_value(
            PointFacts{.reflector_port = reflector_port_, .research = research(), .commodity = settings_.commodity});
    }

    [[nodiscard]] Result<void> assign(const Value& assignment) override {
        const Work wanted = assignment.is_null() ? Work{} : TRY(read<Work>(assignment, "assignment of compare"));
        reflect(wanted.reflect_for);
        const std::scoped_lock lock(mutex_);
        for (const ComparisonTask& task : wanted.compare)
            if (is_new(task.comparison)) waiting_.emplace_back(task);
        for (const TraceBack& task : wanted.trace_back)
            if (is_new(task.comparison)) waiting_.emplace_back(task);
        bell_.notify_all();
        return {};
    }

    void stop() override { halt(); }

  private:
    using Job = std::variant<ComparisonTask, TraceBack>;

    void halt() {
        if (worker_.joinable()) {
            worker_.request_stop();
            worker_.join();
        }
        reflector_.reset();
    }

    [[nodiscard]] std::optional<net::IpAddress> research() const {
        return context_->addresses.empty() ? std::nullopt : std::optional(context_->addresses.front());
    }

    /// Answers those who may ask, and nobody before it is known who may.
    void reflect(const std::vector<net::Prefix>& for_whom) {
        if (for_whom == reflected_for_) return;
        reflected_for_ = for_whom;
        reflector_.reset();
        std::uint16_t port = 0;
        if (!for_whom.empty()) {
            std::vector<net::Endpoint> listen;
            for (const net::IpAddress& address : context_->addresses)
                listen.push_back({address, settings_.port});
            stamp::ReflectorSettings settings;
            settings.allowed = for_whom;
            settings.clock_shift = context_->clock_shift;
            settings.packets_per_second_of_client = 1000;
            settings.reflector_ports = {862, settings_.port};
            auto started = stamp::ReflectorServer::start(listen, settings, context_->clock_error, context_->clock);
            if (started) {
                reflector_ = std::move(*started);
                port = reflector_->listening().front().port;
            } else {
                log(kNoReflector, {{"error", started.error().text()}});
            }
        }
        const std::scoped_lock lock(mutex_);
        reflector_port_ = port;
    }

    /// Once each, though the hub names it until it has the answer. Under the lock.
    bool is_new(const std::string& comparison) {
        if (!known_.insert(comparison).second) return false;
        order_.push_back(comparison);
        if (order_.size() > kRemembered) {
            known_.erase(order_.front());
            order_.pop_front();
        }
        return true;
    }

    void work(const std::stop_token& stop) {
        while (!stop.stop_requested()) {
            Job job;
            {
                std::unique_lock lock(mutex_);
                if (!bell_.wait(lock, stop, [this] { return !waiting_.empty(); })) return;
                job = std::move(waiting_.front());
                waiting_.pop_front();
            }
            const auto interrupted = [&] { return stop.stop_requested(); };
            if (const ComparisonTask* task = std::get_if<ComparisonTask>(&job)) {
                const Observation seen = observe(*task,
                                                 {.research = research(),
                                                  .commodity = settings_.commodity,
                                                  .clock_error = context_->clock_error,
                                                  .clock_shift = context_->clock_shift,
                                                  .interrupted = interrupted},
                                                 context_->clock);
                if (!stop.stop_requested()) keep(kObservationStream, json_text(seen));
            } else {
                const RoutesBack seen = trace_back(std::get<TraceBack>(job), research(), interrupted, context_->clock);
                if (!stop.stop_requested()) keep(kRoutesBackStream, json_text(seen));
            }
        }
    }

    void keep(std::string_view stream, std::string_view text) {
        const ByteSpan payload(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
        if (auto kept = context_->records.append(stream, payload); !kept)
            log(kNotKept, {{"error", kept.error().text()}});
    }

    const PointSettings settings_;
    std::optional<agent::PartContext> context_;
    std::vector<net::Prefix> reflected_for_;  // of assign()'s thread alone
    std::unique_ptr<stamp::ReflectorServer> reflector_;
    mutable std::mutex mutex_;  // of what follows
    std::int64_t reflector_port_ = 0;
    std::deque<Job> waiting_;
    std::set<std::string> known_;
    std::deque<std::string> order_;
    std::condition_variable_any bell_;
    std::jthread worker_;
};

}  // namespace

std::unique_ptr<agent::Part> make_point(PointSettings settings) {
    return std::make_unique<PointPart>(settings);
}

}  // namespace quipu::compare
