"""A new analysis begins as a copy of one that works: `copy_analysis`.

Copied are the notebook, the row of the catalogue, the texts, and the words that stand on the axes
of its figures, so that each can be changed without changing the other analysis. Everything the
copy saves gets ids of its own; numbers of figures in the annual report stay with the original.
"""

import ast
import csv
import io
import json
import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from msanalysis.catalogue import ANALYSES, Analysis, Words
from msanalysis.run import PROJECT, RunRefused
from msanalysis.run.listing import find_analysis

_ID = re.compile(r"[a-z][a-z0-9_]{2,39}")
_NAME_IN_TEXT = re.compile(r"(?<=\{\{)(\s*)([a-z]\w*)")
_WORDS_OF_FIGURES = ("outcome", "time_zero", "measured", "axis", "name_of_whole")
"""Arguments of plot functions that are nothing but words on an axis."""

_LANGUAGES = ("nb", "en")
_LINE = 100
_RUN_FILE = """\
# {id} alone; what a run file can say besides stands in params/annual_report_2024.yaml.
analyses:
  - {id}
"""


def copy_analysis(
    id: str,
    source: str,
    *,
    project: Path = PROJECT,
    catalogue: tuple[Analysis, ...] = ANALYSES,
) -> list[Path]:
    """Make analysis `id` of the analysis `source`; return the files written, all of them or none.

    Raises
    ------
    RunRefused
        Outside a checkout; for an id that is taken or cannot name files, a source the catalogue
        does not have, and one whose ids do not stand in its notebook.
    """
    _require_checkout(project)
    original = find_analysis(source, catalogue)
    _require_free(id, project, catalogue)
    copy = _Copy(id, original, project)
    cells, words = copy.notebook()
    package = project / "src" / "msanalysis"
    written = {
        project / "notebooks" / f"{id}.ipynb": cells,
        **{
            package / "texts" / f"{id}.{lang}.md": copy.text(package / "texts", lang)
            for lang in _LANGUAGES
        },
        project / "params" / f"{id}.yaml": _RUN_FILE.format(id=id),
        package / "labels.csv": copy.labels(package / "labels.csv", words),
        package / "catalogue.py": _with_row(package / "catalogue.py", copy.row()),
    }
    _write_all(written)
    return list(written)


def _require_checkout(project: Path) -> None:
    expected = ("notebooks", "src/msanalysis/catalogue.py", "pyproject.toml")
    if not all((project / name).exists() for name in expected):
        raise RunRefused(
            "this msanalysis is installed, not a checkout, and a new analysis is a change of it: "
            "clone the repository and run `make report` there, then .venv/bin/msanalysis new"
        )


def _require_free(id: str, project: Path, catalogue: tuple[Analysis, ...]) -> None:
    if not _ID.fullmatch(id):
        raise RunRefused(
            "expected an id of 3 to 40 small letters a to z, digits and _, a letter first, "
            "such as my_question"
        )
    texts = project / "src" / "msanalysis" / "texts"
    files = [project / "notebooks" / f"{id}.ipynb", project / "params" / f"{id}.yaml"]
    taken = [path for path in (*files, *texts.glob(f"{id}.*")) if path.exists()]
    if taken or id in {each.id for each in catalogue}:
        where = f" ({taken[0].relative_to(project)})" if taken else ""
        raise RunRefused(f"{id} is there already{where}; choose another id")
    names = {each for analysis in catalogue for each in (*analysis.figures, *analysis.captions)}
    names |= _known_words(project)
    if any(name == id or name.startswith(f"{id}_") for name in names):
        raise RunRefused(f"figures, tables or words begin with {id} already; choose another id")


def _known_words(project: Path) -> set[str]:
    path = project / "src" / "msanalysis" / "labels.csv"
    with path.open(encoding="utf-8", newline="") as handle:
        return {row["key"] for row in csv.DictReader(handle)}


@dataclass(frozen=True)
class _Copy:
    """What the files of a new analysis hold."""

    id: str
    original: Analysis
    project: Path

    def own(self, id: str) -> str:
        """Return the copy's id for one of the original's: `a_b_c` of analysis `a_x` ends in b_c."""
        first, words = self.original.id.split("_"), id.split("_")
        while first and words and first[0] == words[0]:
            first, words = first[1:], words[1:]
        return "_".join([self.id, *words])

    def row(self) -> Analysis:
        """Return the row of the catalogue; its figures have no number in the annual report."""
        named = {self.own(id): words for id, words in self.original.captions.items()}
        figures = {self.own(id): "" for id in self.original.figures}
        kept = self.original
        return Analysis(self.id, kept.chapter, kept.title, kept.needs, figures, named)

    def text(self, folder: Path, lang: str) -> str:
        """Return the text with the copy's numbers in it."""
        text = (folder / f"{self.original.id}.{lang}.md").read_text(encoding="utf-8")
        return _NAME_IN_TEXT.sub(lambda found: found[1] + self.own(found[2]), text)

    def labels(self, path: Path, words: list[str]) -> str:
        """Return the file of labels with those of the original's `words` under own keys."""
        text = path.read_text(encoding="utf-8")
        rows = [row for row in csv.reader(io.StringIO(text)) if row[0] in words]
        added = io.StringIO()
        csv.writer(added, lineterminator="\n").writerows(
            [f"{self.id}_{key}", *said] for key, *said in rows
        )
        return text + added.getvalue()

    def notebook(self) -> tuple[str, list[str]]:
        """Return the notebook, and the words of its figures that it has under own keys."""
        path = self.project / "notebooks" / f"{self.original.id}.ipynb"
        content = json.loads(path.read_text(encoding="utf-8"))
        known, words = _known_words(self.project), set()
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                source = "".join(cell["source"])
                edits = dict(self._edits(source, known, words))
                cell["source"] = _edited(source, edits).splitlines(keepends=True)
                cell |= {"outputs": [], "execution_count": None}  # it has shown nothing yet
        return json.dumps(content, indent=1, ensure_ascii=False) + "\n", sorted(words)

    def _edits(self, source: str, known: set[str], words: set[str]) -> Iterator[tuple]:
        """Yield each text of a cell that names something of the original, and its new name."""
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "out":
                folder, _, _ = node.value.value.rpartition("/")
                yield node.value, f"{folder}/{self.id}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for literal in _ids(node, self.original.id):
                    yield literal, self.own(_begun(literal))
                for literal in _words(node):
                    if literal.value in known:
                        words.add(literal.value)
                        yield literal, f"{self.id}_{literal.value}"


# --- what a notebook names ------------------------------------------------------------------------


def _ids(call: ast.Call, analysis: str) -> Iterator[ast.expr]:
    """Yield the literals by which a call names what is saved; RunRefused where it computes them."""
    named = []
    if call.func.id in ("save", "sentences", "number"):
        named = [call.args[0]]
    elif call.func.id == "numbers_by":
        given = call.args[0] if call.args else None
        named = given.values if isinstance(given, ast.Dict) else [given]
    if call.func.id == "save":
        saved = [each.value for each in call.keywords if each.arg in ("figures", "tables")]
        named += [key for each in saved for key in getattr(each, "keys", [None])]
    for each in named:
        if not isinstance(each, ast.Constant | ast.JoinedStr):
            raise RunRefused(
                f"{analysis} takes the ids of what it saves from a list, and two analyses cannot "
                "save the same; copy another, such as rituximab_time_to_switch"
            )
        yield each


def _words(call: ast.Call) -> Iterator[ast.Constant]:
    """Yield the words that a call puts on the axes of a figure."""
    if call.func.id.startswith("plot_"):
        for each in call.keywords:
            if each.arg in _WORDS_OF_FIGURES:
                given = each.value.elts if isinstance(each.value, ast.List) else [each.value]
                yield from (part for part in given if isinstance(part, ast.Constant))


def _begun(literal: ast.Constant | ast.JoinedStr) -> str:
    """Return a text, or what one with values in it begins with."""
    first = literal if isinstance(literal, ast.Constant) else literal.values[0]
    return first.value if isinstance(first, ast.Constant) else ""


def _edited(source: str, edits: Mapping[ast.expr, str]) -> str:
    """Return the source with each literal replaced (its beginning, of one with values in it)."""
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    for node in sorted(edits, key=lambda node: (node.lineno, node.col_offset), reverse=True):
        line = lines[node.lineno - 1]
        quote = line.index(b'"', node.col_offset) + 1
        old = _begun(node).encode()
        rest = line[quote:].removeprefix(old)
        lines[node.lineno - 1] = line[:quote] + edits[node].encode() + rest
    return b"".join(lines).decode()


# --- a row of the catalogue -----------------------------------------------------------------------


def _with_row(path: Path, row: Analysis) -> str:
    """Return the catalogue's source with a row at its end."""
    source = path.read_text(encoding="utf-8")
    (table,) = (
        node
        for node in ast.parse(source).body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "ANALYSES"
    )
    lines = source.splitlines(keepends=True)
    last = table.end_lineno - 1
    return "".join([*lines[:last], textwrap.indent(_row_source(row), "    "), *lines[last:]])


def _row_source(row: Analysis) -> str:
    """Return a row as the formatter leaves it: one item a line, a comma behind each."""
    captions = "".join(f"{_literal(id)}: {_said(words, 16)}" for id, words in row.captions.items())
    figures = "".join(f'{_literal(id)}: "",\n' for id in row.figures)
    needs = "".join(f"{_literal(need)},\n" for need in row.needs)
    return _block(
        "Analysis(",
        f"id={_literal(row.id)},\nchapter={_literal(row.chapter)},\n"
        + f"title={_said(row.title, 12)}"
        + _block("needs=(", needs, "),")
        + (_block("figures={", figures, "},") if figures else "")
        + _block("captions={", captions, "},"),
        "),",
    )


def _said(words: Words, indent: int) -> str:
    said = "".join(f"{_fitted(words[lang], _LINE - indent)},\n" for lang in _LANGUAGES)
    return _block("_words(", said, "),")


def _block(begin: str, lines: str, end: str) -> str:
    return f"{begin}\n{textwrap.indent(lines, '    ')}{end}\n"


def _fitted(text: str, width: int) -> str:
    """Return a text as one literal where a line holds it with its comma, or as several."""
    if len(_literal(text)) < width:
        return _literal(text)
    longest = width - len('" ",')
    pieces = re.findall(rf".{{1,{longest}}}(?:\s+|$)|\S+", text)
    return "\n".join(map(_literal, pieces))


def _literal(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


# --- files ----------------------------------------------------------------------------------------


def _write_all(written: Mapping[Path, str]) -> None:
    """Write every file, or leave each as it was; the last one, the catalogue, makes it count."""
    before = {path: path.read_bytes() if path.exists() else None for path in written}
    beside = {path: path.with_name(f".{path.name}.new") for path in written}
    try:
        for path, text in written.items():
            beside[path].write_text(text, encoding="utf-8", newline="\n")
        for path, new in beside.items():
            new.replace(path)
    except BaseException:
        for path, content in before.items():
            beside[path].unlink(missing_ok=True)
            if content is None:
                path.unlink(missing_ok=True)
            else:
                path.write_bytes(content)
        raise
