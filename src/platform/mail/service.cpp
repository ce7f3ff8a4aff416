#include "platform/mail/service.h"

#include <atomic>
#include <fmt/format.h>
#include <fstream>
#include <iterator>
#include <thread>

#include "base/log.h"
#include "net/ascii.h"
#include "net/secret_file.h"
#include "platform/config.h"
#include "platform/mail/api.h"
#include "platform/mail/maildir.h"
#include "platform/mail/reception.h"
#include "platform/mail/server_lmtp.h"
#include "platform/mail/server_out.h"
#include "platform/mail/settings.h"

namespace quipu::mail {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kNoSmarthost{LogLevel::warning, "MAIL_NO_SMARTHOST", "No mail is sent: letters wait in the queue",
                                "Set smarthost in section [mail]."};
constexpr LogEvent kReleased{LogLevel::warning, "MAIL_RELEASED",
                             "Letters were being sent when the program ended; they are sent again"};
constexpr LogEvent kMaildir{LogLevel::warning, "MAIL_MAILDIR", "Letters of the maildir can't be taken now; they stay",
                            "See the error."};
constexpr Nanoseconds kMaildirEvery = 2s;
constexpr auto kRemembered = std::chrono::days(90);

Result<std::string> read_text_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) return fail_errno(errno, "open the file", path);
    return std::string(std::istreambuf_iterator<char>(file), {});
}

class Running final : public MailService, public Mail {
  public:
    explicit Running(std::vector<std::string_view> needs) : needs_(std::move(needs)) {}
    ~Running() override { end(); }

    [[nodiscard]] std::string_view name() const override { return "mail"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return needs_; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kMailMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }
    [[nodiscard]] bool sends() const override { return store_ != nullptr && !settings_.smarthost.empty(); }
    [[nodiscard]] Mail& mail() override { return *this; }
    void use_inbox(std::unique_ptr<Inbox> inbox) override { inbox_ = std::move(inbox); }

    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        if (auto fits = check_address(settings_.from); !fits)
            return fail(ErrorCode::invalid, fits.error().what, file + " mail.from", "write it as quipu@example.org");
        if (settings_.name.empty()) settings_.name = domain_of(settings_.from);
        return {};
    }

    [[nodiscard]] Result<void> provision(platform::House& house) override {
        house_ = &house;
        if (!store_) {
            const std::string secret = TRY(net::own_secret(house.data_folder + "/mail.key"));
            addresses_.emplace(secret, std::string(domain_of(settings_.from)));
            loop_mark_ = net::sha256_hex("loop " + secret).substr(0, 16) + "@" + addresses_->domain();
            store_ = std::make_unique<Store>(house.database, house.clock);
            reception_ = std::make_unique<Reception>(
                house.database, *store_, house.clock, *addresses_,
                OurNames{
                    .help = settings_.help, .bounces = settings_.bounces, .from = settings_.from, .loop = loop_mark_});
            reception_->deliver_to(inbox_.get());
            reception_->tell_failures(tell_);
        }
        add_routes(house.api,
                   {.database = house.database,
                    .store = *store_,
                    .trouble = [this] { return sender_ ? sender_->trouble() : std::string("no smarthost is set"); },
                    .ring = [this] { ring(); }});
        if (!settings_.smarthost.empty()) TRY(make_sender());
        if (!settings_.maildir.empty())
            maildir_.emplace(TRY(Maildir::open(settings_.maildir, static_cast<std::size_t>(settings_.largest))));
        if (!settings_.lmtp.empty()) TRY(make_listener());
        add_metrics(house.metrics);
        return {};
    }

    [[nodiscard]] Result<void> start() override {
        const std::int64_t left = TRY(store_->release(claimer()));
        if (left > 0) log(kReleased, {{"recipients", left}});
        TRY(store_->forget(house_->clock.now() - kRemembered));
        if (!sender_) log(kNoSmarthost);
        loop_ = std::make_unique<net::EventLoop>();
        if (sender_) sender_->start(*loop_);
        if (listener_) listener_->start(*loop_);
        draining_ = false;
        if (maildir_) loop_->spawn(read_maildir(*loop_));
        thread_ = std::jthread([this] { loop_->run(); });
        return {};
    }

    void drain() override {
        draining_ = true;
        if (listener_) listener_->drain();
        if (!sender_) return;
        sender_->drain();
        // A letter that is on its way may end; one that does not is sent again after the next start.
        for (int i = 0; i < 50 && sender_->busy() > 0; ++i)
            std::this_thread::sleep_for(100ms);
    }

    void stop() override {
        end();
        gauges_.clear();
        listener_.reset();
        sender_with([](auto& sender) { sender.reset(); });
        maildir_.reset();
    }

    // ---- Mail

    [[nodiscard]] Result<std::string> send(data::Transaction& transaction, const Letter& letter) override {
        if (!letter.once.empty())
            if (auto before = TRY(store_->taken_once(transaction, letter.once))) return std::move(*before);
        const Time now = house_->clock.now();
        NewLetter out{.message_id = fmt::format("{}@{}", net::random_token(18), addresses_->domain()),
                      .once = letter.once,
                      .purpose = letter.purpose,
                      .about = letter.about,
                      .subject = letter.subject,
                      .secret = letter.secret,
                      .created = now,
                      .expires = now + letter.life,
                      .message = {},
                      .recipients = {}};
        out.message = TRY(
            write_letter(letter, {.message_id = out.message_id,
                                  .date = now,
                                  .from = {settings_.from_name.empty() ? "Quipu" : settings_.from_name, settings_.from},
                                  .loop = loop_mark_}));
        for (const Address& to : letter.to)
            out.recipients.push_back(to.address);
        TRY(store_->add(transaction, out));
        transaction.on_commit([this] { ring(); });
        return out.message_id;
    }
    [[nodiscard]] Result<std::string> send(const Letter& letter) override {
        std::string id;
        TRY(house_->database.write([&](data::Transaction& transaction) -> Result<void> {
            id = TRY(send(transaction, letter));
            return {};
        }));
        return id;
    }
    [[nodiscard]] std::string case_address(std::int64_t number) const override {
        return addresses_->address(settings_.help, number);
    }
    [[nodiscard]] Result<bool> is_failing(std::string_view address) override { return store_->is_failing(address); }
    void tell_failures(OnFailure tell) override {
        tell_ = std::move(tell);
        if (reception_) reception_->tell_failures(tell_);
    }

  private:
    [[nodiscard]] std::string claimer() const { return net::sha256_hex(house_->data_folder).substr(0, 16); }

    template <class F>
    void sender_with(F&& f) {
        const std::scoped_lock lock(sender_mutex_);
        f(sender_);
    }
    void ring() {
        sender_with([](auto& sender) {
            if (sender) sender->ring();
        });
    }

    [[nodiscard]] Result<void> make_sender() {
        SmarthostSettings out;
        out.host = settings_.smarthost;
        out.port = static_cast<std::uint16_t>(settings_.port);
        out.rules.name = settings_.name;
        out.rules.tls = settings_.tls;
        const auto address = net::IpAddress::parse(settings_.smarthost);
        out.rules.clear_text_auth = address && address->is_loopback();
        if (!settings_.user.empty()) out.rules.credentials = Credentials {
                settings_.user, TRY(net::read_secret_file(settings_.password_file))
            };
        if (settings_.tls == TlsUse::required && !settings_.ca.empty())
            out.tls = TRY(net::TlsContext::client(TRY(read_text_file(settings_.ca)), {}));
        else if (settings_.tls == TlsUse::required)
            out.tls = TRY(net::TlsContext::public_client());
        else if (settings_.tls == TlsUse::opportunistic)
            out.tls = TRY(net::TlsContext::opportunistic_client());
        if (out.rules.credentials && settings_.tls != TlsUse::required && !out.rules.clear_text_auth)
            return fail(ErrorCode::invalid, "a password is sent only to a server whose certificate is verified",
                        "mail.tls", "set tls = \"required\"");
        out.connections = static_cast<std::size_t>(settings_.connections);
        out.claimer = claimer();
        out.return_path = [this](std::int64_t letter) { return addresses_->address(settings_.bounces, letter); };
        out.on_failure = [this](data::Transaction& transaction, const Failure& failure) -> Result<void> {
            return tell_ ? tell_(transaction, failure) : Result<void>{};
        };
        sender_with([&](auto& sender) {
            sender = std::make_unique<Sender>(house_->database, *store_, house_->clock, std::move(out));
        });
        return {};
    }

    [[nodiscard]] Result<void> make_listener() {
        LmtpSettings out;
        out.rules.name = settings_.name;
        out.rules.largest_message = static_cast<std::size_t>(settings_.largest);
        out.rules.is_ours = [this](std::string_view address) {
            return addresses_->is_of(settings_.help, address) || addresses_->is_of(settings_.bounces, address) ||
                   net::equal_ignoring_case(address, settings_.from) || net::equal_ignoring_case(address, "postmaster");
        };
        listener_ = TRY(LmtpListener::open(settings_.lmtp, std::move(out), take()));
        return {};
    }

    [[nodiscard]] TakeLetter take() {
        return
            [this](const Envelope& envelope, std::string_view message) { return reception_->take(envelope, message); };
    }

    Task<void> read_maildir(net::EventLoop& loop) {
        bool told = false;
        while (!draining_) {
            const auto looked = co_await loop.blocking([this] { return maildir_->look(take()); });
            if (!looked && !told) log(kMaildir, {{"error", looked.error().text()}});
            told = !looked;
            co_await loop.sleep(kMaildirEvery);
        }
    }

    void end() {
        if (!loop_) return;
        loop_->stop();
        if (thread_.joinable()) thread_.join();
        loop_.reset();
    }

    void add_metrics(platform::Metrics& metrics) {
        const auto counter = [&](std::string_view metric, std::string_view help, const std::string& what, auto read) {
            gauges_.push_back(metrics.counter_from(metric, help, {{"outcome", what}},
                                                   [read] { return static_cast<double>(read()); }));
        };
        const auto& in = reception_->counters();
        constexpr std::string_view kIn = "quipu_mail_received_total";
        constexpr std::string_view kInHelp = "Letters that came in, by what became of them";
        for (const auto& [what, count] :
             std::initializer_list<std::pair<const char*, const std::atomic<std::uint64_t>*>>{
                 {"note", &in.notes},
                 {"opened", &in.opened},
                 {"repeat", &in.repeats},
                 {"bounce", &in.bounces},
                 {"automatic", &in.automatic},
                 {"refused", &in.refused}})
            counter(kIn, kInHelp, what, [count] { return count->load(); });
        if (sender_) {
            const auto& out = sender_->counters();
            for (const auto& [what, count] :
                 std::initializer_list<std::pair<const char*, const std::atomic<std::uint64_t>*>>{
                     {"sent", &out.sent}, {"later", &out.later}, {"failed", &out.failed}})
                counter("quipu_mail_attempts_total", "Attempts to send, by recipient and outcome", what,
                        [count] { return count->load(); });
        }
        gauges_.push_back(metrics.gauge("quipu_mail_queued", "Recipients that wait for their letter", {}, [this] {
            return static_cast<double>(store_->count(RecipientState::queued).value_or(0));
        }));
    }

    const std::vector<std::string_view> needs_;
    Settings settings_;
    platform::House* house_ = nullptr;
    std::optional<NumberedAddresses> addresses_;
    std::string loop_mark_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Reception> reception_;
    std::unique_ptr<Inbox> inbox_;
    OnFailure tell_;
    std::mutex sender_mutex_;
    std::unique_ptr<Sender> sender_;
    std::unique_ptr<LmtpListener> listener_;
    std::optional<Maildir> maildir_;
    std::unique_ptr<net::EventLoop> loop_;
    std::atomic<bool> draining_ = false;
    std::vector<std::shared_ptr<void>> gauges_;
    std::jthread thread_;
};

}  // namespace

std::unique_ptr<MailService> make_mail_service(std::vector<std::string_view> needs) {
    return std::make_unique<Running>(std::move(needs));
}

}  // namespace quipu::mail
