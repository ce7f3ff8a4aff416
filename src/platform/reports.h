#pragma once
// Problem reports: what people write at the foot of a page. Kept in the database, told to the journal but for how to
// answer: that is a person's own, and the journal is read by many and kept for ever.

#include <optional>
#include <string>
#include <vector>

#include "base/describe.h"
#include "data/database.h"
#include "data/journal.h"

namespace quipu::platform {

struct Report {
    std::int64_t id = 0;
    Time time{};
    std::string page;
    std::optional<std::string> request_id;
    std::string text;
    std::optional<std::string> contact;
    static constexpr auto describe() {
        using T = Report;
        return fields(field<&T::id>("id", "Its number").read_only().required(),
                      field<&T::time>("time", "When it was sent").read_only().required(),
                      field<&T::page>("page", "Address of the page").required().at_most_long(2000),
                      field<&T::request_id>("request_id", "Request that failed, if one did").at_most_long(64),
                      field<&T::text>("text", "What the person wrote").required().at_most_long(10000),
                      field<&T::contact>("contact", "How to answer").at_most_long(400));
    }
};

class Reports {
  public:
    Reports(data::Database& database, data::Journal& journal, const Clock& clock)
        : database_(database), journal_(journal), clock_(clock) {}

    /// Keeps it with the time and a number of its own, which it answers.
    [[nodiscard]] Result<std::int64_t> add(Report report, std::string_view who);
    /// How to answer whoever sent it, if they said.
    [[nodiscard]] static Result<std::optional<std::string>> contact_of(data::Transaction& transaction, std::int64_t id);
    /// Newest first; `before` 0 begins at the newest.
    [[nodiscard]] Result<std::vector<Report>> list(std::int64_t before, std::int64_t limit) const;

  private:
    data::Database& database_;
    data::Journal& journal_;
    const Clock& clock_;
};

extern const std::vector<data::Migration> kPlatformMigrations;

}  // namespace quipu::platform
