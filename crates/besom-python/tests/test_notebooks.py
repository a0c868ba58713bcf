"""The notebook of the examples runs in a real kernel."""

import pathlib

import pytest

nbformat = pytest.importorskip("nbformat")
nbclient = pytest.importorskip("nbclient")
pytest.importorskip("ipykernel")
pytest.importorskip("pandas")
pytest.importorskip("matplotlib")

NOTEBOOKS = pathlib.Path(__file__).parents[3] / "docs/examples/notebooks"


def test_the_notebook_runs_and_shows_its_sweeps(place):
    notebook = nbformat.read(NOTEBOOKS / "sweeps.ipynb", as_version=4)
    executed = nbclient.NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
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
