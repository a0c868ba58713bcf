"""Drives the service as its users would: client.py PROGRAM. Needs nothing but Python."""
import json
import subprocess
import sys
import urllib.error
import urllib.request

SWEEP = "{method: %s, metric: {name: loss}, parameters: {x: {min: -9.0, max: 9.5}}, seed: 7%s}"

server = subprocess.Popen([sys.argv[1], "127.0.0.1:0"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
address = "http://" + server.stdout.readline().split()[-1]


def call(method, path, body=None):
    request = urllib.request.Request(address + path, body and body.encode(), method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as reply:
            return reply.status, json.load(reply)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def until(sweep, reached):
    """Asks for the progress of a sweep until it is as wanted."""
    while not reached(progress := call("GET", f"/sweeps/{sweep}")[1]):
        pass
    return progress


try:
    code, reply = call("POST", "/sweeps", "{method: bayess, parameters: {x: {min: 0.0, mx: 1.0}}}")
    assert code == 422 and 'did you mean "bayes"?' in reply["error"] and 'did you mean "max"?' in reply["error"], reply

    rule = ", early_terminate: {type: hyperband, min_iter: 2}, run_cap: 40"
    stopping, endless, capped = [
        call("POST", "/sweeps", SWEEP % sweep)[1]["id"] for sweep in (("random", rule), ("random", ""), ("bayes", ", run_cap: 15"))
    ]
    until(endless, lambda progress: progress["runs"]["finished"] > 20)
    assert call("DELETE", f"/sweeps/{endless}")[0] == 200
    for sweep, state in ((stopping, "finished"), (endless, "canceled"), (capped, "finished")):
        progress = until(sweep, lambda progress: progress["state"] in ("finished", "canceled", "paused"))
        assert progress["state"] == state, progress
        print(sweep, json.dumps(progress))
        assert progress["best"]["value"] < 2, progress
        if sweep == stopping:
            runs = progress["runs"]
            assert runs["finished"] + runs["failed"] == 40 and runs["stopped early"] > 0 and runs["failed"] > 0, runs
    assert call("GET", "/sweeps/9")[0] == 404
finally:
    server.kill()
print("the service keeps its word")
