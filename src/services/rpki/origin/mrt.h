#pragma once
// Routing tables and updates as collectors keep them: MRT (RFC 6396; additional paths, RFC 8050). Read as a stream, in
// bounded memory.

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "services/rpki/origin/validity.h"

namespace quipu::rpki {

/// A route that a peer has (a table), announces or withdraws (updates).
struct MrtRoute {
    enum class Kind : std::uint8_t { held, announced, withdrawn };
    Kind kind = Kind::held;
    Route route;  ///< withdrawn: no origin
    Asn peer_as = 0;
    net::IpAddress peer;
    std::uint32_t time = 0;  ///< seconds since 1970: of the record
    auto operator<=>(const MrtRoute&) const = default;
};

/// The reader's codec: records in, routes out. Feed it the file's octets in pieces of any size.
class MrtReader {
  public:
    using Sink = std::function<void(const MrtRoute&)>;
    static constexpr std::size_t kMaxRecord = std::size_t{16} << 20U;

    explicit MrtReader(Sink sink) : sink_(std::move(sink)) {}
    /// `invalid` if this is no MRT file, `too_large` above kMaxRecord; after an error nothing more is read.
    Result<void> feed(ByteSpan octets);
    /// `invalid` if the file ends within a record.
    [[nodiscard]] Result<void> finish() const;

    struct Counts {
        std::uint64_t octets = 0;
        std::uint64_t records = 0;
        std::uint64_t routes = 0;
        std::uint64_t ignored = 0;    ///< records of types that tell no unicast route
        std::uint64_t malformed = 0;  ///< records that are not what their type says; they are left out
        std::string first_malformed;  ///< at which octet, and why
    };
    [[nodiscard]] const Counts& counts() const { return counts_; }

  private:
    struct Peer {
        Asn as = 0;
        net::IpAddress address;
    };
    struct Header {
        std::uint32_t time = 0;
        std::uint16_t type = 0;
        std::uint16_t subtype = 0;
    };
    // Each answers what is wrong, or nothing. mrt_table.cpp, mrt_update.cpp.
    [[nodiscard]] std::string_view read_record(const Header& header, ByteReader in);
    [[nodiscard]] std::string_view read_table_dump(const Header& header, ByteReader in);
    [[nodiscard]] std::string_view read_peers(ByteReader in);
    [[nodiscard]] std::string_view read_rib(const Header& header, ByteReader in);
    [[nodiscard]] std::string_view read_update(const Header& header, ByteReader in);
    void tell(const MrtRoute& route);

    Sink sink_;
    std::vector<std::uint8_t> partial_;  // a record that has begun
    std::vector<Peer> peers_;            // of the last PEER_INDEX_TABLE
    std::vector<MrtRoute> found_;        // of the record at hand: told once it is known to be whole
    Counts counts_;
};

/// The origin by RFC 6811 §2, from AS_PATH and AS4_PATH (RFC 6793 §4.2.3) among the attributes; `own` if the path is
/// empty or ends in a confederation. False if the attributes are malformed; no origin if the path ends in an AS_SET.
[[nodiscard]] bool origin_of(ByteReader attributes, bool four_octets, Asn own, std::optional<Asn>& origin);

/// gzip and bzip2 by their first octets, several members one after the other; anything else passes as it is.
class Decompressor {
  public:
    using Sink = std::function<Result<void>(ByteSpan)>;
    /// Bounds what comes out: a file of zeros must end some time.
    explicit Decompressor(Sink sink, std::uint64_t max_octets = std::uint64_t{64} << 30U);
    ~Decompressor();
    Decompressor(const Decompressor&) = delete;
    Decompressor& operator=(const Decompressor&) = delete;

    Result<void> feed(ByteSpan octets);
    /// `invalid` if the compressed file ends too early.
    Result<void> finish();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

/// Reads a whole file, compressed or not; "-" is standard input. Error::where is the path.
[[nodiscard]] Result<MrtReader::Counts> read_mrt_file(const std::string& path, const MrtReader::Sink& sink);

/// Gathers distinct routes out of many peers' same ones, in bounded excess of memory.
class RouteGatherer {
  public:
    void add(const Route& route);
    /// Sorted, each once.
    [[nodiscard]] std::vector<Route> take();

  private:
    void compact();

    std::vector<Route> routes_;
    std::size_t compact_at_ = 1U << 20U;
    std::vector<Route> recent_;  // of one prefix: peers after peers say the same
};

}  // namespace quipu::rpki
