#pragma once
// A pair's minutes as rows of an export: CSV (RFC 4180), JSON lines, or pScheduler's results, one a line. Text is added
// to a string that the caller empties now and then, so that nothing is held whole.

#include <string>
#include <string_view>

#include "base/describe.h"
#include "services/measure/exchange/pscheduler.h"
#include "services/measure/figures.h"

namespace quipu::exchange {

enum class Format : std::uint8_t { csv, jsonl, pscheduler };
constexpr auto describe_enum(Format) {
    return names<Format>({{Format::csv, "csv"}, {Format::jsonl, "jsonl"}, {Format::pscheduler, "pscheduler"}});
}

class RowsOf {
  public:
    RowsOf(Format format, LatencyTest test) : format_(format), test_(test) {}
    /// CSV's header; nothing for the others.
    void begin(std::string& out) const;
    /// A minute, or several summed into a step, and what it says.
    void add(std::string& out, std::string_view key, const data::ArchiveRecord& record,
             const measure::Figures& figures) const;
    [[nodiscard]] std::string_view media_type() const;
    [[nodiscard]] std::string_view suffix() const;  ///< of a file's name

  private:
    Format format_;
    LatencyTest test_;
};

}  // namespace quipu::exchange
