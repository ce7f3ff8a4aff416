#include "platform/metrics.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <fmt/format.h>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <variant>

namespace quipu::platform {
namespace {

constexpr std::array kBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0};

class Buckets final : public Metrics::Timer {
  public:
    void observe(double seconds) override {
        const auto bucket = std::ranges::lower_bound(kBounds, seconds) - kBounds.begin();
        counts_[static_cast<std::size_t>(bucket)].fetch_add(1, std::memory_order_relaxed);
        nanoseconds_.fetch_add(static_cast<std::uint64_t>(std::max(0.0, seconds) * 1e9), std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t count(std::size_t bucket) const {
        return counts_[bucket].load(std::memory_order_relaxed);
    }
    [[nodiscard]] double sum() const { return static_cast<double>(nanoseconds_.load(std::memory_order_relaxed)) / 1e9; }

  private:
    std::array<std::atomic<std::uint64_t>, kBounds.size() + 1> counts_{};
    std::atomic<std::uint64_t> nanoseconds_{0};
};

/// What is asked for at each reading, until its handle ends it: whoever holds the handle may then destroy what it reads
/// from, for a reading that was under way is over.
template <class T>
class Reading {
  public:
    explicit Reading(std::function<T()> read) : read_(std::move(read)) {}
    [[nodiscard]] std::optional<T> value() {
        const std::scoped_lock lock(mutex_);
        return read_ ? std::optional<T>(read_()) : std::nullopt;
    }
    static std::shared_ptr<void> handle_of(const std::shared_ptr<Reading>& reading) {
        return {reading.get(), [reading](void*) { reading->end(); }};
    }

  private:
    void end() {
        const std::scoped_lock lock(mutex_);
        read_ = nullptr;
    }
    std::mutex mutex_;
    std::function<T()> read_;
};

/// What the register holds does not keep the metric alive: its handle does.
using Source = std::variant<std::weak_ptr<Counter>, std::weak_ptr<Buckets>, std::weak_ptr<Reading<double>>>;

struct Family {
    std::string help;
    std::string_view type;
    std::map<Labels, Source> series;
};

void append_escaped(std::string& out, std::string_view text, bool quotes) {
    for (const char c : text) {
        if (c == '\\')
            out += "\\\\";
        else if (c == '\n')
            out += "\\n";
        else if (c == '"' && quotes)
            out += "\\\"";
        else
            out += c;
    }
}

std::string number_text(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
    return fmt::format("{}", value);
}

void append_sample(std::string& out, std::string_view name, const Labels& labels, std::string_view bound,
                   std::string_view value) {
    out += name;
    if (!labels.empty() || !bound.empty()) {
        char before = '{';
        const auto label = [&](std::string_view key, std::string_view text) {
            out += before;
            before = ',';
            out += key;
            out += "=\"";
            append_escaped(out, text, true);
            out += '"';
        };
        for (const auto& [key, text] : labels)
            label(key, text);
        if (!bound.empty()) label("le", bound);
        out += '}';
    }
    out += ' ';
    out += value;
    out += '\n';
}

void append_histogram(std::string& out, std::string_view name, const Labels& labels, const Buckets& buckets) {
    std::uint64_t total = 0;
    for (std::size_t i = 0; i <= kBounds.size(); ++i) {
        total += buckets.count(i);
        append_sample(out, fmt::format("{}_bucket", name), labels,
                      i < kBounds.size() ? number_text(kBounds[i]) : "+Inf", fmt::to_string(total));
    }
    append_sample(out, fmt::format("{}_sum", name), labels, {}, number_text(buckets.sum()));
    append_sample(out, fmt::format("{}_count", name), labels, {}, fmt::to_string(total));
}

void append_family(std::string& out, const std::string& name, const Family& family) {
    std::string samples;
    for (const auto& [labels, source] : family.series) {
        if (const auto* counter = std::get_if<std::weak_ptr<Counter>>(&source)) {
            if (const auto alive = counter->lock())
                append_sample(samples, name, labels, {}, fmt::to_string(alive->value()));
        } else if (const auto* buckets = std::get_if<std::weak_ptr<Buckets>>(&source)) {
            if (const auto alive = buckets->lock()) append_histogram(samples, name, labels, *alive);
        } else if (const auto alive = std::get<std::weak_ptr<Reading<double>>>(source).lock()) {
            if (const auto value = alive->value()) append_sample(samples, name, labels, {}, number_text(*value));
        }
    }
    if (samples.empty()) return;
    out += fmt::format("# HELP {} ", name);
    append_escaped(out, family.help, false);
    out += fmt::format("\n# TYPE {} {}\n", name, family.type);
    out += samples;
}

}  // namespace

struct Metrics::Impl {
    mutable std::mutex mutex;
    std::map<std::string, Family, std::less<>> families;
    std::vector<std::weak_ptr<Reading<std::string>>> texts;

    /// The living metric of this name and labels, or a new one.
    template <class T>
    std::shared_ptr<T> find_or_make(std::string_view name, std::string_view help, std::string_view type,
                                    const Labels& labels) {
        const std::scoped_lock lock(mutex);
        Source& place = series(name, help, type, labels);
        if (const auto* known = std::get_if<std::weak_ptr<T>>(&place))
            if (auto alive = known->lock()) return alive;
        auto made = std::make_shared<T>();
        place = std::weak_ptr<T>(made);
        return made;
    }
    std::shared_ptr<void> keep_reading(std::string_view name, std::string_view help, std::string_view type,
                                       const Labels& labels, std::function<double()> read) {
        const std::scoped_lock lock(mutex);
        const auto made = std::make_shared<Reading<double>>(std::move(read));
        series(name, help, type, labels) = std::weak_ptr(made);
        return Reading<double>::handle_of(made);
    }

  private:
    Source& series(std::string_view name, std::string_view help, std::string_view type, const Labels& labels) {
        const auto family = families.try_emplace(std::string(name), Family{std::string(help), type, {}}).first;
        if (family->second.type != type)
            throw std::logic_error(
                fmt::format("the metric {} is declared as {} and as {}", name, family->second.type, type));
        return family->second.series[labels];
    }
};

Metrics::Metrics() : impl_(std::make_unique<Impl>()) {}
Metrics::~Metrics() = default;

std::shared_ptr<Counter> Metrics::counter(std::string_view name, std::string_view help, const Labels& labels) {
    return impl_->find_or_make<Counter>(name, help, "counter", labels);
}

std::shared_ptr<void> Metrics::gauge(std::string_view name, std::string_view help, const Labels& labels,
                                     std::function<double()> read) {
    return impl_->keep_reading(name, help, "gauge", labels, std::move(read));
}

std::shared_ptr<void> Metrics::counter_from(std::string_view name, std::string_view help, const Labels& labels,
                                            std::function<double()> read) {
    return impl_->keep_reading(name, help, "counter", labels, std::move(read));
}

std::shared_ptr<void> Metrics::text_from(std::function<std::string()> read) {
    const std::scoped_lock lock(impl_->mutex);
    std::erase_if(impl_->texts, [](const auto& text) { return text.expired(); });
    const auto made = std::make_shared<Reading<std::string>>(std::move(read));
    impl_->texts.emplace_back(made);
    return Reading<std::string>::handle_of(made);
}

std::shared_ptr<Metrics::Timer> Metrics::timer(std::string_view name, std::string_view help, const Labels& labels) {
    return impl_->find_or_make<Buckets>(name, help, "histogram", labels);
}

std::string Metrics::text() const {
    std::string out;
    const std::scoped_lock lock(impl_->mutex);
    for (const auto& [name, family] : impl_->families)
        append_family(out, name, family);
    for (const auto& text : impl_->texts)
        if (const auto alive = text.lock()) out += alive->value().value_or("");
    return out;
}

}  // namespace quipu::platform
