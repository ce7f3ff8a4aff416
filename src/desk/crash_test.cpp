// The program is killed (-9) while it opens cases, adds notes and files, again and again, on the same files; afterwards
// everything that was acknowledged is there, once, with its events, and the counts in each row are true.

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fmt/format.h>
#include <functional>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/random.h"
#include "data/test_folder.h"
#include "desk/case_desk.h"

namespace quipu::desk {
namespace {

/// A hundred where it is measured; less in every run.
int rounds() {
    const char* wanted = std::getenv("QUIPU_CRASH_ROUNDS");
    return wanted != nullptr ? std::stoi(wanted) : 12;
}

/// Everything that a desk stands on, opened anew as after a crash.
struct Bed {
    SystemClock clock;
    std::unique_ptr<data::Database> database;
    std::unique_ptr<data::Journal> journal;
    std::unique_ptr<registry::Registry> registry;
    std::unique_ptr<data::Archive> archive;
    std::unique_ptr<CaseDesk> desk;

    static Result<std::unique_ptr<Bed>> open(const std::string& folder) {
        auto bed = std::make_unique<Bed>();
        bed->database = TRY(data::Database::open("sqlite:" + folder + "/desk.db"));
        TRY(bed->database->migrate(data::kJournalMigrations));
        TRY(bed->database->migrate(registry::kRegistryMigrations));
        TRY(bed->database->migrate(kDeskMigrations));
        bed->journal = std::make_unique<data::Journal>(*bed->database, bed->clock);
        bed->registry = TRY(registry::Registry::open(*bed->database, *bed->journal, bed->clock));
        bed->archive = TRY(data::Archive::open(folder + "/archive", {}, bed->clock));
        bed->desk = std::make_unique<CaseDesk>(
            CaseDesk::House{*bed->database, *bed->journal, *bed->archive, *bed->registry, bed->clock},
            TRY(Files::open(folder + "/attachments")), Rules{});
        return bed;
    }
};

/// What was acknowledged: a case's number, a note's id or a file's.
struct Acknowledged {
    enum class What : std::uint8_t { opened, note, file, cause } what = What::opened;
    std::int64_t number = 0, id = 0;
};

/// Works in a process of its own until it is killed at random; answers what it acknowledged.
std::vector<Acknowledged> until_killed(Rng& rng, const std::string& folder) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    const pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        const auto say = [&](Acknowledged done) {
            if (::write(ends[1], &done, sizeof done) != sizeof done) _exit(2);
        };
        const auto bed = Bed::open(folder);
        if (!bed) _exit(3);
        CaseDesk& desk = *(*bed)->desk;
        const Caller house{.id = "system"};
        for (;;) {
            NewCase wanted;
            wanted.title = "Case";
            const auto opened = desk.open(house, wanted);
            if (!opened) _exit(4);
            say({Acknowledged::What::opened, *opened, 0});
            const auto note = desk.add_note(house, *opened, {"Note", Visibility::public_, {}});
            if (!note) _exit(5);
            say({Acknowledged::What::note, *opened, *note});
            const auto file =
                desk.attach(house, *opened, {"f.txt", "content " + std::to_string(*opened)}, Visibility::public_);
            if (!file) _exit(6);
            say({Acknowledged::What::file, *opened, file->id});
            const auto joined = desk.open_or_join(house, "cause", wanted);
            if (!joined) _exit(7);
            say({Acknowledged::What::cause, joined->number, 0});
        }
    }
    close(ends[1]);
    std::vector<Acknowledged> out;
    const std::uint64_t wanted = 1 + rng.below(30);
    Acknowledged done;
    while (out.size() < wanted && ::read(ends[0], &done, sizeof done) == sizeof done)
        out.push_back(done);
    for (std::uint64_t spin = rng.below(3'000'000); spin > 0; --spin)
        asm volatile("");  // somewhere in the middle of what follows
    kill(child, SIGKILL);
    while (::read(ends[0], &done, sizeof done) == sizeof done)
        out.push_back(done);
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << WEXITSTATUS(status);
    return out;
}

TEST(Crash, TheDeskKeepsWhatItAcknowledged) {
    const data::TestFolder folder;
    Rng rng = Rng::from_system();
    std::vector<Acknowledged> all;
    const int count = rounds();
    for (int round = 0; round < count; ++round) {
        for (const Acknowledged& each : until_killed(rng, folder.path()))
            all.push_back(each);
        auto opened = Bed::open(folder.path());
        ASSERT_TRUE(opened) << opened.error().text();
        CaseDesk& desk = *(*opened)->desk;
        const Caller house{.id = "system"};
        std::int64_t of_cause = 0;
        for (const Acknowledged& each : all) {
            const auto found = desk.find(house, each.number);
            ASSERT_TRUE(found) << "case " << each.number << " was lost: " << found.error().text();
            const auto notes = desk.timeline(house, each.number, 100, {}, true);
            ASSERT_TRUE(notes);
            EXPECT_EQ(found->notes, static_cast<std::int64_t>(notes->items.size()));
            switch (each.what) {
                case Acknowledged::What::opened: break;
                case Acknowledged::What::note:
                    EXPECT_EQ(std::ranges::count(notes->items, each.id, &Entry::id), 1) << "a note was lost";
                    break;
                case Acknowledged::What::file: {
                    const auto file = desk.attachment(house, each.number, each.id);
                    ASSERT_TRUE(file) << file.error().text();
                    EXPECT_EQ(file->octets, "content " + std::to_string(each.number));
                    break;
                }
                case Acknowledged::What::cause:
                    EXPECT_TRUE(of_cause == 0 || of_cause == each.number) << "one cause has two cases";
                    of_cause = each.number;
            }
        }
        // The event is there if and only if the change is.
        const auto rows = (*opened)->database->query("SELECT COUNT(*) FROM desk_cases");
        const auto events = (*opened)->journal->events({.type = "CaseOpened", .limit = 1'000'000});
        ASSERT_TRUE(rows && events);
        EXPECT_EQ(static_cast<std::int64_t>(events->size()), rows->integer(0, 0));
    }
    const auto many = [&](Acknowledged::What what) { return std::ranges::count(all, what, &Acknowledged::what); };
    fmt::print("killed {} times: {} cases, {} notes and {} files acknowledged\n", count,
               many(Acknowledged::What::opened), many(Acknowledged::What::note), many(Acknowledged::What::file));
}

}  // namespace
}  // namespace quipu::desk
