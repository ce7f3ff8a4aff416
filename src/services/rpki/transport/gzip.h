#pragma once
// gzip (RFC 1952) undone as it comes, with a bound on how much comes of how little.

#include <functional>
#include <memory>

#include "base/bytes.h"
#include "base/result.h"

namespace quipu::rpki {

using OctetSink = std::function<Result<void>(ByteSpan octets)>;

class GzipReader {
  public:
    struct Limits {
        std::uint64_t octets = 0;       ///< that may come out
        std::uint64_t inflation = 100;  ///< octets out for one in, beyond the first MiB
    };
    GzipReader(Limits limits, OctetSink sink);
    ~GzipReader();
    GzipReader(const GzipReader&) = delete;
    GzipReader& operator=(const GzipReader&) = delete;
    [[nodiscard]] Result<void> feed(ByteSpan octets);
    [[nodiscard]] Result<void> finish() const;

  private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace quipu::rpki
