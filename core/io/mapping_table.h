// Which file is mapped where, so that a page that the system cannot give (the file was cut short, its disk is gone)
// ends the process with one line that names the file, and not with a bare SIGBUS.
#pragma once

#include <cstddef>
#include <string>

namespace prelude {

// Notes a mapping until forget_mapping() of the number returned; -1 where the table is full, which costs the name
// alone.
int note_mapping(const std::byte* begin, std::size_t size, const std::string& path);
void forget_mapping(int number) noexcept;

// From now on SIGBUS ends the process with the exit code of a user's mistake and "prelude: error: PREFIX'PATH' ..." on
// standard error. At an address that is in no mapping of ours it does what it does elsewhere. To be called after MPI is
// started, which has a handler of its own.
void explain_lost_pages(const std::string& prefix);

}  // namespace prelude
