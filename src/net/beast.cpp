// Beast's implementation, compiled once. Its assertions are off: one of them (basic_parser::parse_chunk_header, n >= 5)
// fails on a last chunk that arrives in two pieces, which is correct input.
#define BOOST_DISABLE_ASSERTS
#include <boost/beast/src.hpp>
