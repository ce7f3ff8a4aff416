// Search over 100,000 cases on SQLite and PostgreSQL: what each kind of question takes, for the house, for somebody of
// one organisation, for a team of two hundred, and for everybody. No other program is beside it: what counts is the 50
// ms that a person does not notice while typing.
//
//     bench_search [URL]    that database alone, filled if it is empty and kept: to look at a plan, or to ask again

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>

#include "base/random.h"
#include "data/test_folder.h"
#include "data/test_postgresql.h"
#include "desk/search/index.h"

namespace {

using namespace quipu;
using namespace quipu::search;
using platform::Caller;
using platform::Permission;

constexpr int kCases = 100'000;
constexpr int kOrganisations = 500;

template <class T>
T must(Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().text());
        std::abort();
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::string organisation(std::uint64_t number) {
    return fmt::format("org-{}", number);
}

/// A text of a language's kind: few words very often, very many seldom (Zipf).
class Speaker {
  public:
    explicit Speaker(std::uint64_t seed) : rng_(seed) {}
    std::string words(std::uint64_t count) {
        static constexpr std::string_view kCommon[] = {"slow",   "link",  "transfer", "perda",    "ruta",
                                                       "enlace", "loss",  "de",       "la",       "the",
                                                       "packet", "delay", "Lima",     "Santiago", "MTU"};
        std::string out;
        for (std::uint64_t i = 0; i < count; ++i) {
            const double u = rng_.uniform();
            const auto rank = static_cast<std::uint64_t>(std::exp(u * std::log(50'000.0)));
            out += rank <= std::size(kCommon) ? std::string(kCommon[rank - 1]) : fmt::format("w{}", rank * 7919);
            out += ' ';
        }
        return out;
    }
    Rng& rng() { return rng_; }

  private:
    Rng rng_;
};

class Held : public platform::Grants {
  public:
    Held(Permission permission, std::uint64_t first, std::uint64_t count, bool everywhere)
        : permission_(permission), first_(first), count_(count), everywhere_(everywhere) {}
    [[nodiscard]] bool may(Permission permission, std::string_view where, std::string_view) const override {
        if (permission == Permission::see_public) return true;
        if (permission != permission_ || count_ == 0) return false;
        if (everywhere_) return true;
        if (!where.starts_with("org-")) return where.empty();
        const auto number = std::strtoull(std::string(where.substr(4)).c_str(), nullptr, 10);
        return number >= first_ && number < first_ + count_;
    }

  private:
    Permission permission_;
    std::uint64_t first_, count_;
    bool everywhere_;
};

void fill(Index& index) {
    Speaker speaker(1);
    std::vector<Indexed> batch;
    for (int number = 1; number <= kCases; ++number) {
        const std::string where = organisation(speaker.rng().below(kOrganisations));
        Document outer{.name = speaker.words(6),
                       .detail = "performance · working",
                       .text = speaker.words(80),
                       .keywords = where,
                       .time = Time(std::chrono::hours(number)),
                       .readers = {{Permission::see_members, where, "desk", {}},
                                   {Permission::work_cases, where, "desk", {}},
                                   Rule::only(fmt::format("person:p{}", speaker.rng().below(5000)))}};
        if (number % 10 == 0) outer.readers.emplace_back();
        Indexed indexed{{"cases", std::to_string(number)}, {outer}};
        if (number % 3 == 0) {
            outer.text += speaker.words(40);
            outer.readers = {{Permission::work_cases, where, "desk", {}}};
            indexed.documents.push_back(std::move(outer));
        }
        batch.push_back(std::move(indexed));
        if (batch.size() == 1000 || number == kCases) {
            must(index.put(batch, number));
            batch.clear();
        }
    }
    for (int i = 0; i < 2000; ++i)
        batch.push_back({{"sites", fmt::format("site-{}", i)},
                         {{.name = fmt::format("Lima {}", speaker.words(1)),
                           .detail = "PE",
                           .text = {},
                           .keywords = {},
                           .readers = {{}}}}});
    must(index.put(batch, std::nullopt));
}

void measure(std::string_view database, Index& index) {
    const std::vector<std::pair<std::string_view, Caller>> callers = {
        {"house", {}},
        {"team of all", {.id = "person:x", .grants = std::make_shared<Held>(Permission::work_cases, 0, 500, true)}},
        {"team of 200", {.id = "person:x", .grants = std::make_shared<Held>(Permission::work_cases, 0, 200, false)}},
        {"member of 1", {.id = "person:x", .grants = std::make_shared<Held>(Permission::see_members, 7, 1, false)}},
        {"everybody", {.id = "anonymous", .grants = std::make_shared<Held>(Permission::see_members, 0, 0, false)}},
    };
    for (const std::string_view typed : {"l", "li", "lim", "lima", "slow", "slow tra", "w", "w7", "w79", "the de la",
                                         "\"slow link\"", "mtu -slow", "w395950", "nothing-of-this"}) {
        for (const auto& [name, caller] : callers) {
            std::vector<double> times;
            std::size_t found = 0;
            for (int round = 0; round < 15; ++round) {
                const auto begin = std::chrono::steady_clock::now();
                auto all = must(index.find({.typed = std::string(typed)}, caller));
                found = all.size();
                if (all.size() > 20) all.resize(20);
                must(index.show(all, typed));
                times.push_back(
                    std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
            }
            std::ranges::sort(times);
            fmt::print("{:<11} {:<18} {:<12} {:>5} found  median {:>7.2f} ms  worst {:>7.2f} ms{}\n", database, typed,
                       name, found, times[times.size() / 2], times.back(), times.back() > 50 ? "  OVER 50 ms" : "");
        }
    }
}

void run(std::string_view name, const std::string& url) {
    const auto database = must(data::Database::open(url));
    const auto index = must(Index::open(*database));
    const auto begin = std::chrono::steady_clock::now();
    if (must(index->position()) < kCases) {
        fill(*index);
        fmt::print("{:<11} filled in {:.1f} s\n", name,
                   std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    }
    measure(name, *index);
}

}  // namespace

int main(int count, char** arguments) {
    if (count > 1) {
        run("given", arguments[1]);
        return 0;
    }
    data::TestFolder folder;
    run("sqlite", "sqlite:" + (folder / "bench.db"));
    auto server = data::TestPostgresql::start();
    if (!server) {
        fmt::print("postgresql: {}\n", server.error().text());
        return 0;
    }
    run("postgresql", must((*server)->fresh_url()));
}
