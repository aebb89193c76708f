"""A profile says, in one YAML file, which sources there are and which column of theirs is which of ours."""

from __future__ import annotations

import datetime as dt
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from helpers.collection.yamltext import read_yaml
from helpers.errors import UserError
from helpers.tables import table

Format = Literal["csv", "excel", "json", "jsonl", "parquet", "sql"]


def _as_text(value: Any) -> Any:
    """YAML reads 2024 and true as a number and a flag; a header or a value of an export is always text."""
    if isinstance(value, bool):
        raise ValueError(f"YAML reads this as {str(value).lower()}: put it in quotes")
    return str(value) if isinstance(value, int | float | dt.date) else value


Text = Annotated[str, BeforeValidator(_as_text)]
Scalar = str | bool | int | float | None


class Strict(BaseModel):
    """A part of a profile: unknown keys are errors, so that a typing mistake is never ignored."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class FileSpec(Strict):
    """How one file, sheet or query is read.

    `path` is relative to the profile's folder and may hold `*`; `url` is a SQLAlchemy address in which `${NAME}`
    stands for an environment variable. What is left out is detected and the decision is printed (encoding,
    delimiter, header row). `sheet` is a name or a number from 1.
    """

    path: str | None = None
    url: str | None = None
    format: Format | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | int | None = None
    header_rows: list[int] | None = Field(None, description="1-based rows that hold the header; several when headers are merged")
    no_header: list[Text] | None = Field(None, description="column names for a file that has no header line")
    fixed_width: bool = Field(False, description="columns separated by runs of blanks")
    query: str | None = Field(None, description="SQL to run on url; or a table's name")
    records: str | None = Field(None, description="JSON: dotted path to the list of records")


class Lookup(FileSpec):
    """A second file whose columns are joined to a source before it is mapped (order header to order lines)."""

    on: str | dict[str, str] = Field(description="shared column, or {source column: lookup column}")
    take: list[Text] = Field(min_length=1, description="columns of the lookup to add")

    @model_validator(mode="after")
    def _one_place(self) -> Lookup:
        if (self.path is None) == (self.url is None):
            raise ValueError("a lookup needs exactly one of path and url")
        return self

    @property
    def keys(self) -> dict[str, str]:
        """The columns that must agree: {source column: lookup column}."""
        return {self.on: self.on} if isinstance(self.on, str) else dict(self.on)


class Source(FileSpec):
    """One export that feeds one canonical table."""

    name: str = Field(pattern=r"^[A-Za-z0-9_]+$")
    table: str
    columns: dict[str, Text] = Field(description="canonical column: header in the export")
    combine: dict[str, list[Text]] = Field(
        default_factory=dict, description="canonical column: several headers; texts are joined by '-', typed numbers are added"
    )
    constants: dict[str, Text] = Field(default_factory=dict, description="canonical column: value for every row")
    values: dict[str, dict[Text, Scalar]] = Field(
        default_factory=dict, description="canonical column: {value in the export: value of ours}"
    )
    distinct: bool = Field(False, description="rows that say the same in all mapped columns are read once")
    lookups: list[Lookup] = Field(default_factory=list)
    date_order: Literal["DMY", "MDY", "YMD"] | None = Field(None, description="how 03/04/2025 is read; without it such a date is set aside")
    decimal: Literal[".", ","] = "."
    negate: list[str] = Field(default_factory=list, description="canonical number columns whose sign is turned round")
    cancelled: list[str] = Field(default_factory=list, description="values of status that mean the row never became a sale")
    not_products: list[str] = Field(default_factory=list, description="product ids that are postage, fees or adjustments")

    @model_validator(mode="after")
    def _columns_exist(self) -> Source:
        try:
            known = {c.name for c in table(self.table).columns}
        except UserError as fault:
            raise ValueError(str(fault)) from fault
        for name in [*self.columns, *self.combine, *self.constants, *self.values, *self.negate]:
            if name not in known:
                raise ValueError(f"table {self.table} has no column {name!r}: it has {', '.join(sorted(known))}")
        for name in self.negate:
            if table(self.table).column(name).kind not in {"money", "number", "count"}:
                raise ValueError(f"negate: {name} is no number, so it has no sign to turn round")
        filled = [*self.columns, *self.combine, *self.constants]
        if twice := sorted({n for n in filled if filled.count(n) > 1}):
            raise ValueError(f"{twice[0]} is filled twice: keep one of columns, combine and constants")
        if (self.path is None) == (self.url is None):
            raise ValueError(f"source {self.name} needs exactly one of path and url")
        return self


class Fetch(Strict):
    """A file that is downloaded once by `crmkit fetch`, and only accepted when size and checksum agree."""

    url: str
    path: str
    size: int | None = None
    sha256: str | None = Field(None, pattern=r"^[0-9a-f]{64}$")
    licence: str


class Profile(Strict):
    """All that a run must know about where its data comes from.

    `folder` (relative to the profile's file) or `package` (an installed package that ships data) is where
    source paths start; a path may not leave it.
    """

    profile: str = Field(pattern=r"^[A-Za-z0-9_-]+$")
    title: str
    about: str = ""
    currency: str = Field(description="ISO code of the one currency of the run")
    as_of: dt.date = Field(description="last day that is read unless a run says otherwise")
    folder: str = "."
    package: str | None = None
    decisions: str | None = Field(None, description="file of duplicate pairs that people decided for all runs; only read. A run also obeys the review file in its own folder")
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)
    fetch: Fetch | None = None
    sources: list[Source] = Field(min_length=1)
    _file: Path = Path()

    def sources_of(self, table_name: str) -> list[Source]:
        """Return the sources that feed a canonical table, in the order of the profile."""
        return [s for s in self.sources if s.table == table_name]

    @property
    def base(self) -> Path:
        """The folder that source paths start from."""
        if self.package is None:
            return (self._file.parent / self.folder).resolve()
        found = find_spec(self.package) if self.package.isidentifier() else None  # found without running the package's code
        if found is None or not found.submodule_search_locations:
            raise UserError(f"profile {self.profile} needs the package {self.package}: run crmkit check-env")
        return (Path(found.submodule_search_locations[0]).resolve() / self.folder).resolve()

    def files(self, spec: FileSpec) -> list[Path]:
        """Return the files that `spec.path` names, sorted; none, or one outside `base`, is a `UserError`."""
        base, pattern = self.base, spec.path or ""
        if Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise UserError(
                f"profile {self.profile}: path {pattern!r} leaves the folder {self.folder!r}: name the folder with 'folder:' and keep paths inside it"
            )
        found = sorted(p for p in base.glob(pattern) if p.is_file())
        if not found:
            hint = f"run crmkit fetch {self.profile}" if self.fetch else "check 'folder:' and 'path:'"
            raise UserError(f"profile {self.profile}: no file {pattern!r} in {self.folder!r}: {hint}")
        if any(base not in p.resolve().parents for p in found):
            raise UserError(f"profile {self.profile}: path {pattern!r} leads through a link out of the folder {self.folder!r}")
        return found


def load_profile(file: Path) -> Profile:
    """Read a profile; anything wrong with it is one sentence with the file, the place and what is expected.

    Parameters
    ----------
    file : pathlib.Path
        The YAML file.

    Returns
    -------
    Profile
        With paths still relative; `Profile.files` resolves them.

    Raises
    ------
    UserError
        No such file, not YAML, unknown keys, unknown tables or columns, two sources of one name.
    """
    try:
        content = read_yaml(file.read_text(encoding="utf-8-sig"))
        profile = Profile.model_validate(content)
    except FileNotFoundError as fault:
        raise UserError(f"there is no profile {file.name}: crmkit profile new FILE... drafts one") from fault
    except (yaml.YAMLError, UnicodeDecodeError) as fault:
        raise UserError(f"{file.name} is not a YAML file in UTF-8: {' '.join(str(fault).split())}") from fault
    except ValidationError as fault:
        raise UserError(f"{file.name}: {say_first_error(fault)}") from fault
    names = [s.name for s in profile.sources]
    twice = sorted({n for n in names if names.count(n) > 1})
    if twice:
        raise UserError(f"{file.name}: source names must differ, but {', '.join(twice)} stands twice")
    profile._file = file
    return profile


def say_first_error(fault: ValidationError) -> str:
    """Return the first fault of a pydantic error as one sentence: key, what is wrong, value seen."""
    first = fault.errors(include_url=False)[0]
    place = ".".join(str(p) for p in first["loc"]) or "the whole file"
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "extra_forbidden":
        return f"unknown key {place}"
    seen = "" if first["type"] in {"missing", "value_error"} else f", not {first['input']!r}"
    return f"{place}: {message}{seen}"
