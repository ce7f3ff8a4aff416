#include "platform/reports.h"

#include <fmt/format.h>

#include "data/instants.h"
#include "events/events.h"

namespace quipu::platform {
namespace {

data::Cell optional_text(const std::optional<std::string>& text) {
    return text ? data::Cell(*text) : data::Cell();
}

std::optional<std::string> text_at(const data::Rows& rows, std::size_t row, std::size_t column) {
    if (rows.is_null(row, column)) return std::nullopt;
    return rows.text(row, column);
}

}  // namespace

const std::vector<data::Migration> kPlatformMigrations = {
    {"platform.001.reports",
     "CREATE TABLE reports (\n"
     "    id BIGINT PRIMARY KEY,\n"
     "    time_ns BIGINT NOT NULL,\n"
     "    page TEXT NOT NULL,\n"
     "    request_id TEXT,\n"
     "    report TEXT NOT NULL,\n"
     "    contact TEXT\n"
     ");\n"},
};

Result<std::int64_t> Reports::add(Report report, std::string_view who) {
    report.time = clock_.now();
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        const data::Rows last = TRY(transaction.run("SELECT COALESCE(MAX(id), 0) FROM reports"));
        report.id = last.integer(0, 0) + 1;
        TRY(transaction.run(
            "INSERT INTO reports (id, time_ns, page, request_id, report, contact) VALUES (?, ?, ?, ?, ?, ?)", report.id,
            data::count_of(report.time), report.page, optional_text(report.request_id), report.text,
            optional_text(report.contact)));
        const events::ProblemReported event{report.page, report.request_id.value_or(""), report.text};
        return journal_.append(transaction, fmt::format("report:{}", report.id), event, who);
    }));
    return report.id;
}

Result<std::optional<std::string>> Reports::contact_of(data::Transaction& transaction, std::int64_t id) {
    const data::Rows rows = TRY(transaction.run("SELECT contact FROM reports WHERE id = ?", id));
    return rows.empty() ? std::nullopt : text_at(rows, 0, 0);
}

Result<std::vector<Report>> Reports::list(std::int64_t before, std::int64_t limit) const {
    const data::Rows rows =
        TRY(database_.query("SELECT id, time_ns, page, request_id, report, contact FROM reports WHERE ? = 0 OR id < ? "
                            "ORDER BY id DESC LIMIT ?",
                            before, before, limit));
    std::vector<Report> out;
    out.reserve(rows.size());
    for (std::size_t row = 0; row < rows.size(); ++row)
        out.push_back({rows.integer(row, 0), data::time_at(rows, row, 1), rows.text(row, 2), text_at(rows, row, 3),
                       rows.text(row, 4), text_at(rows, row, 5)});
    return out;
}

}  // namespace quipu::platform
