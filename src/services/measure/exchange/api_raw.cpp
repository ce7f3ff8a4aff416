// /api/v1/measure/raw: every packet of a pair, where the hub keeps them.

#include <algorithm>
#include <fmt/format.h>
#include <map>

#include "platform/off_loop.h"
#include "services/measure/exchange/api.h"
#include "services/measure/exchange/raw_rows.h"
#include "services/measure/exchange/spool_file.h"
#include "services/measure/schedule.h"
#include "services/measure/store_raw.h"

namespace quipu::exchange {
namespace {

using platform::Document;

constexpr Nanoseconds kLongestRaw = std::chrono::days(1);

struct RawRecordsQuery {
    RawFormat format = RawFormat::csv;
    std::string from, to;
    std::optional<Time> since, until;
    static constexpr auto describe() {
        using T = RawRecordsQuery;
        return fields(field<&T::format>("format", "csv, jsonl, or owamp: a line a record, as owping -R prints them"),
                      field<&T::from>("from", "Sending site").required().references("sites"),
                      field<&T::to>("to", "Receiving site").required().references("sites"),
                      field<&T::since>("since", "Not before this time; an hour before `until` if left out"),
                      field<&T::until>("until", "Before this time, a day later at most; now if left out"));
    }
};

Result<Document> raw_records(const Rooms& rooms, const RawRecordsQuery& query) {
    const Time until = query.until.value_or(rooms.clock.now());
    const Time since = query.since.value_or(until - std::chrono::hours(1));
    if (since > until) return fail(ErrorCode::invalid, "is later than `until`", "since");
    if (until - since > kLongestRaw)
        return fail(ErrorCode::too_large, "raw records are given for a day at most", "since", "ask for less time");
    const auto minutes = TRY(measure::read_raw(measure::raw_folder(rooms.spool_folder),
                                               {.from = query.from, .to = query.to, .since = since, .until = until}));
    std::map<Time, std::string> wrong;
    for (const std::string& site : {query.from, query.to})
        for (const Time minute : TRY(rooms.points.wrong(site, since, until, measure::kMinute)))
            wrong[minute] += (wrong[minute].empty() ? "" : " ") + site;
    SpoolFile file = TRY(SpoolFile::create(rooms.spool_folder));
    std::string text;
    begin_raw(text, query.format);
    for (const auto& minute : minutes) {
        const auto fault = wrong.find(minute.minute);
        add_raw(text, query.format, minute, query.to, fault == wrong.end() ? "" : fault->second);
        TRY(file.write(text));
        text.clear();
    }
    TRY(file.write(text));
    const bool csv = query.format == RawFormat::csv;
    const bool jsonl = query.format == RawFormat::jsonl;
    return Document{.text = {},
                    .media_type = csv     ? "text/csv; charset=utf-8"
                                  : jsonl ? "application/jsonl"
                                          : "text/plain",
                    .file_name = fmt::format("{}-{}-{}-raw.{}", query.from, query.to, format_date(date_of(since)),
                                             csv     ? "csv"
                                             : jsonl ? "jsonl"
                                                     : "txt"),
                    .file = std::move(file).finish(rooms.clock.now())};
}

/// By reference: what it needs lives as long as the route.
Task<Result<Document>> send_raw(const Rooms& rooms, RawRecordsQuery query) {
    const auto turn = CO_TRY(Turn::take(rooms.exports));
    co_return co_await platform::off_loop([&] { return raw_records(rooms, query); });
}

}  // namespace

void add_raw_route(platform::Api& api, const Rooms& rooms) {
    api.get<RawRecordsQuery, Document>(
        {.path = "/api/v1/measure/raw",
         .summary = "Every packet of a pair, where the hub keeps them ([measure] raw)",
         .tag = "measure",
         .permission = platform::Permission::see_public,
         .media_type = "text/csv",
         .command = "quipu measure raw"},
        [rooms](const platform::Call&, RawRecordsQuery query) { return send_raw(rooms, std::move(query)); });
}

}  // namespace quipu::exchange
