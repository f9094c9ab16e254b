// Documents on their way between ranks, as bytes. Both ends are the same program on machines of one byte order.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tasks/corpus/document_maker.h"
#include "tasks/corpus/document_reader.h"

namespace prelude {

using RawBatch = std::vector<RawDocument>;
using MadeBatch = std::vector<MadeDocument>;

std::string to_bytes(const RawBatch& documents);
std::string to_bytes(const MadeBatch& documents);

// What to_bytes() made. Every count is checked against the bytes that are there before it is believed: no more memory
// is taken than a few times their number. Throws InternalError for bytes that are cut short, left over, or make no
// document.
RawBatch raw_batch_from(std::string_view bytes);
MadeBatch made_batch_from(std::string_view bytes);

}  // namespace prelude
