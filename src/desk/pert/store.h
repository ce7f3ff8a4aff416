#pragma once
// eduPERT's tables: one row for each team, accreditation, request and meeting, the thing itself as JSON beside the
// columns that it is looked for by.

#include <optional>
#include <string_view>
#include <vector>

#include "data/database.h"
#include "desk/pert/model.h"

namespace quipu::pert::store {

[[nodiscard]] Result<std::vector<Team>> teams(data::Transaction& transaction);
[[nodiscard]] Result<std::optional<Team>> team(data::Transaction& transaction, std::string_view id);
[[nodiscard]] Result<void> put(data::Transaction& transaction, const Team& team);
[[nodiscard]] Result<void> remove_team(data::Transaction& transaction, std::string_view id);

/// Of one team, or of all when it is empty; by number.
[[nodiscard]] Result<std::vector<Accreditation>> accreditations(data::Transaction& transaction, std::string_view team);
[[nodiscard]] Result<std::optional<Accreditation>> accreditation(data::Transaction& transaction, std::int64_t number);
[[nodiscard]] Result<void> put(data::Transaction& transaction, const Accreditation& accreditation);

[[nodiscard]] Result<std::vector<TechnicalRequest>> requests(data::Transaction& transaction);
/// Those that wait for an answer.
[[nodiscard]] Result<std::vector<TechnicalRequest>> waiting_requests(data::Transaction& transaction);
[[nodiscard]] Result<std::optional<TechnicalRequest>> request(data::Transaction& transaction, std::int64_t number);
[[nodiscard]] Result<void> put(data::Transaction& transaction, const TechnicalRequest& request);

/// Those that end after `since` and begin before `until`, by their beginning.
[[nodiscard]] Result<std::vector<Meeting>> meetings(data::Transaction& transaction, Time since, Time until);
[[nodiscard]] Result<std::optional<Meeting>> meeting(data::Transaction& transaction, std::int64_t number);
[[nodiscard]] Result<void> put(data::Transaction& transaction, const Meeting& meeting);

/// The next number of a table of numbered things: accreditations, requests, meetings.
[[nodiscard]] Result<std::int64_t> next_number(data::Transaction& transaction, std::string_view table);

}  // namespace quipu::pert::store
