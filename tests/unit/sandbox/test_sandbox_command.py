"""The sandbox from the command line, for those who have the client alone."""

from __future__ import annotations

import inspect

import pytest

from sfsync_server.commands.local import sandbox as of_sfsync
from shoppingfeed.sandbox import Sandbox
from shoppingfeed.sandbox.command import command_line, main

SHOP = {"shop", "old_module"}
"""Options of a PrestaShop beside it, which the client alone does not have."""


def test_it_takes_the_options_of_sfsync_sandbox_with_the_same_defaults() -> None:
    parameters = inspect.signature(of_sfsync).parameters
    theirs = {name: parameter.default for name, parameter in parameters.items() if name not in SHOP}

    assert vars(command_line().parse_args([])) == theirs


def test_a_port_that_is_taken_ends_it_with_a_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with Sandbox().serve() as server, pytest.raises(SystemExit) as ended:
        main(["--port", str(server.port)])

    assert ended.value.code == 1
    assert "choose another port" in capsys.readouterr().err


@pytest.mark.parametrize("wrong", [["--ticket-seconds", "-1"], ["--port", "99999"], ["--store", "first"]])
def test_an_option_that_makes_no_sense_is_said(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(wrong)

    assert ended.value.code == 2
    assert "shoppingfeed-sandbox: error: " in capsys.readouterr().err
