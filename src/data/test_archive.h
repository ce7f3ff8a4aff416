#pragma once
// An archive in memory, for tests of what stands on it. `fail_next` makes one append fail before it keeps anything.

#include <algorithm>
#include <map>

#include "data/archive.h"

namespace quipu::data {

class TestArchive final : public Archive {
  public:
    int fail_next = 0;
    std::uint64_t appends = 0;

    [[nodiscard]] Result<void> append(std::string_view stream, std::span<const ArchiveRecord> records,
                                      const std::optional<Source>& source) override {
        if (fail_next > 0 && --fail_next == 0) return fail(ErrorCode::exhausted, "No space left on device");
        ++appends;
        std::uint64_t sequence = source ? source->first_sequence : 0;
        for (const auto& record : records) {
            if (source) {
                std::uint64_t& high = high_[{std::string(stream), source->name}];
                if (sequence++ <= high) continue;
                high = sequence - 1;
            }
            series_[std::string(stream)][record.key][record.time] = record;
        }
        return {};
    }
    [[nodiscard]] Result<std::uint64_t> high_water(std::string_view stream, std::string_view source) const override {
        const auto at = high_.find({std::string(stream), std::string(source)});
        return at == high_.end() ? 0 : at->second;
    }
    [[nodiscard]] Result<std::vector<ArchiveRecord>> read(std::string_view stream, std::string_view key, Time since,
                                                          Time until, std::size_t limit) const override {
        std::vector<ArchiveRecord> out;
        const auto* series = find(stream, key);
        if (series == nullptr) return out;
        for (auto at = series->lower_bound(since); at != series->end() && at->first < until && out.size() < limit; ++at)
            out.push_back(at->second);
        return out;
    }
    [[nodiscard]] Result<std::vector<ArchiveRecord>> latest(std::string_view stream, Time since) const override {
        std::vector<ArchiveRecord> out;
        for (const auto& key : *keys(stream))
            if (const auto& last = *find(stream, key)->rbegin(); last.first >= since) out.push_back(last.second);
        return out;
    }
    [[nodiscard]] Result<std::vector<ArchiveRecord>> summarise(std::string_view stream, std::string_view key,
                                                               Time since, Time until,
                                                               Nanoseconds step) const override {
        std::vector<ArchiveRecord> out;
        for (const auto& record : *read(stream, key, since, until, ~std::size_t{0})) {
            const Time begin = since + ((record.time - since) / step) * step;
            if (out.empty() || out.back().time != begin) {
                out.push_back(record);
                out.back().time = begin;
                continue;
            }
            for (std::size_t i = 0; i < record.integers.size(); ++i)
                out.back().integers[i] += record.integers[i];
            for (std::size_t i = 0; i < record.histograms.size(); ++i)
                out.back().histograms[i].merge(record.histograms[i]);
        }
        return out;
    }
    [[nodiscard]] Result<std::vector<std::string>> keys(std::string_view stream) const override {
        std::vector<std::string> out;
        if (const auto at = series_.find(stream); at != series_.end())
            for (const auto& [key, unused] : at->second)
                out.push_back(key);
        return out;
    }
    [[nodiscard]] Result<void> compact() override { return {}; }
    [[nodiscard]] Result<void> forget(std::string_view stream, Time before) override {
        for (auto& [key, records] : series_[std::string(stream)])
            records.erase(records.begin(), records.lower_bound(before));
        std::erase_if(series_[std::string(stream)], [](const auto& entry) { return entry.second.empty(); });
        return {};
    }
    [[nodiscard]] Counters counters() const override { return {}; }

  private:
    using Series = std::map<Time, ArchiveRecord>;
    [[nodiscard]] const Series* find(std::string_view stream, std::string_view key) const {
        const auto at = series_.find(stream);
        if (at == series_.end()) return nullptr;
        const auto one = at->second.find(key);
        return one == at->second.end() ? nullptr : &one->second;
    }
    std::map<std::string, std::map<std::string, Series, std::less<>>, std::less<>> series_;
    std::map<std::pair<std::string, std::string>, std::uint64_t> high_;
};

}  // namespace quipu::data
