"""A search in Python: the multiples of the golden ratio. Speaks the protocol of `besom ask-tell`, version 1."""
import json
import sys

count = 0
for line in sys.stdin:
    request = json.loads(line)
    if "config" in request:
        parameters, count, reply = request["config"]["parameters"], 0, {"ok": True}
    elif "ask" in request:
        suggestions = []
        for _ in range(request["ask"]):
            count += 1
            params = {}
            for place, (name, spec) in enumerate(parameters.items()):
                u = count * 0.618033988749895 ** (place + 1) % 1.0
                params[name] = spec["min"] + u * (spec["max"] - spec["min"])
            suggestions.append({"id": f"run {count}", "params": params})
        reply = {"suggestions": suggestions}
    elif "report" in request:
        # A rule of its own: nothing that is worse than 8 after the second epoch is worth its time.
        reply = {"stop": [r["id"] for r in request["report"] if r["step"] == 2 and r["value"] > 8.2]}
    elif "tell" in request:
        reply = {"ok": True}
    else:
        break
    print(json.dumps(reply), flush=True)
