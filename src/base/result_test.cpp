#include "base/result.h"

#include <cerrno>
#include <gtest/gtest.h>

namespace quipu {
namespace {

Result<std::string> word(bool there) {
    if (!there) return fail(ErrorCode::not_found, "no word", "page 3", "look elsewhere");
    return "quipu";
}

Result<std::size_t> length(bool there) {
    const std::string text = TRY(word(there));
    return text.size();
}

TEST(Result, TryUnwrapsOrReturns) {
    EXPECT_EQ(length(true), 5U);
    ASSERT_FALSE(length(false));
    EXPECT_EQ(length(false).error().code, ErrorCode::not_found);
}

TEST(Error, TextNamesPlaceHintAndFaults) {
    EXPECT_EQ(word(false).error().text(), "page 3: no word (look elsewhere)");
    const Error two{ErrorCode::invalid, "two faults", "", "", {{"a", "b"}, {"c", "d"}}};
    EXPECT_EQ(two.text(), "two faults\n  a: b\n  c: d");
}

TEST(Error, ErrnoBecomesItsKind) {
    EXPECT_EQ(fail_errno(ENOSPC, "write", "f").error().text(), "f: write: No space left on device");
    EXPECT_EQ(fail_errno(ENOSPC, "write").error().code, ErrorCode::exhausted);
    EXPECT_EQ(fail_errno(EADDRINUSE, "bind").error().code, ErrorCode::conflict);
    EXPECT_EQ(fail_errno(EPERM, "unshare").error().code, ErrorCode::forbidden);
    EXPECT_EQ(fail_errno(EIO, "read").error().code, ErrorCode::io);
}

}  // namespace
}  // namespace quipu
