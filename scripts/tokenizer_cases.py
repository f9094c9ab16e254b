"""What scripts/check-tokenizer compares: texts, SentencePiece models trained with every option, folders of T5's family."""
import gzip
import json
import pathlib
import random
import re
import shutil

ROOT = pathlib.Path(__file__).resolve().parent.parent

# What is easily got wrong: ties between segmentations, sentinels and special pieces inside a text, what normalising does to
# spaces, controls, full-width and composed characters, unknown characters next to each other.
HARD_TEXTS = [
    "", " ", "\t\n", "Hello world", "  two  spaces ", "a\tb\nc\r\nd", "----", "R----, I said.", "-" * 50, "." * 77, "A" * 200, "ah" * 40,
    "x<extra_id_0>y", "x <extra_id_0> y", "<extra_id_0><extra_id_1>", "<extra_id_99>", "<extra_id_100>", "<extra_id_00>",
    "<extra_id_5", "a<pad>b<unk>c</s>", "</s></s>", "< /s>", "<mask>", "<<extra_id_3>>", "1 < 2 > 0",
    "\u65e5\u672c\u8a9e \u30c6\u30b9\u30c8", "e\u0301 caf\u00e9", "no\u00a0break\u3000wide", "\uff1cpad\uff1e \uff46\uff55\uff4c\uff4c",
    "a\u200bb\u00adc\ufeffd", "\ufb01n \u00b2 \u00bd \u2026", "\u0001a\u0002b", "\U0001f642\U0001f44d\U0001f3fd ok",
    "\u2581a \u2581 b", "It's \"quoted\" - 'so'.", "The correct one is", "A. B. C.", "question: who? passage: me", "\u00c4\u00d6\u00dc \u00df \u0130",
]


# Where transformers' fast tokenizer and SentencePiece differ: long ties, specials of full-width letters.
APART = ["." * 77, "A" * 200, "\uff1cpad\uff1e \uff46\uff55\uff4c\uff4c"]


def english(count):
    lines = []
    for name in ("books", "english"):
        path = ROOT.parent / f"shared/data/text/{name}.jsonl.gz"
        path = path if path.exists() else ROOT / "data/text/books-small.jsonl.gz"
        with gzip.open(path, "rt", encoding="utf-8") as rows:
            for row in rows:
                lines += [line for line in json.loads(row)["text"].split("\n") if line.strip()]
    return random.sample(lines, count)


def chinese(count):
    lines = []
    for name in ("eprstmt", "csl", "ocnli"):
        for path in sorted((ROOT.parent / "shared/data/fewshot" / name).rglob("*.json*")):
            lines += [line for line in path.read_text(encoding="utf-8").split("\n") if line.strip()]
    if len(lines) < count:  # without the shared data: characters in a row
        lines += ["".join(chr(random.randint(0x4E00, 0x9FA5)) for _ in range(random.randint(1, 40))) for _ in range(count)]
    return random.sample(lines, count)


def code(count):
    lines = []
    for path in sorted(ROOT.glob("core/**/*.cpp")) + sorted(ROOT.glob("scripts/*")):
        if path.is_file():
            lines += [line for line in path.read_text(encoding="utf-8").split("\n") if line]
    return random.sample(lines, count)


def emoji(count):
    blocks = [chr(c) for r in ((0x1F300, 0x1F650), (0x1F680, 0x1F700), (0x1F900, 0x1FA00), (0x2600, 0x27C0)) for c in range(*r)]
    beside = ["\u200d", "\ufe0f", " ", "a", "the ", "!", "  "] + [chr(0x1F3FB + i) for i in range(5)] + [chr(0x1F1E6 + i) for i in range(26)]
    pick = lambda: random.choice(blocks if random.random() < 0.6 else beside)
    return ["".join(pick() for _ in range(random.randint(1, 25))) for _ in range(count)]


def controls(count):
    codes = [*range(0x20), *range(0x7F, 0xA1), 0xAD, 0x301, 0x489, 0x1680, 0x180E, 0x2000, 0x2005, 0x200A, 0x200B, 0x200C, 0x200E, 0x200F, 0x2028,
             0x2029, 0x202A, 0x202E, 0x202F, 0x205F, 0x2060, 0x2581, 0x2585, 0x3000, 0xE000, 0xFEFF, 0xFFFD, 0xFFFE, 0xFFFF]
    words = ["word", "a", " ", "Hello ", "\u4e2d", "12", "<", ">", "\ufb01", "\uff41", "\u00e9"]
    pick = lambda: chr(random.choice(codes)) if random.random() < 0.5 else random.choice(words)
    return ["".join(pick() for _ in range(random.randint(1, 20))) for _ in range(count)]


KINDS = {"english": english, "chinese": chinese, "code": code, "emoji": emoji, "controls": controls}


def texts(count):
    random.seed(5)
    return {name: make(count) for name, make in KINDS.items()}


def with_tokens(lines, tokens):
    """Puts one or two of the tokens into each line, with and without spaces beside them."""
    made = []
    for line in lines:
        for _ in range(random.randint(1, 2)):
            at = random.randint(0, len(line))
            space = lambda: random.choice(["", "", " ", "  ", "x"])
            line = line[:at] + space() + random.choice(tokens) + space() + line[at:]
        made.append(line)
    return made


T5 = dict(pad_id=0, eos_id=1, unk_id=2, bos_id=-1)


def model_options(folder):
    """Options of SentencePiece's trainer that change ids or text, by name."""
    (folder / "own.tsv").write_text("41\t61\n42\t62 62\n201C\t22\n20 61\t2581 78\n1F600\t3A 29\nE9\t65 301\n")
    (folder / "spaces.tsv").write_text("41\t61\n201C\t22\n201D\t22\n9\t20\nA\t20\n")
    (folder / "back.tsv").write_text("20 2E\t2E\n20 2C\t2C\n61\t41\n")
    user = dict(user_defined_symbols=["<sep>", "foo bar", "\u2581x", "\U0001f600"], control_symbols=["<ctl>"])
    raw = dict(remove_extra_whitespaces=False, add_dummy_prefix=False, byte_fallback=True, normalization_rule_name="identity")
    names = dict(pad_id=3, pad_piece="[PAD]", unk_id=0, unk_piece="[UNK]", eos_id=1, eos_piece="[END]", bos_id=2, bos_piece="[GO]", unk_surface=" ?? ")
    sentinels = [f"<extra_id_{k}>" for k in range(9, -1, -1)]
    every = {"t5": {}, "noprefix": dict(add_dummy_prefix=False), "keepspace": dict(remove_extra_whitespaces=False), "user": user,
             "identity": dict(normalization_rule_name="identity"), "names": names, "spm": dict(pad_id=-1, eos_id=2, unk_id=0, bos_id=1)}
    subword = {"suffix": dict(treat_whitespace_as_suffix=True), "bytes": dict(byte_fallback=True), "digits": dict(split_digits=True),
               "nfkc": dict(normalization_rule_name="nfkc"), "nfkc_cf": dict(normalization_rule_name="nfkc_cf"),
               "nmt_nfkc_cf": dict(normalization_rule_name="nmt_nfkc_cf"), "own": dict(normalization_rule_tsv=str(folder / "own.tsv")),
               "spaces": dict(normalization_rule_tsv=str(folder / "spaces.tsv")), "back": dict(denormalization_rule_tsv=str(folder / "back.tsv")),
               "nosplit": dict(split_by_whitespace=False), "raw": raw, "noscript": dict(split_by_unicode_script=False, split_by_number=False),
               "spacepieces": dict(allow_whitespace_only_pieces=True, remove_extra_whitespaces=False),
               "sentinels": dict(user_defined_symbols=sentinels), "mt5": dict(user_defined_symbols=["\u2581" + name for name in sentinels]),
               "required": dict(required_chars="\u4e2d\u6587", byte_fallback=True, split_digits=True)}
    made = {}
    for kind in ("unigram", "bpe", "char", "word"):
        for name, options in every.items() if kind in ("char", "word") else (every | subword).items():
            made[f"{kind}-{name}"] = dict(model_type=kind) | T5 | options
    return made


def train_models(folder, lines, vocabulary, only=None):
    """Trains each model (or those named) into the folder, and some more with settings that the trainer does not offer; gives the paths."""
    import sentencepiece
    from sentencepiece import sentencepiece_model_pb2

    corpus = folder / "corpus.txt"
    corpus.write_text("\n".join(line.replace("\0", " ").replace("\n", " ") for line in lines), encoding="utf-8")
    for name, options in model_options(folder).items():
        if (folder / f"{name}.model").exists() or (only and name not in only):
            continue
        sentencepiece.SentencePieceTrainer.train(
            input=str(corpus), model_prefix=str(folder / name), minloglevel=4, num_threads=2, vocab_size=vocabulary,
            character_coverage=0.98, hard_vocab_limit=False, **options)
    if only:
        return [folder / f"{name}.model" for name in only]
    for kind in ("unigram", "bpe"):
        model = sentencepiece_model_pb2.ModelProto()
        model.ParseFromString((folder / f"{kind}-t5.model").read_bytes())
        model.normalizer_spec.escape_whitespaces = False
        (folder / f"{kind}-noescape.model").write_bytes(model.SerializeToString())
        model.normalizer_spec.escape_whitespaces = True
        long = [piece for piece in model.pieces if piece.type == 1 and len(piece.piece) > 2]
        for piece in long[::7]:
            piece.type = 5  # unused
        (folder / f"{kind}-unused.model").write_bytes(model.SerializeToString())
    return sorted(folder.glob("*.model"))


def config(**values):
    return {"tokenizer_config.json": dict(tokenizer_class="T5Tokenizer", **values)}


def token(text, **flags):
    return dict(content=text, lstrip=False, rstrip=False, normalized=False, single_word=False, special=True) | flags


def folder_files(pieces):
    """Files beside a spiece.model of `pieces` pieces, by name of the folder."""
    sentinels = [f"<extra_id_{k}>" for k in range(100)]
    decoder = {str(pieces + 99 - k): token(name) for k, name in enumerate(sentinels)}
    decoder |= {"0": token("<pad>"), "1": token("</s>"), "2": token("<unk>")}
    end = pieces + 100
    flan = config(extra_ids=100, additional_special_tokens=sentinels, added_tokens_decoder=decoder, legacy=True)
    flagged = {str(end): token("<spot>", lstrip=True), str(end + 1): token("[both]", lstrip=True, rstrip=True),
               str(end + 2): token("zqx", single_word=True, special=False), str(end + 3): token("<right>", rstrip=True)}
    return {
        "plain": {},
        "extra_ids-28": config(extra_ids=28),
        "extra_ids-0": config(extra_ids=0),
        "legacy-false": config(legacy=False),
        "flan": flan,
        "added": {"added_tokens.json": {"<spot>": end, "[both]": end + 1}},
        "added-special": {"added_tokens.json": {"<spot>": end}, "special_tokens_map.json": {"additional_special_tokens": sentinels + ["<spot>"]}},
        "map": {"special_tokens_map.json": dict(eos_token="</s>", unk_token="<unk>", pad_token="<pad>", additional_special_tokens=sentinels)},
        "extra-special": config(additional_special_tokens=sentinels + ["<spot>", "[both]"]),
        "flags": config(added_tokens_decoder=decoder | flagged),
    }


def make_folders(base, model):
    """One folder for each set of files, all with the SentencePiece model; gives the paths."""
    import sentencepiece

    pieces = sentencepiece.SentencePieceProcessor(model_file=str(model)).get_piece_size()
    for name, files in folder_files(pieces).items():
        folder = base / name
        folder.mkdir(parents=True, exist_ok=True)
        shutil.copy(model, folder / "spiece.model")
        for file, content in files.items():
            (folder / file).write_text(json.dumps(content))
    return [base / name for name in folder_files(pieces)]


def make_mt5_folder(base, model):
    """A folder whose SentencePiece model itself holds the sentinels, as mT5's does."""
    folder = base / "mt5"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(model, folder / "spiece.model")
    (folder / "tokenizer_config.json").write_text(json.dumps(dict(tokenizer_class="T5Tokenizer", extra_ids=0, additional_special_tokens=None)))
    return folder


class Slow:
    """transformers' slow T5 tokenizer, which version 5 no longer has: SentencePiece between the added tokens."""

    def __init__(self, folder, fast):
        import sentencepiece

        self.library = sentencepiece.SentencePieceProcessor(model_file=str(folder / "spiece.model"))
        self.tokens = {token.content: (i, token) for i, token in fast.added_tokens_decoder.items()
                       if i >= self.library.get_piece_size() or token.content in ("<pad>", "</s>", "<unk>")}
        names = sorted(self.tokens, key=len, reverse=True)
        whole = lambda name: rf"(?<!\w){re.escape(name)}(?!\w)" if self.tokens[name][1].single_word else re.escape(name)
        self.pattern = re.compile("(" + "|".join(map(whole, names)) + ")")

    def encode(self, text):
        ids = []
        for part in self.pattern.split(text):
            ids += [self.tokens[part][0]] if part in self.tokens else self.library.encode(part)
        return ids


def make_json_folders(base, model, bpe_model):
    """Folders with tokenizer.json alone: what transformers saves, Metaspace's variants, T5's older steps, BPE."""
    import tokenizers
    import transformers

    source = base / "source"
    source.mkdir(parents=True, exist_ok=True)
    shutil.copy(model, source / "spiece.model")
    saved = base / "json-saved"
    transformers.T5Tokenizer.from_pretrained(source).save_pretrained(saved)
    made = [saved]

    def variant(name, change):
        backend = json.loads((saved / "tokenizer.json").read_text())
        change(backend)
        folder = base / name
        folder.mkdir(exist_ok=True)
        (folder / "tokenizer.json").write_text(json.dumps(backend))
        tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
        made.append(folder)

    space = lambda **options: dict(type="Metaspace", replacement="\u2581") | options
    strip = [dict(type="Strip", strip_left=False, strip_right=True), dict(type="Replace", pattern={"Regex": " {2,}"}, content="\u2581")]
    for scheme in ("always", "first", "never"):
        for split in (True, False):
            both = dict(pre_tokenizer=space(prepend_scheme=scheme, split=split), decoder=space(prepend_scheme=scheme, split=split))
            variant(f"json-{scheme}-{'split' if split else 'whole'}", lambda b, both=both: b.update(both))
    variant("json-old", lambda b: b.update(normalizer=dict(type="Sequence", normalizers=[b["normalizer"]] + strip),
                                           pre_tokenizer=space(add_prefix_space=True, str_rep="\u2581"), decoder=space(add_prefix_space=True, str_rep="\u2581")))
    variant("json-bare", lambda b: b.update(normalizer=None, pre_tokenizer=space(prepend_scheme="first", split=True)))
    variant("json-normalized", lambda b: b["added_tokens"].extend(
        [dict(token("Spot", special=False, normalized=True), id=len(b["model"]["vocab"])), dict(token("\uff41b", special=False, normalized=True, rstrip=True), id=len(b["model"]["vocab"]) + 1)]))
    bpe = transformers.convert_slow_tokenizer.SpmConverter
    from sentencepiece import sentencepiece_model_pb2

    for name, options in (("json-bpe", dict(legacy=True)), ("json-bpe-first", dict(legacy=False))):
        proto = sentencepiece_model_pb2.ModelProto()
        proto.ParseFromString(pathlib.Path(bpe_model).read_bytes())
        proto.normalizer_spec.remove_extra_whitespaces = False  # its rules are regular expressions that are refused
        vocabulary = {piece.piece: i for i, piece in enumerate(proto.pieces)}
        backend = json.loads(bpe.build_tokenizer_from_spm_proto(proto, vocabulary, **options).to_str())
        backend["normalizer"]["normalizers"] = [n for n in backend["normalizer"]["normalizers"] if n.get("pattern", {}).get("Regex") is None]
        backend["added_tokens"] = [dict(token(f"<extra_id_{k}>"), id=len(vocabulary) + k) for k in range(3)]
        folder = base / name
        folder.mkdir(exist_ok=True)
        (folder / "tokenizer.json").write_text(json.dumps(backend))
        made.append(folder)
    return made
