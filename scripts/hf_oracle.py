"""Random T5 backbones and what Hugging Face transformers and PEFT compute with them; used by make-golden and parity.

Needs torch, transformers, peft, safetensors (the set-up's .venv-full). Never imported by the program itself.
"""

import json
import os
import warnings

os.environ.setdefault("HF_HUB_OFFLINE", "1")
import torch
from peft import PeftModel, PromptTuningConfig, TaskType, get_peft_model
from safetensors.torch import load_file, save_file
from transformers import Adafactor, T5Config, T5ForConditionalGeneration, logging

logging.set_verbosity_error()
logging.disable_progress_bar()
warnings.filterwarnings("ignore")

# A shape's `style` says how its folder is written: "hub" as the files of the model hub are (scaling and activation
# implied), "new" as transformers 5 writes them, "shards" as "new" in several files, "copies" as the oldest conversions
# (second names for the embedding, and a table that cross-attention never uses).
SMALL = dict(d_model=16, d_kv=4, d_ff=24, num_heads=4, num_layers=2, num_decoder_layers=2, vocab_size=48)
SHAPES = {
    "relu_tied": dict(SMALL, feed_forward_proj="relu", tied=True, scaled=True, style="hub"),
    "relu_copies": dict(SMALL, feed_forward_proj="relu", tied=True, scaled=True, style="copies"),
    "v1_1": dict(SMALL, feed_forward_proj="gated-gelu", tied=False, scaled=False, style="hub"),
    "v1_1_new": dict(SMALL, feed_forward_proj="gated-gelu", tied=False, scaled=False, style="new"),
    "gated_tied": dict(SMALL, feed_forward_proj="gated-gelu", tied=True, scaled=True, style="hub"),
    "tied_unscaled": dict(SMALL, feed_forward_proj="gated-gelu", tied=True, scaled=False, style="new"),
    "ul2_silu": dict(SMALL, feed_forward_proj="gated-silu", tied=False, scaled=False, style="hub", num_heads=3),
    "plain_gelu": dict(SMALL, feed_forward_proj="gelu", tied=True, scaled=True, style="new", num_layers=1, num_decoder_layers=1),
    "gated_relu_narrow": dict(SMALL, feed_forward_proj="gated-relu", tied=False, scaled=False, style="shards", d_kv=5, num_heads=3),
    "five_layers": dict(SMALL, feed_forward_proj="gated-gelu", tied=False, scaled=False, style="hub", num_layers=5, num_decoder_layers=5, d_kv=3, num_heads=3),
    "deep_encoder": dict(SMALL, feed_forward_proj="gated-gelu", tied=False, scaled=False, style="new", num_layers=3, num_decoder_layers=1, num_heads=1, d_kv=7),
    "deep_decoder": dict(SMALL, feed_forward_proj="relu", tied=True, scaled=True, style="hub", num_layers=1, num_decoder_layers=3, relative_attention_num_buckets=12, relative_attention_max_distance=40),
}
# (prompt rows, source lengths, target lengths) of each shape's batch, in the same order.
BATCHES = [
    (5, [7, 7, 7], [3, 3, 3]),
    (3, [1, 12], [4, 1]),
    (20, [412, 33], [3, 2]),
    (1, [9, 2, 17], [1, 5, 2]),
    (4, [64], [40]),
    (8, [1], [2]),
    (10, [700], [3]),
    (2, [25, 31, 6, 14], [2, 3, 2, 3]),
    (7, [130, 129], [6, 6]),
    (100, [57, 19], [3, 3]),
    (6, [600, 5, 255], [2, 4, 3]),
    (3, [40, 40], [150, 149]),
]

COPIES = {
    "encoder.embed_tokens.weight": "shared.weight",
    "decoder.embed_tokens.weight": "shared.weight",
    "lm_head.weight": "shared.weight",
    "decoder.block.0.layer.1.EncDecAttention.relative_attention_bias.weight":
        "decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight",
}


def hub_config(shape):
    """config.json as the model hub has it."""
    names = ["d_model", "d_kv", "d_ff", "num_heads", "num_layers", "num_decoder_layers", "vocab_size",
             "feed_forward_proj", "relative_attention_num_buckets", "relative_attention_max_distance"]
    config = {name: shape[name] for name in names if name in shape}
    config.update(architectures=["T5ForConditionalGeneration"], model_type="t5", is_encoder_decoder=True,
                  pad_token_id=0, eos_token_id=1, decoder_start_token_id=0, dropout_rate=0.1, layer_norm_epsilon=1e-6)
    if not shape["tied"]:
        config["tie_word_embeddings"] = False
    return config


def make_backbone(folder, shape, seed):
    """Writes a random backbone folder; norms and position tables are spread so that a forgotten one is seen."""
    torch.manual_seed(seed)
    os.makedirs(folder, exist_ok=True)
    plain = {key: value for key, value in shape.items() if key not in ("tied", "scaled", "style")}
    config = T5Config(**plain, tie_word_embeddings=shape["tied"], decoder_start_token_id=0)
    config.scale_decoder_outputs = shape["scaled"]
    model = T5ForConditionalGeneration(config)
    if not shape["tied"]:
        model.lm_head.weight = torch.nn.Parameter(torch.randn(shape["vocab_size"], shape["d_model"]) * 0.5)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "layer_norm" in name:
                parameter.copy_(0.5 + torch.rand_like(parameter))
            if "relative_attention_bias" in name:
                parameter.copy_(torch.randn_like(parameter))
    if shape["style"] in ("new", "shards"):
        size = "16KB" if shape["style"] == "shards" else "50GB"
        model.save_pretrained(folder, max_shard_size=size)
        generation = os.path.join(folder, "generation_config.json")
        if os.path.exists(generation):
            os.remove(generation)
        return
    tensors = {name: parameter.detach() for name, parameter in model.named_parameters()}
    if shape["style"] == "copies":
        tensors.update({name: tensors[source].clone() for name, source in COPIES.items()})
    save_file(tensors, os.path.join(folder, "model.safetensors"), metadata={"format": "pt"})
    with open(os.path.join(folder, "config.json"), "w") as file:
        json.dump(hub_config(shape), file, indent=2, sort_keys=True)
        file.write("\n")


def make_batch(shape, batch, seed):
    """Random ids: source_ids [B,S] (padded with 0), source_lengths [B], decoder_ids [B,T], labels [B,T] (-100)."""
    _, sources, targets = batch
    generator = torch.Generator().manual_seed(seed)
    rows, width, steps = len(sources), max(sources), max(targets)
    source_ids = torch.zeros(rows, width, dtype=torch.long)
    decoder_ids = torch.zeros(rows, steps, dtype=torch.long)
    labels = torch.full((rows, steps), -100)
    for i, (source, target) in enumerate(zip(sources, targets)):
        source_ids[i, :source] = torch.randint(1, shape["vocab_size"], (source,), generator=generator)
        labels[i, :target] = torch.randint(1, shape["vocab_size"], (target,), generator=generator)
        decoder_ids[i, 1:target] = labels[i, : target - 1]
    return dict(source_ids=source_ids, source_lengths=torch.tensor(sources), decoder_ids=decoder_ids, labels=labels)


def make_prompt(backbone, folder, rows, seed):
    """Writes a random PEFT prompt (one submodule) for a backbone folder."""
    torch.manual_seed(seed)
    model = T5ForConditionalGeneration.from_pretrained(backbone)
    config = PromptTuningConfig(task_type=TaskType.SEQ_2_SEQ_LM, num_virtual_tokens=rows, num_transformer_submodules=1)
    peft = get_peft_model(model, config)
    with torch.no_grad():
        for parameter in peft.prompt_encoder.parameters():
            parameter.copy_(torch.randn_like(parameter))
    peft.save_pretrained(folder, safe_serialization=True)
    readme = os.path.join(folder, "README.md")
    if os.path.exists(readme):
        os.remove(readme)
    name = os.path.join(folder, "adapter_config.json")
    with open(name) as file:
        fields = json.load(file)
    fields["base_model_name_or_path"] = os.path.basename(backbone)  # no path of this machine in a committed file
    with open(name, "w") as file:
        json.dump(fields, file, indent=2, sort_keys=True)
        file.write("\n")


def reference(backbone, prompt, batch, dtype=torch.float64):
    """logits_bare, logits [B,T,V], loss_sum [], prompt_gradient [P,D] as transformers and PEFT compute them."""
    mask = (torch.arange(batch["source_ids"].shape[1])[None, :] < batch["source_lengths"][:, None]).long()
    model = T5ForConditionalGeneration.from_pretrained(backbone, dtype=dtype, attn_implementation="eager").eval()
    inputs = dict(attention_mask=mask, decoder_input_ids=batch["decoder_ids"], use_cache=False)
    with torch.no_grad():
        bare = model(input_ids=batch["source_ids"], **inputs).logits
    peft = PeftModel.from_pretrained(model, prompt).to(dtype).eval()
    (weight,) = peft.prompt_encoder.parameters()
    weight.requires_grad_(True)
    logits = peft(input_ids=batch["source_ids"], **inputs).logits
    loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten(), ignore_index=-100,
                                             reduction="sum")
    loss.backward()
    return dict(logits_bare=bare, logits=logits.detach(), loss_sum=loss.detach(), prompt_gradient=weight.grad)


def trained(backbone, batch, optimizer, steps=20):
    """(losses [steps], final weights by Hugging Face's names) of training all weights on one batch, in float64: mean
    loss a label token, by "adamw" (PyTorch's, rate 1e-3) or "adafactor" (transformers', rate 1e-2)."""
    mask = (torch.arange(batch["source_ids"].shape[1])[None, :] < batch["source_lengths"][:, None]).long()
    model = T5ForConditionalGeneration.from_pretrained(backbone, dtype=torch.float64, attn_implementation="eager").eval()
    if optimizer == "adamw":
        updates = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    else:
        updates = Adafactor(model.parameters(), lr=1e-2, scale_parameter=True, relative_step=False, warmup_init=False)
    losses = []
    for _ in range(steps):
        logits = model(input_ids=batch["source_ids"], attention_mask=mask, decoder_input_ids=batch["decoder_ids"],
                       use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten(), ignore_index=-100)
        updates.zero_grad()
        loss.backward()
        updates.step()
        losses.append(loss.item())
    return torch.tensor(losses, dtype=torch.float64), {name: p.detach() for name, p in model.named_parameters()}


def weight_gradients(backbone, batch):
    """Gradients of the bare model's summed loss by every weight, by Hugging Face's names, in float64."""
    mask = (torch.arange(batch["source_ids"].shape[1])[None, :] < batch["source_lengths"][:, None]).long()
    model = T5ForConditionalGeneration.from_pretrained(backbone, dtype=torch.float64, attn_implementation="eager").eval()
    logits = model(input_ids=batch["source_ids"], attention_mask=mask, decoder_input_ids=batch["decoder_ids"],
                   use_cache=False).logits
    torch.nn.functional.cross_entropy(logits.flatten(0, 1), batch["labels"].flatten(), ignore_index=-100,
                                      reduction="sum").backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


def nearest_kink(backbone, prompt, batch):
    """The smallest |x| that goes into a ReLU, in float64; infinite where there is none. Where float32 rounds x over 0, the
    gradient jumps, and no two implementations agree on it."""
    model = T5ForConditionalGeneration.from_pretrained(backbone, dtype=torch.float64, attn_implementation="eager").eval()
    nearest = [float("inf")]
    if "relu" in model.config.feed_forward_proj:
        for name, module in model.named_modules():
            if name.endswith((".wi", ".wi_0")):
                module.register_forward_hook(lambda _, __, output: nearest.append(output.abs().min().item()))
    mask = (torch.arange(batch["source_ids"].shape[1])[None, :] < batch["source_lengths"][:, None]).long()
    peft = PeftModel.from_pretrained(model, prompt).to(torch.float64).eval()
    with torch.no_grad():
        peft(input_ids=batch["source_ids"], attention_mask=mask, decoder_input_ids=batch["decoder_ids"], use_cache=False)
    return min(nearest)


def load_prompt(folder):
    return load_file(os.path.join(folder, "adapter_model.safetensors"))["prompt_embeddings"]
