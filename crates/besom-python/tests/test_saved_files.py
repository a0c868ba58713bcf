"""Files that a program saves: copies in the directory of its run, now and at its end."""

import os
import pathlib

import pytest

import besom


@pytest.fixture
def run(place):
    (place / "model.txt").write_text("first")
    run = besom.init()
    yield run
    run.finish()


@pytest.mark.parametrize("policy, at_end", [("live", "last"), ("end", "last"), ("now", "first")])
def test_files_are_copied_at_the_exit_of_a_program_that_does_not_finish(script, policy, at_end):
    copy = script.run(f"""
        import besom, os
        with open("model.txt", "w") as file:
            file.write("first")
        run = besom.init()
        print(run.save("model.txt", policy="{policy}")[0])
        with open("model.txt", "w") as file:
            file.write("of a child")
        if os.fork() == 0:
            raise SystemExit
        os.wait()
        assert open(f"{{run.dir}}/model.txt").read() == "first", "a child leaves it to its parent"
        with open("model.txt", "w") as file:
            file.write("last")
        run.summary["loss"] = 1
    """).strip()
    assert open(copy).read() == at_end
    assert '{"loss":1}' in pathlib.Path(os.path.dirname(copy), "metrics-1.jsonl").read_text().replace(" ", "")


def test_a_part_of_a_run_is_settled_at_exit_too(script):
    copy = script.run("""
        import besom
        besom.init()
        part = besom.init(reinit=True)
        part.save("model.txt")
        with open("model.txt", "w") as file:
            file.write("late")
        print(f"{part.dir}/model.txt")
    """).strip()
    assert open(copy).read() == "late"


def test_a_file_in_the_directory_of_the_run_is_its_own_copy(run, place, monkeypatch):
    path = os.path.join(run.dir, "checkpoints", "model.txt")
    os.makedirs(os.path.dirname(path))
    pathlib.Path(path).write_text("weights")
    assert run.save(path) == [path]
    monkeypatch.chdir(run.dir)
    assert run.save("checkpoints/*.txt") == ["checkpoints/model.txt"]
    assert sorted(os.listdir(run.dir)) == ["checkpoints", "metrics-1.jsonl"]


def test_files_of_besom_are_not_written_over(run, place, capsys):
    (place / "attempt-1").mkdir()
    for name in ("metrics-1.jsonl", "attempt-1/stdout"):
        (place / name).write_text("mine")
        assert run.save(name) == []
    said = capsys.readouterr().err
    assert "metrics-1.jsonl was not saved: besom's own files are called metrics-1.jsonl" in said and "attempt-1/stdout was not saved" in said
    assert pathlib.Path(run.dir, "metrics-1.jsonl").read_text() == ""


def test_a_program_may_change_its_directory(run, place, monkeypatch):
    (place / "src [1]").mkdir()
    (place / "src [1]/log.txt").write_text("first")
    monkeypatch.chdir("src [1]")
    assert len(run.save("log.txt")) == len(run.save(b"../model.txt", base_path=b"..")) == 1
    monkeypatch.chdir(place)
    for path in ("src [1]/log.txt", "model.txt"):
        (place / path).write_text("last")
    run.finish()
    assert {name: pathlib.Path(run.dir, name).read_text() for name in os.listdir(run.dir) if name.endswith(".txt")} == {"log.txt": "last", "model.txt": "last"}
    assert not (place / "src [1]/.besom").exists()


def test_a_part_outside_a_sweep_is_resumed_by_its_id(run):
    for attempt in (1, 2):
        part = besom.init(id="fold", resume="allow", reinit=True)
        part.log({"loss": attempt})
        part.finish()
        assert (part.id, part.attempt) == ("fold", attempt)
    assert besom.run is run
