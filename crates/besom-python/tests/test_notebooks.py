"""The notebook of the examples runs in a real kernel, and what is stored in it is what it shows.

`UPDATE_DOCS=1 python -m pytest crates/besom-python/tests/test_notebooks.py` stores what it shows now.
"""

import os
import pathlib
import re

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

NOTEBOOK = pathlib.Path(__file__).parents[3] / "docs/examples/notebooks/sweeps.ipynb"


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """The notebook, executed in an empty directory."""
    resources = {"metadata": {"path": str(tmp_path_factory.mktemp("notebook"))}}
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    return nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3", resources=resources).execute()


def test_the_notebook_runs_and_shows_its_sweeps(executed):
    outputs = [output for cell in executed.cells for output in cell.get("outputs", [])]
    assert not [output for output in outputs if output.output_type == "error"]
    shown = [output.data for output in outputs if output.output_type == "execute_result"]
    pages = [data["text/html"] for data in shown if "text/html" in data]
    assert sum("<svg" in page for page in pages) == 2 and any("30 of 30" in page for page in pages)
    live = [output.data.get("text/html", "") for output in outputs if output.output_type == "display_data"]
    assert len(live) == 1 and "30 of 30" in live[0], "the agent's cell shows how the sweep went"
    assert sum("image/png" in data for data in shown) == 3
    assert sum("image/svg+xml" in data for data in shown) == 1
    text = "".join(output.text for output in outputs if output.output_type == "stream")
    assert 'did you mean "bayes"?' in text


def test_the_outputs_that_are_stored_are_those_of_today(executed):
    if os.environ.get("UPDATE_DOCS"):
        store(executed)
    stored = nbformat.read(NOTEBOOK, as_version=4)
    for then, now in zip(stored.cells, executed.cells):
        assert gist(then) == gist(now), f"stale output, to be renewed with UPDATE_DOCS=1:\n{then.source}"


def store(notebook):
    """Write the notebook without what differs from one execution to the next and says nothing."""
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            output.get("metadata", {}).clear()
            output.pop("transient", None)
    notebook.metadata = {"kernelspec": notebook.metadata.kernelspec, "language_info": {"name": "python"}}
    nbformat.write(notebook, NOTEBOOK)


def gist(cell):
    """The kinds of a cell's outputs, and their text without ids and numbers."""
    return [(output.output_type, output.get("name"), sorted(output.get("data", {})), words(output)) for output in cell.get("outputs", [])]


def words(output):
    data = output.get("data", {})
    text = output.text if output.output_type == "stream" else data.get("text/plain", "")
    if output.get("name") == "stderr":
        return []  # warnings and progress, whose lines depend on time
    if 'class="dataframe"' in data.get("text/html", ""):
        return re.findall("<th>([a-z_]+)</th>", data["text/html"])
    # How many runs end before their stop reaches them depends on time, too.
    text = re.sub(r" \(\d+ stopped early\)", "", text)
    text = re.sub(r"sweep [a-z0-9]{8}\b", "ID", text)
    return re.sub(r"[-+]?\d[\d.e+-]*", "N", text).split()
