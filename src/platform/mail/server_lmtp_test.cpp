#include "platform/mail/server_lmtp.h"

#include <cstring>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>

#include "data/test_folder.h"

namespace quipu::mail {
namespace {

using testing::HasSubstr;

LmtpSettings settings() {
    return {.rules = {.name = "quipu.example", .is_ours = [](std::string_view) { return true; }}};
}

/// Says all of it and reads until the other side closes.
std::string talk(const std::string& path, std::string_view text) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    const net::Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return "not connected";
    if (::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL) < 0) return "not sent";
    std::string out;
    char buffer[1024];
    for (ssize_t count = 0; (count = ::recv(fd.get(), buffer, sizeof buffer, 0)) > 0;)
        out.append(buffer, static_cast<std::size_t>(count));
    return out;
}

TEST(LmtpListener, ServesAUnixSocketAndAcknowledgesOnlyWhatIsKept) {
    const data::TestFolder folder;
    const std::string path = folder / "lmtp";
    bool away = true;
    std::vector<std::string> kept;
    net::EventLoop loop;
    auto listener =
        LmtpListener::open(path, settings(), [&](const Envelope& envelope, std::string_view message) -> Result<void> {
            if (away) return fail(ErrorCode::unavailable, "the database is away");
            kept.push_back(envelope.recipients.at(0) + " " + std::string(message));
            return {};
        });
    ASSERT_TRUE(listener) << listener.error().text();
    struct stat there{};
    ASSERT_EQ(::stat(path.c_str(), &there), 0);
    EXPECT_EQ(there.st_mode & 0777U, 0660U);
    (*listener)->start(loop);
    std::jthread running([&] { loop.run(); });
    constexpr std::string_view kLetter =
        "LHLO x\r\nMAIL FROM:<a@b.c>\r\nRCPT TO:<help@quipu.example>\r\nDATA\r\nhola\r\n.\r\nQUIT\r\n";
    EXPECT_THAT(talk(path, kLetter), HasSubstr("451 4.3.0"));
    EXPECT_TRUE(kept.empty());
    away = false;
    EXPECT_THAT(talk(path, kLetter), HasSubstr("250 2.0.0 kept\r\n221"));
    ASSERT_EQ(kept.size(), 1U);
    EXPECT_EQ(kept[0], "help@quipu.example hola\r\n");
    // Somebody serves it: nobody else may.
    const auto second = LmtpListener::open(path, settings(), {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, ErrorCode::conflict);
    loop.stop();
    running.join();
    listener->reset();
    // What a crash has left behind is replaced.
    EXPECT_TRUE(LmtpListener::open(path, settings(), {}));
}

TEST(LmtpListener, StaysOnThisMachine) {
    const auto refused = LmtpListener::open("0.0.0.0:0", settings(), {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().where, "mail.lmtp");
    EXPECT_FALSE(LmtpListener::open("/" + std::string(200, 'x'), settings(), {}));
    EXPECT_TRUE(LmtpListener::open("127.0.0.1:0", settings(), {}));
}

}  // namespace
}  // namespace quipu::mail
