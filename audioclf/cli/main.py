"""Command line of audioclf: the group of its commands, its errors and exit codes.

Results go to stdout, progress and warnings to stderr.
"""

from __future__ import annotations

import importlib
import os
import sys
import traceback
import warnings
from typing import Any

import click

from audioclf._version import __version__
from audioclf.errors import AudioclfError, SpecError

_COMMANDS = {
    "compare": "runs.compare",
    "datasets": "datasets.datasets",
    "explore": "runs.explore",
    "extract": "extract.extract",
    "list": "catalogue.list_",
    "plot": "recordings.plot",
    "predict": "recordings.predict",
    "report": "report.report",
    "store": "store.store",
    "train": "runs.train",
}
"""Where each command is, below `audioclf.cli`."""


class _Commands(click.Group):
    """A group that imports the module of a command when it is asked for, since building all options takes time."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(".")
        return getattr(importlib.import_module(f"audioclf.cli.{module}"), name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="audioclf")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cli(debug: bool) -> None:
    """Compare features and classifiers for audio classification.

    \b
    audioclf train --features mfcc+gfcc --clf svm              on the built-in demo data
    audioclf explore --data recordings/                        what is in this data, and what is wrong with it
    audioclf compare --data recordings/ --features mfcc,gfcc --clf svm,rf,hmm
    audioclf predict runs/NAME/model.audioclf new/*.wav

    '+' joins extractors into one feature set, ',' separates alternatives, ':key=value' sets a parameter
    (mfcc:n_coeffs=13:deltas=2+gfcc).
    """


def _show_warning(message: Warning | str, category: type[Warning], *_: Any, **__: Any) -> None:
    if issubclass(category, UserWarning):
        click.echo(f"warning: {message}", err=True)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line and exit: 0 done, 1 the data or the run failed, 2 the command line is wrong."""
    debug = "--debug" in (sys.argv[1:] if arguments is None else arguments)
    warnings.showwarning = _show_warning  # type: ignore[assignment]
    try:
        code = cli.main(args=arguments, prog_name="audioclf", standalone_mode=False)
    except click.exceptions.Exit as done:
        code = done.exit_code
    except click.ClickException as error:
        click.echo(f"error: {error.format_message()}", err=True)
        if isinstance(error, click.UsageError) and error.ctx is not None:
            click.echo(f"'{error.ctx.command_path} --help' shows the options", err=True)
        code = error.exit_code
    except (AudioclfError, click.Abort, KeyboardInterrupt, BrokenPipeError) as error:
        if debug:
            traceback.print_exc()
        code = _explain(error)
    raise SystemExit(code if isinstance(code, int) else 0)


def _explain(error: BaseException) -> int:
    """Say on stderr what went wrong and return the exit code."""
    if isinstance(error, BrokenPipeError):  # the reader of our output, such as head, has gone
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        click.echo("interrupted; the same command goes on where it stopped", err=True)
        return 130
    click.echo(f"error: {error}", err=True)
    return 2 if isinstance(error, SpecError) else 1
