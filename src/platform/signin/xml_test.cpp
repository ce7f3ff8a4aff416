#include "platform/signin/xml.h"

#include <gtest/gtest.h>

namespace quipu::signin::xml {
namespace {

TEST(Xml, WhatIsEscapedIsReadAgain) {
    for (const std::string_view text : {"a<b>&\"c\"\t\n\r", "caf\xc3\xa9 \xf0\x9f\x98\x80", "\x7f"}) {
        const auto document = Document::parse("<a b=\"" + escape(text) + "\"/>", Kind::metadata);
        ASSERT_TRUE(document) << document.error().text();
        EXPECT_EQ(document->root().attribute("b"), text);
    }
}

TEST(Xml, WhatNoXmlMayHoldIsReplaced) {
    EXPECT_EQ(escape(std::string_view("a\0b\x01\x1b", 5)),
              "a\xef\xbf\xbd"
              "b\xef\xbf\xbd\xef\xbf\xbd");
    EXPECT_EQ(escape("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd") << "no UTF-8";
    EXPECT_EQ(escape("\xed\xa0\x80"), "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd") << "a surrogate";
    EXPECT_EQ(escape("\xef\xbf\xbf"), "\xef\xbf\xbd") << "U+FFFF";
}

}  // namespace
}  // namespace quipu::signin::xml
