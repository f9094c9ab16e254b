"""The Hugging Face side of scripts/bench-peers, in a process of its own so that its memory is its own.

`peft_worker.py JOB_JSON` trains a prompt with transformers + PEFT. It writes the first step's gradient and says that step's
loss, its peak of memory and that of importing alone; then it answers each line on standard input with one step's times.
`peft_worker.py make FOLDER SHAPE_JSON ROWS SEED` writes a random backbone and prompt.
"""

import json
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import hf_oracle
import numpy
import torch
from peft import PromptTuningConfig, TaskType, get_peft_model
from transformers import T5ForConditionalGeneration

IGNORED = -100
LEARNING_RATE = 1e-3
CLIP = 1.0


def peak_bytes():
    """Of this program: ru_maxrss would count what its parent had when it forked."""
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError("/proc/self/status has no VmHWM")


def say(**fields):
    print(json.dumps(fields), flush=True)


def make(folder, shape, rows, seed):
    hf_oracle.make_backbone(folder, shape, seed)
    spread = hf_oracle.load_file(os.path.join(folder, "model.safetensors"))["shared.weight"].std()
    values = torch.randn(rows, shape["d_model"], generator=torch.Generator().manual_seed(seed + 1)) * spread
    numpy.save(os.path.join(folder, "prompt.npy"), values.numpy())


def batch_of(path, pad_to):
    """The file's examples as one padded batch; `pad_to`: source tokens of every example, 0: of the longest."""
    lines = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    width = max([pad_to] + [len(line["source_ids"]) for line in lines])
    steps = max(len(line["target_ids"]) for line in lines)
    ids = torch.zeros(len(lines), width, dtype=torch.long)
    mask = torch.zeros(len(lines), width, dtype=torch.long)
    labels = torch.full((len(lines), steps), IGNORED)
    for row, line in enumerate(lines):
        source, target = line["source_ids"], line["target_ids"]
        ids[row, : len(source)] = torch.tensor(source)
        mask[row, : len(source)] = 1
        labels[row, : len(target)] = torch.tensor(target)
    return dict(input_ids=ids, attention_mask=mask, labels=labels)


class Trainer:
    """Prompt tuning as PEFT does it: AdamW on the prompt, nothing else trains. No dropout: the losses are compared."""

    def __init__(self, job, attention):
        base = T5ForConditionalGeneration.from_pretrained(job["backbone"], dtype=torch.float32, attn_implementation=attention)
        rows = torch.from_numpy(numpy.load(job["prompt"]))
        self.model = get_peft_model(base, PromptTuningConfig(
            task_type=TaskType.SEQ_2_SEQ_LM, num_virtual_tokens=len(rows), num_transformer_submodules=1)).eval()
        (self.prompt,) = [weight for weight in self.model.parameters() if weight.requires_grad]
        with torch.no_grad():
            self.prompt.copy_(rows)
        self.optimizer = torch.optim.AdamW([self.prompt], lr=LEARNING_RATE)

    def step(self, batch, clip=CLIP):
        self.optimizer.zero_grad()
        loss = self.model(**batch, use_cache=False).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_([self.prompt], clip)
        self.optimizer.step()
        return loss.item()


def serve(job):
    torch.set_num_threads(job["threads"])
    import_bytes = peak_bytes()
    batch = batch_of(job["examples"], job["pad_to"])
    trainer = Trainer(job, job["attention"])
    loss = trainer.step(batch, clip=float("inf"))
    numpy.save(job["theirs"], trainer.prompt.grad.numpy())
    say(loss=loss, peak_bytes=peak_bytes(), import_bytes=import_bytes)
    for _ in sys.stdin:
        start, processor_start = time.perf_counter(), time.process_time()
        trainer.step(batch)
        say(seconds=time.perf_counter() - start, processor_seconds=time.process_time() - processor_start)


def main():
    if sys.argv[1] == "make":
        make(sys.argv[2], json.loads(sys.argv[3]), int(sys.argv[4]), int(sys.argv[5]))
    else:
        serve(json.loads(sys.argv[1]))


if __name__ == "__main__":
    main()
