import signal
import socket
import subprocess
import sys
from pathlib import Path


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "evalsuite", "dashboard", *arguments]


def test_a_busy_port_is_one_line_and_exit_code_2(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(command("--port", str(port)), capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 2
    assert ended.stdout == ""
    [line] = ended.stderr.splitlines()
    start, other = line.rsplit(" ", 1)
    assert start == f"evalsuite: port {port}  is in use by another program; choose another with --port"
    assert int(other) > port


def test_it_serves_this_machine_only_and_ends_with_an_interrupt(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        command("--port", str(port), "--store", "new"), stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as served:
        assert served.stderr is not None
        first = served.stderr.readline()
        started = served.stderr.readline()
        with socket.create_connection(("127.0.0.1", port), timeout=10) as browser:
            browser.sendall(b"GET /_stcore/health HTTP/1.0\r\n\r\n")
            answer = browser.recv(100)
        served.send_signal(signal.SIGINT)
        rest = served.stderr.read()
        assert served.wait(timeout=10) == 0
    assert first == f"dashboard of new on http://127.0.0.1:{port}  (Ctrl-C ends it)\n"
    assert f"127.0.0.1:{port}" in started
    assert answer.startswith(b"HTTP/1.1 200")
    assert "Traceback" not in rest


def test_an_address_that_others_reach_is_opened_with_a_warning_only(tmp_path: Path):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        command("--port", str(port), "--host", "0.0.0.0"), stderr=subprocess.PIPE, text=True, cwd=tmp_path
    ) as served:
        assert served.stderr is not None
        warning, first, _ = (served.stderr.readline() for _ in range(3))
        with socket.create_connection(("127.0.0.1", port), timeout=10) as browser:
            browser.sendall(b"GET /_stcore/health HTTP/1.0\r\nHost: evals.example\r\n\r\n")
            answer = browser.recv(100)
        served.send_signal(signal.SIGINT)
        served.stderr.read()
        assert served.wait(timeout=10) == 0
    assert warning.startswith("evalsuite: warning: 0.0.0.0 can be reached from other machines: ")
    assert first == f"dashboard of .evalsuite on http://0.0.0.0:{port}  (Ctrl-C ends it)\n"
    assert answer.startswith(b"HTTP/1.1 200")


def test_an_address_of_another_machine_is_one_line_and_exit_code_2(tmp_path: Path):
    given = command("--host", "192.0.2.1")
    ended = subprocess.run(given, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert ended.returncode == 2
    assert ended.stderr == (
        "evalsuite: --host 192.0.2.1  is no address of this machine; "
        "give one of this machine's addresses, or 0.0.0.0 for all\n"
    )
