#pragma once
// Assertions that were accepted: none is accepted twice, not even after a restart.

#include <string_view>
#include <vector>

#include "base/time.h"
#include "data/database.h"

namespace quipu::signin {

extern const std::vector<data::Migration> kSigninMigrations;

class Store {
  public:
    explicit Store(data::Database& database) : database_(database) {}
    /// Remembers it until then. False if it was there already. What is over is forgotten on the way.
    [[nodiscard]] Result<bool> first_time(std::string_view issuer, std::string_view assertion, Time until, Time now);

  private:
    data::Database& database_;
};

}  // namespace quipu::signin
