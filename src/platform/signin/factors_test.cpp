#include "platform/signin/factors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/base64url.h"
#include "platform/signin/test_access.h"
#include "platform/signin/totp.h"

namespace quipu::signin {
namespace {

using namespace std::chrono_literals;

class FactorDeskTest : public testing::Test {
  protected:
    /// The secret of an enrolment, as an authenticator app reads it from the address.
    static std::string secret_in(const TotpEnrolment& enrolment) {
        const std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        const auto begin = enrolment.uri.find("secret=") + 7;
        std::string out;
        unsigned held = 0, bits = 0;
        for (const char c : enrolment.uri.substr(begin, enrolment.uri.find('&', begin) - begin)) {
            held = held << 5U | static_cast<unsigned>(alphabet.find(c));
            if ((bits += 5) < 8) continue;
            bits -= 8;
            out += static_cast<char>(held >> bits & 0xFFU);
        }
        return out;
    }
    std::string enrol() {
        secret_ = secret_in(*desk_.begin_totp(ana_));
        const auto codes = desk_.confirm_totp(ana_, code(), "person:ana");
        EXPECT_TRUE(codes) << codes.error().text();
        codes_ = codes->codes;
        clock_.advance(1min);
        return secret_;
    }
    [[nodiscard]] std::string code() const { return totp_code(as_bytes(secret_), totp_step(clock_.now())); }

    ManualClock clock_{*parse_time("2026-11-28T14:00:00Z")};
    TestAccess access_;
    access::Account ana_ = access_.add("ana");
    access::Account bea_ = access_.add("bea");
    FactorDesk desk_{clock_, access_, "Red",
                     [] { return RelyingParty{"localhost", {"http://localhost:8080"}, "Red"}; }};
    access::Origin from_{};
    std::string secret_;
    std::vector<std::string> codes_;
};

TEST_F(FactorDeskTest, AnAuthenticatorIsSetUpOnlyWithItsCode) {
    const auto begun = desk_.begin_totp(ana_);
    ASSERT_TRUE(begun) << begun.error().text();
    secret_ = secret_in(*begun);
    EXPECT_EQ(secret_.size(), kTotpSecretOctets);
    EXPECT_EQ(desk_.confirm_totp(ana_, "000000", "").error().code, ErrorCode::invalid);
    EXPECT_EQ(desk_.confirm_totp(bea_, code(), "").error().code, ErrorCode::conflict);
    EXPECT_FALSE(desk_.of(ana_)->totp);
    clock_.advance(20min);
    EXPECT_EQ(desk_.confirm_totp(ana_, code(), "").error().code, ErrorCode::conflict);
    enrol();
    EXPECT_TRUE(desk_.of(ana_)->totp);
    EXPECT_EQ(codes_.size(), 10U);
    EXPECT_EQ(desk_.of(ana_)->recovery_codes, 10);
}

TEST_F(FactorDeskTest, ACodeSignsInOnce) {
    enrol();
    const std::string good = code();
    EXPECT_FALSE(desk_.finish_by_code({access_.wait("ana"), "123"}, from_));
    EXPECT_EQ(access_.failures, 1);
    const auto session = desk_.finish_by_code({access_.wait("ana"), good}, from_);
    ASSERT_TRUE(session) << session.error().text();
    EXPECT_EQ(session->account.id, "ana");
    EXPECT_EQ(access_.failed_by, "code");
    EXPECT_FALSE(desk_.finish_by_code({access_.wait("ana"), good}, from_));
    EXPECT_EQ(access_.failed_by, access::kUsedCode) << "its owner is told";
    clock_.advance(30s);
    EXPECT_FALSE(desk_.finish_by_code({access_.wait("ana"), good}, from_));
    EXPECT_TRUE(desk_.finish_by_code({access_.wait("ana"), code()}, from_));
    EXPECT_FALSE(desk_.finish_by_code({"nothing waits here", code()}, from_));
}

TEST_F(FactorDeskTest, TheCodeOfTheEnrolmentDoesNotSignIn) {
    secret_ = secret_in(*desk_.begin_totp(ana_));
    const std::string used = code();
    ASSERT_TRUE(desk_.confirm_totp(ana_, used, ""));
    EXPECT_FALSE(desk_.finish_by_code({access_.wait("ana"), used}, from_));
}

TEST_F(FactorDeskTest, ARecoveryCodeSignsInOnceAndIsItsOwners) {
    enrol();
    access_.add("bea");
    EXPECT_FALSE(desk_.finish_by_code({access_.wait("bea"), codes_[0]}, from_));
    EXPECT_TRUE(desk_.finish_by_code({access_.wait("ana"), codes_[0]}, from_));
    EXPECT_FALSE(desk_.finish_by_code({access_.wait("ana"), codes_[0]}, from_));
    EXPECT_EQ(desk_.of(ana_)->recovery_codes, 9);
    const auto fresh = desk_.renew_codes(ana_, "person:ana");
    ASSERT_TRUE(fresh);
    EXPECT_FALSE(desk_.finish_by_code({access_.wait("ana"), codes_[1]}, from_));
    EXPECT_TRUE(desk_.finish_by_code({access_.wait("ana"), fresh->codes[1]}, from_));
    for (const auto& each : access_.credentials)
        for (const std::string& code : fresh->codes)
            EXPECT_EQ((each.id + each.data + each.name).find(code), std::string::npos) << "kept in clear";
}

TEST_F(FactorDeskTest, TheLastFactorTakesTheRecoveryCodesWithIt) {
    EXPECT_EQ(desk_.renew_codes(ana_, "").error().code, ErrorCode::conflict);
    EXPECT_EQ(desk_.remove_totp(ana_, "").error().code, ErrorCode::not_found);
    enrol();
    ASSERT_TRUE(desk_.remove_totp(ana_, "person:ana"));
    EXPECT_TRUE(access_.credentials.empty());
}

TEST_F(FactorDeskTest, CeremoniesAreOneTimeAndOfOneAccount) {
    const auto begun = desk_.begin_passkey(ana_);
    ASSERT_TRUE(begun);
    EXPECT_EQ(desk_.add_passkey(bea_, {begun->ticket, "", {}}, "").error().code, ErrorCode::conflict);
    // Whoever came with it has used it up.
    EXPECT_EQ(desk_.add_passkey(ana_, {begun->ticket, "", {}}, "").error().code, ErrorCode::conflict);
    const auto asked = desk_.ask_passkey("");
    ASSERT_TRUE(asked);
    EXPECT_EQ(*asked->options.find("userVerification"), Value("required"));
    EXPECT_FALSE(desk_.add_passkey(ana_, {asked->ticket, "", {}}, ""));
    EXPECT_FALSE(desk_.finish_by_passkey({asked->ticket, {}}, from_));
    EXPECT_EQ(desk_.ask_passkey(access_.wait("ana")).error().code, ErrorCode::conflict);  // has none
    EXPECT_FALSE(desk_.remove_passkey(ana_, "AAAA", ""));
}

}  // namespace
}  // namespace quipu::signin
