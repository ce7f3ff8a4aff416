#pragma once
// Sets of faults, and the times and counts that finding a failure and seeing it mended have in common.

#include <algorithm>
#include <vector>

#include "base/time.h"
#include "desk/operations/engine_topology.h"

namespace quipu::operations {

/// Packets without an answer that make a pair silent.
inline constexpr std::int64_t kSilent = 8;
/// How long routing may take to find another way: four lost hellos and the spreading of the news.
inline constexpr Nanoseconds kSettles = std::chrono::seconds(12);
/// Loss that began this long after a failure, on a way that it cut, is that failure's.
inline constexpr Nanoseconds kGrace = std::chrono::seconds(30);
/// A report that is older than this says nothing of now: minute records alone come 65 s after their minute's begin.
inline constexpr Nanoseconds kFresh = std::chrono::seconds(130);

template <class T>
bool contains(const std::vector<T>& list, const T& wanted) {
    return std::ranges::find(list, wanted) != list.end();
}

inline std::vector<Fault> with(std::vector<Fault> faults, const Fault& fault) {
    faults.push_back(fault);
    return faults;
}

inline std::vector<Fault> join(std::vector<Fault> faults, const std::vector<Fault>& more) {
    faults.insert(faults.end(), more.begin(), more.end());
    return faults;
}

inline std::vector<Fault> but(std::vector<Fault> faults, const Fault& fault) {
    std::erase(faults, fault);
    return faults;
}

}  // namespace quipu::operations
