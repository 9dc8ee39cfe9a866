from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from gateway.cli.model import app
from gateway.errors import GaitwireError, ModelError, UsageError

runner = CliRunner()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Result]:
    out = tmp_path_factory.mktemp("model") / "mine.onnx"
    return out, runner.invoke(app, ["train", "--out", str(out), "--quick", "--seed", "3", "--json"])


def document(*arguments: str) -> dict[str, object]:
    result = runner.invoke(app, [*arguments, "--json"])
    assert result.exit_code == 0, result.output
    read: dict[str, object] = json.loads(result.stdout)
    return read


def test_train_writes_model_and_checkpoint(trained: tuple[Path, Result]) -> None:
    out, result = trained
    assert result.exit_code == 0, result.output
    said = json.loads(result.stdout)
    assert said["model"] == str(out)
    assert said["metadata"]["evaluation"]["people"] > 0
    assert out.stat().st_size < 500_000
    assert out.with_suffix(".npz").is_file()


def test_export_gives_the_same_file(trained: tuple[Path, Result], tmp_path: Path) -> None:
    again = tmp_path / "again.onnx"
    said = document("export", str(trained[0].with_suffix(".npz")), "--out", str(again))
    assert again.read_bytes() == trained[0].read_bytes()
    assert said["bytes"] == again.stat().st_size


def test_evaluate_scores_any_model(trained: tuple[Path, Result]) -> None:
    said = document("evaluate", str(trained[0]), "--people", "1", "--seconds", "20")
    assert said["people"] == 1
    assert said["minutes"] == 0.3


def test_card_of_the_shipped_model() -> None:
    result = runner.invoke(app, ["card"])
    assert result.exit_code == 0
    assert result.stdout.startswith("# gaitwire-motion 1.0")
    assert document("card")["name"] == "gaitwire-motion"


def test_a_person_reads_a_table() -> None:
    result = runner.invoke(app, ["evaluate", "--people", "1", "--seconds", "20"])
    assert result.exit_code == 0
    assert "left knee" in result.stdout
    assert "40 ms look-ahead" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "kind", "told"),
    [
        (["train", "--out", "mine.bin"], UsageError, r"ends in \.onnx"),
        (["train", "--out", "/none/m.onnx"], UsageError, "there is no folder /none"),
        (["export", "none.npz", "--out", "m.onnx"], ModelError, "none.npz: .*No such file"),
        (["evaluate", "none.onnx"], ModelError, "none.onnx: the model cannot be read"),
        (["card", __file__], ModelError, "not an ONNX model"),
        (
            ["card", "/dev/zero"],
            ModelError,
            "cannot be read: it is not a file",
        ),
    ],
)
def test_what_cannot_be_is_explained(
    arguments: list[str], kind: type[GaitwireError], told: str
) -> None:
    with pytest.raises(kind, match=told):
        runner.invoke(app, arguments, catch_exceptions=False)
