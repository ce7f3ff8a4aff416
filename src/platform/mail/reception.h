#pragma once
// Takes letters that came in, by LMTP or from a maildir: understood, judged, and kept in one transaction with what
// follows from them. When take() answers ok the letter is safe.

#include <atomic>

#include "platform/mail/engine_inbound.h"
#include "platform/mail/store.h"

namespace quipu::mail {

struct ReceptionCounters {
    std::atomic<std::uint64_t> notes = 0, opened = 0, repeats = 0, bounces = 0, automatic = 0, refused = 0;
};

class Reception {
  public:
    Reception(data::Database& database, Store& store, const Clock& clock, const NumberedAddresses& addresses,
              OurNames names)
        : database_(database), store_(store), clock_(clock), addresses_(addresses), names_(std::move(names)) {}

    /// Blocks. `invalid`: no letter, or nobody's: for good. `unavailable` and what the database says: for now.
    [[nodiscard]] Result<void> take(const Envelope& envelope, std::string_view message);

    void deliver_to(Inbox* inbox) { inbox_ = inbox; }
    void tell_failures(Mail::OnFailure tell) { tell_ = std::move(tell); }
    [[nodiscard]] const Mail::OnFailure& failures() const { return tell_; }
    [[nodiscard]] const ReceptionCounters& counters() const { return counters_; }

  private:
    Result<std::string> take_bounce(data::Transaction& transaction, const ParsedLetter& parsed,
                                    std::optional<std::int64_t> letter);
    Result<std::optional<std::int64_t>> find_case(const ParsedLetter& parsed, const Judgement& judgement);
    Result<void> take_letter(const ParsedLetter& parsed, const Judgement& judgement);
    Result<void> keep(const ParsedLetter& parsed, std::string_view outcome,
                      const std::function<Result<std::string>(data::Transaction&)>& work);

    data::Database& database_;
    Store& store_;
    const Clock& clock_;
    const NumberedAddresses& addresses_;
    OurNames names_;
    std::atomic<Inbox*> inbox_ = nullptr;
    Mail::OnFailure tell_;
    ReceptionCounters counters_;
};

}  // namespace quipu::mail
