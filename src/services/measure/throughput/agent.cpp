#include "services/measure/throughput/agent.h"

#include <algorithm>
#include <condition_variable>
#include <fmt/format.h>
#include <mutex>
#include <set>
#include <thread>

#include "base/log.h"
#include "services/measure/throughput/codec_iperf.h"
#include "services/measure/throughput/program.h"
#include "services/measure/throughput/streams.h"

namespace quipu::throughput {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kNoIperf{LogLevel::warning, "THROUGHPUT_NO_IPERF",
                            "iperf3 can't be run: this point takes no part in throughput tests",
                            "Install the package iperf3; it is looked for again every five minutes."};
constexpr LogEvent kRan{LogLevel::info, "THROUGHPUT_RAN", "A throughput test has ended"};
constexpr LogEvent kFailed{LogLevel::warning, "THROUGHPUT_FAILED", "A throughput test has failed"};
constexpr LogEvent kRecordLost{LogLevel::error, "THROUGHPUT_RECORD_LOST", "A throughput record could not be kept",
                               "Free disk space for the agent's folder."};

constexpr Nanoseconds kLookAgain = 5min;
constexpr Nanoseconds kRetryEvery = 300ms;

/// The sender starts with the test, the receiver listens before.
Time due(const AssignedTest& test) {
    return test.end == End::sender ? test.start : test.begins;
}

class ThroughputPoint final : public agent::Part {
  public:
    explicit ThroughputPoint(ThroughputPointSettings settings) : settings_(std::move(settings)) {}
    ~ThroughputPoint() override { halt(); }

    [[nodiscard]] std::string_view name() const override { return "throughput"; }

    [[nodiscard]] Result<void> start(const agent::PartContext& context) override {
        context_.emplace(context);
        look_for_iperf();
        worker_ = std::jthread([this](const std::stop_token& stop) { work(stop); });
        return {};
    }

    [[nodiscard]] Value facts() const override {
        if (!context_) return {};
        const std::scoped_lock lock(mutex_);
        return to_value(PointFacts{
            .addresses = context_->addresses, .port = settings_.port, .iperf3 = version_, .problem = problem_});
    }

    [[nodiscard]] Result<void> assign(const Value& assignment) override {
        auto wanted =
            assignment.is_null() ? Assignment{} : TRY(read<Assignment>(assignment, "assignment of throughput"));
        std::ranges::sort(wanted.tests, {}, due);
        {
            const std::scoped_lock lock(mutex_);
            tests_ = std::move(wanted.tests);
            std::erase_if(begun_, [&](std::int64_t id) { return find(id) == nullptr; });
        }
        bell_.notify_all();
        return {};
    }

    void stop() override { halt(); }

  private:
    void halt() {
        if (!worker_.joinable()) return;
        worker_.request_stop();
        worker_.join();
    }

    void look_for_iperf() {
        const auto ended = run_program({settings_.program, "--version"}, 5s, 64UL * 1024, [] { return false; });
        std::string version, problem;
        if (!ended)
            problem = ended.error().what;
        else if (!ended->output.starts_with("iperf "))
            problem = fmt::format("{} does not tell its version", settings_.program);
        else  // "iperf 3.12 (cJSON 1.7.15)"
            version = ended->output.substr(6, ended->output.find_first_of(" \n", 6) - 6);
        looked_ = context_->clock.monotonic();
        const std::scoped_lock lock(mutex_);
        if (version.empty() && problem != problem_) log(kNoIperf, {{"error", problem}});
        version_ = std::move(version);
        problem_ = std::move(problem);
    }

    // ---- the worker

    /// With the lock held.
    [[nodiscard]] const AssignedTest* find(std::int64_t id) const {
        const auto at = std::ranges::find(tests_, id, &AssignedTest::id);
        return at == tests_.end() ? nullptr : &*at;
    }

    void work(const std::stop_token& stop) {
        std::unique_lock lock(mutex_);
        while (!stop.stop_requested()) {
            const auto next = std::ranges::find_if(tests_, [&](const auto& test) { return !begun_.contains(test.id); });
            // The time of day may be set: it is looked at once a second.
            Nanoseconds pause = 1s;
            if (next != tests_.end()) {
                const Nanoseconds left = due(*next) - context_->clock.now();
                if (left <= Nanoseconds::zero()) {
                    // NOLINTNEXTLINE(performance-unnecessary-copy-initialization): the list may change while it runs
                    const AssignedTest test = *next;
                    begun_.insert(test.id);
                    lock.unlock();
                    tell(run(test, stop));
                    lock.lock();
                    continue;
                }
                pause = std::min(pause, left);
            }
            bell_.wait_for(lock, stop, pause, [] { return false; });
            if (!version_.empty() || context_->clock.monotonic() - looked_ < kLookAgain) continue;
            lock.unlock();
            look_for_iperf();
            lock.lock();
        }
    }

    [[nodiscard]] bool called_off(const AssignedTest& test, const std::stop_token& stop) const {
        if (stop.stop_requested()) return true;
        const std::scoped_lock lock(mutex_);
        return find(test.id) == nullptr;
    }

    [[nodiscard]] EndRecord run(const AssignedTest& test, const std::stop_token& stop) const {
        const Clock& clock = context_->clock;
        EndRecord record{.test = test.id, .end = test.end, .began = clock.now(), .error = {}, .report = {}};
        if (record.began > test.start + kLead) {
            record.ended = record.began;
            record.error =
                fmt::format("came to the test {} late",
                            format_duration(std::chrono::floor<std::chrono::milliseconds>(record.began - test.start)));
            return record;
        }
        for (;;) {
            record.began = clock.now();
            const Nanoseconds limit = test.until - record.began;
            const auto off = [&] { return called_off(test, stop); };
            const bool early = test.streams > kMostIperfStreams ? run_streams(test, limit, off, record)
                                                                : run_iperf(test, limit, off, record);
            record.ended = clock.now();
            // The receiver's clock may be a little behind ours: it is not there yet.
            if (test.end == End::receiver || !early || clock.now() + kRetryEvery >= test.start + kLead || off())
                return record;
            std::mutex mutex;
            std::unique_lock lock(mutex);
            std::condition_variable_any pause;
            pause.wait_for(lock, stop, kRetryEvery, [] { return false; });
        }
    }

    /// Both answer whether nobody listened at the other end.
    bool run_iperf(const AssignedTest& test, Nanoseconds limit, const std::function<bool()>& off,
                   EndRecord& record) const {
        const auto argv = test.end == End::sender ? sender_command(settings_.program, test)
                                                  : receiver_command(settings_.program, test);
        judge(test, run_program(argv, limit, kMostIperfOctets, off), record);
        return record.report && record.report->error.starts_with("unable to connect");
    }
    static bool run_streams(const AssignedTest& test, Nanoseconds limit, const std::function<bool()>& off,
                            EndRecord& record) {
        auto report = test.end == End::sender ? send_streams(test, limit, off) : receive_streams(test, limit, off);
        record.error = report ? "" : report.error().text();
        record.report = report ? std::optional(std::move(*report)) : std::nullopt;
        return !report && report.error().code == ErrorCode::unavailable;
    }

    /// What the program's end means.
    static void judge(const AssignedTest& test, const Result<ProgramEnd>& ended, EndRecord& record) {
        record.error.clear();
        record.report.reset();
        if (!ended) {
            record.error = ended.error().text();
            return;
        }
        if (auto report = parse_iperf(ended->output)) record.report = std::move(*report);
        if (ended->called_off)
            record.error = "the test was called off";
        else if (ended->timed_out)
            record.error = test.end == End::sender                        ? "did not end in its time and was ended"
                           : record.report && record.report->peer.empty() ? "the sender did not come"
                                                                          : "the sender did not end in its time";
        else if (!record.report)
            record.error = fmt::format("iperf3 ended with {}: {}", ended->status,
                                       ended->errors.empty() ? "it printed no JSON" : ended->errors.substr(0, 300));
        // iperf3 knows no filter: whoever comes first has its one connection. Then it was not this test.
        else if (const auto peer = net::IpAddress::parse(record.report->peer);
                 test.end == End::receiver && peer && *peer != test.peer)
            record.error = fmt::format("{} used the server that was there for {}", peer->text(), test.peer.text());
    }

    void tell(const EndRecord& record) {
        const bool fine = record.error.empty() && record.report && record.report->error.empty();
        if (fine)
            log(kRan, {{"test", record.test},
                       {"end", enum_name(record.end)},
                       {"received", format_bandwidth({record.report->received_bps})}});
        else
            log(kFailed, {{"test", record.test},
                          {"end", enum_name(record.end)},
                          {"error", record.error.empty() && record.report ? record.report->error : record.error}});
        const std::string text = write_end_record(record);
        const auto kept = context_->records.append(kThroughputStream, as_bytes(text));
        if (!kept) log(kRecordLost, {{"error", kept.error().text()}});
    }

    const ThroughputPointSettings settings_;
    std::optional<agent::PartContext> context_;
    mutable std::mutex mutex_;
    std::condition_variable_any bell_;
    std::vector<AssignedTest> tests_;
    std::set<std::int64_t> begun_;
    std::string version_, problem_;
    Monotonic looked_{};
    std::jthread worker_;
};

std::string whole_seconds(std::int64_t microseconds) {
    return std::to_string(std::max<std::int64_t>((microseconds + 999'999) / 1'000'000, 1));
}

}  // namespace

std::vector<std::string> sender_command(const std::string& program, const AssignedTest& test) {
    std::vector<std::string> out = {program,
                                    "--client",
                                    test.peer.text(),
                                    "--port",
                                    std::to_string(test.port),
                                    "--bind",
                                    test.address.text(),
                                    "--json",
                                    "--interval",
                                    "1",
                                    "--time",
                                    whole_seconds(test.duration_us),
                                    "--parallel",
                                    std::to_string(test.streams),
                                    "--connect-timeout",
                                    "2000"};
    if (test.protocol == Protocol::udp) out.emplace_back("--udp");
    // Each stream has its part: iperf3 means the rate of one.
    if (test.rate_bps > 0)
        out.insert(out.end(), {"--bitrate", std::to_string(std::max<std::int64_t>(test.rate_bps / test.streams, 1))});
    return out;
}

std::vector<std::string> receiver_command(const std::string& program, const AssignedTest& test) {
    return {program, "--server", "--one-off",         "--json", "--interval",
            "1",     "--bind",   test.address.text(), "--port", std::to_string(test.port)};
}

std::unique_ptr<agent::Part> make_point(ThroughputPointSettings settings) {
    return std::make_unique<ThroughputPoint>(std::move(settings));
}

}  // namespace quipu::throughput
