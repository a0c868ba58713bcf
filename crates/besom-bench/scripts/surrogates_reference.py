"""Write tests/data/surrogates.json: losses of the surrogates as onnxruntime computes them.

    python crates/besom-bench/scripts/surrogates_reference.py FOLDER      (needs numpy and onnxruntime)

FOLDER holds the peer benchmark's problems.py and, in `yahpo`, the models. Then, to compare besom's runtime with them:

    BESOM_SURROGATES=FOLDER/yahpo cargo test -p besom-bench --features surrogates -- --ignored
"""
import json
import sys
from pathlib import Path

import numpy as np

FILE = Path(__file__).parent.parent / "tests/data/surrogates.json"


def main():
    sys.path.insert(0, sys.argv[1])
    import problems
    import space

    rows = []
    for name in problems.SUITES["yahpo"]:
        problem, rng = problems.make(name), np.random.default_rng(7)
        params = space.parse(problem.params)
        for _ in range(6):
            point = space.decode(params, space.sample(params, rng))
            rows.append([name, point, problem.f(point)])
            if name.startswith("lcbench"):
                curve = [problems.yahpo_predict("lcbench", name[8:], [dict(point, epoch=e)])[0] for e in (1, 10, 50)]
                rows[-1].append([float(y[2]) for y in curve])
    FILE.write_text("[\n" + ",\n".join(json.dumps(r) for r in rows) + "\n]\n")


if __name__ == "__main__":
    main()
