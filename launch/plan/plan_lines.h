// Lines that a plan's sections are made of.
#pragma once

#include <cstdint>
#include <string>

namespace prelude {

// 11135332352 -> "11,135,332,352".
std::string grouped(std::int64_t number);
std::string grouped(double number);  // rounded

// Name, bytes, GiB and a note, which may be empty.
std::string bytes_line(const char* name, std::int64_t bytes, const std::string& note);

}  // namespace prelude
