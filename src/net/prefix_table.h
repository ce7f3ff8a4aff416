#pragma once
// Longest-prefix match for IPv4 and IPv6 together: whose address is this?
//
// A tree bitmap (Eatherton, Dittia, Varghese 2004) with strides of six bits. A subtree that holds one prefix is kept as
// a leaf instead of a chain of nodes, so that a look-up in a million prefixes touches three or four cache lines. The
// shape depends on what is held, never on the order in which it came.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "net/address.h"

namespace quipu::net {

namespace detail {

/// Blocks of 1 to 64 items inside one vector, with a free list for each capacity. A block is named by its offset.
template <class Item>
class BlockPool {
  public:
    [[nodiscard]] Item& operator[](std::uint32_t at) { return items_[at]; }
    [[nodiscard]] const Item& operator[](std::uint32_t at) const { return items_[at]; }
    /// Puts an item at `position` into a block of `size` items; the block may move.
    void insert(std::uint32_t& block, unsigned size, unsigned position, const Item& item);
    void erase(std::uint32_t& block, unsigned size, unsigned position);
    [[nodiscard]] std::size_t memory() const { return items_.capacity() * sizeof(Item); }

  private:
    [[nodiscard]] std::uint32_t allocate(unsigned capacity_class);
    std::vector<Item> items_;
    std::array<std::vector<std::uint32_t>, 12> free_;
};

/// The bits of an address or prefix, left-aligned: IPv4 in the upper half of `high`.
struct Key {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    bool operator==(const Key&) const = default;
};
[[nodiscard]] inline Key key_of(const IpAddress& address) {
    const auto& octets = address.octets();
    Key key;
    for (std::size_t i = 0; i < 8; ++i) {
        key.high = key.high << 8U | octets[i];
        key.low = key.low << 8U | octets[i + 8];
    }
    return key;
}

/// The prefixes of one family, numbered as they come; numbers of erased ones are used again.
class PrefixTrie {
  public:
    static constexpr std::uint32_t kNone = ~std::uint32_t{0};

    PrefixTrie();
    /// The number of the longest prefix that holds the address, or kNone.
    [[nodiscard]] std::uint32_t match(const Key& address) const;
    /// The same for many addresses at once, at most kBatch: their cache misses overlap.
    void match(std::span<const Key> addresses, std::span<std::uint32_t> entries) const;
    static constexpr std::size_t kBatch = 32;
    [[nodiscard]] std::uint32_t find(const Key& prefix, unsigned length) const;
    /// The prefix's number and whether it is new.
    std::pair<std::uint32_t, bool> insert(const Key& prefix, unsigned length);
    /// The number that the prefix had, or kNone.
    std::uint32_t erase(const Key& prefix, unsigned length);
    /// Appends the numbers of the prefixes that hold this one, itself included, shortest first.
    void covering(const Key& prefix, unsigned length, std::vector<std::uint32_t>& out) const;
    /// Appends those that lie in this one, itself included, in order of address, shorter first.
    void covered(const Key& prefix, unsigned length, std::vector<std::uint32_t>& out) const;
    [[nodiscard]] std::size_t size() const { return entries_.size() - free_entries_.size(); }
    [[nodiscard]] std::size_t memory() const;
    [[nodiscard]] Prefix prefix_of(std::uint32_t entry, bool v6) const;

  private:
    // `internal`: bit 2^l + v for the prefix of relative length l (0…5) and value v. `external`: bit s for the child at
    // the six bits s. Both zero: a leaf whose entry is `results`.
    // Neither node nor entry straddles two cache lines.
    struct alignas(32) Node {
        std::uint64_t internal = 0;
        std::uint64_t external = 0;
        std::uint32_t children = 0;     // block in nodes_
        std::uint32_t results = kNone;  // block in results_, or the leaf's entry
        [[nodiscard]] bool is_leaf() const { return (internal | external) == 0; }
    };
    struct alignas(32) Entry {
        Key key;
        unsigned length = 0;
    };

    static constexpr std::uint32_t kRoot = 0;

    [[nodiscard]] const Node& root() const { return nodes_[kRoot]; }
    [[nodiscard]] std::uint32_t child_of(const Node& node, unsigned slot) const;
    [[nodiscard]] std::uint32_t result_of(const Node& node, unsigned bit) const;
    [[nodiscard]] std::uint32_t add_entry(const Key& prefix, unsigned length);
    void place(std::uint32_t node, unsigned depth, std::uint32_t entry);
    void collapse(std::span<const std::pair<std::uint32_t, unsigned>> path);
    void collect(const Node& node, std::vector<std::uint32_t>& out) const;
    void collect_from(const Node& node, unsigned bit, std::vector<std::uint32_t>& out) const;

    BlockPool<Node> nodes_;  // the root is the first
    BlockPool<std::uint32_t> results_;
    std::vector<Entry> entries_;
    std::vector<std::uint32_t> free_entries_;
};

}  // namespace detail

/// Prefixes, each with a value. Copies are independent; reading from several threads is safe while nobody writes.
/// T is default-constructible.
template <class T>
class PrefixTable {
  public:
    struct Match {
        Prefix prefix;
        const T& value;
    };

    /// Sets the prefix's value; true if it was not there before.
    bool insert(const Prefix& prefix, T value) {
        auto& side = side_of(prefix.address());
        const auto [entry, added] = side.trie.insert(detail::key_of(prefix.address()), length_of(prefix));
        if (entry >= side.values.size()) side.values.resize(entry + 1);
        side.values[entry] = std::move(value);
        return added;
    }
    /// False if it was not there.
    bool erase(const Prefix& prefix) {
        auto& side = side_of(prefix.address());
        const std::uint32_t entry = side.trie.erase(detail::key_of(prefix.address()), length_of(prefix));
        if (entry == detail::PrefixTrie::kNone) return false;
        side.values[entry] = T{};
        return true;
    }
    /// The value of exactly this prefix, or nullptr.
    [[nodiscard]] const T* find(const Prefix& prefix) const {
        const auto& side = side_of(prefix.address());
        const std::uint32_t entry = side.trie.find(detail::key_of(prefix.address()), length_of(prefix));
        return entry == detail::PrefixTrie::kNone ? nullptr : &side.values[entry];
    }
    /// The value of the longest prefix that holds the address, or nullptr.
    [[nodiscard]] const T* lookup(const IpAddress& address) const {
        const auto& side = side_of(address);
        const std::uint32_t entry = side.trie.match(detail::key_of(address));
        return entry == detail::PrefixTrie::kNone ? nullptr : &side.values[entry];
    }
    /// The same for many addresses of any family: several times faster in a large table, where one look-up mostly waits
    /// for memory. `out` is as long as `addresses`.
    void lookup(std::span<const IpAddress> addresses, std::span<const T*> out) const {
        std::array<detail::Key, detail::PrefixTrie::kBatch> keys;
        std::array<std::uint32_t, detail::PrefixTrie::kBatch> entries;
        for (std::size_t at = 0; at < addresses.size();) {
            // A run of one family, as long as a batch holds.
            const bool v6 = addresses[at].is_v6();
            std::size_t count = 0;
            while (count < keys.size() && at + count < addresses.size() && addresses[at + count].is_v6() == v6) {
                keys[count] = detail::key_of(addresses[at + count]);
                ++count;
            }
            const auto& side = sides_[v6 ? 1 : 0];
            side.trie.match(std::span(keys).first(count), std::span(entries).first(count));
            for (std::size_t i = 0; i < count; ++i) {
                out[at + i] = entries[i] == detail::PrefixTrie::kNone ? nullptr : &side.values[entries[i]];
                if (out[at + i] != nullptr) __builtin_prefetch(out[at + i]);
            }
            at += count;
        }
    }
    /// The value and the prefix itself.
    [[nodiscard]] std::optional<Match> match(const IpAddress& address) const {
        const auto& side = side_of(address);
        const std::uint32_t entry = side.trie.match(detail::key_of(address));
        if (entry == detail::PrefixTrie::kNone) return std::nullopt;
        return Match{side.trie.prefix_of(entry, address.is_v6()), side.values[entry]};
    }
    /// The prefixes that hold this one, itself included, shortest first.
    [[nodiscard]] std::vector<Match> covering(const Prefix& prefix) const {
        return matches(prefix, &detail::PrefixTrie::covering);
    }
    /// The prefixes inside this one, itself included, in order of address, shorter first.
    [[nodiscard]] std::vector<Match> covered(const Prefix& prefix) const {
        return matches(prefix, &detail::PrefixTrie::covered);
    }

    [[nodiscard]] std::size_t size() const { return sides_[0].trie.size() + sides_[1].trie.size(); }
    [[nodiscard]] bool empty() const { return size() == 0; }
    /// Octets that the index takes, without the values.
    [[nodiscard]] std::size_t memory() const { return sides_[0].trie.memory() + sides_[1].trie.memory(); }

  private:
    struct Side {
        detail::PrefixTrie trie;
        std::vector<T> values;  // by entry
    };
    using Search = void (detail::PrefixTrie::*)(const detail::Key&, unsigned, std::vector<std::uint32_t>&) const;

    [[nodiscard]] static unsigned length_of(const Prefix& prefix) { return static_cast<unsigned>(prefix.length()); }
    [[nodiscard]] Side& side_of(const IpAddress& address) { return sides_[address.is_v6() ? 1 : 0]; }
    [[nodiscard]] const Side& side_of(const IpAddress& address) const { return sides_[address.is_v6() ? 1 : 0]; }
    [[nodiscard]] std::vector<Match> matches(const Prefix& prefix, Search search) const {
        const auto& side = side_of(prefix.address());
        std::vector<std::uint32_t> entries;
        (side.trie.*search)(detail::key_of(prefix.address()), length_of(prefix), entries);
        std::vector<Match> out;
        out.reserve(entries.size());
        for (const std::uint32_t entry : entries)
            out.push_back({side.trie.prefix_of(entry, prefix.address().is_v6()), side.values[entry]});
        return out;
    }

    std::array<Side, 2> sides_;  // IPv4, IPv6
};

}  // namespace quipu::net
