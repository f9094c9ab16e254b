// Soft prompts on disk. The native form is a PEFT adapter folder (docs/formats.md, "Prompt"); bare arrays come and go
// as NumPy's .npy and PyTorch's .pt.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/io/float_array.h"

namespace prelude {

struct Prompt {
  at::Tensor rows;         // [P,D] float32 on the CPU, all finite
  std::string base_model;  // the backbone that it belongs to; empty: not known
  double scale = 1;        // what `prelude import` multiplied the rows by (PPT's prompts live in a space of 1/100)
  std::map<std::string, std::string> origin;  // where it comes from: task, step, hashes, ...; kept in prelude.json
  std::vector<std::string> notes;             // what reading it showed that the user should know; not written
};

struct PromptReadOptions {
  double scale = 1;             // every number times this; the product is rounded to float32 once
  bool allow_rounding = false;  // take float64 numbers that float32 does not hold exactly
};

// Reads a PEFT folder of one or two submodules (of two, the second half of the rows is dead: PEFT's seq2seq forward
// uses the first P only; a note says so), a .npy or a .pt file. Lossless or refused. Throws UserError naming the file
// and the defect: another peft_type or task_type, rows or width that do not agree, another dtype, a number that is not
// finite.
Prompt read_prompt(const std::string& path, const PromptReadOptions& options = {});

// Writes adapter_model.safetensors, adapter_config.json and prelude.json, each whole or not at all, into `folder`
// (made where missing). PEFT's PeftModel.from_pretrained loads it; the same prompt gives the same bytes.
void write_prompt_folder(const std::string& folder, const Prompt& prompt);

// Writes the rows alone: PATH.npy or PATH.pt. Throws UserError for another ending.
void write_prompt_array(const std::string& path, const Prompt& prompt);

// The rows times `factor`, each product rounded to float32 once. Throws UserError where one overflows.
at::Tensor scaled_rows(const at::Tensor& rows, double factor);  // [P,D] -> [P,D]

// Throws UserError unless the prompt is as wide as the backbone, which `backbone` names in the message.
void require_width(const Prompt& prompt, const std::string& path, std::int64_t d_model, const std::string& backbone);

}  // namespace prelude
