#pragma once
// Counters, gauges and histograms in Prometheus' text format 0.0.4. Declared beside what they count; a metric lives as
// long as its handle.

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu::platform {

using Labels = std::vector<std::pair<std::string, std::string>>;

class Counter {
  public:
    void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
    [[nodiscard]] std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

  private:
    std::atomic<std::uint64_t> value_{0};
};

class Metrics {
  public:
    Metrics();
    ~Metrics();
    /// `name` ends in _total; `help` is one sentence. The same name and labels answer the same counter.
    [[nodiscard]] std::shared_ptr<Counter> counter(std::string_view name, std::string_view help,
                                                   const Labels& labels = {});
    /// Read when asked for, from the asker's thread. Removed when the answer is destroyed, which waits for a reading
    /// that is under way: what `read` uses may go after it.
    [[nodiscard]] std::shared_ptr<void> gauge(std::string_view name, std::string_view help, const Labels& labels,
                                              std::function<double()> read);
    [[nodiscard]] std::shared_ptr<void> counter_from(std::string_view name, std::string_view help, const Labels& labels,
                                                     std::function<double()> read);
    /// Whole families of samples in the same format, made by whoever counts what has labels of its own by the thousand;
    /// its names are nobody else's.
    [[nodiscard]] std::shared_ptr<void> text_from(std::function<std::string()> read);
    /// A histogram of seconds with the house's buckets (1 ms … 10 s).
    class Timer;
    [[nodiscard]] std::shared_ptr<Timer> timer(std::string_view name, std::string_view help, const Labels& labels = {});
    [[nodiscard]] std::string text() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

class Metrics::Timer {
  public:
    virtual ~Timer() = default;
    virtual void observe(double seconds) = 0;
};

}  // namespace quipu::platform
