#pragma once
// The memory of a long run is not that of its start.

namespace quipu::agent {

/// Gives back the resident pages of the program's and its libraries' code. The start touches most of what some thirty
/// libraries have, and nothing of it again; what is still in use comes back from the page cache when it is next run.
/// Code is never written to, so nothing is lost; other threads may go on meanwhile.
void drop_code_pages();

}  // namespace quipu::agent
