#pragma once
// A refusal as a sentence.

#include <string>

#include "services/measure/throughput/model.h"

namespace quipu::throughput {

/// "link santiago-panama is used from 14:00:58 to 14:01:18 on 29 November by test 17 (lima → panama)".
[[nodiscard]] std::string words_of(const CalendarRefusal& refusal);
/// What to do about it: the next free start, or what would fit.
[[nodiscard]] std::string advice_of(const CalendarRefusal& refusal);

}  // namespace quipu::throughput
