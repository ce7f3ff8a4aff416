#pragma once
// The delay below which no packet can come: what light needs along the links in service.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "registry/registry.h"

namespace quipu::measure {

/// Of one link; nothing when neither its length nor its ends' places are known.
[[nodiscard]] std::optional<std::int64_t> floor_us(const registry::Picture& picture, const registry::Link& link);

/// By pair_key, for every ordered pair of these sites: the sum along the links in service by which it is least. Links
/// of which no length is known lead nowhere; a pair that no others join is absent.
using Floors = std::map<std::string, std::int64_t, std::less<>>;
[[nodiscard]] Floors floors_of(const registry::Picture& picture, const std::vector<std::string>& sites);

}  // namespace quipu::measure
