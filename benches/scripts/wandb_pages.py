"""How long `besom serve` takes for a page of a long history and of many runs, as W&B's `Api` asks for them.

python benches/scripts/wandb_pages.py BESOM..: one or more commands, all on the same store of a run with 100,000 rows and a sweep of 20,000 runs.
"""

import base64
import json
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

ROWS, RUNS = 100_000, 20_000


class Server:
    def __init__(self, command, store):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [command, "--store", store, "serve", "--listen", f"127.0.0.1:{port}"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        lines = [self.process.stdout.readline() for _ in range(4)]
        said = dict(word.split("=", 1) for word in lines[-1].split()[1:])
        self.address = said["WANDB_BASE_URL"]
        self.key = base64.b64encode(f"api:{said['WANDB_API_KEY']}".encode()).decode()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.kill()
        self.process.wait()

    def post(self, path, body):
        headers = {"Authorization": f"Basic {self.key}", "Content-Type": "application/json"}
        with urllib.request.urlopen(urllib.request.Request(self.address + path, json.dumps(body).encode(), headers)) as answer:
            return json.load(answer)

    def ask(self, operation, **variables):
        return self.post("/graphql", {"query": operation + " { project { x } }", "variables": variables})["data"]


def fill(server):
    server.ask("mutation UpsertBucket", name="long", project="rows", entity="local", config="{}")
    for first in range(0, ROWS, 5000):
        numbers = range(first, first + 5000)
        rows = [json.dumps({"_step": n, "_timestamp": n, "loss": 1 / (n + 1), "acc": n / ROWS}) for n in numbers]
        server.post("/files/local/rows/long/file_stream", {"files": {"wandb-history.jsonl": {"offset": first, "content": rows}}})
    config = "{method: random, controller: {type: local}, metric: {name: loss}, parameters: {lr: {min: 0.0, max: 1.0}}}"
    sweep = server.ask("mutation UpsertSweep", config=config, projectName="many")["upsertSweep"]["sweep"]["name"]
    for first in range(0, RUNS, 2000):
        entries = [{"id": f"e{n}", "data": {"args": {"lr": {"value": n / RUNS}}}} for n in range(first, first + 2000)]
        server.ask("mutation UpsertSweep", id=sweep, controller=json.dumps({"schedule": entries}))


def measure(server):
    run = {"entity": "local", "project": "rows", "name": "long"}
    many = {"entity": "local", "project": "many", "perPage": 50}
    spec = json.dumps({"keys": ["_step", "loss"], "minStep": 50_000, "maxStep": 51_000, "samples": 1000})
    for what, operation, variables in [
        ("1,000 rows in the middle", "HistoryPage", {**run, "minStep": 50_000, "maxStep": 51_000, "pageSize": 1000}),
        ("the same, by their keys", "SampledHistoryPage", {**run, "spec": spec}),
        ("the keys", "RunHistoryKeys", run),
        ("runs, page 200 of 400", "Runs", {**many, "cursor": "9950", "order": "+created_at", "filters": "{}"}),
        ("runs in a state", "Runs", {**many, "filters": '{"state": "finished"}'}),
        ("runs by their summary", "Runs", {**many, "order": "-summary_metrics.loss"}),
    ]:
        took = []
        for _ in range(4):
            begun = time.perf_counter()
            server.ask(f"query {operation}", **variables)
            took.append((time.perf_counter() - begun) * 1000)
        print(f"{what:30} first {took[0]:6.0f} ms, then {min(took[1:]):6.0f} ms", flush=True)


def main():
    with tempfile.TemporaryDirectory() as store:
        with Server(sys.argv[1], store) as server:
            fill(server)
        for command in sys.argv[1:]:
            print(command)
            with Server(command, store) as server:
                measure(server)


if __name__ == "__main__":
    main()
