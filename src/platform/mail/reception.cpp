#include "platform/mail/reception.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/log.h"
#include "base/number.h"

namespace quipu::mail {
namespace {

constexpr LogEvent kRepeat{LogLevel::info, "MAIL_REPEAT", "A letter came again and was dropped"};
constexpr LogEvent kAutomatic{LogLevel::info, "MAIL_AUTOMATIC",
                              "An automatic answer or a letter of our own came in and was dropped"};
constexpr LogEvent kBounce{LogLevel::warning, "MAIL_BOUNCE", "Mail has come back",
                           "If it is for good, the address is marked as failing: correct the contact."};
constexpr LogEvent kUnderstoodNot{LogLevel::warning, "MAIL_NOT_UNDERSTOOD", "A letter that came in was refused"};

/// One sender opens at most so many cases in an hour; more come later, or never.
constexpr std::int64_t kMostOpened = 20;

std::optional<std::int64_t> case_in(std::string_view about) {
    if (!about.starts_with("case:")) return std::nullopt;
    return parse_number<std::int64_t>(about.substr(5));
}

}  // namespace

Result<void> Reception::take(const Envelope& envelope, std::string_view message) {
    auto parsed = parse_letter(as_bytes(message));
    if (!parsed) {
        ++counters_.refused;
        log(kUnderstoodNot, {{"error", parsed.error().text()}});
        return std::unexpected(parsed.error());
    }
    const Judgement judgement = judge(*parsed, envelope, addresses_, names_);
    switch (judgement.kind) {
        case Judgement::Kind::bounce:
            ++counters_.bounces;
            return keep(*parsed, "bounce", [&](data::Transaction& transaction) {
                return take_bounce(transaction, *parsed, judgement.bounced_letter);
            });
        case Judgement::Kind::automatic:
        case Judgement::Kind::loop:
            ++counters_.automatic;
            log(kAutomatic, {{"message_id", parsed->letter.message_id}});
            return keep(*parsed, judgement.kind == Judgement::Kind::loop ? "loop" : "automatic",
                        [](data::Transaction&) { return Result<std::string>(std::string()); });
        case Judgement::Kind::anonymous:
            ++counters_.refused;
            return fail(ErrorCode::invalid, "the letter has no From address");
        case Judgement::Kind::letter: break;
    }
    parsed->letter.automatic = !parsed->origin.auto_submitted.empty() && parsed->origin.auto_submitted != "no";
    if (!parsed->origin.list_id.empty() || parsed->origin.precedence == "bulk" || parsed->origin.precedence == "junk" ||
        parsed->origin.precedence == "list")
        parsed->letter.automatic = true;
    return take_letter(*parsed, judgement);
}

Result<void> Reception::keep(const ParsedLetter& parsed, std::string_view outcome,
                             const std::function<Result<std::string>(data::Transaction&)>& work) {
    const std::string sender = parsed.letter.from ? parsed.letter.from->address : std::string();
    return database_.write([&](data::Transaction& transaction) -> Result<void> {
        if (TRY(store_.was_received(transaction, parsed.letter.message_id))) {
            ++counters_.repeats;
            log(kRepeat, {{"message_id", parsed.letter.message_id}});
            return {};
        }
        const std::string about = TRY(work(transaction));
        return store_.note_received(transaction, parsed.letter.message_id, outcome, about, sender);
    });
}

Result<void> Reception::take_letter(const ParsedLetter& parsed, const Judgement& judgement) {
    Inbox* const inbox = inbox_;
    if (inbox == nullptr) return fail(ErrorCode::unavailable, "nobody takes letters yet");
    const std::string& sender = parsed.letter.from->address;
    const auto number = TRY(find_case(parsed, judgement));
    if (number && TRY(inbox->may_write(*number, sender))) {
        TRY(inbox->prepare(parsed.letter));
        TRY(keep(parsed, "note", [&](data::Transaction& transaction) -> Result<std::string> {
            TRY(inbox->add_note(transaction, *number, parsed.letter));
            return fmt::format("case:{}", *number);
        }));
        ++counters_.notes;
        return {};
    }
    if (TRY(store_.opened_by(sender, clock_.now() - std::chrono::hours(1))) >= kMostOpened)
        return fail(ErrorCode::unavailable, "this sender has opened many cases in the last hour");
    TRY(inbox->prepare(parsed.letter));
    TRY(keep(parsed, "opened", [&](data::Transaction& transaction) -> Result<std::string> {
        const std::int64_t opened = TRY(inbox->open(transaction, parsed.letter, number));
        return fmt::format("case:{}", opened);
    }));
    ++counters_.opened;
    return {};
}

/// By what the letter answers to, nearest first; the address is the second means, since people write to it anew.
Result<std::optional<std::int64_t>> Reception::find_case(const ParsedLetter& parsed, const Judgement& judgement) {
    constexpr std::size_t kMostAsked = 20;
    std::size_t asked = 0;
    for (const std::string& id : parsed.letter.answers_to) {
        if (++asked > kMostAsked) break;
        if (const auto number = case_in(TRY(store_.about_of(id)))) return number;
        if (const auto number = TRY(inbox_.load()->case_of_message(id))) return number;
    }
    return judgement.case_number;
}

Result<std::string> Reception::take_bounce(data::Transaction& transaction, const ParsedLetter& parsed,
                                           std::optional<std::int64_t> number) {
    std::optional<StoredLetter> letter;
    if (number) letter = TRY(store_.letter(*number));
    if (!letter && parsed.report && !parsed.report->original_message_id.empty())
        letter = TRY(store_.sent_as(parsed.report->original_message_id));
    log(kBounce, {{"letter", letter ? std::to_string(letter->id) : std::string("unknown")}});
    // A report about a letter that we did not send says nothing that we may believe.
    if (!letter || !parsed.report) return std::string();
    const auto recipients = TRY(store_.recipients_of(letter->id));
    for (const RecipientReport& report : parsed.report->recipients) {
        const auto ours = std::ranges::find_if(recipients, [&](const QueueEntry& each) {
            return folded_address(each.address) == folded_address(report.address);
        });
        if (ours == recipients.end() || !report.is_hard()) continue;
        TRY(transaction.run(
            "UPDATE mail_recipients SET state = 'failed', status = ?, answer = ? WHERE letter = ? AND address = ?",
            report.status.text(), report.diagnostic, letter->id, ours->address));
        const bool news = TRY(store_.mark_failing(transaction, ours->address, report.status.text(), report.diagnostic));
        if (!news || !tell_) continue;
        TRY(tell_(transaction, {.to = {"", ours->address},
                                .status = report.status.text(),
                                .reason = report.diagnostic,
                                .subject = letter->subject,
                                .purpose = letter->purpose,
                                .about = letter->about,
                                .letter = letter->id}));
    }
    return letter->about;
}

}  // namespace quipu::mail
