#include "platform/notify/service.h"

#include <algorithm>
#include <atomic>
#include <fmt/format.h>
#include <iterator>
#include <map>
#include <set>
#include <thread>

#include "base/log.h"
#include "base/number.h"
#include "net/secret_file.h"
#include "net/tls.h"
#include "platform/config.h"
#include "platform/notify/api.h"
#include "platform/notify/engine_compose.h"
#include "platform/notify/sources.h"
#include "platform/notify/webhook.h"

namespace quipu::notify {
namespace {

using namespace std::chrono_literals;

constexpr LogEvent kNotTold{LogLevel::error, "NOTIFY_NOT_TOLD", "A message could not be made; it is tried again",
                            "See the error; check the database."};
constexpr LogEvent kUnfit{LogLevel::error, "NOTIFY_UNFIT", "A notice can't be told and was left out",
                          "Report this line: it is a fault of the program."};
constexpr LogEvent kWebhook{LogLevel::warning, "NOTIFY_WEBHOOK", "A webhook was given up",
                            "See the address in its rule."};

constexpr std::size_t kAtOnce = 50;
constexpr Nanoseconds kLook = 1s;
constexpr std::int64_t kMostTries = 10;
constexpr auto kRemembered = std::chrono::days(180);

struct Settings {
    std::string gather = "30s";
    std::string calm = "10 min";
    std::string daily_at = "08:00";
    bool allow_private = false;
    static constexpr auto describe() {
        using T = Settings;
        return fields(
            field<&T::gather>("gather", "How long the first notice of a storm waits for the others").at_most_long(20),
            field<&T::calm>("calm", "Between two messages to one reader about one cause").at_most_long(20),
            field<&T::daily_at>("daily_at", "When a daily digest is sent, in the reader's time zone").at_most_long(5),
            field<&T::allow_private>("allow_private",
                                     "Webhooks may go to private addresses and over http: on a test machine"));
    }
};

std::optional<std::int64_t> case_of(std::string_view about) {
    if (!about.starts_with("case:")) return std::nullopt;
    return parse_number<std::int64_t>(about.substr(5));
}

class Running final : public NotifyService, public Notifier {
  public:
    Running(std::function<mail::Mail&()> mail, std::vector<std::string_view> needs)
        : mail_of_(std::move(mail)), needs_(std::move(needs)) {
        needs_.emplace_back("mail");
    }
    ~Running() override { end(); }

    [[nodiscard]] std::string_view name() const override { return "notify"; }
    [[nodiscard]] std::vector<std::string_view> needs() const override { return needs_; }
    [[nodiscard]] std::vector<data::Migration> migrations() const override { return kNotifyMigrations; }
    [[nodiscard]] Value settings_schema() const override { return platform::settings_schema_of<Settings>(); }
    [[nodiscard]] Notifier& notifier() override { return *this; }
    void use_directory(std::unique_ptr<Directory> directory) override { directory_ = std::move(directory); }

    [[nodiscard]] Result<void> parse(const Value& section, const std::string& file) override {
        if (!section.is_null()) settings_ = TRY(read<Settings>(section, file));
        const auto duration = [&](const std::string& text, std::string_view name) -> Result<Nanoseconds> {
            auto parsed = parse_duration(text);
            if (!parsed)
                return fail(ErrorCode::invalid, parsed.error().what, fmt::format("{} notify.{}", file, name),
                            "write it as 30s or 10 min");
            return *parsed;
        };
        plan_.gather = TRY(duration(settings_.gather, "gather"));
        plan_.calm = TRY(duration(settings_.calm, "calm"));
        plan_.daily_at = TRY(parse_time_of_day(settings_.daily_at, file + " notify.daily_at"));
        return {};
    }

    [[nodiscard]] Result<void> provision(platform::House& house) override {
        house_ = &house;
        mail_ = &mail_of_();
        if (!store_) {
            secret_ = TRY(net::own_secret(house.data_folder + "/notify.key"));
            store_ = std::make_unique<Store>(house.database);
        }
        tls_.emplace(TRY(net::TlsContext::public_client()));
        streams_ = std::make_shared<Streams>(*store_, texts_);
        add_routes(house.api,
                   {.clock = house.clock,
                    .store = *store_,
                    .texts = texts_,
                    .notifier = *this,
                    .streams = streams_,
                    .directory = [this] { return directory_.get(); },
                    .secret_of = [this](const Rule& rule) { return secret_of(rule.id, rule.url.value_or("")); },
                    .rules_changed = [this] { rules_.with([](auto& rules) { rules.reset(); }); },
                    .allow_private = settings_.allow_private,
                    .network = "Quipu"});
        mail_->tell_failures([this](data::Transaction& transaction, const mail::Failure& failure) {
            return tell_failure(transaction, failure);
        });
        gauges_.push_back(house.metrics.counter_from("quipu_notify_messages_total",
                                                     "Messages sent to people, by mail and webhook", {},
                                                     [this] { return static_cast<double>(sent_); }));
        return {};
    }

    [[nodiscard]] Result<void> start() override {
        TRY(store_->forget(house_->clock.now() - kRemembered));
        following_.push_back(
            TRY(house_->journal.subscribe("notify", false, [this](const data::Event& event) -> Result<void> {
                const auto notice = notice_of(event);
                return notice ? take("journal", event, {*notice}) : Result<void>{};
            })));
        for (const auto& [source_name, source] : sources_)
            following_.push_back(TRY(house_->journal.subscribe(
                "notify." + source_name, false, [this, source_name, source](const data::Event& event) -> Result<void> {
                    return take(source_name, event, TRY(source(event)));
                })));
        loop_ = std::make_unique<net::EventLoop>();
        loop_->spawn(work(*loop_));
        thread_ = std::jthread([this] { loop_->run(); });
        return {};
    }

    void drain() override {
        if (streams_) streams_->close();
        following_.clear();
    }
    void stop() override {
        following_.clear();
        end();
        gauges_.clear();
    }

    // ---- Notifier

    [[nodiscard]] Result<void> send(data::Transaction& transaction, const Notice& notice) override {
        TRY(check(notice));
        const Time now = house_->clock.now();
        const auto addressed = people(notice.to);
        if (notice.secret) return send_now(transaction, notice, addressed, std::nullopt);
        const auto number = TRY(store_->keep(transaction, notice, now));
        if (!number) return {};
        const auto rules = notice.only_to && notice.at_once ? std::vector<OwnedRule>() : owned_rules(notice);
        bool shown = false;
        std::vector<Recipient> by_mail;
        for (const Delivery& delivery : plan(notice, addressed, rules, now, plan_,
                                             [](std::string_view name) { return Zone::load(name).value_or(Zone()); })) {
            if (delivery.channel == Channel::portal) {
                TRY(store_->show(transaction, delivery.recipient.id, *number));
                shown = true;
            } else if (notice.at_once) {
                by_mail.push_back(delivery.recipient);
            } else {
                TRY(store_->gather(transaction, delivery, *number, now, plan_.calm));
            }
        }
        if (notice.at_once) TRY(send_now(transaction, notice, by_mail, number));
        if (shown) transaction.on_commit([streams = streams_] { streams->ring(); });
        return {};
    }
    [[nodiscard]] Result<void> send(const Notice& notice) override {
        return house_->database.write([&](data::Transaction& transaction) { return send(transaction, notice); });
    }
    [[nodiscard]] Result<void> add_texts(std::span<const Text> texts) override { return texts_.add(texts); }
    void follow(std::string source_name, Source source) override {
        sources_.insert_or_assign(std::move(source_name), std::move(source));
    }

  private:
    [[nodiscard]] Result<void> check(const Notice& notice) const {
        if (!texts_.knows(notice.text))
            return fail(ErrorCode::invalid, fmt::format("there is no text \"{}\"", notice.text), "text");
        for (const std::string& wanted : texts_.needed(notice.text))
            if (!notice.values.contains(wanted))
                return fail(ErrorCode::invalid, fmt::format("the text {} needs a value for {}", notice.text, wanted),
                            "values." + wanted);
        if (notice.topic.empty()) return fail(ErrorCode::invalid, "a notice has a topic", "topic");
        return {};
    }

    [[nodiscard]] std::vector<Recipient> people(const std::vector<To>& to) {
        Directory* const directory = directory_.get();
        std::vector<Recipient> out;
        for (const To& each : to) {
            if (each.kind == To::Kind::address) {
                const auto language = each.language.value_or(mail::Language::en);
                out.push_back({.id = "mail:" + each.mailbox.address, .mailbox = each.mailbox, .language = language});
            } else if (directory != nullptr) {
                std::ranges::move(directory->find(each), std::back_inserter(out));
            }
        }
        // One person may be named twice: by a role and by name.
        std::set<std::string> seen;
        std::erase_if(out, [&](const Recipient& each) { return !seen.insert(each.id).second; });
        return out;
    }

    [[nodiscard]] std::vector<OwnedRule> owned_rules(const Notice& notice) {
        Directory* const directory = directory_.get();
        if (directory == nullptr) return {};
        std::vector<OwnedRule> out;
        for (const Rule& rule : current_rules()) {
            if (!fits(rule, notice)) continue;
            OwnedRule owned{.rule = rule, .recipients = {}};
            if (rule.team) {
                const std::size_t slash = rule.team->find('/');
                owned.recipients = directory->find(To::at(rule.team->substr(0, slash), rule.team->substr(slash + 1)));
            } else if (auto owner = directory->recipient(rule.owner)) {
                owned.recipients.push_back(std::move(*owner));
            }
            // Who may not know of it is not told of it, whatever their rule says.
            std::erase_if(owned.recipients, [&](const Recipient& each) {
                if (notice.organisations.empty()) return !directory->may_know(each.id, {});
                return std::ranges::none_of(notice.organisations, [&](const std::string& organisation) {
                    return directory->may_know(each.id, organisation);
                });
            });
            if (!owned.recipients.empty()) out.push_back(std::move(owned));
        }
        return out;
    }

    [[nodiscard]] std::vector<Rule> current_rules() {
        auto cached = rules_.with([](const auto& rules) { return rules; });
        if (!cached) {
            auto read = store_->rules();
            if (!read) return {};
            cached = std::make_shared<const std::vector<Rule>>(std::move(*read));
            rules_.with([&](auto& rules) { rules = cached; });
        }
        return *cached;
    }

    /// Letters in the caller's own transaction.
    [[nodiscard]] Result<void> send_now(data::Transaction& transaction, const Notice& notice,
                                        const std::vector<Recipient>& recipients, std::optional<std::int64_t> number) {
        for (const Recipient& recipient : recipients) {
            if (recipient.mailbox.address.empty()) continue;
            Values values = notice.values;
            if (!recipient.mailbox.name.empty()) values.try_emplace("name", recipient.mailbox.name);
            const Rendered text =
                TRY(render_notice(texts_, notice.text, recipient.language, values, notice.about, portal()));
            mail::Letter letter = letter_to(recipient, text, notice.topic, notice.about, notice.references);
            letter.secret = notice.secret;
            if (!notice.key.empty())
                letter.once = fmt::format("notice/{}/{}", notice.key, recipient.id);
            else if (number)
                letter.once = fmt::format("notice/#{}/{}", *number, recipient.id);
            TRY(mail_->send(transaction, letter));
            ++sent_;
        }
        return {};
    }

    [[nodiscard]] mail::Letter letter_to(const Recipient& recipient, const Rendered& text, const std::string& topic,
                                         const std::string& about, const std::vector<std::string>& references) const {
        mail::Letter out{.purpose = topic,
                         .about = about,
                         .to = {recipient.mailbox},
                         .subject = text.subject,
                         .text = text.body + "\n",
                         .language = recipient.language,
                         .references = references};
        if (!references.empty()) out.in_reply_to = references.back();
        if (const auto number = case_of(about)) out.reply_to = mail::Address{"", mail_->case_address(*number)};
        return out;
    }

    /// Of one event, all or nothing.
    [[nodiscard]] Result<void> take(const std::string& source, const data::Event& event, std::vector<Notice> notices) {
        if (notices.empty()) return {};
        std::size_t index = 0;
        for (Notice& notice : notices) {
            if (notice.key.empty()) notice.key = fmt::format("{}/{}/{}", source, event.id, index++);
            // A notice that does not fit will not fit later: it must not stop the ones behind it.
            if (const auto fit = check(notice); !fit) {
                log(kUnfit, {{"event", event.id}, {"error", fit.error().text()}});
                notice.topic.clear();
            }
        }
        return house_->database.write([&](data::Transaction& transaction) -> Result<void> {
            for (const Notice& notice : notices)
                if (!notice.topic.empty()) TRY(send(transaction, notice));
            return {};
        });
    }

    [[nodiscard]] Result<void> tell_failure(data::Transaction& transaction, const mail::Failure& failure) {
        Directory* const directory = directory_.get();
        if (directory == nullptr) return {};
        Notice notice{.topic = "mail.failing",
                      .key = fmt::format("mail.failing/{}/{}", failure.letter, failure.to.address),
                      .cause = "mail.failing",
                      .about = failure.about,
                      .severity = Severity::warning,
                      .text = "mail-failing",
                      .values = {{"address", failure.to.address},
                                 {"status", failure.status},
                                 {"reason", failure.reason},
                                 {"subject", failure.subject}},
                      .only_to = true};
        // Mail about mail that fails must not go to who fails.
        auto managers = directory->managers_of(failure.to.address);
        std::erase_if(managers, [&](const Recipient& each) { return each.mailbox.address == failure.to.address; });
        const Time now = house_->clock.now();
        const auto number = TRY(store_->keep(transaction, notice, now));
        if (!number) return {};
        for (const Delivery& delivery :
             plan(notice, managers, {}, now, plan_, [](std::string_view) { return Zone(); })) {
            if (delivery.channel == Channel::portal)
                TRY(store_->show(transaction, delivery.recipient.id, *number));
            else
                TRY(store_->gather(transaction, delivery, *number, now, plan_.calm));
        }
        return {};
    }

    // ---- what has gathered goes out

    Task<void> work(net::EventLoop& loop) {
        for (;;) {
            auto messages = co_await loop.blocking([this] { return store_->due(house_->clock.now(), kAtOnce); });
            if (!messages) log(kNotTold, {{"error", messages.error().text()}});
            for (std::size_t i = 0; messages && i < messages->size(); ++i) {
                const Message& message = (*messages)[i];
                Result<void> done;
                if (message.channel == Channel::webhook)
                    done = co_await post(loop, message);
                else
                    done = co_await loop.blocking([this, &message] { return send_message(message); });
                if (!done) log(kNotTold, {{"message", message.id}, {"error", done.error().text()}});
            }
            if (!messages || messages->size() < kAtOnce) co_await loop.sleep(kLook);
        }
    }

    /// The letter and the mark that it was sent are one transaction: it goes into the queue once.
    [[nodiscard]] Result<void> send_message(const Message& message) {
        const bool failing = TRY(mail_->is_failing(message.recipient.mailbox.address));
        const Time now = house_->clock.now();
        const Zone zone = zone_of(message.recipient.id);
        return house_->database.write([&](data::Transaction& transaction) -> Result<void> {
            if (failing)
                return store_->settle(transaction, message.id, Store::MessageState::failed, now,
                                      "mail to this address comes back");
            const auto notices = TRY(store_->items_of(transaction, message.id));
            const Rendered text =
                TRY(compose(texts_, notices, message.recipient.language, message.digest, zone, portal()));
            const bool one_object =
                std::ranges::all_of(notices, [&](const Kept& each) { return each.about == notices.front().about; });
            mail::Letter letter = letter_to(message.recipient, text, notices.front().topic,
                                            one_object ? notices.front().about : std::string(),
                                            one_object ? notices.front().references : std::vector<std::string>());
            letter.once = fmt::format("message/{}", message.id);
            TRY(mail_->send(transaction, letter));
            ++sent_;
            return store_->settle(transaction, message.id, Store::MessageState::sent, now, {});
        });
    }

    Task<Result<void>> post(net::EventLoop& loop, const Message& message) {
        std::vector<Kept> notices;
        CO_TRY(co_await loop.blocking([&] {
            return house_->database.read([&](data::Transaction& transaction) -> Result<void> {
                notices = TRY(store_->items_of(transaction, message.id));
                return {};
            });
        }));
        const Time now = house_->clock.now();
        WebhookPost out;
        out.to = CO_TRY(parse_webhook(message.url, settings_.allow_private));
        out.secret = secret_of(message.rule, message.url);
        out.body = CO_TRY(compose_webhook(texts_, message, notices, portal()));
        out.delivery = message.id;
        out.timestamp = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
        out.allow_private = settings_.allow_private;
        const auto status = co_await post_webhook(loop, *tls_, std::move(out));
        const bool taken = status && *status >= 200 && *status < 300;
        const bool for_good = (status && *status == 410) || (!status && status.error().code == ErrorCode::forbidden) ||
                              message.attempts + 1 >= kMostTries;
        const std::string answer = status ? std::to_string(*status) : status.error().text();
        if (taken) ++sent_;
        if (!taken && for_good) log(kWebhook, {{"rule", message.rule}, {"answer", answer}});
        co_return co_await loop.blocking([&]() -> Result<void> {
            // 30 s, 1 min, 2 min … 4 h.
            if (!taken && !for_good)
                return store_->postpone(
                    message.id, now + 30s * (std::int64_t{1} << std::min<std::int64_t>(message.attempts, 9)), answer);
            return house_->database.write([&](data::Transaction& transaction) {
                return store_->settle(transaction, message.id,
                                      taken ? Store::MessageState::sent : Store::MessageState::failed, now, answer);
            });
        });
    }

    [[nodiscard]] std::string portal() const { return house_->url ? house_->url() : std::string(); }
    [[nodiscard]] Zone zone_of(std::string_view recipient) {
        Directory* const directory = directory_.get();
        const auto found = directory == nullptr ? std::nullopt : directory->recipient(recipient);
        return found ? Zone::load(found->zone).value_or(Zone()) : Zone();
    }
    /// Nothing that is kept: made from the house's key, and another one when the address changes.
    [[nodiscard]] std::string secret_of(std::int64_t rule, std::string_view url) const {
        return net::sha256_hex(net::hmac_sha256(secret_, fmt::format("webhook/{}/{}", rule, url)));
    }

    void end() {
        if (!loop_) return;
        loop_->stop();
        if (thread_.joinable()) thread_.join();
        loop_.reset();
    }

    const std::function<mail::Mail&()> mail_of_;
    std::vector<std::string_view> needs_;
    Settings settings_;
    PlanSettings plan_;
    platform::House* house_ = nullptr;
    mail::Mail* mail_ = nullptr;
    std::unique_ptr<Directory> directory_;
    TextSet texts_;
    std::string secret_;
    std::unique_ptr<Store> store_;
    std::shared_ptr<Streams> streams_;
    std::optional<net::TlsContext> tls_;
    std::map<std::string, Source> sources_;
    Guarded<std::shared_ptr<const std::vector<Rule>>> rules_;
    std::vector<std::shared_ptr<void>> gauges_;
    std::vector<std::unique_ptr<data::Journal::Subscription>> following_;
    std::atomic<std::uint64_t> sent_ = 0;
    std::unique_ptr<net::EventLoop> loop_;
    std::jthread thread_;
};

}  // namespace

std::unique_ptr<NotifyService> make_notify_service(std::function<mail::Mail&()> mail,
                                                   std::vector<std::string_view> needs) {
    return std::make_unique<Running>(std::move(mail), std::move(needs));
}

}  // namespace quipu::notify
