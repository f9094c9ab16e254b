"""Runs a script again with the Python that has what it needs: `import oracle_python; oracle_python.need("torch")` before the imports that
may fail. That Python is .venv-full's, which scripts/setup --oracles makes."""
import importlib.util
import os
import pathlib
import sys

FULL = pathlib.Path(__file__).resolve().parent.parent / ".venv-full" / "bin" / "python"


def need(*modules):
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if not missing:
        return
    if FULL.exists() and pathlib.Path(sys.prefix).resolve() != FULL.parent.parent.resolve():
        os.execv(FULL, [str(FULL), *sys.argv])
    print(f"{sys.argv[0]}: needs {', '.join(missing)}; run scripts/setup --oracles, then this again", file=sys.stderr)
    sys.exit(2)
