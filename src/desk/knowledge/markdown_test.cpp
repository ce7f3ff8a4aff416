#include "desk/knowledge/markdown.h"

#include <gmock/gmock.h>

#include "base/random.h"

namespace quipu::knowledge {
namespace {

using testing::HasSubstr;
using testing::Not;

std::string html_of(std::string_view markdown) {
    const auto rendered = render_markdown(markdown);
    return rendered ? rendered->html : rendered.error().text();
}

TEST(Markdown, IsCommonMarkWithTables) {
    EXPECT_EQ(html_of("One *two* **three** `four`"),
              "<p>One <em>two</em> <strong>three</strong> <code>four</code></p>\n");
    EXPECT_THAT(html_of("| a | b |\n| - | -: |\n| 1 | 2 |\n"), HasSubstr("<td align=\"right\">2</td>"));
    EXPECT_EQ(html_of("- a\n- b"), "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n");
}

TEST(Markdown, RawHtmlIsRead_NotObeyed) {
    EXPECT_EQ(html_of("a <script>alert(1)</script> b"), "<p>a &lt;script&gt;alert(1)&lt;/script&gt; b</p>\n");
    EXPECT_THAT(html_of("<iframe src=x></iframe>\n\ntext"), Not(HasSubstr("<iframe")));
    EXPECT_THAT(html_of("<!-- secret -->"), HasSubstr("&lt;!-- secret --&gt;"));
}

TEST(Markdown, LinksLeadOnlyWhereTheyMay) {
    EXPECT_THAT(html_of("[a](https://example.org/?x=1&y=2)"), HasSubstr("href=\"https://example.org/?x=1&amp;y=2\""));
    EXPECT_THAT(html_of("[a](mailto:noc@example.org)"), HasSubstr("href=\"mailto:"));
    EXPECT_THAT(html_of("[a](/links/santiago-panama)"), HasSubstr("href=\"/links/santiago-panama\""));
    EXPECT_THAT(html_of("[a](#s-cause)"), HasSubstr("href=\"#s-cause\""));
    for (const std::string_view bad :
         {"javascript:alert(1)", "JaVaScRiPt:alert(1)", "&#106;avascript:alert(1)", "java&#x09;script:alert(1)",
          "\\javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd", "//evil.example/x",
          "/\\evil.example", "\\\\evil.example", "&#1;javascript:alert(1)", "blob:x", "ftp://example.org"}) {
        const std::string html = html_of("[words](" + std::string(bad) + ")");
        EXPECT_THAT(html, Not(HasSubstr("href"))) << bad;
        EXPECT_THAT(html, HasSubstr("words")) << bad;
    }
    EXPECT_THAT(html_of("<javascript:alert(1)>"), Not(HasSubstr("href")));
    EXPECT_THAT(html_of("[a][x]\n\n[x]: javascript:alert(1)"), Not(HasSubstr("href")));
}

TEST(Markdown, ImagesComeFromThisSiteOrAreLinks) {
    EXPECT_EQ(html_of("![figure](/files/7)"), "<p><img src=\"/files/7\" alt=\"figure\" /></p>\n");
    EXPECT_EQ(html_of("![figure](https://example.org/x.png)"),
              "<p><a href=\"https://example.org/x.png\">figure</a></p>\n");
    EXPECT_EQ(html_of("![](https://example.org/x.png)"),
              "<p><a href=\"https://example.org/x.png\">https://example.org/x.png</a></p>\n");
    EXPECT_EQ(html_of("![figure](javascript:alert(1))"), "<p>figure</p>\n");
    EXPECT_EQ(html_of("[![f](https://a.example/x.png)](https://b.example/)"),
              "<p><a href=\"https://b.example/\">f</a></p>\n");
}

TEST(Markdown, HeadingsAreLoweredAndNamed) {
    const auto rendered =
        render_markdown("# Ventana de TCP\n\ntext\n\n## Él & `él`\n\n## Él & `él`\n\n###### x\n\n`<h2>`");
    ASSERT_TRUE(rendered);
    EXPECT_THAT(rendered->html, HasSubstr("<h2 id=\"s-ventana-de-tcp\">Ventana de TCP</h2>"));
    EXPECT_THAT(rendered->html, HasSubstr("<h3 id=\"s-el-el\">"));
    EXPECT_THAT(rendered->html, HasSubstr("<h3 id=\"s-el-el-2\">"));
    EXPECT_THAT(rendered->html, HasSubstr("<h4 id=\"s-x\">x</h4>"));
    EXPECT_THAT(rendered->html, HasSubstr("<code>&lt;h2&gt;</code>"));
    ASSERT_EQ(rendered->headings.size(), 4U);
    EXPECT_EQ(rendered->headings[1].text, "Él & él");
    EXPECT_EQ(rendered->headings[1].level, 3);
}

TEST(Markdown, TextIsWhatIsRead) {
    EXPECT_EQ(render_markdown("# A\n\nb [c](https://d.example) `e`\nf\n\n- g\n")->text, "A\nb c e f\ng");
}

TEST(Markdown, IsBounded) {
    EXPECT_EQ(render_markdown(std::string(kLongestBody + 1, 'x')).error().code, ErrorCode::too_large);
    EXPECT_EQ(html_of("bad \xff octet"), "<p>bad \xEF\xBF\xBD octet</p>\n");
}

TEST(Markdown, LittleTextDoesNotBecomeVeryMuch) {
    std::string references = "[a]: /" + std::string(10'000, 'x') + "\n\n";
    while (references.size() < 60'000)
        references += "[a]";
    EXPECT_EQ(render_markdown(references).error().code, ErrorCode::too_large);
    EXPECT_THAT(html_of("[words][a]\n\n[a]: https://a.example \"title\"\n"), HasSubstr("href=\"https://a.example\""));
    std::string table = "a\n";
    for (int i = 0; i < 30'000; ++i)
        table += "|-";
    EXPECT_THAT(html_of(table), Not(HasSubstr("<table>"))) << "wider than any table that is read";
}

/// Whatever is written: no element, no attribute but these, and no address but safe ones.
TEST(Markdown, WhateverIsWrittenTheHtmlIsSafe) {
    static constexpr std::string_view kPieces[] = {"[",
                                                   "]",
                                                   "(",
                                                   ")",
                                                   "<",
                                                   ">",
                                                   "!",
                                                   "*",
                                                   "_",
                                                   "`",
                                                   "\n",
                                                   "\n\n",
                                                   "# ",
                                                   "> ",
                                                   "- ",
                                                   "| ",
                                                   "|-|\n",
                                                   "javascript:",
                                                   "https://a.example/",
                                                   "<script>",
                                                   "onerror=",
                                                   "\"",
                                                   "'",
                                                   "&quot;",
                                                   "&#106;",
                                                   "\\",
                                                   "//",
                                                   "/x",
                                                   "word",
                                                   " ",
                                                   "<a href=x onclick=y>",
                                                   "<img src=x>",
                                                   "[r]: javascript:x \"t\"\n",
                                                   "[r]",
                                                   "<https://b.example>",
                                                   "data:"};
    Rng rng(7);
    for (int round = 0; round < 3000; ++round) {
        std::string markdown;
        for (std::uint64_t i = rng.below(30); i > 0; --i)
            markdown += kPieces[rng.below(std::size(kPieces))];
        const std::string html = html_of(markdown);
        for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
            const std::string tag = html.substr(at, html.find('>', at) - at + 1);
            EXPECT_THAT(tag,
                        testing::MatchesRegex(
                            "</?(p|em|strong|code|pre|ul|ol|li|blockquote|h[2-6]|table|thead|tbody|tr|th|td|a)>|"
                            "<(br|hr) />|<h[2-6] id=\"[a-z0-9-]*\">|<ol start=\"[0-9]+\">|<t[hd] align=\"[a-z]+\">|"
                            "<pre><code class=\"language-[^\"<]*\">|<code class=\"language-[^\"<]*\">|"
                            "<a href=\"[^\"<]*\"( title=\"[^\"<]*\")?>|"
                            "<img src=\"/[^\"<]*\" alt=\"[^\"<]*\"( title=\"[^\"<]*\")? />"))
                << markdown;
            if (const auto href = tag.find("href=\""); href != std::string::npos)
                EXPECT_THAT(tag.substr(href + 6), testing::Not(testing::StartsWith("javascript"))) << markdown;
        }
    }
}

}  // namespace
}  // namespace quipu::knowledge
