#include "lab/control.h"

#include <array>
#include <cerrno>
#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/log.h"

namespace quipu::lab {

namespace {

constexpr LogEvent kControlFailed{LogLevel::warning, "LAB_CONTROL_FAILED",
                                  "a connection to the lab's control socket could not be served"};

constexpr std::size_t kLongestQuestion = 64 * 1024;
constexpr std::size_t kLongestAnswer = 16 * 1024 * 1024;
constexpr timeval kPatience{5, 0};
constexpr std::string_view kControlSocket = "control.sock";

struct Question {
    std::string verb;
    std::optional<std::string> link;
    std::optional<LinkChange> change;
    std::optional<HijackChange> hijack;
    std::optional<ClockChange> clock;
    std::optional<std::string> actor;
    static constexpr auto describe() {
        return fields(
            field<&Question::verb>("do", "status, set, hijack, clock or down").required(),
            field<&Question::link>("link", "The link to change"), field<&Question::change>("change", "What to change"),
            field<&Question::hijack>("hijack", "What a member's router is to announce"),
            field<&Question::clock>("clock", "Whose clock is set wrong"), field<&Question::actor>("actor", "Who asks"));
    }
};

constexpr auto kErrorCodes =
    std::to_array({ErrorCode::invalid, ErrorCode::not_found, ErrorCode::conflict, ErrorCode::forbidden,
                   ErrorCode::unavailable, ErrorCode::timeout, ErrorCode::exhausted, ErrorCode::too_large,
                   ErrorCode::io, ErrorCode::unsupported, ErrorCode::internal});

Value error_value(const Error& error) {
    Value value;
    value.set("code", name_of(error.code));
    value.set("what", error.what);
    value.set("where", error.where);
    value.set("hint", error.hint);
    for (const Fault& fault : error.faults)
        value.set("what", fmt::format("{}: {}", fault.where, fault.what));
    return value;
}

Error error_of(const Value& value) {
    const auto text = [&](std::string_view key) {
        const Value* member = value.find(key);
        const std::string* string = member == nullptr ? nullptr : member->if_string();
        return string == nullptr ? std::string() : *string;
    };
    Error error{ErrorCode::internal, text("what"), text("where"), text("hint"), {}};
    for (const ErrorCode code : kErrorCodes)
        if (name_of(code) == text("code")) error.code = code;
    return error;
}

Result<Value> answer(std::string_view line, Controls& controls, bool& down) {
    const Value parsed = TRY(parse_json(line, "request"));
    const auto question = TRY(read<Question>(parsed, "request"));
    Value reply;
    if (question.verb == "status") {
        const LabStatus status = TRY(controls.status());
        reply.set("status", TRY(parse_json(json_text(status))));
    } else if (question.verb == "set") {
        if (!question.link || !question.change) return fail(ErrorCode::invalid, "set needs link and change", "request");
        const LinkStatus link =
            TRY(controls.set_link(*question.link, *question.change, question.actor.value_or("local")));
        reply.set("link", TRY(parse_json(json_text(link))));
    } else if (question.verb == "hijack") {
        if (!question.hijack) return fail(ErrorCode::invalid, "hijack needs prefix and site", "request");
        const HijackList list = TRY(controls.set_hijack(*question.hijack, question.actor.value_or("local")));
        reply.set("hijacks", TRY(parse_json(json_text(list))));
    } else if (question.verb == "clock") {
        if (!question.clock) return fail(ErrorCode::invalid, "clock needs site and shift", "request");
        reply.set("clock", to_value(TRY(controls.set_clock(*question.clock))));
    } else if (question.verb == "down") {
        down = true;
        reply.set("going_down", true);
    } else {
        return fail(ErrorCode::invalid, "expected status, set, hijack, clock or down", "request.do");
    }
    return reply;
}

Result<std::string> receive_line(const Descriptor& socket, std::size_t longest) {
    std::string line;
    std::array<char, 4096> part{};
    while (line.size() <= longest) {
        const ssize_t got = ::recv(socket.get(), part.data(), part.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return fail(ErrorCode::timeout, "the other side said nothing for 5 s", "control socket");
        if (got < 0) return fail_errno(errno, "reading", "control socket");
        if (got == 0) return fail(ErrorCode::io, "the other side closed before it ended its line", "control socket");
        line.append(part.data(), static_cast<std::size_t>(got));
        if (const std::size_t end = line.find('\n'); end != std::string::npos) return line.substr(0, end);
    }
    return fail(ErrorCode::too_large, fmt::format("the line is longer than {} octets", longest), "control socket");
}

Result<void> send_line(const Descriptor& socket, std::string line) {
    line += '\n';
    for (std::string_view rest = line; !rest.empty();) {
        const ssize_t sent = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return fail_errno(errno, "writing", "control socket");
        rest.remove_prefix(static_cast<std::size_t>(sent));
    }
    return {};
}

std::string error_line(const Error& error) {
    Value reply;
    reply.set("error", error_value(error));
    return to_json(reply);
}

}  // namespace

std::string answer_control(std::string_view line, Controls& controls, bool& down) {
    const auto reply = answer(line, controls, down);
    return reply ? to_json(*reply) : error_line(reply.error());
}

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& runtime, Handlers handlers) {
    const Descriptor folder = TRY(Descriptor::open(runtime, O_PATH | O_DIRECTORY));
    const sockaddr_un address = socket_in(folder, kControlSocket);
    Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    if (!socket.is_open()) return fail_errno(errno, "opening the control socket", runtime);
    ::unlink((runtime + "/control.sock").c_str());  // the folder's lock is ours: nobody else's socket
    ::fchmod(socket.get(), 0600);                   // before it has a name, so that it never stands open
    if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 ||
        ::listen(socket.get(), 16) != 0)
        return fail_errno(errno, "opening the control socket", runtime);
    return std::unique_ptr<ControlServer>(new ControlServer(std::move(socket), std::move(handlers)));
}

ControlServer::ControlServer(Descriptor socket, Handlers handlers)
    : socket_(std::move(socket)), wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), handlers_(std::move(handlers)) {
    thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

ControlServer::~ControlServer() {
    thread_.request_stop();
    const std::uint64_t one = 1;
    static_cast<void>(!::write(wake_.get(), &one, sizeof(one)));
}

void ControlServer::run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
        std::array<pollfd, 2> waiting{pollfd{socket_.get(), POLLIN, 0}, pollfd{wake_.get(), POLLIN, 0}};
        ::poll(waiting.data(), waiting.size(), -1);
        const Descriptor peer(::accept4(socket_.get(), nullptr, nullptr, SOCK_CLOEXEC));
        if (peer.is_open()) converse(peer);
    }
}

void ControlServer::converse(const Descriptor& peer) {
    limit_time(peer, kPatience);
    bool down = false;
    const auto line = receive_line(peer, kLongestQuestion);
    const std::string reply = line ? answer_control(*line, handlers_.controls, down) : error_line(line.error());
    if (auto sent = send_line(peer, reply); !sent) log(kControlFailed, {{"error", sent.error().text()}});
    if (down) handlers_.down();
}

Result<Value> LabClient::ask(const Value& question) const {
    const auto nobody = [&] {
        return fail(ErrorCode::not_found, "no lab is running here", runtime_,
                    "start one with `quipu lab up` or `quipu run`");
    };
    const auto folder = Descriptor::open(runtime_, O_PATH | O_DIRECTORY);
    if (!folder) return folder.error().code == ErrorCode::forbidden ? std::unexpected(folder.error()) : nobody();
    const sockaddr_un address = socket_in(*folder, kControlSocket);
    const Descriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    limit_time(socket, kPatience);
    if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
        if (errno == EACCES)
            return fail(ErrorCode::forbidden, "the lab belongs to another user", runtime_,
                        "run this as root, with sudo");
        return nobody();
    }
    TRY(send_line(socket, to_json(question)));
    const std::string line = TRY(receive_line(socket, kLongestAnswer));
    Value reply = TRY(parse_json(line, "the lab's answer"));
    if (const Value* error = reply.find("error")) return std::unexpected(error_of(*error));
    return reply;
}

Result<LabStatus> LabClient::status() const {
    Value question;
    question.set("do", "status");
    const Value reply = TRY(ask(question));
    const Value* status = reply.find("status");
    return read<LabStatus>(status == nullptr ? Value() : *status, "the lab's answer");
}

Result<void> LabClient::ask_down() const {
    Value question;
    question.set("do", "down");
    TRY(ask(question));
    return {};
}

Result<ClockChange> LabClient::set_clock(const ClockChange& change) {
    Value question;
    question.set("do", "clock");
    question.set("clock", to_value(change));
    const Value reply = TRY(ask(question));
    const Value* clock = reply.find("clock");
    return read<ClockChange>(clock == nullptr ? Value() : *clock, "the lab's answer");
}

Result<HijackList> LabClient::change_hijack(const HijackChange& change, std::string_view actor) {
    Value question;
    question.set("do", "hijack");
    question.set("hijack", TRY(parse_json(json_text(change))));
    question.set("actor", actor);
    const Value reply = TRY(ask(question));
    const Value* list = reply.find("hijacks");
    return read<HijackList>(list == nullptr ? Value() : *list, "the lab's answer");
}

Result<LinkStatus> LabClient::change_link(std::string_view id, const LinkChange& change, std::string_view actor) {
    Value question;
    question.set("do", "set");
    question.set("link", id);
    question.set("change", TRY(parse_json(json_text(change))));
    question.set("actor", actor);
    const Value reply = TRY(ask(question));
    const Value* link = reply.find("link");
    return read<LinkStatus>(link == nullptr ? Value() : *link, "the lab's answer");
}

}  // namespace quipu::lab
