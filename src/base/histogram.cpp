#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace quipu {
namespace {

constexpr std::uint32_t kExact = 128;   // values below it have a bucket each
constexpr std::uint32_t kParts = 64;    // of each power of two above
constexpr unsigned kFirstExponent = 7;  // 2^7 = kExact
constexpr unsigned kLastExponent = 62;  // the largest value is 2^63 - 1
constexpr std::uint32_t kBuckets = kExact + (kLastExponent - kFirstExponent + 1) * kParts;

/// Width of a bucket: 1 below kExact, then 2^(exponent - 6).
std::int64_t width_of(std::uint32_t index) {
    if (index < kExact) return 1;
    return std::int64_t{1} << ((index - kExact) / kParts + 1);
}

}  // namespace

std::uint32_t Histogram::index_of(std::int64_t value) {
    if (value < 0) return 0;
    const auto v = static_cast<std::uint64_t>(value);
    if (v < kExact) return static_cast<std::uint32_t>(v);
    const auto exponent = static_cast<unsigned>(std::bit_width(v)) - 1;
    const auto part = static_cast<std::uint32_t>(v >> (exponent - 6)) - kParts;
    return kExact + (exponent - kFirstExponent) * kParts + part;
}

std::int64_t Histogram::lower_bound(std::uint32_t index) {
    if (index < kExact) return index;
    const std::uint32_t part = (index - kExact) % kParts;
    return static_cast<std::int64_t>(kParts + part) * width_of(index);
}

std::int64_t Histogram::middle(std::uint32_t index) {
    return lower_bound(index) + (width_of(index) - 1) / 2;
}

void Histogram::add(std::int64_t value, std::uint64_t count) {
    add_bucket(index_of(value), count);
}

void Histogram::add_bucket(std::uint32_t index, std::uint64_t count) {
    if (count == 0) return;
    count_ += count;
    if (buckets_.empty() || buckets_.back().first < index) {
        buckets_.emplace_back(index, count);
        return;
    }
    const auto at = std::ranges::lower_bound(buckets_, index, {}, &std::pair<std::uint32_t, std::uint64_t>::first);
    if (at != buckets_.end() && at->first == index)
        at->second += count;
    else
        buckets_.emplace(at, index, count);
}

void Histogram::merge(const Histogram& other) {
    std::vector<std::pair<std::uint32_t, std::uint64_t>> merged;
    merged.reserve(buckets_.size() + other.buckets_.size());
    auto a = buckets_.begin();
    auto b = other.buckets_.begin();
    while (a != buckets_.end() && b != other.buckets_.end()) {
        if (a->first < b->first)
            merged.push_back(*a++);
        else if (b->first < a->first)
            merged.push_back(*b++);
        else
            merged.emplace_back(a->first, (a++)->second + (b++)->second);
    }
    merged.insert(merged.end(), a, buckets_.end());
    merged.insert(merged.end(), b, other.buckets_.end());
    count_ += other.count_;
    buckets_ = std::move(merged);
}

void Histogram::clear() {
    buckets_.clear();
    count_ = 0;
}

std::int64_t Histogram::quantile(double q) const {
    if (count_ == 0) return 0;
    const double wanted = std::ceil(std::clamp(q, 0.0, 1.0) * static_cast<double>(count_));
    // Not a number, and rounding at very large counts, end in the first and the last bucket.
    const std::uint64_t rank = wanted >= 1 ? static_cast<std::uint64_t>(std::min(wanted, 0x1p63)) : 1;
    std::uint64_t seen = 0;
    for (const auto& [index, count] : buckets_) {
        seen += count;
        if (seen >= rank) return middle(index);
    }
    return middle(buckets_.back().first);
}

double Histogram::mean() const {
    if (count_ == 0) return 0;
    double sum = 0;
    for (const auto& [index, count] : buckets_)
        sum += static_cast<double>(middle(index)) * static_cast<double>(count);
    return sum / static_cast<double>(count_);
}

void Histogram::write(ByteWriter& out) const {
    out.varint(buckets_.size());
    std::uint32_t previous = 0;
    for (const auto& [index, count] : buckets_) {
        out.varint(index - previous);
        out.varint(count);
        previous = index;
    }
}

Result<Histogram> Histogram::parse(ByteReader& in) {
    const auto malformed = [&](std::string_view why) {
        return fail(ErrorCode::invalid, "histogram: " + std::string(why), "octet " + std::to_string(in.offset()));
    };
    const std::uint64_t size = in.varint();
    // Each bucket takes two octets at least: the claim is checked before memory is set aside for it.
    if (size > kBuckets || size * 2 > in.remaining()) return malformed("claims more buckets than there can be");
    Histogram out;
    out.buckets_.reserve(static_cast<std::size_t>(size));
    std::uint64_t index = 0;
    for (std::uint64_t i = 0; i < size; ++i) {
        const std::uint64_t delta = in.varint();
        const std::uint64_t count = in.varint();
        if (!in.ok()) break;
        if ((i > 0 && delta == 0) || delta >= kBuckets || index + delta >= kBuckets)
            return malformed("bucket out of order or out of range");
        index += delta;
        if (count == 0) return malformed("empty bucket");
        if (count > ~std::uint64_t{0} - out.count_) return malformed("counts overflow");
        out.count_ += count;
        out.buckets_.emplace_back(static_cast<std::uint32_t>(index), count);
    }
    TRY(in.finish("histogram"));
    return out;
}

}  // namespace quipu
