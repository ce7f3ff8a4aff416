#include "platform/mail/server_out.h"

#include <algorithm>
#include <array>
#include <deque>
#include <fmt/format.h>

#include "base/log.h"

namespace quipu::mail {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kTrouble{LogLevel::warning, "MAIL_SMARTHOST", "The smarthost can't be talked to; letters wait",
                            "See the error; check [mail] in the configuration and the server."};
constexpr LogEvent kBack{LogLevel::info, "MAIL_SMARTHOST_BACK", "The smarthost can be talked to again"};
constexpr LogEvent kUncertain{
    LogLevel::warning, "MAIL_UNCERTAIN",
    "The connection was lost after a letter's last octet: it is sent again with the same Message-ID"};
constexpr LogEvent kNotSettled{LogLevel::error, "MAIL_NOT_SETTLED",
                               "What became of a letter could not be kept; tried again in a second",
                               "See the error; check the database."};

constexpr std::size_t kClaim = 10;
constexpr std::size_t kLettersPerSession = 200;
constexpr Nanoseconds kLook = 200ms;
constexpr Nanoseconds kIdle = 5s;
constexpr Nanoseconds kConnect = 30s;

}  // namespace

Sender::Sender(data::Database& database, Store& store, const Clock& clock, SmarthostSettings settings)
    : database_(database), store_(store), clock_(clock), settings_(std::move(settings)) {}

void Sender::start(net::EventLoop& loop) {
    for (std::size_t i = 0; i < settings_.connections; ++i)
        loop.spawn(work(loop, i));
}

void Sender::ring() {
    ++rung_;
}

void Sender::drain() {
    draining_ = true;
}

std::string Sender::trouble() const {
    return trouble_.with([](const std::string& text) { return text; });
}

Task<void> Sender::wait(net::EventLoop& loop, Nanoseconds most) {
    const std::uint64_t before = rung_;
    for (Nanoseconds waited{}; waited < most && !draining_; waited += kLook) {
        co_await loop.sleep(kLook);
        if (rung_ != before) co_return;
    }
}

Task<void> Sender::work(net::EventLoop& loop, std::size_t index) {
    std::int64_t failures = 0;
    while (!draining_) {
        const auto due = co_await loop.blocking([this, index]() -> Result<bool> {
            if (index == 0) TRY(give_up_expired());
            // A further connection is made where there is work for one.
            return TRY(store_.due_letters(index * kClaim + 1))
            > index* kClaim;
        });
        if (!due || !*due) {
            co_await wait(loop, kIdle);
            continue;
        }
        ++busy_;
        auto done = co_await session(loop);
        --busy_;
        if (done) {
            if (failures > 0) {
                log(kBack, {{"host", settings_.host}});
                trouble_.with([](std::string& text) { text.clear(); });
            }
            failures = 0;
            continue;
        }
        ++counters_.sessions_failed;
        if (failures++ == 0) log(kTrouble, {{"host", settings_.host}, {"error", done.error().text()}});
        trouble_.with([&](std::string& text) { text = done.error().text(); });
        const Nanoseconds pause = rng_.with([&](Rng& rng) { return pause_after(failures, rng); });
        for (Nanoseconds waited{}; waited < pause && !draining_; waited += kLook)
            co_await loop.sleep(kLook);
    }
}

Task<Result<std::unique_ptr<net::StreamSocket>>> Sender::connect(net::EventLoop& loop) {
    const auto addresses =
        CO_TRY(co_await loop.blocking([this] { return net::resolve(settings_.host, settings_.port); }));
    Error last{ErrorCode::unavailable, "the smarthost has no address"};
    for (const net::Endpoint& address : addresses) {
        auto socket = co_await net::StreamSocket::connect(loop, address, kConnect);
        if (socket) co_return std::move(*socket);
        last = std::move(socket.error());
    }
    co_return std::unexpected(std::move(last));
}

/// Moves octets between engine and socket until it is ready for a letter, or has told what became of one.
Task<Result<void>> Sender::pump(net::EventLoop& /*loop*/, SmtpClient& client, net::StreamSocket& socket,
                                const DueLetter* letter, std::vector<Outcome>* outcomes) {
    std::array<char, 4096> buffer{};
    bool ready = false;
    std::optional<Error> closed;
    for (;;) {
        // What the engine is told here may make it say more: until it has nothing to say.
        for (auto actions = client.take(); !actions.empty(); actions = client.take()) {
            for (auto& action : actions) {
                if (auto* send = std::get_if<SmtpClient::Send>(&action)) {
                    if (letter != nullptr && client.at_final_dot() && settings_.at_final_dot)
                        settings_.at_final_dot(*letter);
                    if (auto sent = co_await socket.write(send->octets, client.patience()); !sent)
                        client.lost(std::move(sent.error()));
                } else if (std::get_if<SmtpClient::StartTls>(&action) != nullptr) {
                    auto secured = settings_.tls ? co_await socket.secure(*settings_.tls, settings_.host, kConnect)
                                                 : Result<void>(fail(ErrorCode::internal, "there is no TLS context"));
                    if (secured)
                        client.secured();
                    else
                        client.secure_failed(std::move(secured.error()));
                } else if (auto* delivered = std::get_if<SmtpClient::Delivered>(&action)) {
                    if (outcomes != nullptr) *outcomes = std::move(delivered->outcomes);
                } else if (auto* end = std::get_if<SmtpClient::Closed>(&action)) {
                    closed = end->error.value_or(Error{ErrorCode::unavailable, "the session is over", {}, {}, {}});
                } else {
                    ready = true;
                }
            }
        }
        if (closed) co_return std::unexpected(std::move(*closed));
        if (ready) co_return Result<void>{};
        auto count = co_await socket.read_some(buffer, client.patience());
        if (!count)
            client.lost(std::move(count.error()));
        else if (*count == 0)
            client.lost({ErrorCode::unavailable, "the server closed the connection", {}, {}, {}});
        else
            client.receive({buffer.data(), *count});
    }
}

Task<Result<void>> Sender::session(net::EventLoop& loop) {
    const auto socket = CO_TRY(co_await connect(loop));
    SmtpClient client(settings_.rules);
    CO_TRY(co_await pump(loop, client, *socket, nullptr, nullptr));
    ++counters_.connections;
    std::size_t sent = 0;
    while (!draining_ && sent < kLettersPerSession) {
        std::deque<DueLetter> letters;
        {
            auto claimed = CO_TRY(co_await loop.blocking([this] { return store_.claim(settings_.claimer, kClaim); }));
            std::ranges::move(claimed, std::back_inserter(letters));
        }
        if (letters.empty()) break;
        Result<void> done;
        while (!letters.empty() && done && !draining_) {
            done = co_await deliver(loop, std::move(letters.front()), client, *socket);
            letters.pop_front();
            ++sent;
        }
        for (const DueLetter& left : letters)
            static_cast<void>(co_await loop.blocking([this, id = left.id] { return store_.release(id); }));
        CO_TRY(std::move(done));
    }
    client.quit();
    static_cast<void>(co_await pump(loop, client, *socket, nullptr, nullptr));
    co_return Result<void>{};
}

Task<Result<void>> Sender::deliver(net::EventLoop& loop, DueLetter letter, SmtpClient& client,
                                   net::StreamSocket& socket) {
    Parcel parcel{.sender = settings_.return_path(letter.id), .recipients = {}, .message = letter.message};
    for (const auto& to : letter.recipients)
        parcel.recipients.push_back(to.address);
    std::vector<Outcome> outcomes;
    client.submit(std::move(parcel));
    Result<void> done = co_await pump(loop, client, socket, &letter, &outcomes);
    outcomes.resize(letter.recipients.size());
    // A letter that went out must be known to have gone out: nothing else is sent over this connection before.
    for (;;) {
        const auto recorded = co_await loop.blocking([this, &letter, &outcomes] { return record(letter, outcomes); });
        if (recorded) break;
        log(kNotSettled, {{"letter", letter.id}, {"error", recorded.error().text()}});
        co_await loop.sleep(1s);
    }
    co_return done;
}

Result<void> Sender::record(const DueLetter& letter, const std::vector<Outcome>& outcomes) {
    const Time now = clock_.now();
    std::vector<Store::Settled> settled;
    for (std::size_t i = 0; i < outcomes.size(); ++i) {
        const auto& to = letter.recipients[i];
        const Outcome& outcome = outcomes[i];
        const NextStep step =
            rng_.with([&](Rng& rng) { return after_attempt(outcome, to.attempts + 1, now, letter.expires, rng); });
        if (outcome.uncertain) log(kUncertain, {{"letter", letter.id}});
        (step.state == RecipientState::sent     ? counters_.sent
         : step.state == RecipientState::queued ? counters_.later
                                                : counters_.failed) += 1;
        settled.push_back({to.address, outcome, step});
    }
    const auto whole = TRY(store_.letter(letter.id));
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        TRY(store_.settle(transaction, letter.id, settled));
        for (const auto& each : settled) {
            if (each.step.state == RecipientState::sent) TRY(store_.clear_failing(transaction, each.address));
            const bool given_up =
                each.step.state == RecipientState::failed || each.step.state == RecipientState::expired;
            if (!given_up) continue;
            const bool news =
                !each.step.bad_address ||
                TRY(store_.mark_failing(transaction, each.address, each.outcome.status, each.outcome.text));
            if (!news || !settings_.on_failure || !whole) continue;
            TRY(settings_.on_failure(transaction, {.to = {"", each.address},
                                                   .status = each.outcome.status,
                                                   .reason = each.outcome.text,
                                                   .subject = whole->subject,
                                                   .purpose = whole->purpose,
                                                   .about = whole->about,
                                                   .letter = letter.id}));
        }
        return {};
    });
}

Result<void> Sender::give_up_expired() {
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        for (const Failure& failure : TRY(store_.expire(transaction)))
            if (settings_.on_failure) TRY(settings_.on_failure(transaction, failure));
        return {};
    });
}

}  // namespace quipu::mail
