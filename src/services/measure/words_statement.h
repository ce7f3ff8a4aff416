#pragma once
// A statement's facts in full sentences of Spanish, Portuguese or English. No figure is finer than its clock error;
// what lies within it is not called a difference.

#include <functional>
#include <span>
#include <string>

#include "base/zone.h"
#include "platform/mail/language.h"
#include "platform/notify/texts.h"
#include "services/measure/engine_statement.h"

namespace quipu::measure {

/// Names of sites and causes as people know them.
struct StatementNames {
    std::function<std::string(const std::string& site)> site;
    std::function<std::string(const std::string& link)> link;
    std::string above;  ///< of Statement::via
};

/// Fills in title, sentences and text.
[[nodiscard]] Result<void> put_into_words(Statement& statement, mail::Language language, const Zone& zone,
                                          const StatementNames& names);

/// "150.2 ms" as that language writes it: with one decimal where the clock error leaves it one.
[[nodiscard]] std::string plain_delay(std::int64_t us, std::int64_t clock_error_us, mail::Language language);

extern const std::span<const notify::Text> kStatementTexts;  ///< texts_statement.cpp

}  // namespace quipu::measure
