"""What `prelude lm --write-windows` writes, and what `prelude predict` says to it; used by check-lm and ngram-baseline."""
import json
import pathlib
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/cpu-release/bin/prelude"


def read_windows(path):
    """A list of (source ids, target ids); targets without the start id."""
    lines = [json.loads(line) for line in pathlib.Path(path).read_text().splitlines()]
    return [(line["source_ids"], line["target_ids"]) for line in lines]


def predicted(program, backbone, windows):
    """Log-probabilities of the target ids, a list a window, in float32 on the CPU."""
    with tempfile.NamedTemporaryFile(suffix=".jsonl") as output:
        command = [program, "predict", "--backbone", backbone, "--input", windows, "--output", output.name, "--device", "cpu",
                   "--dtype", "float32"]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise SystemExit(f"prelude predict: {done.stderr.strip()}")
        return [json.loads(line)["target_logprobs"] for line in pathlib.Path(output.name).read_text().splitlines()]
