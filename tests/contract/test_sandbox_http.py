"""The sandbox over real HTTP: one connection kept alive, faults that touch the connection, bodies of every kind."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shoppingfeed._errors import NoAnswerError, NotSentError
from shoppingfeed._transport import HttpTransport, Request
from shoppingfeed.sandbox import Fault, Sandbox, Server, run_server

JSON = {"Authorization": "Bearer sandbox-token", "Content-Type": "application/json"}
SHIP = "/v1/store/10/order/ship"


@pytest.fixture
def sandbox() -> Sandbox:
    return Sandbox()


@pytest.fixture
def server(sandbox: Sandbox) -> Iterator[Server]:
    with sandbox.serve() as server:
        yield server


@pytest.fixture
def connection(server: Server) -> Iterator[http.client.HTTPConnection]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=10)
    yield connection
    connection.close()


def talk(
    connection: http.client.HTTPConnection, method: str, path: str, document: Any = None
) -> tuple[int, Any, http.client.HTTPResponse]:
    body = None if document is None else json.dumps(document)
    connection.request(method, path, body, JSON)
    response = connection.getresponse()
    return response.status, json.loads(response.read()), response


def test_a_whole_story_over_one_connection(sandbox: Sandbox, connection: http.client.HTTPConnection) -> None:
    sandbox.add_order(1078495000000)
    connection.connect()
    first_socket = connection.sock

    status, batch, _ = talk(connection, "POST", SHIP, {"order": [{"id": 1078495000000, "trackingNumber": "6A"}]})
    _, tickets, _ = talk(connection, "GET", batch["_links"]["ticket"]["href"])
    _, order, _ = talk(connection, "GET", "/v1/store/10/order/1078495000000")

    assert status == 202
    assert tickets["_embedded"]["ticket"][0]["state"] == "succeed"
    assert (order["status"], order["shipment"]["trackingNumber"]) == ("shipped", "6A")
    assert connection.sock is first_socket


def test_links_are_followed_verbatim(sandbox: Sandbox, connection: http.client.HTTPConnection) -> None:
    sandbox.load_samples()
    path, pages = "/v1/store/10/order?limit=8&since=2000-01-01T00:00:00%2B01:00", 0

    while path:
        _, page, _ = talk(connection, "GET", path)
        path, pages = page["_links"].get("next", {}).get("href"), pages + 1

    assert pages == 3


def test_the_rate_limit_speaks_in_headers(sandbox: Sandbox, connection: http.client.HTTPConnection) -> None:
    sandbox.configure(rate_limit=(1, 60))

    _, _, first = talk(connection, "GET", "/v1/me")
    status, document, second = talk(connection, "GET", "/v1/me")

    assert (first.headers["X-RateLimit-Limit"], first.headers["X-RateLimit-Remaining"]) == ("1/60", "0")
    assert (status, document["title"]) == (429, "Too Many Requests")
    assert 0 < float(second.headers["X-RateLimit-Wait"]) <= 60


def test_control_and_page_over_http(connection: http.client.HTTPConnection) -> None:
    assert talk(connection, "POST", "/_sandbox/faults", {"kind": "status", "status": 503})[0] == 201
    assert talk(connection, "GET", "/v1/me")[0] == 503
    assert talk(connection, "DELETE", "/_sandbox/faults")[0] == 200
    assert talk(connection, "GET", "/_sandbox/summary")[1]["requests_by_status"] == {"503": 1}

    connection.request("GET", "/")
    response = connection.getresponse()

    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"Shopping Feed sandbox" in response.read()


@pytest.mark.parametrize(("kind", "accepted"), [("drop", 0), ("accept-then-drop", 1)])
def test_a_dropped_connection_gives_no_answer_at_all(
    sandbox: Sandbox, connection: http.client.HTTPConnection, kind: str, accepted: int
) -> None:
    """R13"""
    sandbox.fault(Fault(kind))

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        talk(connection, "POST", SHIP, {"order": [{"id": 1}]})

    assert sandbox.ledger.count(1, "ship") == accepted
    assert sandbox.ledger.requests_by_status == {0: 1}
    assert talk(connection, "GET", "/v1/me")[0] == 200


def test_a_hang_ends_in_the_callers_time_out_and_does_not_stop_others(sandbox: Sandbox, server: Server) -> None:
    """R13: accepted, and never answered."""
    sandbox.fault(Fault("hang", operation="ship"))
    patient = http.client.HTTPConnection(server.host, server.port, timeout=0.2)
    other = http.client.HTTPConnection(server.host, server.port, timeout=10)

    with pytest.raises(TimeoutError):
        talk(patient, "POST", SHIP, {"order": [{"id": 1}]})

    assert talk(other, "GET", "/v1/store/10/ticket?type=order&payloadId=1")[1]["total"] == 1
    patient.close()
    other.close()


def test_closing_the_server_ends_what_hangs(sandbox: Sandbox) -> None:
    sandbox.fault(Fault("hang"))
    ended = threading.Event()

    def ask(server: Server) -> None:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
            talk(connection, "GET", "/v1/me")
        connection.close()
        ended.set()

    with sandbox.serve() as server:
        thread = threading.Thread(target=ask, args=(server,))
        thread.start()
        deadline = time.monotonic() + 10
        while not sandbox.faults.all()[0].struck and time.monotonic() < deadline:
            threading.Event().wait(0.005)

    assert ended.wait(10)
    thread.join(5)


def test_the_clients_own_transport_tells_the_same_as_in_process(sandbox: Sandbox, server: Server) -> None:
    transport = HttpTransport(timeout=5)
    request = Request("POST", server.url + SHIP, JSON, b'{"order": [{"id": 1}]}')
    sandbox.fault(Fault("accept-then-drop"))

    with pytest.raises(NoAnswerError):
        transport.send(request)
    response = transport.send(request)
    assert (response.status, response.headers["content-type"]) == (202, "application/json")
    assert len(sandbox.ledger.duplicates()) == 1

    server.close()
    with pytest.raises((NotSentError, NoAnswerError)):
        HttpTransport(timeout=5).send(request)
    transport.close()


def test_a_form_in_chunks_arrives_whole(sandbox: Sandbox, connection: http.client.HTTPConnection) -> None:
    pdf = b"%PDF-1.7 " + bytes(range(256)) * 4_000
    order = {"order": [{"id": 1, "documents": [{"type": "invoice"}]}]}
    parts = [
        b'--b\r\nContent-Disposition: form-data; name="files[]"; filename="f.pdf"\r\n\r\n' + pdf,
        b'\r\n--b\r\nContent-Disposition: form-data; name="body"\r\n\r\n' + json.dumps(order).encode(),
        b"\r\n--b--\r\n",
    ]
    headers = {"Authorization": "Bearer sandbox-token", "Content-Type": "multipart/form-data; boundary=b"}

    connection.request("POST", "/v1/store/10/order/upload-documents", iter(parts), headers, encode_chunked=True)
    response = connection.getresponse()
    response.read()

    assert response.status == 202
    assert sandbox.ledger.operations(1)[0].item["documents"][0]["size"] == len(pdf)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"Content-Length: many\r\n\r\n", b"400"),
        (b"Content-Length: 99999999999\r\n\r\n", b"413"),
        (b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
def test_a_body_that_cannot_be_read_is_refused_and_the_connection_closed(
    server: Server, head: bytes, status: bytes
) -> None:
    with socket.create_connection((server.host, server.port), timeout=10) as line:
        line.sendall(b"POST /v1/auth HTTP/1.1\r\nHost: x\r\n" + head)
        answer = b""
        while piece := line.recv(4096):
            answer += piece

    assert answer.startswith(b"HTTP/1.1 " + status)
    assert b"connection: close" in answer


def test_several_clients_at_once_lose_nothing(sandbox: Sandbox, server: Server) -> None:
    def send(start: int) -> None:
        connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
        for chunk in range(start, start + 1_000, 100):
            talk(connection, "POST", SHIP, {"order": [{"id": n} for n in range(chunk, chunk + 100)]})
        connection.close()

    threads = [threading.Thread(target=send, args=(start,)) for start in (1, 10_001, 20_001, 30_001)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert len(sandbox.ledger.accepted) == 4_000
    assert sandbox.ledger.requests_by_status == {202: 40}


def test_a_port_that_is_taken_is_said_in_a_sentence(server: Server) -> None:
    with pytest.raises(OSError, match="choose another port"):
        Sandbox().serve(server.port)


def test_run_server_tells_where_it_is_and_stops_when_told() -> None:
    lines: list[str] = []
    stop, said = threading.Event(), threading.Event()

    def say(line: str) -> None:
        lines.append(line)
        if "Ctrl+C" in line:
            said.set()

    def run() -> None:
        run_server(port=0, token="a-token", store=77, samples=True, say=say, stop=stop)

    thread = threading.Thread(target=run)
    thread.start()
    assert said.wait(10)
    url = lines[0].rpartition(" ")[2]
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=10)
    connection.request("GET", "/v1/store/77/order", headers={"Authorization": "Bearer a-token"})
    found = json.loads(connection.getresponse().read())["total"]
    connection.close()
    stop.set()
    thread.join(10)

    assert found == 20
    assert [line.split() for line in lines[1:3]] == [["token", "a-token"], ["store", "77"]]
    assert not thread.is_alive()


def test_run_server_writes_to_standard_output_by_default(capsys: pytest.CaptureFixture[str]) -> None:
    stop = threading.Event()
    stop.set()

    run_server(port=0, stop=stop)

    assert capsys.readouterr().out.startswith("Shopping Feed sandbox: http://127.0.0.1:")
