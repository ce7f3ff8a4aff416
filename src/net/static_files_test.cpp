#include <filesystem>
#include <fstream>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/http_server.h"
#include "net/http_test_peer.h"
#include "net/http_writer.h"

namespace quipu::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class StaticFilesTest : public testing::Test {
  protected:
    StaticFilesTest() {
        std::string name = (std::filesystem::temp_directory_path() / "quipu-static-XXXXXX").string();
        root_ = ::mkdtemp(name.data());
        std::filesystem::create_directories(root_ / "web/assets");
        write("secret.txt", "secret");
        write("web/index.html", "<html>portal</html>");
        write("web/assets/index-Bc3dEf9_.js", "let x = 1;");
        write("web/assets/index-Bc3dEf9_.js.gz", "gzipped");
        write("web/assets/index-Bc3dEf9_.js.br", "brotli");
        write("web/plain-document.txt", "0123456789");
        write("web/.hidden.txt", "hidden");
        write("web/large.bin", std::string(2'000'000, 'L'));
        std::filesystem::create_symlink("../secret.txt", root_ / "web/link.txt");
        std::filesystem::create_symlink("plain-document.txt", root_ / "web/inside.txt");
        files_ = std::make_unique<StaticFiles>(*StaticFiles::open((root_ / "web").string()));
        server_ = *HttpServer::listen(
            loops_, *Endpoint::parse("127.0.0.1:0"),
            [this](HttpRequest& request) -> Task<HttpResponse> { co_return files_->serve(request); });
    }
    ~StaticFilesTest() override { std::filesystem::remove_all(root_); }

    void write(const char* name, const std::string& text) { std::ofstream(root_ / name) << text; }
    std::string get(const std::string& path, const std::string& fields = {}, const char* method = "GET") {
        return exchange(server_->address(), std::string(method) + " " + path +
                                                " HTTP/1.1\r\nHost: h\r\nConnection: close\r\n" + fields + "\r\n");
    }
    static std::string field(const std::string& answer, const std::string& name) {
        const std::size_t at = answer.find(name + ": ") + name.size() + 2;
        return answer.substr(at, answer.find("\r\n", at) - at);
    }

    std::filesystem::path root_;
    LoopPool loops_{1};
    std::unique_ptr<StaticFiles> files_;
    std::unique_ptr<HttpServer> server_;
};

TEST_F(StaticFilesTest, TheApplicationsPagesAreItsOneDocument) {
    for (const char* const path : {"/", "/sites/santiago", "/index.html", "/links?x=a.b", "/evidence/a.b.1768047600"}) {
        const std::string answer = get(path);
        EXPECT_THAT(answer, EndsWith("<html>portal</html>")) << path;
        EXPECT_EQ(field(answer, "Content-Type"), "text/html; charset=utf-8");
        EXPECT_EQ(field(answer, "Cache-Control"), "no-cache");
        EXPECT_EQ(field(answer, "X-Content-Type-Options"), "nosniff");
    }
}

TEST_F(StaticFilesTest, ChoosesTheVariantThatTheClientTakes) {
    const std::string path = "/assets/index-Bc3dEf9_.js";
    EXPECT_THAT(get(path, "Accept-Encoding: gzip, deflate, br\r\n"), EndsWith("\r\n\r\nbrotli"));
    EXPECT_THAT(get(path, "Accept-Encoding: gzip\r\n"), EndsWith("\r\n\r\ngzipped"));
    const std::string plain = get(path, "Accept-Encoding: br;q=0, gzip;q=0.0\r\n");
    EXPECT_THAT(plain, EndsWith("let x = 1;"));
    EXPECT_THAT(plain, HasSubstr("Vary: Accept-Encoding\r\n"));
    EXPECT_EQ(field(plain, "Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(field(plain, "Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_NE(field(plain, "ETag"), field(get(path, "Accept-Encoding: br\r\n"), "ETag"));
    EXPECT_EQ(field(get("/plain-document.txt"), "Cache-Control"), "no-cache");
}

TEST_F(StaticFilesTest, NothingOutsideTheFolderIsSeen) {
    for (const char* const path :
         {"/link.txt", "/missing.js", "/.hidden.txt", "/assets/.x/y.js", "/plain-document.txt/x.js"})
        EXPECT_THAT(get(path), StartsWith("HTTP/1.1 404")) << path;
    EXPECT_THAT(get("/../secret.txt"), StartsWith("HTTP/1.1 400"));
    EXPECT_THAT(get("/inside.txt"), EndsWith("0123456789"));
    EXPECT_THAT(get("/index.html", {}, "DELETE"), StartsWith("HTTP/1.1 405"));
    EXPECT_FALSE(StaticFiles::open((root_ / "nowhere").string()).has_value());
}

TEST_F(StaticFilesTest, AnswersConditions) {
    const std::string first = get("/plain-document.txt");
    const std::string tag = field(first, "ETag");
    const std::string date = field(first, "Last-Modified");
    EXPECT_THAT(tag, StartsWith("\""));
    const std::string same = get("/plain-document.txt", "If-None-Match: \"x\", W/" + tag + "\r\n");
    EXPECT_THAT(same, StartsWith("HTTP/1.1 304"));
    EXPECT_THAT(same, HasSubstr("ETag: " + tag));
    EXPECT_THAT(same, Not(HasSubstr("Content-Length")));
    EXPECT_THAT(get("/plain-document.txt", "If-None-Match: \"x\"\r\n"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(get("/plain-document.txt", "If-Modified-Since: " + date + "\r\n"), StartsWith("HTTP/1.1 304"));
    EXPECT_THAT(get("/plain-document.txt", "If-Modified-Since: yesterday\r\n"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(get("/plain-document.txt", "If-Match: \"x\"\r\n"), StartsWith("HTTP/1.1 412"));
    write("web/plain-document.txt", "changed");
    EXPECT_THAT(get("/plain-document.txt", "If-None-Match: " + tag + "\r\n"), EndsWith("changed"));
}

TEST_F(StaticFilesTest, SendsRanges) {
    const auto range = [&](const std::string& wanted, const std::string& more = {}) {
        return get("/plain-document.txt", "Range: bytes=" + wanted + "\r\n" + more);
    };
    const std::string part = range("2-4");
    EXPECT_THAT(part, StartsWith("HTTP/1.1 206"));
    EXPECT_THAT(part, HasSubstr("Content-Range: bytes 2-4/10\r\n"));
    EXPECT_THAT(part, EndsWith("\r\n\r\n234"));
    EXPECT_THAT(range("8-"), EndsWith("\r\n\r\n89"));
    EXPECT_THAT(range("-3"), EndsWith("\r\n\r\n789"));
    EXPECT_THAT(range("-30"), EndsWith("\r\n\r\n0123456789"));
    EXPECT_THAT(range("5-999999999999999999"), EndsWith("\r\n\r\n56789"));
    EXPECT_THAT(range("10-"), HasSubstr("Content-Range: bytes */10\r\n"));
    EXPECT_THAT(range("10-"), StartsWith("HTTP/1.1 416"));
    for (const char* const ignored : {"4-2", "a-b", "1-2,4-5", "-", "99999999999999999999-"})
        EXPECT_THAT(range(ignored), StartsWith("HTTP/1.1 200")) << ignored;
    EXPECT_THAT(range("2-4", "If-Range: \"old\"\r\n"), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(range("2-4", "If-Range: " + field(part, "ETag") + "\r\n"), StartsWith("HTTP/1.1 206"));
}

TEST_F(StaticFilesTest, SendsALargeFileAndKeepsTheConnection) {
    RawPeer peer(server_->address());
    for (int i = 0; i < 3; ++i) {
        peer.send("GET /large.bin HTTP/1.1\r\nHost: h\r\n\r\n");
        const std::string answer = peer.read_response();
        EXPECT_GT(answer.size(), 2'000'000U);
        EXPECT_EQ(std::ranges::count(answer, 'L'), 2'000'000 + 2);  // Content-Length, Last-Modified
        peer.send("HEAD /large.bin HTTP/1.1\r\nHost: h\r\n\r\n");
        EXPECT_THAT(peer.read_until("\r\n\r\n"), HasSubstr("Content-Length: 2000000\r\n"));
    }
}

TEST(HttpDate, GoesThereAndBack) {
    const Time time = *parse_time("1994-11-06T08:49:37Z");
    EXPECT_EQ(format_http_date(time), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(parse_http_date("Sun, 06 Nov 1994 08:49:37 GMT"), time);
    for (const char* const wrong :
         {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 Nov 1994 25:49:37 GMT"})
        EXPECT_EQ(parse_http_date(wrong), std::nullopt) << wrong;
}

}  // namespace
}  // namespace quipu::net
