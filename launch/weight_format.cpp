#include "launch/weight_format.h"

namespace prelude {

void declare_weight_format(OptionTable& table, std::string& format) {
  table
      .add(
          "weights", format, "",
          "Frozen matrices of the layers: as --dtype says, or in 8 bits (e4m3, a scale a row; their inputs are rounded "
          "to 8 bits as well). fp8 is for GPUs of compute capability 8.9 or newer; with the copy for gradients it "
          "takes "
          "as much memory as bfloat16, and was not faster so far. The CPU computes the same, slowly.")
      .choices({weights_as_loaded, "fp8"});
}

void apply_weight_format(Model& model, const std::string& format) {
  if (format == "fp8") model.quantise_layers();
}

}  // namespace prelude
