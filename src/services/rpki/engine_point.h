#pragma once
// One authority's publication point: all of it or nothing (RFC 9286 §6.6), with the last valid version as its stand-in.

#include <functional>
#include <map>
#include <memory>
#include <optional>

#include "services/rpki/codec_crl.h"
#include "services/rpki/codec_manifest.h"
#include "services/rpki/codec_payload.h"
#include "services/rpki/codec_signed_object.h"

namespace quipu::rpki {

/// Bounds on what others can make us do. Each is named in the verdict of what exceeds it.
struct Limits {
    std::size_t max_object_size = std::size_t{8} << 20U;
    std::size_t max_files = 100'000;                       ///< of one manifest
    std::size_t max_point_size = std::size_t{256} << 20U;  ///< octets of one manifest's files
    unsigned max_depth = 32;                               ///< certificates above an object
    std::size_t max_authorities = 500'000;                 ///< below one trust anchor
};

enum class ReadOutcome : std::uint8_t { read, missing, too_large };

/// Where objects are read from, by their rsync address. Safe from several threads.
class Objects {
  public:
    Objects() = default;
    Objects(const Objects&) = delete;
    Objects& operator=(const Objects&) = delete;
    virtual ~Objects() = default;
    /// Appends the object to `out`.
    [[nodiscard]] virtual ReadOutcome read(std::string_view uri, std::size_t limit,
                                           std::vector<std::uint8_t>& out) const = 0;
    /// Where the objects of an authority with this notification file (perhaps none) are read from.
    [[nodiscard]] virtual const Objects& of(std::string_view /*notification*/) const { return *this; }
};

/// A publication point as it was when it was last valid.
struct StoredPoint {
    std::vector<std::uint8_t> manifest;
    std::map<std::string, std::vector<std::uint8_t>, std::less<>> files;
};

/// Keeps the last valid version of each publication point, by its manifest's address. Safe from several threads.
class PointArchive {
  public:
    PointArchive() = default;
    PointArchive(const PointArchive&) = delete;
    PointArchive& operator=(const PointArchive&) = delete;
    virtual ~PointArchive() = default;
    struct Last {
        Sha256 manifest{};  ///< digest of the file
        std::vector<std::uint8_t> number;
        std::int64_t this_update = 0;
    };
    [[nodiscard]] virtual std::optional<Last> last(std::string_view manifest_uri) const = 0;
    [[nodiscard]] virtual std::optional<StoredPoint> load(std::string_view manifest_uri) const = 0;
    virtual void save(std::string_view manifest_uri, const Last& last, StoredPoint point) = 0;
};

/// An authority whose certificate is valid.
struct Authority {
    std::shared_ptr<const Authority> issuer;  ///< none above a trust anchor
    std::string uri;                          ///< of the certificate
    std::string repository;                   ///< ends in "/"
    std::string manifest;
    std::string notification;
    Sha256 certificate{};  ///< digest of the file
    std::array<std::uint8_t, kRsaOctets> modulus{};
    std::array<std::uint8_t, 20> key_id{};
    std::vector<std::uint8_t> subject;
    Resources resources;  ///< inherited ones filled in
    std::int64_t not_before = 0;
    std::int64_t not_after = 0;
    unsigned depth = 0;
    std::uint16_t anchor = 0;  ///< number of the trust anchor

    /// The same certificate with the same resources: what is below need not be looked at again.
    [[nodiscard]] bool same_as(const Authority& other) const {
        return certificate == other.certificate && uri == other.uri && resources == other.resources &&
               anchor == other.anchor && depth == other.depth;
    }
};

struct Verdict {
    std::string uri;
    Rule rule = Rule::accepted;
    std::string detail;
};

enum class ObjectKind : std::uint8_t {
    manifest,
    crl,
    certificate,
    router_certificate,
    roa,
    aspa,
    ghostbusters,
    trust_anchor_key,
    other,
};
[[nodiscard]] std::string_view name_of(ObjectKind kind);

struct RouterKey {
    Range<Asn> as;
    std::array<std::uint8_t, 20> key_id{};
    std::vector<std::uint8_t> key_info;
    auto operator<=>(const RouterKey& other) const {
        if (const auto c = as.low <=> other.as.low; c != 0) return c;
        if (const auto c = as.high <=> other.as.high; c != 0) return c;
        if (const auto c = key_id <=> other.key_id; c != 0) return c;
        return key_info <=> other.key_info;
    }
    bool operator==(const RouterKey&) const = default;
};

/// What a publication point gave at a time, and for how long it gives the same.
struct PointOutcome {
    struct Object {
        std::uint32_t name_at = 0;  ///< in `names`
        std::uint16_t name_size = 0;
        ObjectKind kind = ObjectKind::other;
        std::uint32_t first_vrp = 0;  ///< its VRPs, in `vrps`
        std::uint32_t vrp_count = 0;
        std::int64_t not_before = 0;
        std::int64_t not_after = 0;
    };
    bool valid = false;
    bool stored = false;  ///< the last valid version stands in for what was found
    std::vector<Verdict> refused;
    std::string names;
    std::vector<Object> accepted;
    std::vector<Vrp> vrps;
    std::vector<Aspa> aspas;
    std::vector<RouterKey> router_keys;
    std::vector<std::shared_ptr<const Authority>> authorities;
    std::int64_t next_update = 0;                                   ///< of the manifest
    std::int64_t from = std::numeric_limits<std::int64_t>::min();   ///< the outcome is the same from here
    std::int64_t until = std::numeric_limits<std::int64_t>::max();  ///< to before here

    [[nodiscard]] std::string_view name(const Object& object) const {
        return std::string_view(names).substr(object.name_at, object.name_size);
    }
};

struct PointSettings {
    Limits limits;
    Profile profile;
};

/// A thread's tools, used again from point to point.
struct Workbench {
    RsaVerifier verifier;
    std::vector<std::uint8_t> octets;
};

[[nodiscard]] PointOutcome validate_point(const std::shared_ptr<const Authority>& authority, const Objects& objects,
                                          PointArchive* archive, std::int64_t time, const PointSettings& settings,
                                          Workbench& bench);

/// A trust anchor's certificate: RFC 8630 §3, RFC 6487 §7. `until` is set as in PointOutcome.
[[nodiscard]] Checked<std::shared_ptr<const Authority>> validate_anchor(ByteSpan bytes, std::string uri,
                                                                        const TrustAnchorLocator& tal,
                                                                        std::uint16_t number, std::int64_t time,
                                                                        const PointSettings& settings,
                                                                        Workbench& bench);

}  // namespace quipu::rpki
