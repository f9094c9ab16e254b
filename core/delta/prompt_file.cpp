#include "core/delta/prompt_file.h"

#include <ATen/ATen.h>

#include <cmath>
#include <filesystem>
#include <span>
#include <utility>

#include "core/delta/peft_folder.h"
#include "core/error.h"
#include "core/io/npy.h"
#include "core/io/paths.h"
#include "core/io/pt_file.h"

namespace prelude {
namespace {

std::string ending_of(const std::string& path) { return std::filesystem::path(path).extension().string(); }

FloatArray read_array(const std::string& path) {
  const std::string ending = ending_of(path);
  if (ending == ".npy") return read_npy(path);
  if (ending == ".pt" || ending == ".pth" || ending == ".bin") return read_pt(path);
  fail("'{}' is no prompt: give a PEFT folder, a .npy or a .pt file", path);
}

// Float32 rows out of any width; every number is looked at.
at::Tensor to_rows(const FloatArray& array, const std::string& path, const PromptReadOptions& options,
                   std::vector<std::string>& notes) {
  require(array.shape.size() == 2 && !array.values.empty(), "'{}' has the shape {}; a prompt has two, rows x width",
          path, shape_text(array.shape));
  at::Tensor rows = at::empty({array.shape[0], array.shape[1]}, at::kFloat);
  float* out = rows.data_ptr<float>();
  std::size_t rounded = 0;
  for (std::size_t i = 0; i < array.values.size(); ++i) {
    const double value = array.values[i] * options.scale;
    const auto width = static_cast<std::size_t>(array.shape[1]);
    require(std::isfinite(array.values[i]), "'{}': row {}, column {} is {}; a prompt of finite numbers is wanted", path,
            i / width, i % width, array.values[i]);
    out[i] = static_cast<float>(value);
    require(std::isfinite(out[i]), "'{}': row {}, column {} is {}, too large for float32; give a smaller --scale", path,
            i / width, i % width, value);
    if (static_cast<double>(out[i]) != value) ++rounded;
  }
  if (rounded > 0) {
    require(options.scale != 1 || options.allow_rounding,
            "'{}' holds {} {} numbers that float32 cannot hold exactly; allow it with --allow-rounding", path, rounded,
            name_of(array.stored_as));
    notes.push_back(fmt::format("{} of {} numbers were rounded to float32", rounded, array.values.size()));
  }
  return rows;
}

std::span<const float> values_of(const at::Tensor& rows) {
  return {rows.data_ptr<float>(), static_cast<std::size_t>(rows.numel())};
}

}  // namespace

Prompt read_prompt(const std::string& path, const PromptReadOptions& options) {
  require(std::isfinite(options.scale) && options.scale != 0, "--scale is {}; give a finite number other than 0",
          options.scale);
  Prompt prompt;
  if (is_folder(path)) {
    PeftFolder folder = read_peft_folder(path);
    prompt.notes = std::move(folder.notes);
    prompt.base_model = std::move(folder.base_model);
    prompt.scale = folder.scale;
    prompt.origin = std::move(folder.origin);
    prompt.rows = to_rows(folder.rows, path + "/adapter_model.safetensors", options, prompt.notes);
  } else {
    require(path_exists(path), "there is no prompt at '{}'; give a PEFT folder, a .npy or a .pt file", path);
    prompt.rows = to_rows(read_array(path), path, options, prompt.notes);
  }
  prompt.scale *= options.scale;
  return prompt;
}

void write_prompt_folder(const std::string& folder, const Prompt& prompt) {
  const at::Tensor rows = prompt.rows.detach().to(at::kCPU, at::kFloat).contiguous();
  ensure(rows.dim() == 2 && rows.numel() > 0, "a prompt of {} dimensions", rows.dim());
  write_peft_folder(folder, rows.size(0), rows.size(1), values_of(rows), prompt.base_model, prompt.scale,
                    prompt.origin);
}

void write_prompt_array(const std::string& path, const Prompt& prompt) {
  const at::Tensor rows = prompt.rows.detach().to(at::kCPU, at::kFloat).contiguous();
  const std::string ending = ending_of(path);
  require(ending == ".npy" || ending == ".pt", "'{}' names no format; end it in .npy or .pt, or give a folder", path);
  if (ending == ".npy") return write_npy(path, rows.sizes().vec(), values_of(rows));
  write_pt(path, rows.sizes().vec(), values_of(rows));
}

at::Tensor scaled_rows(const at::Tensor& rows, double factor) {
  require(std::isfinite(factor) && factor != 0, "--scale is {}; give a finite number other than 0", factor);
  at::Tensor scaled = rows.to(at::kDouble).mul(factor).to(at::kFloat);
  require(at::isfinite(scaled).all().item<bool>(), "--scale {} makes numbers too large for float32; give a smaller one",
          factor);
  return scaled;
}

void require_width(const Prompt& prompt, const std::string& path, std::int64_t d_model, const std::string& backbone) {
  require(prompt.rows.size(1) == d_model,
          "the prompt '{}' is {} wide but the backbone '{}' is {}; take a prompt that was made for this backbone", path,
          prompt.rows.size(1), backbone, d_model);
}

}  // namespace prelude
