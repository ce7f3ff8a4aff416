#include "net/http.h"

#include <gtest/gtest.h>

#include "net/http_writer.h"

namespace quipu::net {
namespace {

TEST(Headers, NamesCompareWithoutCase) {
    Headers headers;
    headers.add("Accept", "a");
    headers.add("accept", "b");
    EXPECT_EQ(headers.get("ACCEPT"), "a");
    EXPECT_EQ(headers.find("Accep"), nullptr);
    headers.set("aCCept", "c");
    EXPECT_EQ(headers.list().size(), 1U);
    EXPECT_EQ(headers.get("Accept"), "c");
    EXPECT_EQ(headers.get("absent"), "");
}

TEST(Percent, GoesThereAndBackForEveryOctet) {
    std::string all;
    for (int octet = 0; octet < 256; ++octet)
        all += static_cast<char>(octet);
    const std::string encoded = percent_encode(all);
    EXPECT_EQ(encoded.find_first_of(" +&=?#/\"<>"), std::string::npos);
    EXPECT_EQ(percent_decode(encoded, true), all);
    EXPECT_EQ(percent_decode(encoded, false), all);
    EXPECT_EQ(percent_encode("az-AZ_09.~"), "az-AZ_09.~");
}

TEST(Percent, RefusesWhatIsCutOffOrNotHexadecimal) {
    for (const char* const wrong : {"%", "%4", "a%g0", "%0x"})
        EXPECT_FALSE(percent_decode(wrong, false).has_value()) << wrong;
    EXPECT_EQ(percent_decode("a%4", false).error().where, "octet 1");
    EXPECT_EQ(percent_decode("a+b", true), "a b");
    EXPECT_EQ(percent_decode("a+b", false), "a+b");
}

TEST(WriteHead, LeavesFramingToTheServer) {
    Headers headers;
    headers.add("content-length", "7");
    headers.add("Transfer-Encoding", "chunked");
    headers.add("Connection", "upgrade");
    headers.add("Location", "/x");
    std::string out;
    write_head(out, 201, headers, {"today", "abc", 3, false, false});
    EXPECT_EQ(out,
              "HTTP/1.1 201 Created\r\nDate: today\r\nContent-Length: 3\r\nX-Request-Id: abc\r\nLocation: /x\r\n\r\n");
}

}  // namespace
}  // namespace quipu::net
