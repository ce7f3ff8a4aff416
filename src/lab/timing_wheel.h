#pragma once
// A hierarchical timing wheel with nanosecond deadlines that yields its items in exact order: by deadline, and among
// equal deadlines in the order in which they were put in.
//
// Ticks of 65.5 µs; a wheel of 256 slots per level, each level 256 times coarser than the one below. An item waits in
// the slot of the highest digit in which its tick differs from the wheel's; when the wheel comes to a slot, its items
// move down, and those of the wheel's own tick stand in a heap. Putting in and taking out cost O(1) on average,
// whatever waits.

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/time.h"

namespace quipu::lab {

template <class T>
class TimingWheel {
  public:
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }

    /// Any deadline, past ones too; times before the clock's epoch count as the epoch.
    void insert(Monotonic deadline, T item) {
        place({std::max<std::int64_t>(deadline.time_since_epoch().count(), 0), sequence_++, std::move(item)});
        ++size_;
    }

    /// The earliest deadline.
    [[nodiscard]] std::optional<Monotonic> next() {
        if (!fill_due()) return std::nullopt;
        return Monotonic(Nanoseconds(due_.front().deadline));
    }

    /// The earliest item if its deadline is not after `now`.
    [[nodiscard]] std::optional<T> pop(Monotonic now) {
        if (!fill_due() || due_.front().deadline > now.time_since_epoch().count()) return std::nullopt;
        std::pop_heap(due_.begin(), due_.end(), Later{});
        T item = std::move(due_.back().item);
        due_.pop_back();
        --size_;
        return item;
    }

  private:
    struct Entry {
        std::int64_t deadline;
        std::uint64_t sequence;
        T item;
    };
    struct Later {
        bool operator()(const Entry& x, const Entry& y) const {
            return std::pair(x.deadline, x.sequence) > std::pair(y.deadline, y.sequence);
        }
    };
    static constexpr unsigned kTickBits = 16;
    static constexpr unsigned kDigitBits = 8;
    static constexpr std::size_t kSlots = std::size_t{1} << kDigitBits;
    static constexpr std::size_t kLevels = (64 - kTickBits) / kDigitBits;

    struct Level {
        std::array<std::vector<Entry>, kSlots> slots;
        std::array<std::uint64_t, kSlots / 64> used{};  // a bit for each slot that holds something

        [[nodiscard]] std::optional<std::size_t> first_used() const {
            for (std::size_t word = 0; word < used.size(); ++word)
                if (used[word] != 0) return word * 64 + static_cast<std::size_t>(std::countr_zero(used[word]));
            return std::nullopt;
        }
    };

    void place(Entry entry) {
        const std::uint64_t tick = static_cast<std::uint64_t>(entry.deadline) >> kTickBits;
        if (tick <= tick_) {
            due_.push_back(std::move(entry));
            std::push_heap(due_.begin(), due_.end(), Later{});
            return;
        }
        const std::size_t level = static_cast<std::size_t>(std::bit_width(tick ^ tick_) - 1) / kDigitBits;
        const std::size_t slot = (tick >> (level * kDigitBits)) & (kSlots - 1);
        levels_[level].slots[slot].push_back(std::move(entry));
        levels_[level].used[slot / 64] |= std::uint64_t{1} << (slot % 64);
    }

    // Every item that waits has a tick above tick_, hence a greater digit at its level: the first used slot of the
    // lowest used level is the earliest, and no slot below tick_ is ever used.
    bool fill_due() {
        while (due_.empty() && size_ > 0) {
            for (std::size_t level = 0; level < kLevels; ++level) {
                const auto slot = levels_[level].first_used();
                if (!slot) continue;
                const unsigned shift = static_cast<unsigned>(level) * kDigitBits;
                tick_ = (((tick_ >> shift >> kDigitBits) << kDigitBits) | *slot) << shift;
                levels_[level].used[*slot / 64] &= ~(std::uint64_t{1} << (*slot % 64));
                std::swap(moving_, levels_[level].slots[*slot]);
                for (Entry& entry : moving_)
                    place(std::move(entry));
                moving_.clear();
                std::swap(moving_, levels_[level].slots[*slot]);  // keeps its capacity
                break;
            }
        }
        return !due_.empty();
    }

    std::array<Level, kLevels> levels_;
    std::vector<Entry> due_;  // heap: ticks up to tick_
    std::vector<Entry> moving_;
    std::uint64_t tick_ = 0;
    std::uint64_t sequence_ = 0;
    std::size_t size_ = 0;
};

}  // namespace quipu::lab
