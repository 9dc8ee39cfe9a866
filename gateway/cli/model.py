"""``gaitwire model``: train, evaluate, export and describe the ONNX model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from gateway.cli.options import AsJson
from gateway.errors import UsageError

if TYPE_CHECKING:
    from inference.model.scores import Evaluation

app = typer.Typer(no_args_is_help=True, help="The ONNX model: train, evaluate, export, describe.")

ModelFile = Annotated[
    Path | None, typer.Argument(metavar="[FILE]", help="A model; without it, the package's own.")
]


@app.command()
def train(
    out: Annotated[Path, typer.Option("--out", help="The model to write, an .onnx file.")],
    quick: Annotated[bool, typer.Option("--quick", help="Seconds of training, to try it.")] = False,
    seed: Annotated[int, typer.Option("--seed", min=0, help="Seed of people and parameters.")] = 1,
    as_json: AsJson = False,
) -> None:
    """Train on simulated people; write the model and, beside it, its checkpoint (.npz)."""
    _check_name(out)
    _require_training()
    from inference.model.checkpoint import to_bytes
    from inference.model.making import make, metadata_of, model_bytes
    from inference.model.training import QUICK, TrainingConfig
    from simulators.training_data import DESCRIPTION, people

    config = msgspec.structs.replace(QUICK if quick else TrainingConfig(), seed=seed)
    persons = config.people + config.calibration_people + config.evaluation_people
    with _progress() as bars:
        moving = bars.add_task("simulated people", total=persons, loss="")
        learning = bars.add_task("learning", total=config.steps, loss="")

        def watched(seeds: Iterable[int], seconds: float) -> Iterator[Any]:
            return _counted(people(seeds, seconds), bars, moving)

        checkpoint = make(
            watched,
            DESCRIPTION,
            config,
            lambda done, _, loss: bars.update(learning, completed=done, loss=f"loss {loss:.3f}"),
        )
    checkpoint_file = out.with_suffix(".npz")
    _write(out, model_bytes(checkpoint))
    _write(checkpoint_file, to_bytes(checkpoint))
    assert checkpoint.evaluation is not None
    if as_json:
        metadata = metadata_of(checkpoint)
        _print_json({"model": str(out), "checkpoint": str(checkpoint_file), "metadata": metadata})
    else:
        _show(checkpoint.evaluation, f"{out} (checkpoint {checkpoint_file})")


@app.command()
def evaluate(
    file: ModelFile = None,
    count: Annotated[int, typer.Option("--people", min=1, help="Simulated people.")] = 24,
    seconds: Annotated[float, typer.Option("--seconds", min=20, help="Seconds of each.")] = 60.0,
    as_json: AsJson = False,
) -> None:
    """Score a model on simulated people that it never learned from."""
    from inference.model.evaluation import evaluate as score
    from inference.model.loading import load
    from inference.model.seeds import evaluation_seeds
    from simulators.training_data import DESCRIPTION, people

    model = load(file)
    with _progress() as bars:
        task = bars.add_task("people", total=count, loss="")
        examples = _counted(people(evaluation_seeds(count), seconds), bars, task)
        evaluation = score(model, examples, DESCRIPTION)
    if as_json:
        _print_json(evaluation)
    else:
        _show(evaluation, model.where)


@app.command()
def export(
    checkpoint: Annotated[Path, typer.Argument(help="What 'train' left, an .npz file.")],
    out: Annotated[Path, typer.Option("--out", help="The model to write, an .onnx file.")],
    as_json: AsJson = False,
) -> None:
    """Write the model of a checkpoint."""
    _check_name(out)
    _require_training()
    from inference.model.checkpoint import read_checkpoint
    from inference.model.making import metadata_of, model_bytes

    read = read_checkpoint(checkpoint)
    content = model_bytes(read)
    _write(out, content)
    if as_json:
        _print_json({"model": str(out), "bytes": len(content), "metadata": metadata_of(read)})
    else:
        typer.echo(f"{out}: {len(content) / 1000:.0f} kB")


@app.command()
def card(file: ModelFile = None, as_json: AsJson = False) -> None:
    """Describe a model: use, training data, figures, limits."""
    from inference.model.card import card as describe
    from inference.model.loading import load

    metadata = load(file).metadata
    if as_json:
        _print_json(metadata)
    else:
        typer.echo(describe(metadata))


def _check_name(out: Path) -> None:
    if out.suffix != ".onnx":
        raise UsageError(f"--out {out}: name a file that ends in .onnx")
    if not out.parent.is_dir():
        raise UsageError(f"--out {out}: there is no folder {out.parent}; make it first")


def _require_training() -> None:
    from importlib.util import find_spec

    missing = [name for name in ("jax", "onnx", "optax") if find_spec(name) is None]
    if missing:
        raise UsageError(
            f"training needs {', '.join(missing)}: install the extra with "
            "pip install 'gaitwire[train]'"
        )


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from error


def _counted(examples: Iterable[Any], bars: Progress, task: TaskID) -> Iterator[Any]:
    for example in examples:
        yield example
        bars.advance(task)


@contextmanager
def _progress() -> Iterator[Progress]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} {task.fields[loss]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as bars:
        yield bars


def _print_json(document: Any) -> None:
    typer.echo(msgspec.json.encode(document).decode())


def _show(evaluation: Evaluation, title: str) -> None:
    from inference.model.card import angle_cells, spoken

    console = Console()
    console.print(f"{title}: {evaluation.people} people, {evaluation.minutes:g} min", style="bold")
    console.print(
        f"{evaluation.data} {evaluation.mode}, {evaluation.look_ahead_ms:g} ms look-ahead"
    )
    angles = Table("sensors", "figure", "given", "RMSE", "mean SD", "within 1 SD", "within 2 SD")
    contacts = Table("sensors", "figure", "accuracy", "F1 contact", "F1 swing")
    for subset in evaluation.subsets:
        for angle in subset.angles:
            angles.add_row(subset.name, *angle_cells(angle))
        for contact in subset.contacts:
            figures = (contact.accuracy, contact.f1_contact, contact.f1_swing)
            row = (f"{figure:.3f}" for figure in figures)
            contacts.add_row(subset.name, spoken(contact.target), *row)
    console.print(angles, contacts)
