#include "desk/knowledge/difference.h"

#include <algorithm>
#include <set>
#include <span>

namespace quipu::knowledge {
namespace {

using Lines = std::vector<std::string_view>;

constexpr std::ptrdiff_t kMostEdits = 2000;

Lines lines_of(std::string_view text) {
    Lines out;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        out.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return out;
}

enum class Edit : std::uint8_t { keep, remove, add };

/// Myers' greedy forward search; each round's furthest points are kept, and the way is read back from them.
std::vector<Edit> edits_between(std::span<const std::string_view> a, std::span<const std::string_view> b) {
    const auto n = std::ssize(a);
    const auto m = std::ssize(b);
    const std::ptrdiff_t most = std::min(n + m, kMostEdits);
    std::vector<std::ptrdiff_t> furthest(static_cast<std::size_t>(2 * most + 3), 0);
    const auto at = [&](std::vector<std::ptrdiff_t>& v, std::ptrdiff_t k) -> std::ptrdiff_t& {
        return v[static_cast<std::size_t>(k + most + 1)];
    };
    std::vector<std::vector<std::ptrdiff_t>> rounds;
    bool there = false;
    for (std::ptrdiff_t d = 0; d <= most && !there; ++d) {
        rounds.push_back(furthest);
        for (std::ptrdiff_t k = -d; k <= d; k += 2) {
            const bool down = k == -d || (k != d && at(furthest, k - 1) < at(furthest, k + 1));
            std::ptrdiff_t x = down ? at(furthest, k + 1) : at(furthest, k - 1) + 1;
            std::ptrdiff_t y = x - k;
            while (x < n && y < m && a[static_cast<std::size_t>(x)] == b[static_cast<std::size_t>(y)])
                ++x, ++y;
            at(furthest, k) = x;
            if (x >= n && y >= m) {
                there = true;
                break;
            }
        }
    }
    std::vector<Edit> out;
    if (!there) {
        out.assign(a.size(), Edit::remove);
        out.insert(out.end(), b.size(), Edit::add);
        return out;
    }
    std::ptrdiff_t x = n;
    std::ptrdiff_t y = m;
    for (auto d = std::ssize(rounds) - 1; d >= 0; --d) {
        auto& v = rounds[static_cast<std::size_t>(d)];
        const std::ptrdiff_t k = x - y;
        const bool down = k == -d || (k != d && at(v, k - 1) < at(v, k + 1));
        const std::ptrdiff_t from_k = down ? k + 1 : k - 1;
        const std::ptrdiff_t from_x = d == 0 ? 0 : at(v, from_k);
        const std::ptrdiff_t from_y = d == 0 ? 0 : from_x - from_k;
        while (x > from_x && y > from_y) {
            out.push_back(Edit::keep);
            --x, --y;
        }
        if (d > 0) out.push_back(down ? Edit::add : Edit::remove);
        x = from_x;
        y = from_y;
    }
    std::ranges::reverse(out);
    return out;
}

std::string joined(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& item : list)
        out += item + "\n";
    return out;
}

}  // namespace

std::vector<DifferenceLine> difference_of(std::string_view before, std::string_view after) {
    const Lines a = lines_of(before);
    const Lines b = lines_of(after);
    // What both begin and end with is common: most edits touch a few lines.
    std::size_t head = 0;
    while (head < a.size() && head < b.size() && a[head] == b[head])
        ++head;
    std::size_t tail = 0;
    while (tail < a.size() - head && tail < b.size() - head && a[a.size() - 1 - tail] == b[b.size() - 1 - tail])
        ++tail;
    std::vector<DifferenceLine> out;
    const auto add = [&](std::string_view sign, std::string_view line) {
        out.push_back({std::string(sign), std::string(line)});
    };
    for (std::size_t i = 0; i < head; ++i)
        add(" ", a[i]);
    std::size_t x = head;
    std::size_t y = head;
    for (const Edit edit : edits_between(std::span(a).subspan(head, a.size() - head - tail),
                                         std::span(b).subspan(head, b.size() - head - tail))) {
        switch (edit) {
            case Edit::keep: add(" ", a[x++]), ++y; break;
            case Edit::remove: add("-", a[x++]); break;
            case Edit::add: add("+", b[y++]); break;
        }
    }
    for (std::size_t i = a.size() - tail; i < a.size(); ++i)
        add(" ", a[i]);
    return out;
}

ArticleDifference difference_of(const Article& before, const Article& after) {
    ArticleDifference out{.before = before.version, .after = after.version, .texts = {}};
    const auto compare = [&](std::string_view language, std::string_view name, std::string_view a, std::string_view b) {
        if (a != b) out.texts.push_back({std::string(language), std::string(name), difference_of(a, b)});
    };
    compare("", "category", before.category, after.category);
    compare("", "readers", enum_name(before.readers), enum_name(after.readers));
    compare("", "links", joined(before.links), joined(after.links));
    std::set<std::string> languages;
    for (const auto* texts : {&before.texts, &after.texts})
        for (const auto& [language, unused] : *texts)
            languages.insert(language);
    static const ArticleText kNone;
    for (const std::string& language : languages) {
        const auto text = [&](const Article& article) -> const ArticleText& {
            const auto found = article.texts.find(language);
            return found == article.texts.end() ? kNone : found->second;
        };
        compare(language, "title", text(before).title, text(after).title);
        compare(language, "summary", text(before).summary, text(after).summary);
        compare(language, "body", text(before).body, text(after).body);
    }
    return out;
}

}  // namespace quipu::knowledge
