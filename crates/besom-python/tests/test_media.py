"""What a row keeps of pictures, tables and histograms."""

import json
import math
import pathlib

import pytest

import besom


@pytest.fixture
def run():
    with besom.init() as run:
        yield run


def rows(run):
    return [json.loads(line) for line in pathlib.Path(run.dir, "metrics-1.jsonl").read_text().splitlines()]


def test_of_pictures_a_row_keeps_caption_size_and_path(run, capsys):
    numpy = pytest.importorskip("numpy")
    picture = pytest.importorskip("PIL.Image").new("RGB", (8, 4))
    run.log({"loss": 1, "of array": besom.Image(numpy.zeros((28, 20, 3)), caption="seven", mode="RGB"), "of file": besom.Image("a.png")})
    run.log({"several": [besom.Image(picture), picture], "of image": besom.Image(besom.Image(picture, caption="x"))}, step=3)
    run.log({"clip": besom.Video(numpy.zeros((3, 1, 4, 4)), fps=4, format="gif"), "page": besom.Html("<p>"), "sound": besom.Audio("a.wav", caption="hum")})
    path, sound = str(pathlib.Path("a.png").absolute()), str(pathlib.Path("a.wav").absolute())
    assert rows(run) == [
        {
            "loss": 1,
            "of array": {"_type": "image-file", "width": 20, "height": 28, "mode": "RGB", "caption": "seven"},
            "of file": {"_type": "image-file", "path": path},
        },
        {
            "several": [{"_type": "image-file", "width": 8, "height": 4}] * 2,
            "of image": {"_type": "image-file", "width": 8, "height": 4, "caption": "x"},
            "clip": {"_type": "video-file", "fps": 4, "format": "gif"},
            "page": {"_type": "html-file", "size": 3},
            "sound": {"_type": "audio-file", "path": sound, "caption": "hum"},
        },
    ]
    assert capsys.readouterr().err.count("besom keeps no images; a row has their caption, size and path") <= 1


def test_figures_need_no_wrapper(run):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    figure = pyplot.figure()
    run.log({"figure": figure, "module": pyplot, "loss": 2})
    pyplot.close(figure)
    assert rows(run) == [{"figure": {"_type": "image-file"}, "module": {"_type": "image-file"}, "loss": 2}]


def test_a_table_is_a_file_of_the_run_and_the_newest_of_its_key(run):
    table = besom.Table(columns=["label", "image", "score"])
    table.add_data("a", besom.Image("a.png"), 0.5)
    run.log({"val/examples": table, "loss": 1})
    table.add_data("b", None, math.nan)
    run.log({"val/examples": table})
    run.log({"../../away": table, "bar": besom.plot.bar(table, "label", "score", title="t")})
    first, second, third = rows(run)
    assert first["val/examples"] == {"_type": "table-file", "ncols": 3, "nrows": 1, "path": "media/table/val/examples.table.json"}
    written = json.loads(pathlib.Path(run.dir, second["val/examples"]["path"]).read_text())
    image = {"_type": "image-file", "path": str(pathlib.Path("a.png").absolute())}
    assert written == {"columns": ["label", "image", "score"], "data": [["a", image, 0.5], ["b", None, "nan"]]}
    assert third["../../away"]["path"] == "media/table/away.table.json" and third["bar"]["nrows"] == 2


def test_tables_have_rows_columns_and_frames():
    numpy, pandas = pytest.importorskip("numpy"), pytest.importorskip("pandas")
    frame = pandas.DataFrame({"x": [1, 2], "y": ["a", "b"]})
    table = besom.Table(dataframe=frame)
    assert (table.columns, table.data) == (["x", "y"], [[1, "a"], [2, "b"]]) and table.get_dataframe().equals(frame)
    table.add_column("z", numpy.array([3.0, 4.0]))
    table.add_computed_columns(lambda number, row: {"sum": number + row["x"]})
    assert table.get_column("sum") == [1, 3] and table.get_column("z", convert_to="numpy").sum() == 7
    assert list(table.iterrows())[1] == (1, [2, "b", 4.0, 3]) and table.get_index() == [0, 1]
    assert besom.Table(data=numpy.eye(2), columns=["a", "b"]).data == [[1, 0], [0, 1]]
    assert besom.Table(columns=["a"], rows=[[1]]).data == besom.Table(data=[[1]], columns=["a"]).data
    with pytest.raises(ValueError, match="a row of this table has 4 values \\(x, y, z, sum\\), got 1"):
        table.add_data(1)
    with pytest.raises(ValueError, match="column 'w' must have 2 values, got 3"):
        table.add_column("w", [1, 2, 3])


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_histograms_are_those_of_numpy(run, count):
    numpy = pytest.importorskip("numpy")
    values = numpy.random.default_rng(1).normal(size=(count, 2))
    counts, edges = numpy.histogram(values, bins=64)
    run.log({"weights": besom.Histogram(values), "given": besom.Histogram(np_histogram=(counts, edges))})
    expected = {"_type": "histogram", "values": counts.tolist(), "bins": edges.tolist()}
    assert rows(run) == [{"weights": expected, "given": expected}]
    assert sum(besom.Histogram([1.0, math.nan, math.inf]).histogram) == 1, "what is no number is in no bin"


def test_a_table_that_cannot_be_written_ends_no_run(run, capsys):
    pathlib.Path(run.dir, "media").write_text("in the way")
    run.log({"loss": 1, "table": besom.Table(data=[[1]], columns=["x"])})
    assert rows(run) == [{"loss": 1, "table": {"_type": "table-file", "ncols": 1, "nrows": 1}}]
    assert "besom: table table was not written: " in capsys.readouterr().err


def test_media_are_in_the_summary_and_reach_the_api():
    def train():
        run = besom.init()
        run.log({"loss": run.config.x, "examples": besom.Table(data=[[1]], columns=["x"])})
        assert besom.summary["examples"]["nrows"] == 1

    sweep_id = besom.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1]}}}, seed=1)
    besom.agent(sweep_id, function=train)
    (run,) = besom.Api().sweep(sweep_id).runs
    table = run.summary["examples"]
    assert json.loads(pathlib.Path(run.dir, table["path"]).read_text())["data"] == [[1]], run.message
