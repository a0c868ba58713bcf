"""`besom.serve`: a server in this process, and the links to it."""

import re
import subprocess
import sys
import urllib.error
import urllib.request

import pytest
from conftest import runs

import besom

CONFIG = {"method": "random", "run_cap": 2, "metric": {"name": "loss"}, "parameters": {"x": {"min": 0.0, "max": 1.0}}}


def train():
    besom.log({"loss": besom.init().config.x})


@pytest.fixture
def server():
    with besom.serve("127.0.0.1:0", quiet=True) as server:
        yield server


def get(url, token, body=None):
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = urllib.request.Request(url, body, headers)
    with urllib.request.urlopen(request, timeout=60) as answer:
        return answer.status


def pause(url, token):
    return get(url, token, b'{"to": "paused"}')


def test_another_process_uses_the_store_by_url_and_token(server, script, monkeypatch):
    sweep_id = besom.sweep(CONFIG, seed=1)
    monkeypatch.setenv("BESOM_STORE", server.url)
    monkeypatch.setenv("BESOM_TOKEN", server.token)
    script.run(f"""
        import besom

        def train():
            besom.log({{"loss": besom.init().config.x}})

        assert besom.agent({sweep_id!r}, train, quiet=True) == 2
    """)
    monkeypatch.delenv("BESOM_STORE")
    assert [run.state for run in runs(sweep_id)] == ["finished"] * 2


def test_agents_have_a_token_of_their_own(server, monkeypatch):
    sweep_id = besom.sweep(CONFIG, seed=1)
    monkeypatch.setenv("BESOM_STORE", server.url)
    monkeypatch.setenv("BESOM_TOKEN", server.agent_token)
    assert besom.agent(sweep_id, train, quiet=True) == 2
    with pytest.raises(besom.StoreError, match="token"):
        besom.Api().sweep(sweep_id).cancel()


def test_a_server_that_was_stopped_is_gone_and_the_store_is_not(capsys):
    server = besom.serve("127.0.0.1:0")
    assert f"  dashboard   {server.url}/#token={server.token}\n" in capsys.readouterr().err
    assert get(f"{server.url}/v1/sweeps", server.token) == 200
    server.stop()
    server.stop()
    with pytest.raises(urllib.error.URLError):
        get(f"{server.url}/v1/sweeps", server.token)
    assert server.view_link is None and besom.Api().sweeps() == []
    again = besom.serve("127.0.0.1:0", quiet=True)
    assert again is not server and again.token == server.token
    again.stop()


def test_a_store_has_one_server(server, place):
    assert besom.serve(quiet=True) is server
    code = "import besom; server = besom.serve(quiet=True); server.stop(); print(server.url, server.token)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120).stdout
    assert out.split() == [server.url, server.token], "that of another process is found, and left alone"
    assert get(f"{server.url}/v1/sweeps", server.token) == 200


def test_a_card_links_to_the_dashboard_of_a_store_that_is_served_to_look_only(server):
    sweep_id = besom.sweep(CONFIG, seed=1)
    card = besom.Api().sweep(sweep_id)._repr_html_()
    link = re.search(r'href="(\S+)/#token=(\w+)&amp;/s/(\w+)"', card)
    assert link.group(1) == server.url and link.group(3) == sweep_id
    assert server.token not in card and server.token not in server._repr_html_()
    assert get(f"{server.url}/v1/sweeps", link.group(2)) == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        pause(f"{server.url}/v1/sweeps/{sweep_id}/state", link.group(2))
    assert refused.value.code == 403
    assert pause(f"{server.url}/v1/sweeps/{sweep_id}/state", server.token) == 200
    server.stop()
    assert "href" not in besom.Api().sweep(sweep_id)._repr_html_()


def test_what_cannot_be_served_says_why(place, monkeypatch):
    with pytest.raises(besom.BesomError, match='cannot listen at nonsense: .*"127.0.0.1:0" takes any free port'):
        besom.serve("nonsense")
    with pytest.raises(ValueError, match="pass tls_cert and tls_key, .* insecure_http=True"):
        besom.serve("0.0.0.0:0")
    with pytest.raises(ValueError, match="go together"):
        besom.serve(tls_cert="cert.pem")
    monkeypatch.setenv("BESOM_STORE", "http://127.0.0.1:9")
    with pytest.raises(besom.BesomError, match="behind a server already"):
        besom.serve()


def test_a_program_that_serves_ends_with_its_last_line(script):
    out = script.run("import besom\nserver = besom.serve('127.0.0.1:0', quiet=True)\nprint('done')\n", timeout=60)
    assert out == "done\n"
