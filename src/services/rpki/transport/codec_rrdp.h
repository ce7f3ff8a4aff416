#pragma once
// RRDP's three files (RFC 8182 §3.5): a notification, a snapshot, a delta. A snapshot and a delta are read as they
// come, object by object; memory holds one tag and one object at most.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "services/rpki/base64.h"
#include "services/rpki/crypto.h"
#include "services/rpki/transport/codec_xml.h"
#include "services/rpki/transport/digest.h"

namespace quipu::rpki {

struct RrdpDelta {
    std::uint64_t serial = 0;
    std::string uri;
    Sha256 hash{};
};

struct Notification {
    std::string session;
    std::uint64_t serial = 0;
    std::string snapshot;
    Sha256 snapshot_hash{};
    std::vector<RrdpDelta> deltas;  ///< ascending, without gap, up to `serial`
};
/// RFC 8182 §3.5.1.3, RFC 9674: files of another origin than `address` are refused.
[[nodiscard]] Result<Notification> parse_notification(ByteSpan xml, std::string_view address);
[[nodiscard]] std::string write_notification(const Notification& notification);

enum class RrdpFile : std::uint8_t { snapshot, delta };

struct RrdpObject {
    std::string_view uri;
    bool withdraw = false;
    std::optional<Sha256> hash;  ///< of what is replaced or withdrawn
    ByteSpan object;             ///< too large: only its SHA-256
    bool too_large = false;
};

/// Reads a snapshot (§3.5.2) or a delta (§3.5.3) as its octets come.
class RrdpReader final : private XmlHandler {
  public:
    struct Limits {
        std::size_t object_octets = std::size_t{8} << 20U;
        std::size_t objects = 2'000'000;
    };
    using OnObject = std::function<Result<void>(const RrdpObject& object)>;
    /// `session` and `serial`: what the notification file said that this is.
    RrdpReader(RrdpFile file, std::string session, std::uint64_t serial, Limits limits, OnObject on_object);
    ~RrdpReader() override;

    [[nodiscard]] Result<void> feed(ByteSpan octets) { return xml_.feed(octets); }
    [[nodiscard]] Result<void> finish() { return xml_.finish(); }
    [[nodiscard]] std::size_t objects() const { return objects_; }

  private:
    Result<void> on_start(const XmlTag& tag) override;
    Result<void> on_text(std::string_view text) override;
    Result<void> on_end() override;

    static constexpr std::size_t kStep = 64 * 1024;
    struct Names;
    RrdpFile file_;
    std::string session_;
    std::uint64_t serial_;
    Limits limits_;
    OnObject on_object_;
    XmlReader xml_;
    int depth_ = 0;
    std::size_t objects_ = 0;
    std::string uri_;
    RrdpObject object_;
    Base64Decoder base64_;
    std::vector<std::uint8_t> octets_;
    std::unique_ptr<Names> names_;
    std::unique_ptr<RunningDigest> digest_;  // of an object that is too large
};

/// Writes either, for the lab.
class RrdpWriter {
  public:
    RrdpWriter(RrdpFile file, std::string_view session, std::uint64_t serial);
    void publish(std::string_view uri, ByteSpan object, const Sha256* replaces = nullptr);
    void withdraw(std::string_view uri, const Sha256& hash);
    /// What was written since the last take; `end` closes the file.
    [[nodiscard]] std::string take(bool end = true);

  private:
    std::string out_;
    RrdpFile file_;
};

}  // namespace quipu::rpki
