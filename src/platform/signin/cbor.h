#pragma once
// CBOR (RFC 8949) as authenticators write it: the CTAP2 canonical form, without indefinite lengths, tags or floating
// point. At most 16 levels deep and 4096 items.

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::signin {

class Cbor {
  public:
    using Octets = std::vector<std::uint8_t>;
    using Array = std::vector<Cbor>;
    using Map = std::vector<std::pair<Cbor, Cbor>>;

    Cbor() = default;
    explicit Cbor(bool value) : data_(value) {}
    explicit Cbor(std::int64_t value) : data_(value) {}
    explicit Cbor(Octets value) : data_(std::move(value)) {}
    explicit Cbor(std::string value) : data_(std::move(value)) {}
    explicit Cbor(Array value) : data_(std::move(value)) {}
    explicit Cbor(Map value) : data_(std::move(value)) {}

    [[nodiscard]] const bool* if_bool() const { return std::get_if<bool>(&data_); }
    [[nodiscard]] const std::int64_t* if_integer() const { return std::get_if<std::int64_t>(&data_); }
    [[nodiscard]] const Octets* if_octets() const { return std::get_if<Octets>(&data_); }
    [[nodiscard]] const std::string* if_text() const { return std::get_if<std::string>(&data_); }
    [[nodiscard]] const Array* if_array() const { return std::get_if<Array>(&data_); }
    [[nodiscard]] const Map* if_map() const { return std::get_if<Map>(&data_); }
    /// The member of that key, or nullptr: not a map, or no such member.
    [[nodiscard]] const Cbor* find(std::int64_t key) const;
    [[nodiscard]] const Cbor* find(std::string_view key) const;

    bool operator==(const Cbor&) const = default;

  private:
    std::variant<std::monostate, bool, std::int64_t, Octets, std::string, Array, Map> data_;
};

/// One item; what follows it stays in the reader. `invalid` names what is wrong and the octet.
[[nodiscard]] Result<Cbor> parse_cbor(ByteReader& reader);

}  // namespace quipu::signin
