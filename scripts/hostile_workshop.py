"""Good inputs of every kind that `prelude` reads, made once by the program itself on tiny shapes: what scripts/check-hostile-files spoils."""
import dataclasses
import gzip
import json
import os
import pathlib
import struct
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOKENIZER = ROOT / "data/backbone-small/spiece.model"
CPU = ["--device", "cpu", "--threads", "1"]
CONFIG = {"model_type": "t5", "d_model": 16, "d_kv": 8, "d_ff": 32, "num_heads": 2, "num_layers": 1, "num_decoder_layers": 1,
          "vocab_size": 8128, "feed_forward_proj": "gated-gelu", "tie_word_embeddings": True, "scale_decoder_outputs": True,
          "pad_token_id": 0, "eos_token_id": 1, "decoder_start_token_id": 0}
WORDS = "the a good bad great film book was not quite fine old green king river over near city bread water".split()
LABELS = "label-field = label\nlabels = 0 -> bad\nlabels = 1 -> good\npt = {text}<X>\npretext = cls\n"


@dataclasses.dataclass
class Kind:
    """A file that a command reads: where it lies below the workshop, and the command, whose words may hold {} for the folder worked in."""
    name: str
    file: str
    command: list
    text: bool = False    # mutations of lines, words and JSON make sense
    copies: tuple = ()    # folders that the command changes
    also: tuple = ()      # what a message may name in the file's place: an option whose value no longer fits what the file holds


def sentence(i, words=8):
    return "The " + " ".join(WORDS[(i * 7 + k * k + k) % len(WORDS)] for k in range(words)) + "."


class Workshop:
    def __init__(self, program, folder):
        self.program = str(program)
        self.folder = pathlib.Path(folder)

    def path(self, name):
        return self.folder / name

    def run(self, *words):
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        words = [str(word).replace("{}", str(self.folder)) for word in words]
        done = subprocess.run([self.program, *words], capture_output=True, text=True, env=environment, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{words}: {done.stderr}")

    def write(self, name, text):
        path = self.path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def make(self):
        self.texts()
        self.write("config.json", json.dumps(CONFIG, indent=1) + "\n")
        self.run("backbone", "create", "--model-config", self.path("config.json"), "--tokenizer", TOKENIZER, "--output", self.path("backbone"))
        self.shards()
        build = ["corpus", "build", "--tokenizer", TOKENIZER, "--workers", "1", "--shard-tokens", "600", "--input", self.path("text/a.jsonl")]
        self.run(*build, "--output", self.path("corpus"))
        self.prompts()
        self.run("corpus", "label", self.path("corpus"), "--output", self.path("labelled"), *self.label_options())
        self.run(*self.pretrain("run", 2))
        self.run(*self.lm("lm", 2))
        self.few_shot()
        self.run(*self.experiment())

    def texts(self):
        documents = [[sentence(d * 10 + s) for s in range(6)] for d in range(30)]
        lines = "".join(json.dumps({"text": " ".join(document), "label": d % 2, "url": "u"}) + "\n" for d, document in enumerate(documents))
        self.write("text/a.jsonl", lines)
        self.write("text/a.txt", "\n\n".join("\n".join(document) for document in documents) + "\n")
        self.write("text/c4.json.gz", gzip.compress(lines.encode(), mtime=0))
        rows = [" ".join(document).replace("film", 'so-called ""film""') for document in documents]
        self.write("text/a.csv", "id,text,label\r\n" + "".join(f'{i},"{row}",{i % 2}\r\n' for i, row in enumerate(rows)))
        self.write("text/a.tsv", "id\ttext\tlabel\n" + "".join(f'{i}\t{row}\t{i % 2}\n' for i, row in enumerate(rows)).replace('""', '"'))
        self.write("text/ppt", "".join("<@x(x!>".join(document) + "\n" for document in documents))
        self.write("text/wiki_00", "".join(f'<doc id="{i}" url="u" title="T">\nT\n\n{" ".join(document)}\n\n</doc>\n'
                                           for i, document in enumerate(documents)))

    def shards(self):
        """The backbone again, in two files with an index."""
        whole = self.path("backbone/model.safetensors").read_bytes()
        size = int.from_bytes(whole[:8], "little")
        header = {name: entry for name, entry in json.loads(whole[8:8 + size]).items() if name != "__metadata__"}
        weight_map = {}
        for part in range(2):
            names = [name for i, name in enumerate(header) if i % 2 == part]
            entries, data = {}, b""
            for name in names:
                begin, end = header[name]["data_offsets"]
                entries[name] = {**header[name], "data_offsets": [len(data), len(data) + end - begin]}
                data += whole[8 + size + begin:8 + size + end]
                weight_map[name] = f"model-{part}.safetensors"
            text = json.dumps(entries).encode()
            text += b" " * (-len(text) % 8)
            self.write(f"sharded/model-{part}.safetensors", len(text).to_bytes(8, "little") + text + data)
        self.write("sharded/model.safetensors.index.json", json.dumps({"metadata": {"total_size": 1}, "weight_map": weight_map}, indent=1) + "\n")
        for name in ("config.json", "spiece.model"):
            self.write(f"sharded/{name}", self.path(f"backbone/{name}").read_bytes())

    def prompts(self):
        header = b"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 16), }"
        header += b" " * (-(len(header) + 11) % 64) + b"\n"
        values = b"".join(struct.pack("<f", i / 10) for i in range(48))
        self.write("rows.npy", b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header + values)
        self.run("import", "--input", self.path("rows.npy"), "--output", self.path("prompt"))
        self.run("export", "--prompt", self.path("prompt"), "--output", self.path("rows.pt"))
        for name in ("legacy.pt", "legacy-state-dict.pt"):
            self.write(name, (ROOT / "tests/data/pt" / name).read_bytes())
        self.write("questions.jsonl", "".join(json.dumps({"source": sentence(i), "target": "<extra_id_0> good"}) + "\n" for i in range(4)))
        self.write("choices.jsonl", "".join(json.dumps({"source": sentence(i), "candidates": ["good", "bad"], "label": i % 2}) + "\n"
                                            for i in range(4)))
        self.write("examples.jsonl", "".join(json.dumps({"source_ids": [5, 6, 7 + i], "target_ids": [8, 9]}) + "\n" for i in range(4)))
        self.write("grid.txt", "--seed 1\n--seed 2 --learning-rate 0.1\n")
        self.write("texts.txt", "".join(sentence(i) + "\n" for i in range(5)))

    def few_shot(self):
        rows = [(f"{sentence(i)} It was {'good' if i % 2 else 'bad'}.", i % 2) for i in range(24)]
        jsonl = "".join(json.dumps({"text": text, "label": label}) + "\n" for text, label in rows)
        tsv = "text\tlabel\n" + "".join(f"{text}\t{label}\n" for text, label in rows)
        csv = "text,label\r\n" + "".join(f'"{text}",{label}\r\n' for text, label in rows)
        for name, content in (("jsonl", jsonl), ("tsv", tsv), ("csv", csv)):
            self.write(f"few/{name}/train.{name}", content)
            self.write(f"few/{name}/test.{name}", content.replace("The ", "A "))
            self.write(f"few/{name}.ini", f"name = {name}\nformat = {name}\ntrain = train.{name}\ntest = test.{name}\nfields = text\n{LABELS}")
        question = {"question": sentence(3), "choice": ["good", "bad"], "answer": "bad"}
        paragraphs = [[[sentence(i)], [{**question, "answer": ("good", "bad")[i % 2]}], str(i)] for i in range(24)]
        self.write("few/json/train.json", json.dumps(paragraphs))
        self.write("few/json/test.json", json.dumps(paragraphs))
        options = "options-field = {}\npt = {{{}}}{{question}}{{options}}<X>\npretext = nss\n"
        self.write("few/json.ini", "name = json\nformat = json\ntrain = train.json\ntest = test.json\nfields = passage\nfields = question\n"
                   "label-field = answer\nanswer = text\n" + options.format("choice", "passage"))
        for i in range(16):
            article = {"article": sentence(i), "questions": [sentence(i + 1)] * 2, "options": [["good", "bad"]] * 2, "answers": ["A", "B"]}
            self.write(f"few/race/train/{i:02}.txt", json.dumps(article))
            self.write(f"few/race/test/{i:02}.txt", json.dumps(article))
        self.write("few/race.ini", "name = race\nformat = race\ntrain = train\ntest = test\nfields = article\nfields = question\n"
                   "label-field = answers\n" + options.format("options", "article"))
        self.write("experiment.ini", "methods = pt\nshots = 4\nseeds = 10\nprompt-length = 3\n")
        self.write("pretrain.ini", "task = nsp\nprompt-length = 3\nlearning-rate = 0.3\nwarmup-steps = 0\n")

    # Commands; {} is the folder that they work in.
    @staticmethod
    def label_options():
        return ["--backbone", "{}/backbone", "--prompt", "{}/rows.npy", "--batch-size", "64",
                "--micro-tokens", "2000", *CPU]

    @staticmethod
    def pretrain(run, steps, more=()):
        return ["pretrain", "--backbone", "{}/backbone", "--corpus", "{}/corpus", "--output", "{}/" + run, "--steps", str(steps), "--global-batch",
                "2", "--validation-examples", "2", "--validation-fraction", "0.3", "--checkpoint-every", "1", "--dtype", "float32", *CPU, *(more or ["--prompt-length", "3"])]

    @staticmethod
    def lm(run, steps):
        return ["lm", "--init", "{}/config.json", "--tokenizer", str(TOKENIZER), "--corpus", "{}/corpus", "--output", "{}/" + run, "--steps",
                str(steps), "--global-batch", "2", "--micro-tokens", "600", "--max-source", "32", "--validation-windows", "2",
                "--checkpoint-every", "1", "--samples", "0", *CPU]

    @staticmethod
    def experiment():
        return ["experiment", "--config", "{}/experiment.ini", "--backbone", "{}/backbone", "--rows", "{}/few/jsonl.ini", "--data",
                "jsonl={}/few/jsonl", "--output", "{}/experiment", "--steps", "1", "--global-batch", "2", "--micro-tokens", "600", *CPU]

    @staticmethod
    def tune(name):
        return ["tune", "--backbone", "{}/backbone", "--rows", f"{{}}/few/{name}.ini", "--data", f"{name}={{}}/few/{name}", "--method", "pt",
                "--shots", "4", "--steps", "0", "--prompt-length", "3", "--micro-tokens", "600", "--output", "{}/tuned", *CPU]

    def kinds(self):
        def build(name):
            return ["corpus", "build", "--input", "{}/text/" + name, "--tokenizer", str(TOKENIZER), "--output", "{}/built", "--workers", "1"]

        resumed = ["corpus", "build", "--tokenizer", str(TOKENIZER), "--workers", "1", "--shard-tokens", "600", "--input",
                   str(self.path("text/a.jsonl")), "--output", "{}/corpus"]
        label = ["corpus", "label", "{}/corpus", "--output", "{}/labelled", *self.label_options()]
        predict = ["predict", "--backbone", "{}/backbone", "--prompt", "{}/prompt", "--input", "{}/questions.jsonl", "--output", "{}/answers", *CPU]
        shard = "corpus/shard-00000.h5"
        checkpoint = "run/checkpoints/step-00000002.h5"
        ranks = "lm/checkpoints/step-00000002"
        return [
            Kind("backbone config.json", "backbone/config.json", ["inspect", "{}/backbone"], True),
            Kind("backbone config.json, planned", "backbone/config.json", ["plan", "--backbone", "{}/backbone"], True),
            Kind("model.safetensors", "backbone/model.safetensors", ["inspect", "--verify", "{}/backbone"]),
            Kind("safetensors file", "backbone/model.safetensors", ["inspect", "{}/backbone/model.safetensors"]),
            Kind("safetensors index", "sharded/model.safetensors.index.json", ["inspect", "{}/sharded"], True),
            Kind("safetensors shard", "sharded/model-0.safetensors", ["inspect", "{}/sharded"]),
            Kind("spiece.model", "backbone/spiece.model", predict),
            Kind("spiece.model alone", "backbone/spiece.model",
                 ["tokenizer", "encode", "--tokenizer", "{}/backbone/spiece.model", "--input", "{}/texts.txt"]),
            Kind("text to encode", "texts.txt", ["tokenizer", "encode", "--tokenizer", str(TOKENIZER), "--input", "{}/texts.txt"], True),
            Kind("text to learn a tokenizer from", "text/a.txt",
                 ["tokenizer", "train", "--input", "{}/text/a.txt", "--vocabulary", "60", "--output", "{}/learnt"], True, (), ("--vocabulary",)),
            *[Kind(f"corpus input {name}", f"text/{name}", build(name), not name.endswith("gz"))
              for name in ("a.txt", "a.jsonl", "c4.json.gz", "a.csv", "a.tsv", "ppt", "wiki_00")],
            Kind("corpus.json", "corpus/corpus.json", ["corpus", "stats", "{}/corpus"], True),
            Kind("build.json", "corpus/build.json", resumed, True, ("corpus",)),
            Kind("label.json", "labelled/label.json", label, True, ("labelled",)),
            Kind("corpus shard", shard, ["corpus", "stats", "{}/corpus"]),
            Kind("corpus shard, verified", shard, ["corpus", "verify", "{}/corpus"]),
            Kind("adapter_config.json", "prompt/adapter_config.json", ["inspect", "{}/prompt"], True),
            Kind("adapter_model.safetensors", "prompt/adapter_model.safetensors", ["inspect", "{}/prompt"]),
            Kind("prelude.json", "prompt/prelude.json", ["inspect", "{}/prompt"], True),
            Kind(".npy", "rows.npy", ["import", "--input", "{}/rows.npy", "--output", "{}/imported"]),
            Kind(".pt", "rows.pt", ["import", "--input", "{}/rows.pt", "--output", "{}/imported"]),
            Kind("old .pt", "legacy.pt", ["import", "--input", "{}/legacy.pt", "--output", "{}/imported"]),
            Kind("requests", "questions.jsonl", predict, True),
            Kind("requests with labels", "choices.jsonl",
                 ["evaluate", "--backbone", "{}/backbone", "--input", "{}/choices.jsonl", *CPU], True),
            Kind("examples to measure", "examples.jsonl", ["bench", "--what", "step", "--backbone", "{}/backbone", "--examples",
                                                            "{}/examples.jsonl", "--steps", "1", *CPU], True),
            Kind("run config.ini", "run/config.ini", self.pretrain("run", 3), True, ("run",)),
            Kind("run config.ini as --config", "run/config.ini", ["pretrain", "--config", "{}/run/config.ini", "--output", "{}/run", "--steps", "3"], True, ("run",)),
            Kind("metrics.jsonl", "run/metrics.jsonl", self.pretrain("run", 3), True, ("run",)),
            Kind("checkpoint", checkpoint, self.pretrain("run", 3), False, ("run",)),
            Kind("checkpoint, shown", checkpoint, ["inspect", "{}/" + checkpoint]),
            Kind("lm config.ini", "lm/config.ini", self.lm("lm", 3), True, ("lm",)),
            Kind("lm metrics.jsonl", "lm/metrics.jsonl", self.lm("lm", 3), True, ("lm",)),
            Kind("rank manifest", f"{ranks}/manifest.json", self.lm("lm", 3), True, ("lm",)),
            Kind("rank file", f"{ranks}/rank-00000-of-00001.h5", self.lm("lm", 3), False, ("lm",)),
            Kind("lm's first shape", "config.json", self.lm("fresh", 1), True),
            Kind("pretrain's configuration", "pretrain.ini", self.pretrain("fresh", 1, ["--config", "{}/pretrain.ini", "--prompt-length", "3"]), True),
            Kind("experiment's configuration", "experiment.ini", [*self.experiment(), "--shots", "4", "--seeds", "10", "--prompt-length", "3"],
                 True, ("experiment",)),
            Kind("cell", "experiment/cells/jsonl/pt/shots-4/rate-0.3/seed-10.json", self.experiment(), True, ("experiment",)),
            Kind("experiment's config.ini", "experiment/config.ini", self.experiment(), True, ("experiment",)),
            *[Kind(f"few-shot {name}", f"few/{name}/train.{name}", self.tune(name), True) for name in ("jsonl", "tsv", "csv", "json")],
            Kind("few-shot test set", "few/jsonl/test.jsonl", self.tune("jsonl"), True),
            Kind("few-shot race", "few/race/train/03.txt", self.tune("race"), True),
            Kind("row", "few/jsonl.ini", self.tune("jsonl"), True),
            Kind("row of choices", "few/race.ini", self.tune("race"), True),
            Kind("grid", "grid.txt", ["slurm", "--grid", "{}/grid.txt", "--", *self.pretrain("run", 3)], True),
        ]

