#include "services/measure/stamp/codec_extensions.h"

#include <gtest/gtest.h>

namespace quipu::stamp {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Observed kObserved{.from = {net::IpAddress::v4(0xc0000201), 50000},
                         .to = {net::IpAddress::v4(0xc0000202), 862},
                         .tos = 0xb9,
                         .sync = SyncSource::ntp,
                         .may_mark = true,
                         .stateful = true,
                         .received = 3,
                         .sent = 2,
                         .last_sequence = 1,
                         .last_timestamp = 0x0102030405060708};

Bytes reflected(Bytes bytes, Hmac* hmac = nullptr, bool required = false, Reflected* out = nullptr) {
    const auto found = reflect_extensions(bytes, 7, kObserved, hmac, required);
    if (out != nullptr) *out = found;
    return bytes;
}

TEST(StampExtensions, UnderstoodOnesAreFilled) {
    EXPECT_EQ(reflected({0x80, 1, 0, 2, 0xaa, 0xbb}), Bytes({0, 1, 0, 2, 0xaa, 0xbb}));
    EXPECT_EQ(reflected({0x80, 2, 0, 20, 0, 0, 0, 0, 0x80, 4, 0, 4, 0, 0, 0, 0, 0x80, 5, 0, 4, 0, 0, 0, 0}),
              Bytes({0, 2, 0, 20, 0x03, 0x5e, 0xc3, 0x50, 0, 4, 0, 4, 0xc0, 0, 2, 2, 0, 5, 0, 4, 0xc0, 0, 2, 1}));
    EXPECT_EQ(reflected({0x80, 3, 0, 4, 0, 0, 0, 0}), Bytes({0, 3, 0, 4, 1, 2, 1, 2}));
    // DSCP 10 is asked for; EF (46) came with ECT(1).
    Reflected found;
    EXPECT_EQ(reflected({0x80, 4, 0, 4, 0x28, 0, 0, 0}, nullptr, false, &found),
              Bytes({0, 4, 0, 4, 0x28 | 0x02, 0xe4, 0, 0}));
    EXPECT_EQ(found.dscp, 10);
    EXPECT_EQ(reflected({0x80, 5, 0, 12, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0}),
              Bytes({0, 5, 0, 12, 0, 0, 0, 9, 0, 0, 0, 3, 0, 0, 0, 2}));
    EXPECT_EQ(reflected({0x80, 6, 0, 4, 0x10, 1, 0, 0}), Bytes({0, 6, 0, 4, 0x10, 1, 0, 0}));
    EXPECT_EQ(reflected({0x80, 7, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}),
              Bytes({0, 7, 0, 16, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6, 7, 8, 2, 0, 0, 0}));
}

TEST(StampExtensions, UnknownAndMalformedAreSentBack) {
    // Unknown: U stays, the next one is looked at. Link-layer addresses are unknown to us inside of a location.
    EXPECT_EQ(reflected({0x80, 99, 0, 1, 5, 0x80, 6, 0, 4, 0x10, 1, 0, 0}),
              Bytes({0x80, 99, 0, 1, 5, 0, 6, 0, 4, 0x10, 1, 0, 0}));
    EXPECT_EQ(reflected({0x00, 99, 0, 0}), Bytes({0x80, 99, 0, 0}));
    EXPECT_EQ(reflected({0x80, 2, 0, 8, 0, 0, 0, 0, 0x80, 1, 0, 0}),
              Bytes({0, 2, 0, 8, 0x03, 0x5e, 0xc3, 0x50, 0x80, 1, 0, 0}));
    // A wrong length, and one that reaches beyond the end: M, and nothing behind it is touched.
    EXPECT_EQ(reflected({0x80, 4, 0, 3, 1, 2, 3, 0x80, 6, 0, 4, 0, 0, 0, 0}),
              Bytes({0x40, 4, 0, 3, 1, 2, 3, 0x80, 6, 0, 4, 0, 0, 0, 0}));
    EXPECT_EQ(reflected({0x80, 1, 0, 9, 1}), Bytes({0x40, 1, 0, 9, 1}));
    EXPECT_EQ(reflected({0x80, 99, 1, 0}), Bytes({0xc0, 99, 1, 0}));
    EXPECT_EQ(reflected({0x80}).size(), 1U);
}

TEST(StampExtensions, Integrity) {
    Hmac hmac(Hmac::Hash::sha256, Bytes{1, 2, 3});
    ByteWriter out;
    write_extension(out, ExtensionType::access_report, Bytes{0x10, 1, 0, 0});
    write_hmac_extension(out, 7, hmac);
    write_extension(out, ExtensionType::extra_padding, Bytes{0, 0});
    const Bytes asked = out.take();
    ASSERT_TRUE(verify_extensions(asked, 7, hmac));
    EXPECT_FALSE(verify_extensions(asked, 8, hmac));

    Reflected found;
    Bytes answered = reflected(asked, &hmac, true, &found);
    EXPECT_FALSE(found.integrity_failed);
    ASSERT_EQ(found.hmac_at, 8U);
    seal_extensions(answered, *found.hmac_at, 41, hmac);
    EXPECT_TRUE(verify_extensions(answered, 41, hmac));
    EXPECT_EQ(answered[0], 0);
    EXPECT_EQ(answered[8], 0);

    // Wrong, misplaced, missing where it must be, and without a key: I in each.
    Bytes wrong = asked;
    wrong[4] ^= 1U;
    const auto all_failed = [&](const Bytes& bytes, Hmac* key, bool required) {
        const Bytes back = reflected(bytes, key, required, &found);
        EXPECT_TRUE(found.integrity_failed);
        for (const auto& extension : parse_extensions(back))
            EXPECT_EQ(extension.flags, kUnrecognised | kIntegrityFailed);
    };
    all_failed(wrong, &hmac, true);
    all_failed(asked, nullptr, false);
    all_failed({0x80, 6, 0, 4, 0x10, 1, 0, 0}, &hmac, true);
    Bytes misplaced(asked.begin() + 8, asked.begin() + 28);
    misplaced.insert(misplaced.end(), asked.begin(), asked.begin() + 8);
    all_failed(misplaced, &hmac, false);
    // Lone padding needs none.
    EXPECT_EQ(reflected({0x80, 1, 0, 1, 9}, &hmac, true, &found), Bytes({0, 1, 0, 1, 9}));
    EXPECT_FALSE(found.integrity_failed);
}

}  // namespace
}  // namespace quipu::stamp
