#pragma once
// What an agent's batch brings to the archive: records with consecutive sequences go there together, those that can't
// be read leave a gap. Call finish() before the batch is acknowledged.

#include <string>
#include <string_view>
#include <vector>

#include "agent/hub.h"
#include "data/archive.h"

namespace quipu::measure {

class BatchAppend {
  public:
    BatchAppend(data::Archive& archive, std::string_view stream, const agent::StreamBatch& batch)
        : archive_(archive),
          stream_(stream),
          first_(batch.first_sequence),
          source_{.name = batch.agent + "/" + batch.spool, .first_sequence = batch.first_sequence} {}

    /// By rising places in the batch.
    [[nodiscard]] Result<void> add(std::size_t place, data::ArchiveRecord record) {
        const std::uint64_t sequence = first_ + place;
        if (sequence != source_.first_sequence + run_.size()) {
            TRY(finish());
            source_.first_sequence = sequence;
        }
        run_.push_back(std::move(record));
        return {};
    }
    [[nodiscard]] Result<void> finish() {
        if (run_.empty()) return {};
        TRY(archive_.append(stream_, run_, source_));
        source_.first_sequence += run_.size();
        run_.clear();
        return {};
    }
    [[nodiscard]] const std::string& source() const { return source_.name; }

  private:
    data::Archive& archive_;
    const std::string_view stream_;
    const std::uint64_t first_;
    data::Source source_;
    std::vector<data::ArchiveRecord> run_;
};

}  // namespace quipu::measure
