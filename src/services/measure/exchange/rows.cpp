#include "services/measure/exchange/rows.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <iterator>

#include "registry/csv.h"

namespace quipu::exchange {
namespace {

std::vector<std::string> column_names() {
    std::vector<std::string> out = {"from", "to"};
    for_each_field<measure::Figures>([&](const auto& field) { out.emplace_back(field.name); });
    return out;
}

void append(std::string& out, std::int64_t value) {
    fmt::format_to(std::back_inserter(out), "{}", value);
}
void append(std::string& out, double value) {
    fmt::format_to(std::back_inserter(out), "{}", value);
}
void append(std::string& out, const Time& value) {
    out += format_time(value);
}
void append(std::string& out, const std::string& value) {
    out += value;
}
void append(std::string& out, const std::vector<std::string>& value) {
    fmt::format_to(std::back_inserter(out), "{}", fmt::join(value, " "));
}
template <class T>
void append(std::string& out, const std::optional<T>& value) {
    if (value) append(out, *value);
}

/// Sites' ids, paths' identifiers and figures need no quotes.
void add_csv(std::string& out, std::string_view from, std::string_view to, const measure::Figures& figures) {
    out.append(from).append(",").append(to);
    for_each_field<measure::Figures>([&](const auto& field) {
        out += ',';
        append(out, figures.*field.member);
    });
    out += "\r\n";
}

void add_line(std::string& out, std::string_view from, std::string_view to, const measure::Figures& figures) {
    fmt::format_to(std::back_inserter(out), R"({{"from":"{}","to":"{}",)", from, to);
    out.append(std::string_view(json_text(figures)).substr(1)).append("\n");
}

LatencyResult latency_of(const data::ArchiveRecord& record, const measure::Figures& figures) {
    const measure::Columns columns = measure::columns_of(record);
    LatencyResult out{.sent = figures.sent,
                      .received = figures.received,
                      .lost = figures.lost,
                      .duplicated = figures.duplicated,
                      .reordered = figures.reordered};
    out.clock_error_ns = columns.clock_error / std::max<std::int64_t>(columns.minutes + columns.silent, 1);
    if (!record.histograms.empty()) out.delays = record.histograms[0];
    out.ttl = figures.ttl;
    if (!figures.clock_fault.empty())
        out.diags = fmt::format("the clock was wrong at {}: these delays are not the network's",
                                fmt::join(figures.clock_fault, ", "));
    return out;
}

}  // namespace

void RowsOf::begin(std::string& out) const {
    if (format_ == Format::csv) registry::append_csv(out, column_names());
}

void RowsOf::add(std::string& out, std::string_view key, const data::ArchiveRecord& record,
                 const measure::Figures& figures) const {
    const auto [from, to] = measure::ends_of(key);
    switch (format_) {
        case Format::csv: add_csv(out, from, to, figures); return;
        case Format::jsonl: add_line(out, from, to, figures); return;
        case Format::pscheduler: {
            JsonWriter writer(out);
            write(writer,
                  {.start = record.time,
                   .duration = std::chrono::seconds(figures.step_s),
                   .source = std::string(from),
                   .destination = std::string(to)},
                  test_, latency_of(record, figures));
            out += '\n';
        }
    }
}

std::string_view RowsOf::media_type() const {
    return format_ == Format::csv ? "text/csv; charset=utf-8" : "application/jsonl";
}

std::string_view RowsOf::suffix() const {
    return format_ == Format::csv ? "csv" : "jsonl";
}

}  // namespace quipu::exchange
