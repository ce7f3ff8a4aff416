#include "registry/csv.h"

#include <fmt/format.h>

namespace quipu::registry {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

class Reader {
  public:
    Reader(std::string_view text, std::string_view name) : text_(text), name_(name) {
        if (text_.starts_with(kByteOrderMark)) text_.remove_prefix(kByteOrderMark.size());
    }

    Result<std::vector<CsvRow>> rows() {
        std::vector<CsvRow> out;
        while (at_ < text_.size()) {
            if (end_of_line()) continue;
            CsvRow row = TRY(this->row());
            if (!out.empty() && row.cells.size() != out.front().cells.size())
                return error(row.line, fmt::format("has {} cells, the first row has {}", row.cells.size(),
                                                   out.front().cells.size()));
            if (out.size() == kMaxCsvRows)
                return error(row.line, fmt::format("is row {}; a file has at most {}", kMaxCsvRows + 1, kMaxCsvRows));
            out.push_back(std::move(row));
        }
        return out;
    }

  private:
    Result<CsvRow> row() {
        CsvRow row{line_, {}};
        for (;;) {
            if (row.cells.size() == kMaxCsvColumns)
                return error(row.line, fmt::format("has more than {} cells", kMaxCsvColumns));
            row.cells.push_back(TRY(cell()));
            if (at_ == text_.size() || end_of_line()) return row;
            if (text_[at_] != ',') return error(line_, "has text after a closing quote");
            ++at_;
        }
    }

    Result<std::string> cell() {
        if (at_ < text_.size() && text_[at_] == '"') return quoted();
        std::string out;
        while (at_ < text_.size() && text_[at_] != ',' && text_[at_] != '\n' && text_[at_] != '\r') {
            if (text_[at_] == '"') return error(line_, "has a quote within a cell that is not quoted");
            out += text_[at_++];
        }
        if (at_ < text_.size() && text_[at_] == '\r' && !text_.substr(at_).starts_with("\r\n"))
            return error(line_, "has a carriage return that ends no line");
        return out;
    }

    Result<std::string> quoted() {
        const std::uint32_t opened = line_;
        std::string out;
        for (++at_; at_ < text_.size(); ++at_) {
            if (text_[at_] == '"') {
                if (!text_.substr(at_ + 1).starts_with('"')) {
                    ++at_;
                    return out;
                }
                ++at_;
            } else if (text_[at_] == '\n') {
                ++line_;
            }
            out += text_[at_];
        }
        return error(opened, "opens a quote that is never closed");
    }

    bool end_of_line() {
        const std::string_view rest = text_.substr(at_);
        if (!rest.starts_with('\n') && !rest.starts_with("\r\n")) return false;
        at_ += rest.front() == '\n' ? 1 : 2;
        ++line_;
        return true;
    }

    [[nodiscard]] std::unexpected<Error> error(std::uint32_t line, std::string what) const {
        return fail(ErrorCode::invalid, std::move(what), fmt::format("{}:{}", name_, line));
    }

    std::string_view text_;
    std::string_view name_;
    std::size_t at_ = 0;
    std::uint32_t line_ = 1;
};

}  // namespace

Result<std::vector<CsvRow>> parse_csv(std::string_view text, std::string_view name) {
    return Reader(text, name).rows();
}

void append_csv(std::string& out, const std::vector<std::string>& cells) {
    bool first = true;
    for (const std::string& cell : cells) {
        if (!first) out += ',';
        first = false;
        // A byte order mark in front would be taken for the file's own.
        if (cell.find_first_of(",\"\r\n") == std::string::npos && !cell.starts_with(kByteOrderMark)) {
            out += cell;
            continue;
        }
        out += '"';
        for (const char c : cell) {
            if (c == '"') out += '"';
            out += c;
        }
        out += '"';
    }
    out += "\r\n";
}

}  // namespace quipu::registry
