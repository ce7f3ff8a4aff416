// A file's name and first octets as a stranger sends them: the type is one of ours, the name can't leave its place.
#include <cstdlib>

#include "base/bytes.h"
#include "desk/files.h"
#include "desk/words.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = quipu::as_text({data, size});
    if (quipu::desk::media_type_of(text).find('/') == std::string_view::npos) std::abort();
    const std::string name = quipu::desk::safe_file_name(text);
    if (name.empty() || name.size() > 200 || name[0] == '.' || name.find_first_of("/\\\"\r\n") != std::string::npos)
        std::abort();
    for (const std::string& word : quipu::desk::words_of(text))
        if (word.empty() || word.size() > 40) std::abort();
    return 0;
}
