#pragma once
// A file as a response: ranges (RFC 9110 §14) and conditional requests (§13), decided before anything is sent.

#include <cstdint>
#include <memory>
#include <string>

#include "net/http.h"
#include "net/socket.h"

namespace quipu::net {

/// A regular file that is open for reading, with what a validator is made of.
struct OpenFile {
    Descriptor fd;
    std::uint64_t size = 0;
    Time modified;
    std::string etag;  ///< strong: names inode, size and nanosecond of the last change

    /// `not_found` for what is not there or is no regular file. `below` is AT_FDCWD, or a folder that the path may
    /// leave neither by ".." nor through a symbolic link.
    static Result<std::shared_ptr<const OpenFile>> open(int below, const std::string& path);
};

/// What is to be sent of the file.
struct FilePart {
    int status = 200;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
};

/// Decides by the request's Range and condition fields, and adds ETag, Last-Modified, Accept-Ranges and Content-Range
/// to `headers`. A response whose status is not 200 is sent whole.
[[nodiscard]] FilePart choose_part(const HttpRequest& request, const OpenFile& file, int status, Headers& headers);

}  // namespace quipu::net
