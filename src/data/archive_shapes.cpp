#include "data/archive_shapes.h"

#include <fmt/format.h>

namespace quipu::data {
namespace {

constexpr std::size_t kLongestName = 1'000;
constexpr Time kFirst = std::chrono::sys_days(std::chrono::year(1678) / 1 / 1);  // whole years that Time can count
constexpr Time kEnd = std::chrono::sys_days(std::chrono::year(2262) / 1 / 1);

Result<void> check_name(std::string_view name, std::string_view what) {
    if (name.empty() || name.size() > kLongestName || name.contains('\0'))
        return fail(ErrorCode::invalid, fmt::format("a {} has 1 to {} octets, none of them zero", what, kLongestName));
    return {};
}

}  // namespace

Shapes::Shapes(std::span<const StreamSchema> schemas) {
    for (const StreamSchema& schema : schemas) {
        Shape& shape = shapes_[schema.stream];
        for (const Column& column : schema.columns)
            ++(column.type == ColumnType::integer ? shape.integers : shape.histograms);
    }
}

Result<Shape> Shapes::of(std::string_view stream) const {
    const auto known = shapes_.find(stream);
    if (known == shapes_.end())
        return fail(ErrorCode::not_found, "the archive has no such stream", std::string(stream));
    return known->second;
}

Result<void> Shapes::check(std::string_view stream, std::span<const ArchiveRecord> records,
                           const std::optional<Source>& source) const {
    const Shape shape = TRY(of(stream));
    if (source) {
        TRY(check_name(source->name, "source's name"));
        constexpr std::uint64_t kHighest = INT64_MAX;
        if (source->first_sequence == 0 || source->first_sequence > kHighest - records.size())
            return fail(ErrorCode::invalid, "a source's sequence begins at 1 and stays below 2^63", source->name);
    }
    for (std::size_t i = 0; i < records.size(); ++i) {
        const auto place = [&] { return fmt::format("{}: records[{}]", stream, i); };
        if (records[i].integers.size() != shape.integers || records[i].histograms.size() != shape.histograms)
            return fail(
                ErrorCode::invalid,
                fmt::format("has {} integers and {} histograms where the stream has {} and {}",
                            records[i].integers.size(), records[i].histograms.size(), shape.integers, shape.histograms),
                place());
        if (records[i].time < kFirst || records[i].time >= kEnd)
            return fail(ErrorCode::invalid, "a time lies in the years 1678 to 2261", place());
        auto named = check_name(records[i].key, "key");
        if (!named) {
            named.error().where = place();
            return named;
        }
    }
    return {};
}

}  // namespace quipu::data
