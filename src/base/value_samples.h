#pragma once
// Random values for property tests of the text formats.

#include <algorithm>

#include "base/random.h"
#include "base/value.h"

namespace quipu::test {

inline std::string random_text(Rng& rng) {
    static constexpr std::string_view kPieces[] = {"a",  "Z",  "0", "-", "_", " ",    ".", "\"",  "\\",   "/",
                                                   "\n", "\t", "'", "#", "=", "\x01", "ñ", "ção", "\x7f", "🪢"};
    std::string out;
    for (auto n = rng.below(8); n > 0; --n)
        out += kPieces[rng.below(std::size(kPieces))];
    return out;
}

/// What both JSON and TOML can say, at most `depth` deep. Without nulls, and lists hold no empty tables: TOML has
/// neither.
inline Value random_value(Rng& rng, int depth, bool object = false) {
    const auto kind = object ? 5 : rng.below(depth > 0 ? 6 : 4);
    switch (kind) {
        case 0: return Value(rng.below(2) == 1);
        case 1: return Value(static_cast<std::int64_t>(rng.next() >> rng.below(64)));
        case 2: {
            static constexpr double kScales[] = {1, 1e-300, 1e300, -1e10, 1e-7, 1e21};
            return Value(rng.uniform() * kScales[rng.below(std::size(kScales))]);
        }
        case 3: return Value(random_text(rng));
        case 4: {
            Value::Array out;
            const bool tables = rng.below(2) == 0;
            for (auto n = rng.below(4); n > 0; --n)
                out.push_back(random_value(rng, depth - 1, tables));
            return out;
        }
        default: {
            Value out{Value::Object{}};
            for (auto n = rng.below(5); n > 0; --n)
                out.set(random_text(rng), random_value(rng, depth - 1));
            return out;
        }
    }
}

/// The same value with every object's members in order of their keys.
inline Value sorted(const Value& value) {
    if (const auto* array = value.if_array()) {
        Value::Array out;
        for (const Value& element : *array)
            out.push_back(sorted(element));
        return out;
    }
    if (const auto* object = value.if_object()) {
        Value::Object out;
        for (const auto& [key, member] : *object)
            out.emplace_back(key, sorted(member));
        std::ranges::sort(out, {}, &Value::Member::first);
        return out;
    }
    return value;
}

}  // namespace quipu::test
