#include "desk/evidence.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::desk {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kUsualSpan = 1h;
constexpr Nanoseconds kLongestSpan = std::chrono::days(7);
constexpr std::size_t kMostPoints = 10'080;  // minutes of a week
constexpr std::size_t kMostEvents = 200;

std::unexpected<Error> unclear(std::string what, std::string where) {
    return fail(ErrorCode::invalid, std::move(what), std::move(where));
}

/// Place of each integer column in a record.
std::optional<std::size_t> place_of(const data::StreamSchema& schema, std::string_view column) {
    std::size_t place = 0;
    for (const data::Column& each : schema.columns) {
        if (each.type != data::ColumnType::integer) continue;
        if (each.name == column) return place;
        ++place;
    }
    return std::nullopt;
}

std::int64_t integer_at(const data::ArchiveRecord& record, std::size_t place) {
    return place < record.integers.size() ? record.integers[place] : 0;
}

/// "delay_median 20100 to 35400 us, last 35200 us".
std::string span_of(const EvidenceColumn& column) {
    std::optional<double> least, most, last;
    for (const auto& value : column.values) {
        if (!value) continue;
        least = std::min(least.value_or(*value), *value);
        most = std::max(most.value_or(*value), *value);
        last = value;
    }
    if (!last) return column.name + " unknown";
    return fmt::format("{} {:.6g} to {:.6g} {}, last {:.6g} {}", column.name, *least, *most, column.unit, *last,
                       column.unit);
}

/// The journal shows to everybody what is public alone; evidence may be read by whoever sees the case.
bool is_public(const data::Event& event) {
    const Value* visibility = event.body.find("visibility");
    return visibility == nullptr || visibility->if_string() == nullptr || *visibility->if_string() == "public";
}

}  // namespace

void Freezer::describe(SeriesDescription description) {
    streams_.with([&](auto& streams) { streams[description.schema.stream] = std::move(description); });
}

Result<std::vector<Evidence>> Freezer::freeze(std::span<const EvidenceWish> wishes) const {
    const Time now = clock_.now();
    std::vector<Evidence> out;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        const EvidenceWish& wish = wishes[i];
        const Time until = wish.until.value_or(now);
        const Time since = wish.since.value_or(until - kUsualSpan);
        const std::string where = fmt::format("freeze[{}]", i);
        if (since >= until) return unclear("the span ends before it begins", where + ".until");
        if (until - since > kLongestSpan) return unclear("the span is longer than a week", where + ".since");
        auto found = [&]() -> Result<std::optional<Evidence>> {
            switch (wish.kind) {
                case EvidenceKind::series: return series(wish, since, until);
                case EvidenceKind::path: return path(wish);
                case EvidenceKind::events: return events(wish, since, until);
            }
            return std::optional<Evidence>();
        }();
        if (!found) {
            Error error = found.error();
            error.where = where + (error.where.empty() ? "" : "." + error.where);
            return std::unexpected(std::move(error));
        }
        if (!*found) continue;
        (*found)->kind = wish.kind;
        (*found)->frozen = now;
        if (wish.kind != EvidenceKind::path) {
            (*found)->since = since;
            (*found)->until = until;
        }
        out.push_back(std::move(**found));
    }
    return out;
}

Result<std::optional<Evidence>> Freezer::series(const EvidenceWish& wish, Time since, Time until) const {
    const auto description = streams_.with([&](const auto& streams) -> std::optional<SeriesDescription> {
        const auto at = streams.find(wish.stream);
        return at == streams.end() ? std::nullopt : std::optional(at->second);
    });
    if (!description)
        return unclear(fmt::format("no series \"{}\" is known whose columns have names and units", wish.stream),
                       "stream");
    const auto records = TRY(archive_.read(wish.stream, wish.key, since, until, kMostPoints));
    if (records.empty()) return std::optional<Evidence>();

    Evidence out;
    out.object = description->object_kind + ":" + wish.key;
    out.title = wish.stream + " " + wish.key;
    EvidenceColumn& time = out.columns.emplace_back("time", "s");
    for (const auto& record : records)
        time.values.emplace_back(std::chrono::duration<double>(record.time.time_since_epoch()).count());
    for (const SeriesColumn& shown : description->columns) {
        const auto place = place_of(description->schema, shown.column);
        if (!place) continue;
        const auto present = place_of(description->schema, shown.present_if);
        EvidenceColumn& column = out.columns.emplace_back(shown.name, shown.unit);
        for (const auto& record : records) {
            if (present && integer_at(record, *present) == 0)
                column.values.emplace_back();
            else
                column.values.emplace_back(static_cast<double>(integer_at(record, *place)) * shown.scale);
        }
    }
    out.description = fmt::format("{} records", records.size());
    for (std::size_t i = 1; i < out.columns.size(); ++i)
        out.description += "; " + span_of(out.columns[i]);
    return out;
}

Result<std::shared_ptr<const registry::WhatIf>> Freezer::topology() const {
    const auto picture = registry_.now();
    auto known = known_.with([](const Known& k) { return k; });
    if (known.picture != picture) {
        known = { picture, std::shared_ptr<const registry::WhatIf>(TRY(registry::WhatIf::create(picture))) };
        known_.with([&](Known& k) { k = known; });
    }
    return known.topology;
}

Result<std::optional<Evidence>> Freezer::path(const EvidenceWish& wish) const {
    const auto slash = wish.key.find('/');
    if (slash == std::string::npos) return unclear("a path is FROM/TO, two sites", "key");
    const auto network = TRY(topology());
    const auto& sites = network->sites();
    const auto number_of = [&](std::string_view site) -> std::optional<std::uint32_t> {
        const auto at = std::ranges::lower_bound(sites, site);
        if (at == sites.end() || *at != site) return std::nullopt;
        return static_cast<std::uint32_t>(at - sites.begin());
    };
    const auto from = number_of(std::string_view(wish.key).substr(0, slash));
    const auto to = number_of(std::string_view(wish.key).substr(slash + 1));
    if (!from || !to) return std::optional<Evidence>();
    const auto nodes = network->paths().path(*from, *to);
    if (nodes.empty()) return std::optional<Evidence>();

    Evidence out;
    out.object = "pair:" + wish.key;
    out.title = "path " + wish.key;
    double metres = 0;
    std::string links;
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        Hop& hop = out.hops.emplace_back(sites[nodes[i]]);
        if (i + 1 == nodes.size()) break;
        // Of parallel links the shortest, as the path has it.
        const auto& edges = network->paths().edges();
        std::optional<std::size_t> best;
        for (std::size_t edge = 0; edge < edges.size(); ++edge) {
            const bool joins = (edges[edge].a == nodes[i] && edges[edge].b == nodes[i + 1]) ||
                               (edges[edge].b == nodes[i] && edges[edge].a == nodes[i + 1]);
            if (joins && (!best || edges[edge].metres < edges[*best].metres)) best = edge;
        }
        if (!best) continue;
        hop.link = network->links()[*best];
        hop.metres = static_cast<double>(edges[*best].metres);
        metres += hop.metres;
        links += (links.empty() ? "" : ", ") + *hop.link;
    }
    out.description = fmt::format("{} hops, {:.0f} km: {}", nodes.size() - 1, metres / 1000, links);
    return out;
}

Result<std::optional<Evidence>> Freezer::events(const EvidenceWish& wish, Time since, Time until) const {
    data::EventFilter filter;
    filter.since = since;
    filter.until = until;
    filter.subject = wish.key;
    filter.limit = kMostEvents;
    filter.newest_first = true;
    Evidence out;
    out.events = TRY(journal_.events(filter));
    std::erase_if(out.events, [](const data::Event& event) { return !is_public(event); });
    if (out.events.empty()) return std::optional<Evidence>();
    std::ranges::reverse(out.events);
    out.object = wish.key;
    out.title = "journal" + (wish.key.empty() ? std::string() : " " + wish.key);
    out.description =
        fmt::format("{} events, from {} to {}", out.events.size(), out.events.front().type, out.events.back().type);
    return out;
}

}  // namespace quipu::desk
