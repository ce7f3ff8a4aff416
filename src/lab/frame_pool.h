#pragma once
// Buffers of one size for frames under way: taken and given back in O(1), made in chunks as they are needed, never more
// than the limit. The memory stays until the pool ends: a lab that once carried a burst will carry another.

#include <cstdint>
#include <memory>
#include <vector>

namespace quipu::lab {

class FramePool {
  public:
    FramePool(std::size_t frame_octets, std::size_t most_frames) : octets_(frame_octets), most_(most_frames) {}

    [[nodiscard]] std::size_t frame_octets() const { return octets_; }
    [[nodiscard]] std::size_t in_use() const { return made_ - free_.size(); }

    /// nullptr when the limit is reached.
    [[nodiscard]] std::uint8_t* take() {
        if (free_.empty() && !grow()) return nullptr;
        std::uint8_t* frame = free_.back();
        free_.pop_back();
        return frame;
    }
    void give(std::uint8_t* frame) { free_.push_back(frame); }

  private:
    static constexpr std::size_t kChunk = 128;

    bool grow() {
        if (made_ + kChunk > most_) return false;
        auto& chunk = chunks_.emplace_back(std::make_unique_for_overwrite<std::uint8_t[]>(octets_ * kChunk));
        for (std::size_t i = kChunk; i-- > 0;)
            free_.push_back(chunk.get() + i * octets_);
        made_ += kChunk;
        return true;
    }

    std::size_t octets_;
    std::size_t most_;
    std::size_t made_ = 0;
    std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
    std::vector<std::uint8_t*> free_;
};

}  // namespace quipu::lab
