#include "services/measure/words_statement.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fmt/format.h>
#include <set>

namespace quipu::measure {
namespace {

using mail::Language;
using notify::Values;

constexpr std::array<std::array<std::string_view, 12>, 3> kMonths{
    {{"enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
      "diciembre"},
     {"janeiro", "fevereiro", "março", "abril", "maio", "junho", "julho", "agosto", "setembro", "outubro", "novembro",
      "dezembro"},
     {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
      "December"}}};

/// "1.234,5" or "1,234.5".
std::string number(double value, int digits, Language language) {
    std::string plain = fmt::format("{:.{}f}", value, digits);
    const std::size_t point = std::min(plain.find('.'), plain.size());
    const std::string fraction = point < plain.size() ? plain.substr(point + 1) : std::string();
    std::string out = plain.substr(0, point);
    const char group = language == Language::en ? ',' : '.';
    const std::size_t first = out.starts_with('-') ? 1 : 0;
    // Spanish and Portuguese group from five digits on.
    if (language == Language::en || out.size() - first > 4)
        for (std::size_t at = out.size(); at > first + 3; at -= 3)
            out.insert(at - 3, 1, group);
    if (!fraction.empty()) out += (language == Language::en ? '.' : ',') + fraction;
    return out;
}

std::string whole(std::int64_t value, Language language) {
    return number(static_cast<double>(value), 0, language);
}

/// What is not nothing never reads as 0 %.
std::string percent(double fraction, Language language) {
    constexpr double kLeast = 0.0001;
    if (fraction > 0 && fraction < kLeast) return "< " + number(kLeast * 100, 2, language) + " %";
    const int digits = fraction >= 0.1 || fraction == 0 ? 0 : fraction >= 0.001 ? 1 : 2;
    return number(fraction * 100, digits, language) + " %";
}

class Speaker {
  public:
    static Result<Speaker> create(Language language, const Zone& zone, const StatementNames& names) {
        Speaker out(language, zone, names);
        TRY(out.texts_.add(kStatementTexts));
        return out;
    }

    [[nodiscard]] Language language() const { return language_; }

    [[nodiscard]] std::string say(std::string_view name, const Values& values = {}) const {
        // Every text stands in kStatementTexts.
        const auto rendered = texts_.render(name, language_, values);
        return rendered ? rendered->body : std::string(name);
    }
    [[nodiscard]] std::string site(const std::string& id) const { return names_.site(id); }
    [[nodiscard]] std::string above() const { return names_.above; }

    [[nodiscard]] std::string day(Time time) const {
        const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(zone_.local(time)));
        const auto month = kMonths.at(static_cast<std::size_t>(language_)).at(static_cast<unsigned>(date.month()) - 1);
        const auto numbers = [&](std::string_view between) {
            return fmt::format("{}{}{}{}{}", static_cast<unsigned>(date.day()), between, month, between,
                               static_cast<int>(date.year()));
        };
        return numbers(language_ == Language::en ? " " : " de ");
    }
    [[nodiscard]] std::string clock(Time time) const {
        const auto local = zone_.local(time);
        const auto minutes =
            std::chrono::floor<std::chrono::minutes>(local - std::chrono::floor<std::chrono::days>(local));
        return fmt::format("{:02}:{:02}", minutes.count() / 60, minutes.count() % 60);
    }
    [[nodiscard]] std::string many(std::string_view one, std::string_view several, std::int64_t count) const {
        return count == 1 ? say(one) : say(several, {{"count", whole(count, language_)}});
    }
    [[nodiscard]] std::string minutes(std::int64_t count) const { return many("minute", "minutes", count); }
    [[nodiscard]] std::string hours(std::int64_t count) const { return many("hour", "hours", count); }

    [[nodiscard]] std::string delay(std::int64_t us, std::int64_t clock_error_us) const {
        if (us >= 0 && us < 1000) return say("under-a-millisecond");
        return plain_delay(us, clock_error_us, language_);
    }
    /// A bound is told as fine as it is: "0.003 ms", "2.5 ms".
    [[nodiscard]] std::string error(std::int64_t us) const {
        const int digits = us % 1000 == 0 ? 0 : us % 100 == 0 ? 1 : us % 10 == 0 ? 2 : 3;
        return number(static_cast<double>(us) / 1000, digits, language_) + " ms";
    }
    [[nodiscard]] std::string list(const std::vector<std::string>& names) const {
        std::string out;
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (i == 0)
                out = names[i];
            else if (i + 1 == names.size())
                out = say("and", {{"places", out}, {"to", names[i]}});
            else
                out += ", " + names[i];
        }
        return out;
    }
    /// "The link Santiago–Panama".
    [[nodiscard]] std::string cause(const std::string& subject) const {
        const std::size_t colon = subject.find(':');
        const std::string kind = subject.substr(0, colon);
        const std::string id = colon == std::string::npos ? std::string() : subject.substr(colon + 1);
        if (kind == "link") return say("link", {{"what", names_.link(id)}});
        if (kind == "site" || kind == "point") return say(kind, {{"what", names_.site(id)}});
        return subject;
    }

  private:
    Speaker(Language language, const Zone& zone, const StatementNames& names)
        : language_(language), zone_(zone), names_(names) {}

    Language language_;
    Zone zone_;
    StatementNames names_;
    notify::TextSet texts_;
};

Values ends(const Speaker& speaker, const StatedWay& way) {
    return {{"from", speaker.site(way.from)}, {"to", speaker.site(way.to)}};
}

// ---- one destination

void say_delay(const Speaker& speaker, const Destination& to, std::vector<std::string>& out) {
    const auto delay = [&](const StatedWay& way) { return speaker.delay(*way.delay_median_us, way.clock_error_us); };
    if (to.there.delay_median_us && to.back.delay_median_us) {
        Values values = ends(speaker, to.there);
        values["there"] = delay(to.there);
        values["back"] = delay(to.back);
        out.push_back(speaker.say("delay", values));
        return;
    }
    for (const StatedWay* way : {&to.there, &to.back}) {
        if (!way->delay_median_us) continue;
        Values values = ends(speaker, *way);
        values["there"] = delay(*way);
        out.push_back(speaker.say("delay-one", values));
    }
}

/// What lies within the clock error, or within what a person could not feel, is no difference.
bool differs(const StatedWay& way) {
    constexpr std::int64_t kUnfelt = 500;
    return std::abs(*way.above_usual_us) > std::max(way.clock_error_us, kUnfelt);
}

void say_usual(const Speaker& speaker, const Destination& to, std::vector<std::string>& out) {
    bool known = false, measured = false, changed = false;
    for (const StatedWay* way : {&to.there, &to.back}) {
        measured = measured || way->delay_median_us;
        if (!way->above_usual_us) continue;
        known = true;
        if (!differs(*way)) continue;
        changed = true;
        Values values = ends(speaker, *way);
        values["more"] = speaker.delay(std::abs(*way->above_usual_us), way->clock_error_us);
        values["usual"] = speaker.delay(*way->usual_us, way->clock_error_us);
        out.push_back(speaker.say(*way->above_usual_us > 0 ? "more" : "less", values));
    }
    if (known && !changed) out.push_back(speaker.say("usual"));
    if (!known && measured) out.push_back(speaker.say("usual-unknown"));
}

void say_floor(const Speaker& speaker, const Destination& to, std::vector<std::string>& out) {
    const StatedWay* slower = nullptr;
    for (const StatedWay* way : {&to.there, &to.back})
        if (way->above_floor_us && (slower == nullptr || *way->above_floor_us > *slower->above_floor_us)) slower = way;
    if (slower == nullptr) return;
    const bool added = *slower->above_floor_us > std::max<std::int64_t>(slower->clock_error_us, 1000);
    Values values{{"floor", speaker.delay(*slower->floor_us, 0)}};
    if (added) values["added"] = speaker.delay(*slower->above_floor_us, slower->clock_error_us);
    out.push_back(speaker.say(added ? "floor" : "floor-only", values));
}

void say_loss(const Speaker& speaker, std::int64_t sent, std::int64_t lost, std::vector<std::string>& out) {
    if (sent == 0) return;
    Values values{{"sent", whole(sent, speaker.language())}};
    if (lost > 0) {
        values["lost"] = whole(lost, speaker.language());
        values["loss"] = percent(static_cast<double>(lost) / static_cast<double>(sent), speaker.language());
    }
    out.push_back(speaker.say(lost > 0 ? "lost" : "lost-none", values));
}

void say_worse(const Speaker& speaker, const StatedWay& way, std::vector<std::string>& out) {
    const auto when = [&](const Stretch& stretch) {
        Values values = ends(speaker, way);
        values["day"] = speaker.day(stretch.begin);
        values["begin"] = speaker.clock(stretch.begin);
        values["end"] = speaker.clock(stretch.end);
        return values;
    };
    if (way.silent_minutes > 0) {
        Values values = ends(speaker, way);
        values["minutes"] = speaker.minutes(way.silent_minutes);
        out.push_back(speaker.say("silent", values));
    }
    if (way.slowest) {
        Values values = when(*way.slowest);
        values["hours"] = speaker.hours(way.slow_hours);
        values["delay"] = speaker.delay(way.slowest->delay_median_us, way.clock_error_us);
        out.push_back(speaker.say("slow", values));
    }
    if (way.lossiest) {
        Values values = when(*way.lossiest);
        values["loss"] = percent(way.lossiest->loss, speaker.language());
        out.push_back(speaker.say("lossy", values));
    }
}

/// Both directions lie between the same two clocks.
void say_clocks(const Speaker& speaker, const Destination& to, std::vector<std::string>& out) {
    const StatedWay& way = to.there.clock_fault_hours >= to.back.clock_fault_hours ? to.there : to.back;
    if (way.clock_fault_hours == 0) return;
    std::vector<std::string> sites;
    for (const std::string& site : way.clock_fault)
        sites.push_back(speaker.site(site));
    out.push_back(
        speaker.say("clock-hours", {{"sites", speaker.list(sites)}, {"hours", speaker.hours(way.clock_fault_hours)}}));
}

/// Of both directions the worse; unknown when nothing is known of either.
Verdict worse(Verdict there, Verdict back) {
    if (there == Verdict::unknown) return back;
    if (back == Verdict::unknown) return there;
    return std::max(there, back);
}

void say_verdict(const Speaker& speaker, const Destination& to, std::vector<std::string>& out) {
    const auto word = [&](Verdict verdict) {
        return speaker.say(verdict == Verdict::good ? "is-good" : verdict == Verdict::fair ? "is-fair" : "is-poor");
    };
    const Verdict interactive = worse(to.there.quality.interactive, to.back.quality.interactive);
    const Verdict bulk = worse(to.there.quality.bulk, to.back.quality.bulk);
    if (interactive == Verdict::unknown || bulk == Verdict::unknown) return;
    out.push_back(speaker.say("verdict", {{"good", word(interactive)}, {"fair", word(bulk)}}));
}

std::vector<std::string> sentences_of(const Speaker& speaker, const Destination& to) {
    std::vector<std::string> out;
    if (to.there.sent + to.back.sent == 0) return {speaker.say("unmeasured")};
    say_delay(speaker, to, out);
    say_usual(speaker, to, out);
    say_floor(speaker, to, out);
    say_clocks(speaker, to, out);
    say_loss(speaker, to.there.sent + to.back.sent, to.there.lost + to.back.lost, out);
    for (const StatedWay* way : {&to.there, &to.back})
        say_worse(speaker, *way, out);
    say_verdict(speaker, to, out);
    return out;
}

// ---- the whole

void say_profile(const Speaker& speaker, const std::vector<Destination>& all, std::string_view use,
                 Verdict Quality::* verdict, std::vector<std::string>& out) {
    std::int64_t good = 0, fair = 0, poor = 0;
    for (const Destination& to : all) {
        const Verdict worst = worse(to.there.quality.*verdict, to.back.quality.*verdict);
        good += worst == Verdict::good ? 1 : 0;
        fair += worst == Verdict::fair ? 1 : 0;
        poor += worst == Verdict::poor ? 1 : 0;
    }
    if (good + fair + poor == 0) return;
    const auto text = [&](std::int64_t count) { return whole(count, speaker.language()); };
    out.push_back(speaker.say(fair + poor == 0 ? "all-good" : "some-good", {{"use", speaker.say(use)},
                                                                            {"count", text(good + fair + poor)},
                                                                            {"good", text(good)},
                                                                            {"fair", text(fair)},
                                                                            {"poor", text(poor)}}));
}

std::vector<std::string> summary_of(const Speaker& speaker, const Statement& statement) {
    std::vector<std::string> out, sites, slower;
    std::set<std::string> measured;
    std::int64_t sent = 0, lost = 0, error = 0, most_hours = 0;
    bool unsynchronised = false, usual_is_known = false;
    for (const Destination& to : statement.destinations) {
        if (std::ranges::find(sites, to.from_name) == sites.end()) sites.push_back(to.from_name);
        if (to.there.sent + to.back.sent > 0) measured.insert(to.to);
        for (const StatedWay* way : {&to.there, &to.back}) {
            sent += way->sent;
            lost += way->lost;
            if (way->delay_median_us) error = std::max(error, way->clock_error_us);
            unsynchronised = unsynchronised || (way->received > 0 && !way->delay_median_us);
            usual_is_known = usual_is_known || way->usual_us;
            most_hours = std::max(most_hours, way->slow_hours);
        }
        if (to.there.slow_hours + to.back.slow_hours > 0 && std::ranges::find(slower, to.name) == slower.end())
            slower.push_back(to.name);
    }
    if (statement.via)
        out.push_back(speaker.say("via", {{"organisation", statement.name}, {"above", speaker.above()}}));
    if (measured.empty()) return {speaker.say("nothing", {{"organisation", statement.name}})};
    const auto places = static_cast<std::int64_t>(measured.size());
    out.push_back(speaker.say(places == 1 ? "measured-one" : "measured",
                              {{"sites", speaker.list(sites)}, {"count", whole(places, speaker.language())}}));
    say_profile(speaker, statement.destinations, "interactive", &Quality::interactive, out);
    say_profile(speaker, statement.destinations, "bulk", &Quality::bulk, out);
    if (!slower.empty())
        out.push_back(speaker.say("slower", {{"places", speaker.list(slower)}, {"hours", speaker.hours(most_hours)}}));
    else if (usual_is_known)
        out.push_back(speaker.say("as-usual"));
    say_loss(speaker, sent, lost, out);
    const auto outages = static_cast<std::int64_t>(statement.outages.size());
    out.push_back(outages == 0 ? speaker.say("outages-none") : speaker.many("outages-one", "outages", outages));
    if (error > 0) out.push_back(speaker.say("error", {{"error", speaker.error(error)}}));
    if (unsynchronised) out.push_back(speaker.say("clocks"));
    return out;
}

std::string sentence_of(const Speaker& speaker, const StatedOutage& outage) {
    Values values{{"what", speaker.cause(outage.cause)}};
    const Time day = outage.began.value_or(outage.ended.value_or(Time()));
    values["day"] = speaker.day(day);
    values[outage.began ? "begin" : "end"] = speaker.clock(day);
    if (!outage.began) return speaker.say("outage-before", values);
    if (!outage.ended) return speaker.say("outage-open", values);
    const auto minutes = std::chrono::ceil<std::chrono::minutes>(*outage.ended - *outage.began).count();
    values["duration"] = minutes < 120 ? speaker.minutes(minutes) : speaker.hours((minutes + 30) / 60);
    return speaker.say("outage", values);
}

std::string text_of(const Speaker& speaker, const Statement& statement) {
    std::string out = statement.title + "\n\n";
    const auto paragraph = [&](const std::vector<std::string>& sentences) {
        out += fmt::format("{}\n", fmt::join(sentences, " "));
    };
    paragraph(statement.summary);
    for (const StatedOutage& outage : statement.outages)
        out += "- " + outage.sentence + "\n";
    for (const Destination& to : statement.destinations) {
        out += fmt::format("\n{} – {}\n", to.from_name, to.name);
        paragraph(to.sentences);
    }
    out += "\n" + speaker.say("times", {{"what", statement.zone}}) + "\n";
    return out;
}

}  // namespace

std::string plain_delay(std::int64_t us, std::int64_t clock_error_us, Language language) {
    const int digits = granule_us(clock_error_us * 1000) > 100 ? 0 : 1;
    return number(static_cast<double>(us) / 1000, digits, language) + " ms";
}

Result<void> put_into_words(Statement& statement, Language language, const Zone& zone, const StatementNames& names) {
    const Speaker speaker = TRY(Speaker::create(language, zone, names));
    statement.language = enum_name(language);
    statement.zone = zone.name();
    const std::string period = speaker.say(
        "period",
        {{"begin", speaker.day(statement.since)}, {"end", speaker.day(statement.until - std::chrono::nanoseconds(1))}});
    statement.title = speaker.say("title", {{"organisation", statement.name}, {"period", period}});
    for (Destination& to : statement.destinations)
        to.sentences = sentences_of(speaker, to);
    for (StatedOutage& outage : statement.outages)
        outage.sentence = sentence_of(speaker, outage);
    statement.summary = summary_of(speaker, statement);
    statement.text = text_of(speaker, statement);
    return {};
}

}  // namespace quipu::measure
