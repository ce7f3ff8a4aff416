#include "services/measure/evidence.h"

#include <array>
#include <fmt/format.h>
#include <ranges>

#include "base/log.h"
#include "base/number.h"
#include "data/instants.h"
#include "platform/api_typed.h"
#include "platform/off_loop.h"
#include "services/measure/schedule.h"

namespace quipu::measure {
namespace {

constexpr std::size_t kEvidenceMinutes = 200;
constexpr std::int64_t kCompletedAtOnce = 20;
constexpr Nanoseconds kTriedFor = std::chrono::days(1);
constexpr LogEvent kGivenUp{LogLevel::warning, "MEASURE_EVIDENCE_GIVEN_UP",
                            "What came after an event can't be added to its evidence; it stays as it was frozen",
                            "See the error; a month of the archive may be damaged."};

struct EvidencesQuery : platform::PageQuery {
    std::string from, to, type;
    EvidencesQuery() { limit = 100; }
    static constexpr auto describe() {
        using T = EvidencesQuery;
        return std::tuple_cat(PageQuery::describe(), fields(field<&T::from>("from", "Only from this site"),
                                                            field<&T::to>("to", "Only to this site"),
                                                            field<&T::type>("type", "Only of this event")));
    }
};

struct EvidenceQuery {
    std::string id;
    static constexpr auto describe() {
        return fields(field<&EvidenceQuery::id>("id", "As the event's field `evidence` gives it").required());
    }
};

Result<std::vector<Figures>> minutes_between(const Store& store, const PointStore& points, std::string_view from,
                                             std::string_view to, Time since, Time until) {
    std::vector<Figures> out;
    for (const auto& record : TRY(store.read(from, to, since, until, kEvidenceMinutes)))
        out.push_back(figures_of(record, kMinute));
    TRY(mark_clock_faults(points, from, to, kMinute, out));
    return out;
}

Result<std::vector<PointFigures>> point_between(const PointStore& points, std::string_view site, Time since,
                                                Time until) {
    std::vector<PointFigures> out;
    for (const auto& point : TRY(points.read(site, since, until, kEvidenceMinutes)))
        out.push_back(figures_of(point));
    return out;
}

constexpr std::size_t kLookedAt = 1000;

/// As many as are asked for of those that fit; what does not fit is read over, a thousand at a time.
Result<platform::Page<KeptEvidence>> list_evidence(const EvidenceStore& store, const EvidencesQuery& query) {
    std::optional<EvidenceStore::Position> before;
    if (!query.cursor.empty()) {
        before.emplace();
        before->id = TRY(platform::read_cursor(query.cursor));
        const auto named = evidence_named(before->id);
        if (!named) return fail(ErrorCode::invalid, "is not a cursor of this list", "cursor");
        before->minute = named->minute;
    }
    platform::Page<KeptEvidence> page;
    for (;;) {
        auto some = TRY(store.list(before, kLookedAt));
        for (KeptEvidence& one : some) {
            if ((!query.from.empty() && one.from != query.from) || (!query.to.empty() && one.to != query.to) ||
                (!query.type.empty() && one.type != query.type))
                continue;
            if (page.items.size() == static_cast<std::size_t>(query.limit)) {
                page.next = platform::make_cursor(page.items.back().id);
                return page;
            }
            page.items.push_back(std::move(one));
        }
        if (some.size() < kLookedAt) return page;
        before = {.minute = some.back().minute, .id = some.back().id};
    }
}

}  // namespace

const std::vector<data::Migration> kEvidenceMigrations = {{.name = "measure.002.evidence", .sql = R"(
CREATE TABLE measure_evidence (
    id TEXT PRIMARY KEY,
    minute BIGINT NOT NULL,
    complete BIGINT NOT NULL,
    body TEXT NOT NULL
);
CREATE INDEX measure_evidence_open ON measure_evidence (complete, minute);
)"}};

std::string evidence_id(std::string_view from, std::string_view to, std::string_view type, Time minute) {
    return fmt::format("{}.{}.{}.{}", from, to, type, unix_seconds(minute));
}

std::optional<KeptEvidence> evidence_named(std::string_view id) {
    KeptEvidence out{.id = std::string(id), .from = {}, .to = {}, .type = {}};
    // Identifiers of sites hold no dot.
    std::array<std::string_view, 4> parts;
    std::size_t count = 0;
    for (const auto part : std::views::split(id, '.')) {
        if (count == parts.size()) return std::nullopt;
        parts[count++] = std::string_view(part.begin(), part.end());
    }
    const auto seconds = count == parts.size() ? parse_number<std::int64_t>(parts[3]) : std::nullopt;
    if (!seconds) return std::nullopt;
    out.from = parts[0];
    out.to = parts[1];
    out.type = parts[2];
    out.minute = Time(std::chrono::seconds(*seconds));
    return out;
}

Result<PairEvidence> EvidenceStore::gather(std::string_view from, std::string_view to, std::string_view type,
                                           Time minute) const {
    const Time since = minute - kEvidenceBefore;
    const Time until = minute + kEvidenceAfter + kMinute;
    PairEvidence out{.id = evidence_id(from, to, type, minute),
                     .from = std::string(from),
                     .to = std::string(to),
                     .type = std::string(type),
                     .minute = minute};
    out.forward = TRY(minutes_between(minutes_, points_, from, to, since, until));
    out.backward = TRY(minutes_between(minutes_, points_, to, from, since, until));
    out.from_point = TRY(point_between(points_, from, since, until));
    out.to_point = TRY(point_between(points_, to, since, until));
    return out;
}

Result<void> EvidenceStore::keep(data::Transaction& transaction, const PairEvidence& evidence) {
    TRY(transaction.run(
        "INSERT INTO measure_evidence (id, minute, complete, body) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET complete = excluded.complete, body = excluded.body",
        evidence.id, data::count_of(evidence.minute), std::int64_t{evidence.complete ? 1 : 0}, json_text(evidence)));
    return {};
}

Result<PairEvidence> EvidenceStore::completed(const std::string& body) const {
    const auto open = TRY(quipu::read<PairEvidence>(TRY(parse_json(body, "evidence")), "evidence"));
    PairEvidence whole = TRY(gather(open.from, open.to, open.type, open.minute));
    // What the archive has lost meanwhile is still here.
    if (whole.forward.size() < open.forward.size()) whole.forward = open.forward;
    if (whole.backward.size() < open.backward.size()) whole.backward = open.backward;
    if (whole.from_point.size() < open.from_point.size()) whole.from_point = open.from_point;
    if (whole.to_point.size() < open.to_point.size()) whole.to_point = open.to_point;
    whole.complete = true;
    return whole;
}

Result<void> EvidenceStore::complete(Time now) {
    const data::Rows rows = TRY(database_.query(
        "SELECT id, minute, body FROM measure_evidence WHERE complete = 0 AND minute < ? ORDER BY minute LIMIT ?",
        data::count_of(now - kEvidenceAfter - 2 * kMinute), kCompletedAtOnce));
    Result<void> out;
    for (std::size_t row = 0; row < rows.size(); ++row) {
        const auto whole = completed(rows.text(row, 2));
        if (whole) {
            TRY(database_.write([&](data::Transaction& transaction) { return keep(transaction, *whole); }));
            continue;
        }
        if (data::time_at(rows, row, 1) < now - kTriedFor) {
            log(kGivenUp, {{"evidence", rows.text(row, 0)}, {"error", whole.error().text()}});
            TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
                TRY(transaction.run("UPDATE measure_evidence SET complete = 1 WHERE id = ?", rows.text(row, 0)));
                return {};
            }));
        } else if (out) {
            out = std::unexpected(whole.error());
        }
    }
    return out;
}

Result<void> EvidenceStore::forget(Time before) {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(transaction.run("DELETE FROM measure_evidence WHERE complete IN (0, 1) AND minute < ?",
                            data::count_of(before)));
        return {};
    });
}

Result<PairEvidence> EvidenceStore::find(const std::string& id) const {
    const data::Rows rows = TRY(database_.query("SELECT body FROM measure_evidence WHERE id = ?", id));
    if (rows.empty())
        return fail(ErrorCode::not_found, "there is no evidence " + id, "id", "an event's field `evidence` names it");
    return read<PairEvidence>(TRY(parse_json(rows.text(0, 0), "evidence")), "evidence");
}

Result<std::vector<KeptEvidence>> EvidenceStore::list(const std::optional<Position>& before, std::size_t limit) const {
    const Position from = before.value_or(Position{.minute = Time::max(), .id = {}});
    const std::int64_t minute = data::count_of(from.minute);
    const data::Rows rows =
        TRY(database_.query("SELECT id, complete FROM measure_evidence WHERE minute < ? OR (minute = ? AND id < ?) "
                            "ORDER BY minute DESC, id DESC LIMIT ?",
                            minute, minute, from.id, static_cast<std::int64_t>(limit)));
    std::vector<KeptEvidence> out;
    for (std::size_t row = 0; row < rows.size(); ++row)
        if (auto named = evidence_named(rows.text(row, 0))) {
            named->complete = rows.integer(row, 1) != 0;
            out.push_back(std::move(*named));
        }
    return out;
}

void add_evidence_routes(platform::Api& api, const EvidenceStore& store) {
    api.get<EvidencesQuery, platform::Page<KeptEvidence>>(
        {.path = "/api/v1/measure/evidence",
         .summary = "Of which events of pairs the minutes around them were kept, the latest first",
         .tag = "measure",
         .permission = platform::Permission::see_public,
         .command = "quipu measure evidence"},
        [&store](const platform::Call&, EvidencesQuery query) -> Task<Result<platform::Page<KeptEvidence>>> {
            co_return co_await platform::off_loop([&] { return list_evidence(store, query); });
        });
    api.get<EvidenceQuery, PairEvidence>(
        {.path = "/api/v1/measure/evidence/{id}",
         .summary = "The minutes around a pair's event, as they were kept with it",
         .tag = "measure",
         .permission = platform::Permission::see_public,
         .command = "quipu measure evidence ID"},
        [&store](const platform::Call&, EvidenceQuery query) -> Task<Result<PairEvidence>> {
            co_return co_await platform::off_loop([&] { return store.find(query.id); });
        });
}

}  // namespace quipu::measure
