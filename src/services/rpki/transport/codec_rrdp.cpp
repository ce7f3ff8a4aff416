#include "services/rpki/transport/codec_rrdp.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include "services/rpki/codec_certificate.h"
#include "services/rpki/transport/origin.h"

namespace quipu::rpki {
namespace {

constexpr std::string_view kNamespace = "http://www.ripe.net/rpki/rrdp";

std::unexpected<Error> refuse_rrdp(std::string what, std::string where = {}) {
    return fail(ErrorCode::invalid, std::move(what), std::move(where));
}

Result<std::uint64_t> parse_serial(const std::string_view* text) {
    std::uint64_t out = 0;
    if (text == nullptr) return refuse_rrdp("a serial is missing");
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), out);
    if (error != std::errc{} || end != text->data() + text->size() || out == 0)
        return refuse_rrdp("a serial is not a positive number", std::string(text->substr(0, 40)));
    return out;
}

Result<Sha256> parse_hash(std::string_view text) {
    Sha256 out{};
    const auto digit = [](char c) -> int {
        if (c >= '0' && c <= '9') return c - '0';
        if (c >= 'a' && c <= 'f') return c - 'a' + 10;
        if (c >= 'A' && c <= 'F') return c - 'A' + 10;
        return -1;
    };
    if (text.size() != 2 * out.size()) return refuse_rrdp("a hash is not of 64 hexadecimal digits");
    for (std::size_t i = 0; i < out.size(); ++i) {
        const int high = digit(text[2 * i]);
        const int low = digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return refuse_rrdp("a hash is not of 64 hexadecimal digits");
        out[i] = static_cast<std::uint8_t>(high << 4 | low);
    }
    return out;
}

std::string hex_of(const Sha256& hash) {
    return fmt::format("{:02x}", fmt::join(hash, ""));
}

/// An element's name without the prefix that its root bound to RRDP's namespace.
class Namespace {
  public:
    Result<void> bind(const XmlTag& root) {
        const std::size_t colon = root.name.find(':');
        prefix_ = colon == std::string_view::npos ? std::string() : std::string(root.name.substr(0, colon + 1));
        const std::string_view* bound =
            root.find(prefix_.empty() ? std::string("xmlns") : "xmlns:" + prefix_.substr(0, prefix_.size() - 1));
        if (bound == nullptr || *bound != kNamespace) return refuse_rrdp("the root is not in RRDP's namespace");
        const std::string_view* version = root.find("version");
        if (version == nullptr || *version != "1") return refuse_rrdp("the version is not 1");
        return {};
    }
    [[nodiscard]] std::string_view name(const XmlTag& tag) const {
        return tag.name.starts_with(prefix_) ? tag.name.substr(prefix_.size()) : std::string_view{};
    }

  private:
    std::string prefix_;
};

/// RFC 9562 §4.
bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (i == 8 || i == 13 || i == 18 || i == 23) {
            if (c != '-') return false;
        } else if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'))) {
            return false;
        }
    }
    return true;
}

class NotificationReader final : public XmlHandler {
  public:
    explicit NotificationReader(std::string_view address) : address_(address) {}

    Result<void> on_start(const XmlTag& tag) override {
        if (depth_++ == 0) {
            TRY(namespace_.bind(tag));
            if (namespace_.name(tag) != "notification") return refuse_rrdp("the root is not a notification");
            const std::string_view* session = tag.find("session_id");
            if (session == nullptr || !is_uuid(*session)) return refuse_rrdp("the session is not a UUID");
            out.session = *session;
            out.serial = TRY(parse_serial(tag.find("serial")));
            return {};
        }
        const std::string_view* uri = tag.find("uri");
        const std::string_view* hash = tag.find("hash");
        if (depth_ != 2 || uri == nullptr || hash == nullptr) return refuse_rrdp("an element is not of a notification");
        if (!is_https_uri(*uri)) return refuse_rrdp("is not an https address", std::string(uri->substr(0, 200)));
        // RFC 9674 §2: a notification refers to its own origin only.
        if (!is_same_origin(*uri, address_))
            return refuse_rrdp("is of another origin than the notification file", std::string(uri->substr(0, 200)));
        if (namespace_.name(tag) == "snapshot") {
            if (!out.snapshot.empty()) return refuse_rrdp("there are two snapshots");
            out.snapshot = *uri;
            out.snapshot_hash = TRY(parse_hash(*hash));
            return {};
        }
        if (namespace_.name(tag) != "delta") return refuse_rrdp("an element is not of a notification");
        RrdpDelta delta;
        delta.serial = TRY(parse_serial(tag.find("serial")));
        delta.uri = *uri;
        delta.hash = TRY(parse_hash(*hash));
        out.deltas.push_back(std::move(delta));
        return {};
    }
    Result<void> on_text(std::string_view text) override {
        if (text.find_first_not_of(" \t\r\n") != std::string_view::npos) return refuse_rrdp("there is text");
        return {};
    }
    Result<void> on_end() override {
        --depth_;
        return {};
    }

    Notification out;

  private:
    std::string_view address_;
    Namespace namespace_;
    int depth_ = 0;
};

}  // namespace

Result<Notification> parse_notification(ByteSpan xml, std::string_view address) {
    NotificationReader reader(address);
    XmlReader parser(reader);
    TRY(parser.feed(xml));
    TRY(parser.finish());
    Notification& out = reader.out;
    if (out.snapshot.empty()) return refuse_rrdp("there is no snapshot");
    std::ranges::sort(out.deltas, {}, &RrdpDelta::serial);
    if (!out.deltas.empty() && out.deltas.back().serial != out.serial)
        return refuse_rrdp("the deltas do not end at the file's serial");
    for (std::size_t i = 1; i < out.deltas.size(); ++i)
        if (out.deltas[i].serial != out.deltas[i - 1].serial + 1)
            return refuse_rrdp(fmt::format("after delta {} comes {}", out.deltas[i - 1].serial, out.deltas[i].serial));
    return std::move(out);
}

std::string write_notification(const Notification& notification) {
    std::string out = fmt::format("<notification xmlns=\"{}\" version=\"1\" session_id=\"{}\" serial=\"{}\">\n",
                                  kNamespace, notification.session, notification.serial);
    out += fmt::format("  <snapshot uri=\"{}\" hash=\"{}\"/>\n", notification.snapshot,
                       hex_of(notification.snapshot_hash));
    for (const RrdpDelta& delta : notification.deltas)
        out += fmt::format("  <delta serial=\"{}\" uri=\"{}\" hash=\"{}\"/>\n", delta.serial, delta.uri,
                           hex_of(delta.hash));
    return out + "</notification>\n";
}

struct RrdpReader::Names {
    Namespace names;
};

RrdpReader::RrdpReader(RrdpFile file, std::string session, std::uint64_t serial, Limits limits, OnObject on_object)
    : file_(file),
      session_(std::move(session)),
      serial_(serial),
      limits_(limits),
      on_object_(std::move(on_object)),
      xml_(*this),
      names_(std::make_unique<Names>()) {}
RrdpReader::~RrdpReader() = default;

Result<void> RrdpReader::on_start(const XmlTag& tag) {
    if (depth_++ == 0) {
        TRY(names_->names.bind(tag));
        if (names_->names.name(tag) != (file_ == RrdpFile::snapshot ? "snapshot" : "delta"))
            return refuse_rrdp("the root is not what the notification file promised");
        const std::string_view* session = tag.find("session_id");
        if (session == nullptr || *session != session_)
            return refuse_rrdp("the session is not that of the notification file");
        if (TRY(parse_serial(tag.find("serial"))) != serial_)
            return refuse_rrdp("the serial is not that of the notification file");
        return {};
    }
    if (depth_ != 2) return refuse_rrdp("an element stands within an object");
    const std::string_view name = names_->names.name(tag);
    object_ = {};
    object_.withdraw = name == "withdraw" && file_ == RrdpFile::delta;
    if (name != "publish" && !object_.withdraw) return refuse_rrdp("an element is neither published nor withdrawn");
    const std::string_view* uri = tag.find("uri");
    if (uri == nullptr || !is_rsync_uri(*uri)) return refuse_rrdp("an object has no rsync address");
    uri_ = *uri;
    if (const std::string_view* hash = tag.find("hash"); hash != nullptr) object_.hash = TRY(parse_hash(*hash));
    if (object_.withdraw && !object_.hash) return refuse_rrdp("a withdrawal has no hash", uri_);
    if (file_ == RrdpFile::snapshot && object_.hash) return refuse_rrdp("a snapshot's object has a hash", uri_);
    if (++objects_ > limits_.objects)
        return fail(ErrorCode::too_large, fmt::format("there are more than {} objects", limits_.objects));
    base64_.reset();
    octets_.clear();
    digest_.reset();
    return {};
}

Result<void> RrdpReader::on_text(std::string_view text) {
    if (depth_ == 2 && !object_.withdraw) {
        // In small steps, so that what exceeds the limit is never held.
        for (; !text.empty(); text.remove_prefix(std::min(kStep, text.size()))) {
            if (!base64_.feed(text.substr(0, kStep), octets_)) return refuse_rrdp("an object is not in Base 64", uri_);
            if (octets_.size() <= limits_.object_octets && !digest_) continue;
            if (!digest_) digest_ = std::make_unique<RunningDigest>();
            digest_->add(octets_);
            octets_.clear();
        }
        return {};
    }
    if (text.find_first_not_of(" \t\r\n") != std::string_view::npos)
        return refuse_rrdp("there is text where none belongs");
    return {};
}

Result<void> RrdpReader::on_end() {
    if (--depth_ != 1) return {};
    if (!object_.withdraw && !base64_.finish()) return refuse_rrdp("an object's Base 64 is cut off", uri_);
    if (digest_) {
        digest_->add(octets_);
        const Sha256 hash = digest_->finish();
        octets_.assign(hash.begin(), hash.end());
        object_.too_large = true;
    }
    object_.uri = uri_;
    object_.object = octets_;
    return on_object_(object_);
}

RrdpWriter::RrdpWriter(RrdpFile file, std::string_view session, std::uint64_t serial)
    : out_(fmt::format("<{} xmlns=\"{}\" version=\"1\" session_id=\"{}\" serial=\"{}\">\n",
                       file == RrdpFile::snapshot ? "snapshot" : "delta", kNamespace, session, serial)),
      file_(file) {}

void RrdpWriter::publish(std::string_view uri, ByteSpan object, const Sha256* replaces) {
    out_.append("  <publish uri=\"").append(uri).append("\"");
    if (replaces != nullptr) out_.append(" hash=\"").append(hex_of(*replaces)).append("\"");
    out_ += '>';
    append_base64(object, out_);
    out_ += "</publish>\n";
}

void RrdpWriter::withdraw(std::string_view uri, const Sha256& hash) {
    out_.append("  <withdraw uri=\"").append(uri).append("\" hash=\"").append(hex_of(hash)).append("\"/>\n");
}

std::string RrdpWriter::take(bool end) {
    if (end) out_ += file_ == RrdpFile::snapshot ? "</snapshot>\n" : "</delta>\n";
    return std::exchange(out_, {});
}

}  // namespace quipu::rpki
