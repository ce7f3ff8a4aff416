#pragma once
// What a case says of a change that the guard holds, in one language (es, pt; English for all others).

#include <string>
#include <string_view>

#include "events/events.h"

namespace quipu::rpki {

struct GuardWords {
    std::string title, description;
};
/// With the first VRPs that would go; a case's description has at most 20,000 octets.
[[nodiscard]] GuardWords words_of_held(const events::RpkiChangeHeld& held, std::string_view language);
[[nodiscard]] std::string words_of_released(const events::RpkiChangeReleased& released, std::string_view by,
                                            std::string_view language);

}  // namespace quipu::rpki
