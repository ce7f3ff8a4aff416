#pragma once
// When a trace found a way that is known already.
//
// Routers answer when they like: one that limits its answers is silent now and then. A silent hop therefore fits any
// hop of the known way, and a hop that answered from several addresses fits one that shares any of them. Ways of
// different length are different, unless one of them did not reach the target: that one fits when it is the beginning
// of the other.

#include <span>
#include <string>

#include "services/measure/path/record.h"

namespace quipu::path {

[[nodiscard]] bool fits(const PathRecord& known, const PathRecord& seen);

/// Fills in what the known way had silent. False if there was nothing new. The known way keeps its identifier.
bool learn(PathRecord& known, const PathRecord& seen);

/// True if anybody answered: a trace in which nobody did says nothing of the way.
[[nodiscard]] bool tells(const PathRecord& seen);

/// "10.0.0.1", or "*": the hops in a few words.
[[nodiscard]] std::vector<std::string> addresses_of(const std::vector<Hop>& hops);

}  // namespace quipu::path
