#include "desk/operations/keeper.h"

#include <algorithm>
#include <fmt/format.h>

#include "desk/operations/on_call.h"
#include "desk/operations/texts.h"

namespace quipu::operations {
namespace {

using namespace std::chrono_literals;

constexpr Nanoseconds kBefore = 10min;
/// Pairs whose series and ways are kept with the case.
constexpr std::size_t kPairsFrozen = 4;
constexpr std::size_t kPairsKept = 1000;
/// What a window has caused may last a little; then it is compared with what was planned all the same.
constexpr Nanoseconds kReportAfter = 10min, kReportAnyway = 24h;
constexpr Nanoseconds kAhead = 91 * 24h;

const platform::Caller kHouse{.id = "system"};

desk::Priority priority_of(Severity severity) {
    switch (severity) {
        case Severity::critical: return desk::Priority::urgent;
        case Severity::major: return desk::Priority::high;
        case Severity::minor: return desk::Priority::normal;
    }
    return desk::Priority::normal;
}

notify::Severity loudness_of(Severity severity) {
    switch (severity) {
        case Severity::critical: return notify::Severity::critical;
        case Severity::major: return notify::Severity::warning;
        case Severity::minor: return notify::Severity::info;
    }
    return notify::Severity::info;
}

std::string number_text(std::int64_t number) {
    return number == 0 ? std::string() : fmt::format("{}", number);
}

/// The sites of a way with the links between them; of several the shortest that is not `but`.
std::vector<desk::Hop> hops_of(const registry::Picture& picture, const std::vector<std::string>& sites,
                               std::string_view but) {
    std::vector<desk::Hop> out;
    for (std::size_t i = 0; i < sites.size(); ++i) {
        desk::Hop hop{.site = sites[i]};
        for (const auto* entry : picture.links_in_service()) {
            const auto& link = entry->object;
            const bool joins = i + 1 < sites.size() && ((link.a == sites[i] && link.b == sites[i + 1]) ||
                                                        (link.b == sites[i] && link.a == sites[i + 1]));
            const double metres = link.length ? static_cast<double>(link.length->metres) : 0;
            if (!joins || link.id == but || (hop.link && metres >= hop.metres)) continue;
            hop.link = link.id;
            hop.metres = metres;
        }
        out.push_back(std::move(hop));
    }
    return out;
}

}  // namespace

Result<void> Keeper::take(const Finding& finding, Time now) {
    switch (finding.what) {
        case Finding::What::failed: return take_failure(finding, now);
        case Finding::What::failed_again: return take_repeat(finding, now);
        case Finding::What::works: return take_works(finding);
        case Finding::What::over: return take_end(finding, now);
    }
    return {};
}

Result<void> Keeper::take_failure(const Finding& finding, Time now) {
    // Told again after a crash between commit and the engine's next look: it is known.
    const auto known = TRY(store_.outage_of(finding.cause));
    if (known && known->state != OutageState::closed) return take_repeat(finding, now);
    Outage outage{.cause = finding.cause,
                  .part = finding.part,
                  .object = finding.object,
                  .began = finding.when,
                  .named = now,
                  .suspects = finding.suspects,
                  .pairs_affected = static_cast<std::int64_t>(finding.pairs.size()),
                  .pairs = finding.pairs};
    const auto picture = registry_.now();
    TRY(judge(picture, outage));
    if (outage.pairs.size() > kPairsKept) outage.pairs.resize(kPairsKept);
    const auto windows = TRY(store_.windows({finding.when - kEarly, finding.when + kEarly + 1ns}));
    const Window* window = explanation(windows, outage.part, outage.object, finding.when, ends_of(*picture));
    if (window != nullptr) outage.maintenance = window->id;
    auto frozen = window == nullptr ? TRY(evidence_of(outage, now)) : std::vector<desk::Evidence>{};
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        Outage kept = outage;
        TRY(store_.keep(transaction, kept));
        TRY(store_.begin_down(transaction, kept, kept.began));
        TRY(journal_.append(transaction, kept.cause,
                            events::OutageBegan{{kept.id, kept.cause, std::string(enum_name(kept.severity))}}));
        if (window == nullptr) {
            TRY(open_case(transaction, kept, frozen, true));
            TRY(store_.keep(transaction, kept));
        }
        return {};
    });
}

/// It was down, worked, and is down again: the same outage. A case that was closed meanwhile is opened again.
Result<void> Keeper::take_repeat(const Finding& finding, Time now) {
    auto known = TRY(store_.outage_of(finding.cause));
    if (!known) {
        Finding first = finding;
        first.what = Finding::What::failed;
        return take_failure(first, now);
    }
    if (known->state == OutageState::open) return {};
    const bool closed = known->state == OutageState::closed;
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        Outage outage = *known;
        outage.state = OutageState::open;
        outage.ended.reset();
        ++outage.flaps;
        TRY(store_.begin_down(transaction, outage, finding.when));
        if (closed && outage.case_number) TRY(open_case(transaction, outage, {}, false));
        return store_.keep(transaction, outage);
    });
}

Result<void> Keeper::take_works(const Finding& finding) {
    auto outage = TRY(store_.outage_of(finding.cause));
    if (!outage || outage->state != OutageState::open) return {};
    outage->state = OutageState::recovering;
    outage->ended = finding.when;
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(store_.end_down(transaction, outage->id, finding.when));
        Outage kept = *outage;
        return store_.keep(transaction, kept);
    });
}

Result<void> Keeper::take_end(const Finding& finding, Time now) {
    auto outage = TRY(store_.outage_of(finding.cause));
    if (!outage || outage->state == OutageState::closed) return {};
    outage->state = OutageState::closed;
    outage->ended = outage->ended.value_or(finding.when);
    TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
        return store_.end_down(transaction, outage->id, *outage->ended);
    }));
    outage->down_s = TRY(store_.down_seconds(outage->id, now));
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        Outage kept = *outage;
        TRY(store_.keep(transaction, kept));
        TRY(journal_.append(transaction, kept.cause,
                            events::OutageEnded{{kept.id, kept.cause, std::string(enum_name(kept.severity))}}));
        if (kept.maintenance && !kept.overran) return {};
        if (desk_ != nullptr && kept.case_number)
            TRY(desk_->close_cause(transaction, kHouse, kept.cause,
                                   closing_words(kept, finding.reason, language_of(kept))));
        return tell(transaction, kept, "outage-over", fmt::format("outage:{}/over", kept.id));
    });
}

Result<void> Keeper::open_case(data::Transaction& transaction, Outage& outage, std::vector<desk::Evidence> frozen,
                               bool told) {
    if (desk_ != nullptr) {
        const std::string language = language_of(outage);
        const auto words = case_words(outage, name_of(*registry_.now(), outage.part, outage.object), language);
        const desk::NewCase wanted{
            .queue = desk::Queue::operations,
            .title = words.title,
            .description = words.description,
            .priority = priority_of(outage.severity),
            .language = language,
            .visibility = desk::Visibility::members,
            .organisations = outage.organisations,
            .objects = {cause_of(outage.part == Part::link ? Part::link : Part::site, outage.object)}};
        const auto opened = TRY(desk_->open_or_join(transaction, kHouse, outage.cause, wanted, std::move(frozen)));
        outage.case_number = opened.number;
    }
    if (!told) return {};
    return tell(transaction, outage, fmt::format("outage-{}", enum_name(outage.part)),
                fmt::format("outage:{}/began", outage.id));
}

/// What was before: the worst pairs' series, their ways before and since, what the journal told.
Result<std::vector<desk::Evidence>> Keeper::evidence_of(const Outage& outage, Time now) {
    if (desk_ == nullptr) return std::vector<desk::Evidence>{};
    // Records are of whole minutes: the first one holds the moment, and does not begin after it.
    const Time since = std::chrono::floor<std::chrono::minutes>(outage.began - kBefore);
    std::vector<desk::EvidenceWish> wishes;
    for (std::size_t i = 0; i < std::min(outage.pairs.size(), kPairsFrozen); ++i)
        wishes.push_back({.kind = desk::EvidenceKind::series,
                          .stream = "measure.minute",
                          .key = outage.pairs[i].from + "/" + outage.pairs[i].to,
                          .since = since,
                          .until = now});
    wishes.push_back({.kind = desk::EvidenceKind::events, .stream = {}, .key = {}, .since = since, .until = now});
    auto out = TRY(desk_->freeze(wishes));
    const auto picture = registry_.now();
    for (std::size_t i = 0; i < std::min(outage.pairs.size(), kPairsFrozen); ++i) {
        const AffectedPair& pair = outage.pairs[i];
        const auto way = [&](const std::vector<std::string>& sites, std::string_view when, std::string_view but,
                             const std::optional<std::int64_t>& delay_us) {
            std::string text = fmt::format("The way {}: {}", when, fmt::join(sites, " – "));
            if (delay_us) text += fmt::format("; {:.1f} ms", static_cast<double>(*delay_us) / 1000);
            out.push_back({.kind = desk::EvidenceKind::path,
                           .object = fmt::format("pair:{}/{}", pair.from, pair.to),
                           .title = fmt::format("{}/{} {}", pair.from, pair.to, when),
                           .description = std::move(text),
                           .frozen = now,
                           .hops = hops_of(*picture, sites, but)});
        };
        way(pair.before, "before", {}, pair.before_us);
        if (pair.after) way(*pair.after, "since", outage.object, pair.after_us);
    }
    return out;
}

std::string Keeper::language_of(const Outage& outage) const {
    const auto picture = registry_.now();
    for (const std::string& id : outage.organisations)
        if (const auto* entry = picture->find<registry::Organisation>(id); entry != nullptr && entry->object.language)
            return *entry->object.language;
    return "en";
}

// ---- telling

void Keeper::address(notify::Notice& notice) const {
    const auto picture = registry_.now();
    for (const std::string& organisation : notice.organisations)
        if (const std::string role = role_to_tell(*picture, organisation); !role.empty())
            notice.to.push_back(notify::To::at(organisation, role));
}

Result<void> Keeper::tell(data::Transaction& transaction, const Outage& outage, std::string_view text,
                          std::string key) {
    if (notifier_ == nullptr) return {};
    notify::Notice notice{.topic = outage.state == OutageState::closed ? "network.outage.over" : "network.outage.began",
                          .key = std::move(key),
                          .cause = outage.cause,
                          .about = outage.case_number ? fmt::format("case:{}", *outage.case_number) : outage.cause,
                          .organisations = outage.organisations,
                          .severity = loudness_of(outage.severity),
                          .text = std::string(text)};
    notice.values = {{"name", name_of(*registry_.now(), outage.part, outage.object)},
                     {"began", format_minute(outage.began)},
                     {"cut", fmt::format("{}", fmt::join(outage.organisations_cut_off, ", "))},
                     {"rerouted", number_text(outage.pairs_rerouted)},
                     {"case", number_text(outage.case_number.value_or(0))},
                     {"ended", outage.ended ? format_minute(*outage.ended) : std::string()},
                     {"duration", duration_text(outage.down_s)}};
    address(notice);
    return notifier_->send(transaction, notice);
}

Result<void> Keeper::tell_on_call(const events::CaseEscalated& escalated, std::int64_t event, Time now) {
    if (notifier_ == nullptr || desk_ == nullptr) return {};
    // Who owns a case is told in time; others only when that was not enough. Security's cases are its own team's.
    if (escalated.step < 2 && !escalated.owner.empty()) return {};
    if (escalated.queue == enum_name(desk::Queue::security)) return {};
    const auto people = TRY(on_call_for(store_, *registry_.now(), escalated.organisations, now));
    if (people.empty()) return {};
    const auto found = desk_->find(kHouse, escalated.number);
    if (!found && found.error().code == ErrorCode::not_found) return {};
    const desk::Case what = TRY(found);
    const auto& clock = escalated.clock == "answer" ? what.answer : what.solution;
    notify::Notice notice{
        .topic = "case.escalated",
        .key = fmt::format("on-call/{}", event),
        .cause = fmt::format("case:{}", what.number),
        .about = fmt::format("case:{}", what.number),
        .organisations = what.organisations,
        .severity = what.priority == desk::Priority::urgent ? notify::Severity::critical : notify::Severity::warning,
        .text = escalated.step < 2 ? "case-due" : "case-escalated",
        .only_to = true};
    notice.values = {{"number", number_text(what.number)},
                     {"title", what.title},
                     {"queue", std::string(enum_name(what.queue))},
                     {"due", clock.due ? format_minute(*clock.due) : std::string()}};
    for (const std::string& person : people)
        notice.to.push_back(notify::To::person(person));
    return notifier_->send(notice);
}

// ---- windows

Result<void> Keeper::tend(Time now) {
    for (const Window& window : TRY(store_.windows({now - kReportAnyway - kReportAfter - 24h, now + kAhead}))) {
        TRY(announce(window, now));
        if (state_at(window, now) == WindowState::over && !window.report) TRY(report(window, now));
    }
    // What a window explains no longer, since it is over and the outage is not, is a case of its own.
    for (const Outage& outage : TRY(store_.outages({.state = OutageState::open}))) {
        if (!outage.maintenance || outage.case_number || outage.overran) continue;
        const auto window = TRY(store_.window(*outage.maintenance));
        if (window && window->state != WindowState::cancelled && now < window->end) continue;
        auto frozen = TRY(evidence_of(outage, now));
        TRY(database_.write([&](data::Transaction& transaction) -> Result<void> {
            Outage kept = outage;
            kept.overran = true;
            TRY(open_case(transaction, kept, frozen, true));
            return store_.keep(transaction, kept);
        }));
    }
    return {};
}

notify::Notice Keeper::notice_of(const Window& window, std::string text, std::string key) const {
    const auto picture = registry_.now();
    std::vector<std::string> objects;
    for (const std::string& link : window.links)
        objects.push_back(name_of(*picture, Part::link, link));
    for (const std::string& site : window.sites)
        objects.push_back(name_of(*picture, Part::site, site));
    const ExpectedEffect effect = window.expected.value_or(ExpectedEffect{});
    notify::Notice out{
        .topic = "network.maintenance",
        .key = std::move(key),
        .cause = fmt::format("maintenance:{}", window.id),
        .about = fmt::format("maintenance:{}", window.id),
        .organisations = effect.affected,
        .severity = effect.organisations_cut_off.empty() ? notify::Severity::info : notify::Severity::warning,
        .text = std::move(text)};
    out.values = {{"title", window.title},
                  {"description", window.description},
                  {"begin", format_minute(window.begin)},
                  {"end", format_minute(window.end)},
                  {"objects", fmt::format("{}", fmt::join(objects, ", "))},
                  {"cut", fmt::format("{}", fmt::join(effect.organisations_cut_off, ", "))},
                  {"rerouted", number_text(effect.pairs_rerouted)}};
    if (!window.organisation.empty() &&
        std::ranges::find(out.organisations, window.organisation) == out.organisations.end())
        out.organisations.push_back(window.organisation);
    address(out);
    return out;
}

Result<void> Keeper::announce(const Window& window, Time now) {
    if (notifier_ == nullptr) return {};
    const auto due = notice_due(window, TRY(store_.told(window.id)), now);
    if (!due) return {};
    const auto notice = notice_of(window, "maintenance-notice", fmt::format("maintenance:{}/{}", window.id, *due));
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(store_.mark_told(transaction, window.id, *due));
        return notifier_->send(transaction, notice);
    });
}

Result<void> Keeper::tell_cancelled(const Window& window) {
    if (notifier_ == nullptr || TRY(store_.told(window.id)).empty()) return {};
    return notifier_->send(
        notice_of(window, "maintenance-cancelled", fmt::format("maintenance:{}/cancelled", window.id)));
}

Result<void> Keeper::report(Window window, Time now) {
    const auto seen = TRY(store_.outages({.since = window.begin - kEarly, .until = window.end, .limit = 1000}));
    const auto picture = registry_.now();
    const auto ends = ends_of(*picture);
    const bool lasts = std::ranges::any_of(seen, [&](const Outage& outage) {
        return outage.state != OutageState::closed && covers(window, outage.part, outage.object, ends);
    });
    if (now < window.end + (lasts ? kReportAnyway : kReportAfter)) return {};
    window.state = WindowState::over;
    window.report = report_of(window, seen, ends, now);
    const std::int64_t expected = window.version++;
    return store_.replace(window, expected);
}

}  // namespace quipu::operations
