#include <cstdint>
#include <string_view>

#include "registry/topology_zoo.h"

/// Whatever the text is: a graph whose edges lead to nodes, and changes from it, or an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace quipu::registry;
    const auto graph = parse_graphml({reinterpret_cast<const char*>(data), size}, "input");
    if (graph) (void)changes_from_graph(*graph, "input");
    return 0;
}
