#include "base/result.h"

#include <cerrno>
#include <cstring>
#include <system_error>

namespace quipu {

std::string_view name_of(ErrorCode code) {
    switch (code) {
        case ErrorCode::invalid: return "invalid";
        case ErrorCode::not_found: return "not-found";
        case ErrorCode::conflict: return "conflict";
        case ErrorCode::forbidden: return "forbidden";
        case ErrorCode::unauthenticated: return "unauthenticated";
        case ErrorCode::precondition_failed: return "precondition-failed";
        case ErrorCode::precondition_required: return "precondition-required";
        case ErrorCode::too_large: return "too-large";
        case ErrorCode::timeout: return "timeout";
        case ErrorCode::unavailable: return "unavailable";
        case ErrorCode::exhausted: return "exhausted";
        case ErrorCode::io: return "io";
        case ErrorCode::corrupt: return "corrupt";
        case ErrorCode::unsupported: return "unsupported";
        case ErrorCode::cancelled: return "cancelled";
        case ErrorCode::limited: return "limited";
        case ErrorCode::internal: return "internal";
    }
    return "internal";
}

Error::Error() = default;
Error::Error(ErrorCode of, std::string sentence, std::string place, std::string advice, std::vector<Fault> all,
             std::chrono::seconds not_before)
    : code(of),
      what(std::move(sentence)),
      where(std::move(place)),
      hint(std::move(advice)),
      faults(std::move(all)),
      retry_after(not_before) {}
Error::Error(const Error& other) = default;
Error::Error(Error&& other) noexcept = default;
Error& Error::operator=(const Error& other) = default;
Error& Error::operator=(Error&& other) noexcept = default;
Error::~Error() = default;

std::string Error::text() const {
    std::string out;
    if (!where.empty()) out += where + ": ";
    out += what;
    if (!hint.empty()) out += " (" + hint + ")";
    for (const Fault& fault : faults)
        out += "\n  " + fault.where + ": " + fault.what;
    return out;
}

std::unexpected<Error> fail_errno(int number, std::string_view what, std::string where) {
    const auto code = [number] {
        switch (number) {
            case ENOSPC:
            case EDQUOT:
            case EMFILE:
            case ENFILE:
            case ENOMEM: return ErrorCode::exhausted;
            case ENOENT: return ErrorCode::not_found;
            case EACCES:
            case EPERM: return ErrorCode::forbidden;
            case ETIMEDOUT: return ErrorCode::timeout;
            case EADDRINUSE:
            case EEXIST: return ErrorCode::conflict;
            case ECANCELED: return ErrorCode::cancelled;
            default: return ErrorCode::io;
        }
    }();
    return fail(code, std::string(what) + ": " + std::generic_category().message(number), std::move(where));
}

}  // namespace quipu
