#pragma once
// What the detectors decide of pairs, written to the journal: each event once, together with its evidence.

#include <deque>
#include <mutex>
#include <vector>

#include "data/journal.h"
#include "services/measure/evidence.h"
#include "services/measure/live.h"

namespace quipu::measure {

class PairNews {
  public:
    PairNews(data::Database& database, data::Journal& journal, EvidenceStore& evidence)
        : database_(database), journal_(journal), evidence_(evidence) {}

    /// In their order. What can't be written now, on a full disk, is written with the next.
    [[nodiscard]] Result<void> tell(std::vector<Told> news);
    /// Whether the journal has such an event of the pair since that minute.
    [[nodiscard]] Result<bool> was_told(const Told& told) const;

  private:
    [[nodiscard]] Result<void> write(const Told& told);

    data::Database& database_;
    data::Journal& journal_;
    EvidenceStore& evidence_;
    std::mutex turn_;
    std::deque<Told> untold_;
};

}  // namespace quipu::measure
