#include "services/rpki/rtr/engine_session.h"

#include <algorithm>
#include <fmt/format.h>

namespace quipu::rpki::rtr {
namespace {

Octets one_pdu(std::uint8_t version, decltype(Pdu::body) body) {
    ByteWriter out;
    write(out, {version, std::move(body)});
    return std::make_shared<const std::vector<std::uint8_t>>(out.take());
}

bool is_known(PduType type, std::uint8_t version) {
    switch (type) {
        case PduType::serial_notify:
        case PduType::serial_query:
        case PduType::reset_query:
        case PduType::cache_response:
        case PduType::ipv4_prefix:
        case PduType::ipv6_prefix:
        case PduType::end_of_data:
        case PduType::cache_reset:
        case PduType::error_report: return true;
        case PduType::router_key: return version >= 1;
        case PduType::aspa: return version >= 2;
    }
    return false;
}

}  // namespace

std::optional<Answer> Session::next(const Served& served, Time now) {
    const std::size_t skipped = std::min(skip_, input_.size());
    input_.erase(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(skipped));
    skip_ -= skipped;
    if (input_.size() < kHeaderSize) return std::nullopt;
    ByteReader peek(input_);
    const Header header = parse_header(peek);
    if (auto refusal = refuse(header)) return refusal;
    if (input_.size() < header.length) return std::nullopt;

    ByteReader in(ByteSpan(input_).first(header.length));
    const auto pdu = parse(in);
    // The refusal above left only PDUs of a known form; an error report may still lie about its parts.
    if (!pdu) {
        if (header.type == PduType::error_report)
            return Answer{Answer::What::told_error, nullptr, true, "an error report that can't be read"};
        return failure(Failure::corrupt_data, pdu.error().text(), true);
    }
    if (const auto* error = std::get_if<ErrorReport>(&pdu->body))
        return Answer{Answer::What::told_error, nullptr, true,
                      fmt::format("{}: {}", name_of(error->failure), error->text)};
    version_ = header.version;
    Answer out = has_data(served, now)
                     ? answer(*pdu, *served.snapshot)
                     // RFC 8210 §8.4: it is the one error that does not end the session.
                     : failure(Failure::no_data_available, "the cache has no data that are fresh enough", false);
    if (!has_data(served, now)) out.what = Answer::What::no_data;
    input_.erase(input_.begin(), input_.begin() + header.length);
    return out;
}

/// What is wrong with a PDU that its header tells already.
std::optional<Answer> Session::refuse(const Header& header) {
    const bool is_error = header.type == PduType::error_report;
    if (header.length < kHeaderSize || header.length > kLongestPdu) {
        // RFC 8210 §5.11: never an error in answer to an error.
        if (is_error) return Answer{Answer::What::told_error, nullptr, true, "an error report of impossible length"};
        return failure(Failure::corrupt_data, fmt::format("a PDU can't have {} octets", header.length), true);
    }
    if (is_error) return std::nullopt;
    if (version_ && header.version != *version_) {
        // Error 8 exists from version 1 on.
        const Failure code = *version_ > 0 ? Failure::unexpected_version : Failure::unsupported_version;
        return failure(code, fmt::format("version {} after version {}", header.version, *version_), true);
    }
    if (header.version > kHighestVersion) {
        // RFC 8210 §7: the router may ask again, once, in the version of the error report.
        Answer out = failure(Failure::unsupported_version, fmt::format("version {} is not known", header.version),
                             refused_version_);
        refused_version_ = true;
        skip_ = header.length;
        return out;
    }
    if (!is_known(header.type, header.version))
        return failure(Failure::unsupported_pdu_type,
                       fmt::format("version {} has no PDU type {}", header.version, static_cast<int>(header.type)),
                       true);
    if (header.type != PduType::serial_query && header.type != PduType::reset_query)
        return failure(Failure::invalid_request,
                       fmt::format("PDU type {} is not for a cache", static_cast<int>(header.type)), true);
    const std::uint32_t length = header.type == PduType::serial_query ? 12 : 8;
    if (header.length != length)
        return failure(Failure::corrupt_data, fmt::format("a query of {} octets instead of {}", header.length, length),
                       true);
    return std::nullopt;
}

Answer Session::answer(const Pdu& query, const Snapshot& snapshot) {
    const std::uint8_t version = query.version;
    if (std::holds_alternative<ResetQuery>(query.body)) {
        give(snapshot, snapshot.session(version));
        return {Answer::What::full, snapshot.full(version)};
    }
    const auto& serial_query = std::get<SerialQuery>(query.body);
    // RFC 8210 §5.1: another session than this connection's own is a fault. One from before the connection, or before
    // the cache's session changed, is merely not known: §5.9.
    if (session_ && serial_query.session != *session_)
        return failure(Failure::corrupt_data,
                       fmt::format("session {} in a conversation of session {}", serial_query.session, *session_),
                       true);
    if (snapshot.knows(version, serial_query.session)) {
        if (Octets octets = snapshot.since(version, serial_query.session, serial_query.serial)) {
            give(snapshot, serial_query.session);
            return {Answer::What::delta, std::move(octets)};
        }
    }
    return {Answer::What::cache_reset, one_pdu(version, CacheReset{})};
}

void Session::give(const Snapshot& snapshot, std::uint16_t session) {
    session_ = session;
    serial_ = snapshot.serial();
    told_.reset();
}

Answer Session::failure(Failure failure, std::string text, bool close) const {
    ErrorReport report{failure, {}, text};
    const std::size_t whole = ByteReader(ByteSpan(input_).subspan(4)).u32();
    const std::size_t known = std::min(input_.size(), std::max(whole, kHeaderSize));
    report.pdu.assign(input_.begin(), input_.begin() + static_cast<std::ptrdiff_t>(known));
    const std::uint8_t version = version_.value_or(std::min(input_.front(), kHighestVersion));
    return {Answer::What::failed, one_pdu(version, std::move(report)), close,
            fmt::format("{}: {}", name_of(failure), text)};
}

bool Session::has_data(const Served& served, Time now) const {
    return served.snapshot != nullptr && now - served.confirmed <= settings_.most_age;
}

std::optional<Monotonic> Session::notify_at(const Served& served, Time now) const {
    // RFC 8210 §7: not before the version is agreed on.
    if (!version_ || !has_data(served, now)) return std::nullopt;
    const std::pair current(session_of(*served.snapshot), served.snapshot->serial());
    if (session_ && std::pair(*session_, *serial_) == current) return std::nullopt;
    if (told_ == current) return std::nullopt;
    return told_at_ ? *told_at_ + settings_.notify_pause : Monotonic::min();
}

std::uint16_t Session::session_of(const Snapshot& snapshot) const {
    return session_ && snapshot.knows(*version_, *session_) ? *session_ : snapshot.session(*version_);
}

Octets Session::notify(const Served& served, Monotonic now) {
    told_.emplace(session_of(*served.snapshot), served.snapshot->serial());
    told_at_ = now;
    return one_pdu(*version_, SerialNotify{told_->first, told_->second});
}

}  // namespace quipu::rpki::rtr
