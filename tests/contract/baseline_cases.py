"""Runs `model.baseline` on models and rows of users, many times in one process, and tells how each run ended.

TensorFlow takes seconds to start, so the cases share one start; each is called
exactly as `python -m model.baseline` calls it. Prints one JSON object: per case
the status, what was printed, and the file that was written.
"""

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

from model import command
from model.baseline import __main__ as baseline
from model.framework import tf

ROWS = 1_200
COLUMNS = ("age", "income", "visits", "constant")
CLASSES = ("no", "yes", "perhaps")

Arrays = dict[str, np.ndarray]


def main(folder: Path) -> None:
    cases: dict[str, Any] = {}
    table, matrix, classes = people()
    models = build(folder)
    files = write(folder, table, matrix, classes)

    def case(name: str, model: str, data: str | Path, *options: str) -> None:
        written = folder / "written" / f"{name}.json"
        written.parent.mkdir(exist_ok=True)
        out, err = io.StringIO(), io.StringIO()
        arguments = [str(models[model]), str(files.get(str(data), data)), "--write-to", str(written), *options]
        with redirect_stdout(out), redirect_stderr(err):
            status = command.run(baseline.main, arguments)
        cases[name] = {
            "status": status,
            "stdout": out.getvalue(),
            "stderr": err.getvalue(),
            "content": written.read_text() if written.is_file() else None,
            "left": sorted(path.name for path in written.parent.iterdir() if path.name.startswith(".")),
        }

    case("csv", "tabular", "csv", "--labels-column", "bought", "--classes", ",".join(CLASSES))
    case("parquet", "tabular", "parquet", "--labels-column", "bought", "--classes", ",".join(CLASSES))
    case("npz", "tabular", "npz")
    case("no labels", "tabular", "unlabelled")
    case("logits", "logits", "npz")
    case("logits unlabelled", "logits", "unlabelled")
    case("logits said", "logits", "unlabelled", "--answers", "logits", "--features", "x[1],x[0]")
    case("regression", "regression", "priced", "--input", "x=age,income,visits,constant")
    case("named inputs", "named", "named")
    case("images", "images", "images")
    case("one column", "sigmoid", "halves")
    case("few rows", "tabular", "few")
    case("fixed batch", "fixed", "npz")

    case("unknown column", "tabular", "csv", "--labels-column", "sold")
    case("label out of range", "tabular", "bad label")
    case("unknown name", "tabular", "csv", "--labels-column", "bought")
    case("wrong shape", "tabular", "wide")
    case("refused row", "picky", "picky")
    case("no file", "tabular", folder / "nowhere.csv")
    case("wrong format", "tabular", "text")
    case("damaged npz", "tabular", "damaged")
    case("damaged parquet", "tabular", "damaged parquet")
    case("nothing finite", "tabular", "nothing finite")
    case("nothing finite chosen", "tabular", "nothing finite", "--features", "x[1]")
    case("constant chosen", "tabular", "npz", "--features", "x[3]")
    case("unknown input", "tabular", "npz", "--input", "y=x")
    case("unknown kind", "regression", "unlabelled", "--answers", "probabilities")
    case("too few rows", "tabular", "ten")
    case("unknown feature", "tabular", "npz", "--features", "height")
    case("unknown output", "tabular", "npz", "--output", "y")
    case("text for numbers", "tabular", "words")
    case("no model", "nowhere", "npz")
    case("no folder", "tabular", "npz", "--write-to", str(folder / "not" / "there" / "b.json"))
    case("lengths differ", "tabular", "uneven")
    case("only NaN", "nan", "npz")
    json.dump(cases, sys.stdout)


def people() -> tuple[Arrays, Any, Any]:
    """Rows of a table, with classes that depend on them."""
    random = np.random.default_rng(1)
    table = {
        "age": random.normal(40, 12, ROWS),
        "income": random.lognormal(10, 0.5, ROWS),
        "visits": random.poisson(3, ROWS).astype(np.float64),
        "constant": np.full(ROWS, 7.0),
    }
    table["income"][::50] = np.nan
    matrix = np.stack([table[name] for name in COLUMNS], axis=1).astype(np.float32)
    scores = scores_of(np.nan_to_num(matrix, nan=22_000.0)) + random.gumbel(size=(ROWS, len(CLASSES)))
    return table, matrix, scores.argmax(axis=1)


WEIGHTS = np.array([[0.05, 0.0, 0.0], [0.0, 5e-5, 0.0], [0.0, 0.0, 0.4], [0.0, 0.0, 0.0]], dtype=np.float32)


def scores_of(matrix: Any) -> Any:
    return matrix @ WEIGHTS


def build(folder: Path) -> dict[str, Path]:
    """Small models of users, each with a form of its own."""

    def scores(x: Any) -> Any:
        known = tf.where(tf.math.is_nan(x), tf.fill(tf.shape(x), 22_000.0), x)
        return tf.matmul(known, tf.constant(WEIGHTS))

    def picky(x: Any) -> Any:
        with tf.control_dependencies([tf.debugging.assert_less(x[:, 0], 1e6, message="too old")]):
            return {"p": tf.nn.softmax(scores(x))}

    rows = tf.TensorSpec([None, 4], tf.float32, name="x")
    number, text = (
        tf.TensorSpec([None], kind, name=name) for kind, name in ((tf.float32, "area"), (tf.string, "city"))
    )
    image = tf.TensorSpec([None, 8, 8, 3], tf.float32, name="image")
    functions: dict[str, tuple[Any, list[Any]]] = {
        "tabular": (lambda x: {"p": tf.nn.softmax(scores(x))}, [rows]),
        "logits": (lambda x: {"scores": scores(x)}, [rows]),
        "regression": (lambda x: {"price": scores(x)[:, :1] * 100.0}, [rows]),
        "sigmoid": (lambda x: {"chance": tf.sigmoid(scores(x)[:, :1] - 2.0)}, [rows]),
        "picky": (picky, [rows]),
        "nan": (lambda x: {"p": tf.nn.softmax(scores(x)) * float("nan")}, [rows]),
        "fixed": (lambda x: {"p": tf.nn.softmax(scores(x))}, [tf.TensorSpec([64, 4], tf.float32, name="x")]),
        "named": (
            lambda area, city: {"big": tf.stack([area / 200, 1 - area / 200], axis=1) + 0.0 * city_size(city)},
            [number, text],
        ),
        "images": (lambda image: {"p": tf.nn.softmax(tf.reduce_mean(image, axis=[1, 2]))}, [image]),
    }
    for name, (function, specs) in functions.items():
        concrete = tf.function(function, input_signature=specs)
        tf.saved_model.save(tf.Module(), str(folder / name), signatures={"serving_default": concrete})
    return {name: folder / name for name in (*functions, "nowhere")}


def city_size(city: Any) -> Any:
    return tf.cast(tf.strings.length(city), tf.float32)[:, tf.newaxis]


def write(folder: Path, table: Arrays, matrix: Any, classes: Any) -> dict[str, Path]:
    """The rows in every form, and what is wrong with some of them."""
    random = np.random.default_rng(2)
    names = np.array(CLASSES, dtype=object)[classes]
    labelled = pa.table(
        {name: pa.array(table[name], from_pandas=True) for name in COLUMNS} | {"bought": pa.array(names.tolist())}
    )
    files = {name: folder / name for name in ("rows.csv", "rows.parquet", "priced.csv", "named.csv", "words.csv")}
    pyarrow.csv.write_csv(labelled, files["rows.csv"])
    pyarrow.parquet.write_table(labelled, files["rows.parquet"])
    pyarrow.csv.write_csv(labelled.drop(["bought"]).append_column("id", pa.array(range(ROWS))), files["priced.csv"])
    area = random.uniform(20, 180, ROWS)
    cities = random.choice(["Delft", "Gouda"], ROWS).tolist()
    pyarrow.csv.write_csv(
        pa.table({"area": area, "city": cities, "labels": (area < 100).astype(int)}), files["named.csv"]
    )
    pyarrow.csv.write_csv(pa.table({name: ["a"] * 200 for name in COLUMNS}), files["words.csv"])
    (folder / "rows.txt").write_text("1 2 3\n")
    (folder / "damaged.npz").write_bytes(b"no zip file")
    (folder / "damaged.parquet").write_bytes(b"PAR1 no parquet")
    too_old = matrix.copy()
    too_old[777, 0] = 2e6
    bad = np.where(np.arange(ROWS) == 5, 9, classes)
    arrays = {
        "npz": {"x": matrix, "labels": classes},
        "unlabelled": {"x": matrix},
        "few": {"x": matrix[:300], "labels": classes[:300]},
        "ten": {"x": matrix[:10]},
        "halves": {"x": matrix, "labels": (matrix[:, 0] > 40).astype(np.int64)},
        "bad label": {"x": matrix, "labels": bad},
        "wide": {"x": np.zeros((ROWS, 5), np.float32)},
        "picky": {"x": too_old},
        "nothing finite": {"x": np.where(np.arange(4) == 1, np.nan, matrix).astype(np.float32)},
        "images": {"image": random.uniform(0, 1, (ROWS, 8, 8, 3)).astype(np.float32)},
        "uneven": {"x": matrix, "labels": classes[:-1]},
    }
    for name, content in arrays.items():
        np.savez(folder / f"{name}.npz", **content)
    return {
        "csv": files["rows.csv"],
        "parquet": files["rows.parquet"],
        "priced": files["priced.csv"],
        "named": files["named.csv"],
        "words": files["words.csv"],
        "text": folder / "rows.txt",
        "damaged": folder / "damaged.npz",
        "damaged parquet": folder / "damaged.parquet",
        **{name: folder / f"{name}.npz" for name in arrays},
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]))
