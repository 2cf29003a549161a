"""What a notebook in JupyterLab says of an error: one plain line, never a cell's content.

An IPython extension, loaded by the kernel that `msanalysis lab` starts; a run has none of it. An
error in the notebook's own code is shown as IPython shows it.
"""

import dis
import inspect
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from msanalysis.labels import MissingWord
from msanalysis.run.parameters import FIRST, declared_in

_PACKAGE = Path(__file__).parent
_WRONG_CALL = re.compile(r"(\w+)\(\) (got|missing|takes)\b")


def load_ipython_extension(shell: Any) -> None:
    """Show plain lines in place of tracebacks through this package; check parameters."""
    as_ipython_shows_it = shell.showtraceback

    def show(exc_tuple: tuple | None = None, *given: Any, **options: Any) -> None:
        error = shell._get_exc_info(exc_tuple)[1]
        line = plain_line(error, shell.user_ns)
        if line is None:
            as_ipython_shows_it(exc_tuple, *given, **options)
        else:
            shell._showtraceback(type(error), line, [f"{type(error).__name__}: {line}"])

    def reply(result: Any) -> None:
        # Clients get the exception's own message besides what is shown.
        line = result.error_in_exec and plain_line(result.error_in_exec, shell.user_ns)
        if line:
            result.error_in_exec = type(type(result.error_in_exec).__name__, (Exception,), {})(line)

    shell.showtraceback = show
    shell.events.register("post_run_cell", reply)
    shell.input_transformers_post.append(checked)


def checked(lines: list[str]) -> list[str]:
    """Return a cell as it is; RunRefused where it is that of the parameters, with a wrong value."""
    if lines and lines[0].startswith(f"{next(iter(FIRST))}:"):
        declared_in("".join(lines), "this notebook")
    return lines


def plain_line(error: BaseException, known: Mapping[str, Any]) -> str | None:
    """Return what to say of an error; None where it has nothing to do with this package.

    A message is shown if it was written for that, by a `raise` of this package: another's may hold
    a cell's content. `known` are the names of the notebook.
    """
    frames = [each for each in _walked(error.__traceback__) if _is_ours(each)]
    if isinstance(error, KeyboardInterrupt):
        return "interrupted" if frames else None
    if not frames:
        return _wrong_call(error, known) if isinstance(error, TypeError) else None
    if isinstance(error, MissingWord):
        return "a code or a column has no word; add a row to src/msanalysis/labels.csv"
    last = frames[-1]
    if last.tb_next is None and _raises(last):
        return str(error.args[0]) if isinstance(error, KeyError) else str(error)
    place = Path(last.tb_frame.f_code.co_filename).relative_to(_PACKAGE).as_posix()
    return (
        f"unexpected in {place}, line {last.tb_lineno}. Look at what this cell passes on; if that "
        "is as it should be, `msanalysis run` keeps the whole traceback in restricted/logs/"
    )


def _walked(tb: TracebackType | None) -> Iterator[TracebackType]:
    while tb is not None:
        yield tb
        tb = tb.tb_next


def _is_ours(tb: TracebackType) -> bool:
    return Path(tb.tb_frame.f_code.co_filename).is_relative_to(_PACKAGE)


def _raises(tb: TracebackType) -> bool:
    """Whether the frame ended in a `raise` of its own, with a message."""
    at = (each for each in dis.get_instructions(tb.tb_frame.f_code) if each.offset == tb.tb_lasti)
    return any(each.opname == "RAISE_VARARGS" and each.arg for each in at)


def _wrong_call(error: TypeError, known: Mapping[str, Any]) -> str | None:
    """Say what a function of this package takes, where it was called with something else."""
    found = _WRONG_CALL.match(str(error))
    function = known.get(found[1]) if found else None
    if not getattr(function, "__module__", "").startswith(f"{_PACKAGE.name}."):
        return None
    return f"{error}; it takes {', '.join(inspect.signature(function).parameters)}"
