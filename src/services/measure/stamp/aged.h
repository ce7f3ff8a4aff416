#pragma once
// A bounded table whose entries end when nobody has asked for them for a while. No timer: whoever uses it says what
// time it is, and the entries stand in the order of their last use.

#include <cstddef>
#include <functional>
#include <list>
#include <unordered_map>
#include <utility>

#include "base/time.h"

namespace quipu::stamp {

template <class Key, class Value, class Hash>
class Aged {
  public:
    explicit Aged(std::size_t most) : most_(most) {}

    /// Used now. nullptr when there is none.
    Value* find(const Key& key, Monotonic now) {
        const auto found = places_.find(key);
        if (found == places_.end()) return nullptr;
        entries_.splice(entries_.end(), entries_, found->second);
        found->second->used = now;
        return &found->second->value;
    }
    /// nullptr when the table is full.
    Value* add(const Key& key, Monotonic now) {
        if (places_.size() >= most_) return nullptr;
        const auto place = entries_.insert(entries_.end(), Entry{key, now, Value{}});
        places_.emplace(key, place);
        return &place->value;
    }
    /// Ends those that were not used since; `ended(key, value)` is told.
    template <class Ended>
    void end_unused_since(Monotonic since, const Ended& ended) {
        while (!entries_.empty() && entries_.front().used < since) {
            ended(entries_.front().key, entries_.front().value);
            places_.erase(entries_.front().key);
            entries_.pop_front();
        }
    }
    [[nodiscard]] std::size_t size() const { return places_.size(); }

  private:
    struct Entry {
        Key key;
        Monotonic used;
        Value value;
    };
    std::size_t most_;
    std::list<Entry> entries_;
    std::unordered_map<Key, typename std::list<Entry>::iterator, Hash> places_;
};

}  // namespace quipu::stamp
