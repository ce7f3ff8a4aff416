#include "net/prefix_table.h"

#include <algorithm>
#include <bit>

namespace quipu::net::detail {
namespace {

constexpr unsigned kStride = 6;

constexpr std::array<unsigned, 12> kCapacities = {1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64};

constexpr unsigned class_of(unsigned size) {
    unsigned i = 0;
    while (kCapacities[i] < size)
        ++i;
    return i;
}

/// The six bits of a key after the first `depth`; those beyond the end are zero.
unsigned slot_at(const Key& key, unsigned depth) {
    std::uint64_t window = 0;
    if (depth == 0)
        window = key.high;
    else if (depth < 64)
        window = key.high << depth | key.low >> (64 - depth);
    else
        window = key.low << (depth - 64);
    return static_cast<unsigned>(window >> (64 - kStride));
}

/// For each slot, the bits in `internal` of the prefixes that hold it.
constexpr std::array<std::uint64_t, 64> kAncestors = [] {
    std::array<std::uint64_t, 64> out{};
    for (unsigned slot = 0; slot < 64; ++slot)
        for (unsigned length = 0; length < kStride; ++length)
            out[slot] |= std::uint64_t{1} << ((1U << length) + (slot >> (kStride - length)));
    return out;
}();

/// The bit in `internal` of a prefix whose length ends in the stride at `depth`.
unsigned internal_bit(const Key& key, unsigned depth, unsigned length) {
    const unsigned relative = length - depth;
    return (1U << relative) + (slot_at(key, depth) >> (kStride - relative));
}

constexpr std::uint64_t one_bit(unsigned bit) {
    return std::uint64_t{1} << bit;
}
unsigned rank(std::uint64_t bits, unsigned bit) {
    return static_cast<unsigned>(std::popcount(bits & (one_bit(bit) - 1)));
}
unsigned count(std::uint64_t bits) {
    return static_cast<unsigned>(std::popcount(bits));
}
unsigned highest(std::uint64_t bits) {
    return static_cast<unsigned>(std::bit_width(bits)) - 1;
}
unsigned lowest(std::uint64_t bits) {
    return static_cast<unsigned>(std::countr_zero(bits));
}

/// Whether the first `length` bits are the same.
bool agree(const Key& a, const Key& b, unsigned length) {
    if (length == 0) return true;
    if (length <= 64) return ((a.high ^ b.high) >> (64 - length)) == 0;
    return a.high == b.high && ((a.low ^ b.low) >> (128 - length)) == 0;
}

}  // namespace

template <class Item>
std::uint32_t BlockPool<Item>::allocate(unsigned capacity_class) {
    auto& free = free_[capacity_class];
    if (!free.empty()) {
        const std::uint32_t block = free.back();
        free.pop_back();
        return block;
    }
    const auto block = static_cast<std::uint32_t>(items_.size());
    items_.resize(items_.size() + kCapacities[capacity_class]);
    return block;
}

template <class Item>
void BlockPool<Item>::insert(std::uint32_t& block, unsigned size, unsigned position, const Item& item) {
    const Item copy = item;
    const unsigned wanted = class_of(size + 1);
    if (size == 0 || class_of(size) != wanted) {
        const std::uint32_t old = block;
        block = allocate(wanted);
        std::copy_n(items_.begin() + old, size, items_.begin() + block);
        if (size > 0) free_[class_of(size)].push_back(old);
    }
    const auto first = items_.begin() + block;
    std::move_backward(first + position, first + size, first + size + 1);
    first[position] = copy;
}

template <class Item>
void BlockPool<Item>::erase(std::uint32_t& block, unsigned size, unsigned position) {
    const auto first = items_.begin() + block;
    std::move(first + position + 1, first + size, first + position);
    const unsigned had = class_of(size);
    if (size == 1) {
        free_[had].push_back(block);
    } else if (const unsigned wanted = class_of(size - 1); wanted != had) {
        const std::uint32_t old = block;
        block = allocate(wanted);
        std::copy_n(items_.begin() + old, size - 1, items_.begin() + block);
        free_[had].push_back(old);
    }
}

PrefixTrie::PrefixTrie() {
    std::uint32_t block = 0;
    nodes_.insert(block, 0, 0, Node{});
}

std::uint32_t PrefixTrie::child_of(const Node& node, unsigned slot) const {
    return node.children + rank(node.external, slot);
}

std::uint32_t PrefixTrie::result_of(const Node& node, unsigned bit) const {
    return results_[node.results + rank(node.internal, bit)];
}

std::uint32_t PrefixTrie::match(const Key& address) const {
    const Node* best = nullptr;
    unsigned best_bit = 0;
    const Node* node = &root();
    for (unsigned depth = 0; !node->is_leaf(); depth += kStride) {
        const unsigned slot = slot_at(address, depth);
        if (const std::uint64_t holding = node->internal & kAncestors[slot]; holding != 0) {
            best = node;
            best_bit = highest(holding);
        }
        if ((node->external & one_bit(slot)) == 0) return best == nullptr ? kNone : result_of(*best, best_bit);
        node = &nodes_[child_of(*node, slot)];
    }
    if (node->results != kNone) {
        const Entry& leaf = entries_[node->results];
        if (agree(leaf.key, address, leaf.length)) return node->results;
    }
    return best == nullptr ? kNone : result_of(*best, best_bit);
}

void PrefixTrie::match(std::span<const Key> addresses, std::span<std::uint32_t> entries) const {
    // All addresses go down one level at a time; what the next level needs is fetched while the others are looked at.
    struct Lane {
        const Node* node;
        const std::uint32_t* best = nullptr;  // in results_
        std::uint32_t index = 0;
    };
    std::array<Lane, kBatch> walking;
    std::array<Lane, kBatch> arrived;
    std::size_t on_the_way = 0;
    std::size_t there = 0;
    for (std::uint32_t i = 0; i < addresses.size(); ++i)
        walking[on_the_way++] = {&root(), nullptr, i};
    for (unsigned depth = 0; on_the_way > 0; depth += kStride) {
        std::size_t left = 0;
        for (std::size_t i = 0; i < on_the_way; ++i) {
            Lane lane = walking[i];
            const Node& node = *lane.node;
            if (node.is_leaf()) {
                if (node.results != kNone) __builtin_prefetch(&entries_[node.results]);
                arrived[there++] = lane;
                continue;
            }
            const unsigned slot = slot_at(addresses[lane.index], depth);
            if (const std::uint64_t holding = node.internal & kAncestors[slot]; holding != 0)
                lane.best = &results_[node.results + rank(node.internal, highest(holding))];
            if ((node.external & one_bit(slot)) != 0) {
                lane.node = &nodes_[child_of(node, slot)];
                __builtin_prefetch(lane.node);
                walking[left++] = lane;
            } else {
                lane.node = nullptr;
                if (lane.best != nullptr) __builtin_prefetch(lane.best);
                arrived[there++] = lane;
            }
        }
        on_the_way = left;
    }
    for (std::size_t i = 0; i < there; ++i) {
        const Lane& lane = arrived[i];
        std::uint32_t& entry = entries[lane.index];
        entry = lane.node != nullptr ? lane.node->results : kNone;
        const bool holds = entry != kNone && agree(entries_[entry].key, addresses[lane.index], entries_[entry].length);
        if (!holds) entry = lane.best != nullptr ? *lane.best : kNone;
    }
}

std::uint32_t PrefixTrie::find(const Key& prefix, unsigned length) const {
    const Node* node = &root();
    for (unsigned depth = 0; !node->is_leaf(); depth += kStride) {
        if (length < depth + kStride) {
            const unsigned bit = internal_bit(prefix, depth, length);
            return (node->internal & one_bit(bit)) != 0 ? result_of(*node, bit) : kNone;
        }
        const unsigned slot = slot_at(prefix, depth);
        if ((node->external & one_bit(slot)) == 0) return kNone;
        node = &nodes_[child_of(*node, slot)];
    }
    if (node->results == kNone) return kNone;
    const Entry& leaf = entries_[node->results];
    return leaf.length == length && leaf.key == prefix ? node->results : kNone;
}

std::uint32_t PrefixTrie::add_entry(const Key& prefix, unsigned length) {
    if (free_entries_.empty()) {
        entries_.push_back({prefix, length});
        return static_cast<std::uint32_t>(entries_.size() - 1);
    }
    const std::uint32_t entry = free_entries_.back();
    free_entries_.pop_back();
    entries_[entry] = {prefix, length};
    return entry;
}

void PrefixTrie::place(std::uint32_t at, unsigned depth, std::uint32_t entry) {
    const Entry& e = entries_[entry];
    Node node = nodes_[at];
    if (node.is_leaf()) node.children = node.results = 0;
    if (e.length < depth + kStride) {
        const unsigned bit = internal_bit(e.key, depth, e.length);
        results_.insert(node.results, count(node.internal), rank(node.internal, bit), entry);
        node.internal |= one_bit(bit);
    } else {
        const unsigned slot = slot_at(e.key, depth);
        Node leaf;
        leaf.results = entry;
        nodes_.insert(node.children, count(node.external), rank(node.external, slot), leaf);
        node.external |= one_bit(slot);
    }
    nodes_[at] = node;
}

std::pair<std::uint32_t, bool> PrefixTrie::insert(const Key& prefix, unsigned length) {
    if (const std::uint32_t entry = find(prefix, length); entry != kNone) return {entry, false};
    const std::uint32_t entry = add_entry(prefix, length);
    std::uint32_t at = kRoot;
    for (unsigned depth = 0;; depth += kStride) {
        if (nodes_[at].is_leaf()) {
            if (nodes_[at].results == kNone) {
                nodes_[at].results = entry;  // the first of all
                return {entry, true};
            }
            place(at, depth, nodes_[at].results);
        }
        const Node& node = nodes_[at];
        const unsigned slot = slot_at(prefix, depth);
        if (length < depth + kStride || (node.external & one_bit(slot)) == 0) {
            place(at, depth, entry);
            return {entry, true};
        }
        at = child_of(node, slot);
    }
}

std::uint32_t PrefixTrie::erase(const Key& prefix, unsigned length) {
    const std::uint32_t entry = find(prefix, length);
    if (entry == kNone) return kNone;
    free_entries_.push_back(entry);
    // Nodes from the root to the one that holds the prefix, each with the slot by which it was left.
    std::array<std::pair<std::uint32_t, unsigned>, 128 / kStride + 2> path;
    std::size_t steps = 0;
    std::uint32_t at = kRoot;
    for (unsigned depth = 0;; depth += kStride) {
        Node& node = nodes_[at];
        if (node.is_leaf()) {
            node.results = kNone;
            break;
        }
        if (length < depth + kStride) {
            const unsigned bit = internal_bit(prefix, depth, length);
            results_.erase(node.results, count(node.internal), rank(node.internal, bit));
            node.internal &= ~one_bit(bit);
            if (node.is_leaf()) node.results = kNone;
            path[steps++] = {at, 0};
            break;
        }
        const unsigned slot = slot_at(prefix, depth);
        path[steps++] = {at, slot};
        at = child_of(node, slot);
    }
    collapse(std::span(path).first(steps));
    return entry;
}

/// From the bottom up: a child that holds nothing is removed, a node that holds one prefix becomes a leaf.
void PrefixTrie::collapse(std::span<const std::pair<std::uint32_t, unsigned>> path) {
    for (std::size_t i = path.size(); i-- > 0;) {
        const auto [at, slot] = path[i];
        Node node = nodes_[at];
        if ((node.external & one_bit(slot)) != 0) {
            const Node& child = nodes_[child_of(node, slot)];
            if (child.is_leaf() && child.results == kNone) {
                nodes_.erase(node.children, count(node.external), rank(node.external, slot));
                node.external &= ~one_bit(slot);
                if (node.is_leaf()) node.results = kNone;
            }
        }
        if (count(node.internal) == 1 && node.external == 0) {
            const std::uint32_t entry = results_[node.results];
            results_.erase(node.results, 1, 0);
            node = {0, 0, 0, entry};
        } else if (node.internal == 0 && count(node.external) == 1 && nodes_[node.children].is_leaf()) {
            const std::uint32_t entry = nodes_[node.children].results;
            nodes_.erase(node.children, 1, 0);
            node = {0, 0, 0, entry};
        }
        nodes_[at] = node;
    }
}

void PrefixTrie::covering(const Key& prefix, unsigned length, std::vector<std::uint32_t>& out) const {
    const Node* node = &root();
    for (unsigned depth = 0; !node->is_leaf(); depth += kStride) {
        const unsigned slot = slot_at(prefix, depth);
        std::uint64_t holding = node->internal & kAncestors[slot];
        if (length < depth + kStride) holding &= one_bit(internal_bit(prefix, depth, length)) * 2 - 1;
        for (; holding != 0; holding &= holding - 1)
            out.push_back(result_of(*node, lowest(holding)));
        if (length < depth + kStride || (node->external & one_bit(slot)) == 0) return;
        node = &nodes_[child_of(*node, slot)];
    }
    if (node->results == kNone) return;
    const Entry& leaf = entries_[node->results];
    if (leaf.length <= length && agree(leaf.key, prefix, leaf.length)) out.push_back(node->results);
}

void PrefixTrie::covered(const Key& prefix, unsigned length, std::vector<std::uint32_t>& out) const {
    const Node* node = &root();
    for (unsigned depth = 0; !node->is_leaf(); depth += kStride) {
        if (length < depth + kStride) return collect_from(*node, internal_bit(prefix, depth, length), out);
        const unsigned slot = slot_at(prefix, depth);
        if ((node->external & one_bit(slot)) == 0) return;
        node = &nodes_[child_of(*node, slot)];
    }
    if (node->results == kNone) return;
    const Entry& leaf = entries_[node->results];
    if (leaf.length >= length && agree(leaf.key, prefix, length)) out.push_back(node->results);
}

void PrefixTrie::collect(const Node& node, std::vector<std::uint32_t>& out) const {
    if (!node.is_leaf())
        collect_from(node, 1, out);
    else if (node.results != kNone)
        out.push_back(node.results);
}

/// Everything at and under one bit of `internal`, as the binary tree that the bits spell.
void PrefixTrie::collect_from(const Node& node, unsigned bit, std::vector<std::uint32_t>& out) const {
    if ((node.internal & one_bit(bit)) != 0) out.push_back(result_of(node, bit));
    for (const unsigned below : {2 * bit, 2 * bit + 1}) {
        if (below < 64)
            collect_from(node, below, out);
        else if (const unsigned slot = below - 64; (node.external & one_bit(slot)) != 0)
            collect(nodes_[child_of(node, slot)], out);
    }
}

std::size_t PrefixTrie::memory() const {
    return nodes_.memory() + results_.memory() + entries_.capacity() * sizeof(Entry);
}

Prefix PrefixTrie::prefix_of(std::uint32_t entry, bool v6) const {
    const auto& [key, length] = entries_[entry];
    std::array<std::uint8_t, 16> octets{};
    for (std::size_t i = 0; i < 8; ++i) {
        octets[i] = static_cast<std::uint8_t>(key.high >> (56 - 8 * i));
        octets[i + 8] = static_cast<std::uint8_t>(key.low >> (56 - 8 * i));
    }
    const IpAddress address = v6 ? IpAddress::v6(octets) : IpAddress::v4(static_cast<std::uint32_t>(key.high >> 32U));
    return Prefix::create(address, static_cast<int>(length)).value_or(Prefix());
}

}  // namespace quipu::net::detail
