#pragma once
// Errors are values. A function that may fail returns Result<T>; TRY(...) unwraps it or returns the error to the
// caller, CO_TRY(...) does the same inside a coroutine.

#include <chrono>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quipu {

/// What kind of failure it is: what a caller may decide on. The API maps each to one HTTP status (platform/problem.h).
enum class ErrorCode : std::uint8_t {
    invalid,                ///< the input is wrong and will be wrong again
    not_found,              ///< no such object
    conflict,               ///< contradicts what is there
    forbidden,              ///< known caller, no right
    unauthenticated,        ///< unknown caller
    precondition_failed,    ///< changed since it was read (If-Match)
    precondition_required,  ///< a change must name what it changes (If-Match)
    too_large,              ///< over a stated limit
    timeout,                ///< the peer or the work took too long
    unavailable,            ///< try again later
    exhausted,              ///< disk, memory or descriptors are used up
    io,                     ///< the operating system refused
    corrupt,                ///< stored data contradicts itself
    unsupported,            ///< correct, but not offered
    cancelled,              ///< stopped on request
    limited,                ///< asked too often: Error::retry_after says when to ask again
    internal,               ///< our own fault
};

[[nodiscard]] std::string_view name_of(ErrorCode code);

/// One of several faults in one input: `where` is a field path such as "sites[3].latitude" or "network.toml:12".
struct Fault {
    std::string where;
    std::string what;
};

/// A failure told to a person: what happened, where, and what to do about it.
struct Error {
    ErrorCode code = ErrorCode::internal;
    std::string what;                    ///< a full sentence without the place: "latitude 91 is above 90"
    std::string where = {};              ///< field, file:line, octet offset, address…; may be empty
    std::string hint = {};               ///< what to do; may be empty
    std::vector<Fault> faults = {};      ///< every fault of an input that has several
    std::chrono::seconds retry_after{};  ///< when `limited` or `unavailable`: not before; zero when not known

    // Out of line: every TRY moves and destroys one.
    Error();
    Error(ErrorCode code, std::string what, std::string where = {}, std::string hint = {},
          std::vector<Fault> faults = {}, std::chrono::seconds retry_after = {});
    Error(const Error& other);
    Error(Error&& other) noexcept;
    Error& operator=(const Error& other);
    Error& operator=(Error&& other) noexcept;
    ~Error();

    /// "where: what (hint)", then one indented line per fault.
    [[nodiscard]] std::string text() const;
};

template <class T>
using Result = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string what, std::string where = {},
                                                 std::string hint = {}) {
    return std::unexpected(Error{code, std::move(what), std::move(where), std::move(hint), {}});
}

/// The error of a failed system call: "WHAT: No space left on device"; ENOSPC, EMFILE and ENOMEM become `exhausted`.
[[nodiscard]] std::unexpected<Error> fail_errno(int number, std::string_view what, std::string where = {});

#define QUIPU_JOIN_(a, b) a##b
#define QUIPU_JOIN(a, b) QUIPU_JOIN_(a, b)
#define QUIPU_UNWRAP(leave, name, ...)                                         \
    ({                                                                         \
        auto&& name = (__VA_ARGS__);                                           \
        if (!name) [[unlikely]]                                                \
            leave std::unexpected(std::forward<decltype(name)>(name).error()); \
        *std::forward<decltype(name)>(name);                                   \
    })
// Each use names its result anew, so that one may stand inside another.
#define TRY(...) QUIPU_UNWRAP(return, QUIPU_JOIN(quipu_result_, __COUNTER__), __VA_ARGS__)
#define CO_TRY(...) QUIPU_UNWRAP(co_return, QUIPU_JOIN(quipu_result_, __COUNTER__), __VA_ARGS__)

}  // namespace quipu
