#pragma once
// A notifier of a test's own.

#include <gtest/gtest.h>
#include <set>
#include <string>
#include <vector>

#include "desk/operations/texts.h"
#include "platform/notify/texts.h"

namespace quipu::operations {

/// Remembers what people would be told, once for each key as the real one does.
class Told final : public notify::Notifier {
  public:
    Told() { EXPECT_TRUE(texts.add(kTexts)); }
    Result<void> send(data::Transaction&, const notify::Notice& notice) override { return send(notice); }
    Result<void> send(const notify::Notice& notice) override {
        for (const auto language : {mail::Language::es, mail::Language::pt, mail::Language::en})
            TRY(texts.render(notice.text, language, notice.values));
        if (keys.insert(notice.key).second) notices.push_back(notice);
        return {};
    }
    Result<void> add_texts(std::span<const notify::Text>) override { return {}; }
    void follow(std::string, Source) override {}

    notify::TextSet texts;
    std::set<std::string> keys;
    std::vector<notify::Notice> notices;
};

}  // namespace quipu::operations
