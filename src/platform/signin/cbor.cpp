#include "platform/signin/cbor.h"

#include <fmt/format.h>
#include <limits>

namespace quipu::signin {
namespace {

constexpr int kMostLevels = 16;
constexpr int kMostItems = 4096;

class Parser {
  public:
    explicit Parser(ByteReader& reader) : reader_(reader) {}

    Result<Cbor> item(int level) {
        if (level > kMostLevels) return refuse("more than 16 levels");
        if (++items_ > kMostItems) return refuse("more than 4096 items");
        // RFC 8949 §3: three bits of major type, five of additional information.
        const std::uint8_t initial = reader_.u8();
        const unsigned major = initial >> 5U;
        const std::uint64_t argument = TRY(argument_of(initial & 0x1FU));
        switch (major) {
            case 0:
            case 1: return integer(major, argument);
            case 2: {
                const ByteSpan octets = TRY(bytes(argument));
                return Cbor(Cbor::Octets(octets.begin(), octets.end()));
            }
            case 3: return Cbor(std::string(as_text(TRY(bytes(argument)))));
            case 4: return array(argument, level);
            case 5: return map(argument, level);
            case 7: return simple(initial & 0x1FU);
            default: return refuse("a tag");
        }
    }

  private:
    [[nodiscard]] std::unexpected<Error> refuse(std::string_view what) const {
        return fail(ErrorCode::invalid, fmt::format("CBOR with {} is not accepted", what),
                    fmt::format("octet {}", reader_.offset()));
    }

    Result<std::uint64_t> argument_of(unsigned additional) {
        std::uint64_t value = additional;
        switch (additional) {
            case 24: value = reader_.u8(); break;
            case 25: value = reader_.u16(); break;
            case 26: value = reader_.u32(); break;
            case 27: value = reader_.u64(); break;
            case 28:
            case 29:
            case 30:
            case 31: return refuse("an indefinite length or a reserved form");
            default: break;
        }
        TRY(reader_.finish("CBOR"));
        return value;
    }

    [[nodiscard]] Result<Cbor> integer(unsigned major, std::uint64_t argument) const {
        if (argument > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            return refuse("an integer beyond 63 bits");
        const auto value = static_cast<std::int64_t>(argument);
        return Cbor(major == 0 ? value : -1 - value);
    }

    Result<ByteSpan> bytes(std::uint64_t size) {
        if (size > reader_.remaining()) reader_.fail_here();
        const ByteSpan out = reader_.bytes(reader_.ok() ? static_cast<std::size_t>(size) : 0);
        TRY(reader_.finish("CBOR"));
        return out;
    }

    Result<Cbor> array(std::uint64_t size, int level) {
        Cbor::Array out;
        for (std::uint64_t i = 0; i < size; ++i)
            out.push_back(TRY(item(level + 1)));
        return Cbor(std::move(out));
    }

    Result<Cbor> map(std::uint64_t size, int level) {
        Cbor::Map out;
        for (std::uint64_t i = 0; i < size; ++i) {
            Cbor key = TRY(item(level + 1));
            for (const auto& [before, unused] : out)
                if (before == key) return refuse("a key that stands twice in a map");
            Cbor value = TRY(item(level + 1));
            out.emplace_back(std::move(key), std::move(value));
        }
        return Cbor(std::move(out));
    }

    [[nodiscard]] Result<Cbor> simple(unsigned value) const {
        switch (value) {
            case 20: return Cbor(false);
            case 21: return Cbor(true);
            case 22:
            case 23: return Cbor();
            default: return refuse("a floating point number or an unknown simple value");
        }
    }

    ByteReader& reader_;
    int items_ = 0;
};

}  // namespace

const Cbor* Cbor::find(std::int64_t key) const {
    const Map* map = if_map();
    if (map == nullptr) return nullptr;
    for (const auto& [name, value] : *map)
        if (const auto* number = name.if_integer(); number != nullptr && *number == key) return &value;
    return nullptr;
}

const Cbor* Cbor::find(std::string_view key) const {
    const Map* map = if_map();
    if (map == nullptr) return nullptr;
    for (const auto& [name, value] : *map)
        if (const auto* text = name.if_text(); text != nullptr && *text == key) return &value;
    return nullptr;
}

Result<Cbor> parse_cbor(ByteReader& reader) {
    return Parser(reader).item(1);
}

}  // namespace quipu::signin
