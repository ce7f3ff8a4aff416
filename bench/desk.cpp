// The desk at the size of ten years: 100,000 cases. Lists by filter, the text search of the list, one case, a note and
// a case, as seen by who sees all, by a member of one organisation and by a stranger, on SQLite and on PostgreSQL.
//
//     bench_desk [CASES]

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <fmt/format.h>

#include "base/log.h"
#include "base/random.h"
#include "data/test_folder.h"
#include "data/test_postgresql.h"
#include "desk/case_desk.h"
#include "registry/exchange.h"

namespace {

using namespace quipu;
using namespace quipu::desk;
using platform::Permission;

constexpr int kOrganisations = 400;

template <class T>
T must(Result<T> result) {
    if (!result) {
        fmt::print(stderr, "{}\n", result.error().text());
        std::exit(1);
    }
    if constexpr (!std::is_void_v<T>) return std::move(*result);
}

/// May see what members see, at one organisation or nowhere.
class MemberGrants final : public platform::Grants {
  public:
    explicit MemberGrants(std::string organisation) : organisation_(std::move(organisation)) {}
    [[nodiscard]] bool may(Permission permission, std::string_view organisation, std::string_view) const override {
        if (permission == Permission::own || permission == Permission::see_public) return true;
        return permission == Permission::see_members && !organisation_.empty() &&
               (organisation.empty() || organisation == organisation_);
    }

  private:
    std::string organisation_;
};
Caller caller_at(std::string id, std::string organisation) {
    Caller out{.id = std::move(id)};
    out.grants = std::make_shared<MemberGrants>(std::move(organisation));
    return out;
}

struct Bed {
    data::TestFolder folder;
    ManualClock clock{*parse_time("2011-01-03T12:00:00Z")};
    std::unique_ptr<data::Database> database;
    std::unique_ptr<data::Journal> journal;
    std::unique_ptr<registry::Registry> registry;
    std::unique_ptr<data::Archive> archive;
    std::unique_ptr<CaseDesk> desk;

    explicit Bed(const std::string& url) {
        database = must(data::Database::open(url.empty() ? "sqlite:" + (folder / "bench.db") : url));
        must(database->migrate(data::kJournalMigrations));
        must(database->migrate(registry::kRegistryMigrations));
        must(database->migrate(kDeskMigrations));
        journal = std::make_unique<data::Journal>(*database, clock);
        registry = must(registry::Registry::open(*database, *journal, clock));
        registry::ChangeSet set;
        set.who = "bench";
        for (int i = 0; i < kOrganisations; ++i) {
            Value organisation{Value::Object{}};
            organisation.set("id", Value(fmt::format("org-{}", i)));
            organisation.set("name", Value(fmt::format("Organisation {}", i)));
            organisation.set("type", Value("institution"));
            organisation.set("country", Value(i % 2 == 0 ? "CL" : "BR"));
            set.changes.push_back({registry::Kind::organisations, {}, std::move(organisation), {}, 0});
        }
        must(registry->apply(set));
        archive = must(data::Archive::open(folder / "archive", {}, clock));
        desk = std::make_unique<CaseDesk>(CaseDesk::House{*database, *journal, *archive, *registry, clock},
                                          must(Files::open(folder / "attachments")), Rules{});
    }

    void fill(int cases) {
        static constexpr std::string_view kWords[] = {
            "slow",  "link",   "video", "packet", "loss",  "delay", "router", "fibre",  "Panamá", "São",
            "Paulo", "enlace", "falla", "rede",   "lenta", "perda", "window", "buffer", "cut",    "power"};
        Rng rng(1);
        const Caller house{.id = "system"};
        constexpr int kAtOnce = 1000;
        for (int begin = 0; begin < cases; begin += kAtOnce)
            must(database->write([&](data::Transaction& transaction) -> Result<void> {
                for (int i = begin; i < std::min(cases, begin + kAtOnce); ++i) {
                    clock.advance(std::chrono::minutes(52));
                    NewCase wanted;
                    wanted.queue = static_cast<Queue>(rng.below(10) < 9 ? rng.below(3) : 3);
                    wanted.priority = static_cast<Priority>(rng.below(4));
                    wanted.visibility = rng.below(20) == 0 ? Visibility::public_ : Visibility::members;
                    for (int word = 0; word < 5; ++word)
                        wanted.title += fmt::format("{}{}", word == 0 ? "" : " ", kWords[rng.below(20)]);
                    wanted.description = fmt::format("ticket{} of circuit{}", i, rng.below(5000));
                    for (int word = 0; word < 15; ++word)
                        wanted.description += fmt::format(" {}", kWords[rng.below(20)]);
                    wanted.organisations = {fmt::format("org-{}", rng.below(kOrganisations))};
                    wanted.objects = {fmt::format("link:link-{}", rng.below(300))};
                    if (rng.below(2) == 0) wanted.owner = fmt::format("person:p{}", rng.below(20));
                    const auto number = TRY(desk->open(transaction, house, wanted, {}));
                    // All but the last two thousand or so are closed.
                    if (i < cases - 2000 || rng.below(3) == 0)
                        TRY(desk->add_note(transaction, house, number, {"Done.", Visibility::public_, State::closed}));
                }
                return {};
            }));
    }
};

template <class F>
void measure(std::string_view database, std::string_view what, F once) {
    constexpr int kTimes = 200;
    std::vector<double> times;
    std::size_t found = 0;
    for (int i = 0; i < kTimes; ++i) {
        const auto begin = std::chrono::steady_clock::now();
        found = once(i);
        times.push_back(std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - begin).count());
    }
    std::ranges::sort(times);
    fmt::print("{:<11} {:<52} {:>9.2f} ms  99 %: {:>9.2f} ms  ({} found)\n", database, what, times[kTimes / 2],
               times[kTimes * 99 / 100], found);
    std::fflush(stdout);
}

void run(std::string_view name, Bed& bed, int cases) {
    const auto begin = std::chrono::steady_clock::now();
    bed.fill(cases);
    fmt::print("{}: {} cases made in {:.1f} s\n", name, cases,
               std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
    const Caller house{.id = "system"};
    const Caller member = caller_at("person:mario", "org-7");
    const Caller stranger = caller_at("person:sven", "");
    const auto list = [&](const Caller& caller, const CaseFilter& filter) {
        return must(bed.desk->list(caller, filter, 100, {})).items.size();
    };
    const std::pair<std::string_view, CaseFilter> filters[] = {
        {"newest", {}},
        {"open, one queue", {.queue = Queue::performance, .open = true}},
        {"open, by due", {.open = true, .order = CaseOrder::due}},
        {"one state: waiting (none)", {.state = State::waiting}},
        {"one owner, open", {.open = true, .owner = "person:p3"}},
        {"one organisation", {.organisation = "org-7"}},
        {"one organisation, queue, closed", {.queue = Queue::help, .open = false, .organisation = "org-7"}},
        {"one object", {.object = "link:link-7"}},
        {"urgent and open", {.open = true, .priority = Priority::urgent}},
        {"late", {.late = true}},
        {"changed last", {.order = CaseOrder::changed}},
        {"mine", {.mine = true}},
        {"text: rare word", {.text = "ticket4242"}},
        {"text: common word", {.text = "panama"}},
        {"text: three common words", {.text = "fibre sao lenta"}},
        {"text: beginning of a word", {.text = "circuit42"}},
        {"text: nothing", {.text = "xyzzy"}},
        {"text and queue and organisation", {.queue = Queue::help, .organisation = "org-7", .text = "panama"}},
    };
    for (const auto& [who, caller] :
         {std::pair<std::string_view, const Caller*>("all", &house), {"member", &member}, {"stranger", &stranger}})
        for (const auto& [what, filter] : filters)
            measure(name, fmt::format("list, {}: {}", who, what), [&](int) { return list(*caller, filter); });
    measure(name, "one case", [&](int i) {
        return static_cast<std::size_t>(must(bed.desk->find(house, 1 + i * 97 % cases)).number > 0);
    });
    measure(name, "queues", [&](int) { return must(bed.desk->queues(house)).size(); });
    measure(name, "a note, committed", [&](int i) {
        return static_cast<std::size_t>(
            must(bed.desk->add_note(house, 1 + i * 97 % cases, {"Note", Visibility::public_, {}})) > 0);
    });
    measure(name, "a case, committed", [&](int) {
        NewCase wanted;
        wanted.title = "Another case";
        wanted.organisations = {"org-7"};
        return static_cast<std::size_t>(must(bed.desk->open(house, wanted)) > 0);
    });
}

}  // namespace

int main(int count, char** arguments) {
    const int cases = count > 1 ? std::atoi(arguments[1]) : 100'000;
    configure_log(LogLevel::error, LogFormat::text);
    {
        Bed bed{std::string()};
        run("sqlite", bed, cases);
    }
    auto server = data::TestPostgresql::start(true);
    if (!server) {
        fmt::print("postgresql: {}\n", server.error().text());
        return 0;
    }
    Bed bed(must((*server)->fresh_url()));
    run("postgresql", bed, cases);
}
