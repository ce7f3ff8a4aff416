#include "agent/code_pages.h"

#include <algorithm>
#include <atomic>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

namespace quipu::agent {
namespace {

TEST(CodePages, WhatRunsGoesOn) {
    std::atomic<bool> over = false;
    std::size_t rounds = 0, sorted = 0;
    std::thread other([&] {
        while (!over) {
            std::vector<int> values{3, 1, 2};
            std::ranges::sort(values);
            ++rounds;
            sorted += std::ranges::is_sorted(values) ? 1 : 0;
        }
    });
    for (int i = 0; i < 20; ++i)
        drop_code_pages();
    over = true;
    other.join();
    EXPECT_EQ(rounds, sorted);
}

}  // namespace
}  // namespace quipu::agent
