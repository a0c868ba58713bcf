"""Artifacts are versions of files, for other runs of the store."""

import json
import os
import tempfile

import pytest
from conftest import runs

import besom


@pytest.fixture
def run(place):
    (place / "model.txt").write_text("weights")
    with besom.init() as run:
        yield run


def artifact(*files, name="model", **said):
    made = besom.Artifact(name, type="model", **said)
    for file in files:
        made.add_file(file)
    return made


def test_versions_are_counted_and_found_by_alias(run, place):
    first = run.log_artifact(artifact("model.txt", metadata={"acc": 0.5}), aliases=["best", "latest"]).wait()
    assert (first.name, first.version, first.state, first.aliases) == ("model:v0", "v0", "COMMITTED", ["latest", "best"])
    (place / "other.txt").write_text("more weights")
    besom.log_artifact(artifact("other.txt"))
    for path, name in {"model": "v1", "model:latest": "v1", "me/project/model:best": "v0", "model:v0": "v0"}.items():
        found = run.use_artifact(path, type="model")
        assert (found.version, found.type) == (name, "model")
    assert run.use_artifact("model:best").metadata == {"acc": 0.5} and run.use_artifact("model:v0").aliases == ["best"]
    assert [each.version for each in besom.Api().artifact_versions("model", "model")] == ["v1", "v0"]


def test_equal_files_are_one_version_with_all_aliases(run, place):
    run.log_artifact(artifact("model.txt"), aliases=["a"])
    (place / "copy").mkdir()
    (place / "copy/model.txt").write_text("weights")
    again = run.log_artifact(artifact("copy/model.txt"), aliases=["b"])
    assert again.version == "v0" and run.use_artifact("model").aliases == ["latest", "a", "b"]
    assert not [name for name in os.listdir(".besom/artifacts") if name.startswith(".")], "nothing is left of what was made"


def test_files_outlive_a_temporary_directory_and_are_read_in_every_way(run, place):
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, "data.csv")
        with open(path, "w") as file:
            file.write("x\n1\n")
        run.log_artifact(path, name="data.csv", type="dataset", aliases=["first"])
    data = besom.use_artifact("data.csv:first")
    assert open(data.file()).read() == "x\n1\n" and data.size == 4
    assert data.get_path("data.csv").download() == data.file() == os.path.join(data.download(), "data.csv")
    assert os.listdir(data.download()) == ["data.csv"], "nothing but its files"
    assert data.download(root="here") == "here" and (place / "here/data.csv").read_text() == "x\n1\n"
    with pytest.raises(KeyError, match="has no file 'none'; it has data.csv"):
        data.get_path("none")


def test_directories_tables_new_files_and_pictures_are_files_of_it(run, place):
    (place / "src/sub").mkdir(parents=True)
    (place / "src/sub/a.txt").write_text("a")
    (place / "src/broken").symlink_to("nowhere")
    (place / "src/artifact.json").write_text("{}")
    (place / "p.png").write_text("pixels")
    made = besom.Artifact("all", type="dataset")
    made.add_dir("src", name="code")
    made.add(besom.Table(columns=["x"], data=[[1], [2]]), "table")
    made.add(besom.Image("p.png"), "picture")
    with made.new_file("notes/new.json") as file:
        json.dump({"n": 1}, file)
    made.add_file("model.txt", name="gone.txt")
    made.remove("gone.txt")
    run.log_artifact(made)
    found = besom.Api().artifact("all:latest")
    assert [file.name for file in found.files()] == ["code/artifact.json", "code/sub/a.txt", "notes/new.json", "picture.png", "table.table.json"]
    assert found.get("table").data == [[1], [2]] and found.get("none") is None and found.get("picture") is not None
    with pytest.raises(besom.BesomError, match="artifact all:v0 has been logged: make a new one"):
        made.add_file("model.txt")


def test_a_version_that_was_overwritten_is_not_read_as_if_it_was_not(run, place):
    run.log_artifact(artifact("model.txt"))
    with open("model.txt", "w") as file:
        file.write("other weights")
    with pytest.raises(besom.BesomError, match="artifact model:v0 cannot be read: model.txt was overwritten after it was logged"):
        besom.use_artifact("model").download()
    run.log_artifact(artifact("model.txt"))
    assert open(besom.use_artifact("model:latest").file()).read() == "other weights"


def write_to(path):
    with open(path, "w") as file:
        file.write("other")


def test_a_program_may_write_to_what_it_has_downloaded(run, place, capsys):
    run.log_artifact(artifact("model.txt"))
    used = run.use_artifact("model")
    assert used.download().startswith(run.dir)
    for download in (used.file, used.get_entry("model.txt").download, lambda: used.file(root=".")):
        write_to(download())
        assert (place / "model.txt").read_text() in ("weights", "other"), "the last one is downloaded to it"
        assert open(used.file()).read() == "weights", "a copy that was written to is made anew"
    assert [name for name in os.listdir(used.download()) if name != "model.txt"] == []


def test_without_a_run_copies_last_as_long_as_the_process(script, place):
    path = script.run("""
        import os
        import besom
        open("model.txt", "w").write("weights")
        with besom.init() as run:
            run.log_artifact("model.txt", name="model")
        path = besom.Api().artifact("model").file()
        open(path, "w").write("other")
        if os.fork() == 0:
            raise SystemExit
        os.wait()
        assert os.path.exists(path), "a child leaves it to its parent"
        assert open("model.txt").read() == open(besom.Api().artifact("model").file()).read() == "weights"
        print(path)
    """).strip()
    assert path and not os.path.exists(path) and os.listdir(place / ".besom/artifacts") == ["model"]


def test_a_file_that_has_changed_since_it_was_added_is_not_logged(run, place):
    made = artifact("model.txt")
    write_to("model.txt")
    with pytest.raises(besom.BesomError, match="artifact model cannot be logged: model.txt has changed since it was added; add it again"):
        run.log_artifact(made)
    made.add_file("model.txt")
    assert open(run.log_artifact(made).file()).read() == "other"
    again = artifact("model.txt")
    with again.new_file("model.txt") as file:
        file.write("of the artifact")
    assert open(run.log_artifact(again).file()).read() == "of the artifact" and (place / "model.txt").read_text() == "other"


def test_an_alias_may_be_a_string_and_be_given_later(run):
    logged = run.log_artifact(artifact("model.txt"), aliases="best")
    assert logged.aliases == ["latest", "best"]
    run.log_artifact(logged, aliases=["production", "latest"])
    run.use_artifact(logged, aliases="used")
    assert logged.aliases == ["latest", "best", "production", "used"]
    assert run.use_artifact("model:production").aliases == ["latest", "best", "production", "used"]


def test_what_is_not_there_can_be_named_and_not_read(run):
    for read in ("download", "file", "files"):
        with pytest.raises(besom.BesomError, match="artifact data cannot be read: this store has no data:latest on this machine"):
            getattr(besom.use_artifact("data:latest"), read)()
    with pytest.raises(besom.BesomError, match="artifact model cannot be read: it has not been logged"):
        artifact("model.txt").download()
    far = besom.Artifact("far", type="dataset")
    far.add_reference("s3://bucket/data")
    run.log_artifact(far)
    with pytest.raises(besom.BesomError, match="besom does not load s3://bucket/data"):
        besom.use_artifact("far").download()


@pytest.mark.parametrize("name", ["", "a/b", "a:b", ".hidden", "../x", None])
def test_names_stay_inside(name):
    with pytest.raises(ValueError, match="the name of an artifact must consist of"):
        besom.Artifact(name, type="x")


@pytest.mark.parametrize("name", ["../x", "/x", "."])
def test_names_of_files_stay_inside(name):
    with pytest.raises(ValueError, match="must be a path inside of it"):
        besom.Artifact("a", type="x").new_file(name)


def test_a_disk_that_takes_nothing_ends_no_run(run, place, capsys):
    made = artifact("model.txt")
    (place / ".besom/artifacts/model").write_text("in the way")
    kept = run.log_artifact(made)
    assert kept.state == "PENDING" and "besom: artifact model was not kept: " in capsys.readouterr().err


def test_runs_of_a_sweep_hand_models_on():
    def train():
        run = besom.init()
        with open("model.txt", "w") as file:
            file.write("x" * run.config.x)
        os.rename("model.txt", f"model-{run.config.x}.txt")
        run.log_model(f"model-{run.config.x}.txt", name="best-model", aliases=[f"of-{run.number}"])
        run.log({"loss": run.config.x})

    sweep_id = besom.sweep({"method": "grid", "metric": {"name": "loss"}, "parameters": {"x": {"values": [1, 2]}}}, seed=1)
    besom.agent(sweep_id, function=train)
    best = besom.Api().sweep(sweep_id).best_run()
    model = besom.Api().artifact(f"best-model:of-{best.number}")
    assert open(model.file()).read() == "x" and model.logged_by().id == best.id, [run.message for run in runs(sweep_id)]
    assert best.facts["artifacts"] == {"best-model": {"type": "model", "version": "v0"}}
    with besom.init() as run:
        assert open(run.use_model("best-model:latest")).read() == "xx"


def test_what_is_said_of_a_version_can_change(run):
    logged = run.log_artifact(artifact("model.txt"))
    logged.metadata["acc"], logged.description = 0.75, "good"
    logged.aliases.append("production")
    logged.save()
    found = besom.Api().artifact("model:production")
    assert (found.metadata, found.description) == ({"acc": 0.75}, "good")
