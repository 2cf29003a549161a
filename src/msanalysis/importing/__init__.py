"""Delivered files -> a checked Parquet store."""

from datetime import date
from hashlib import sha256
from pathlib import Path

import polars as pl
import yaml

from msanalysis import schema
from msanalysis.extract import STORE_FILE, ExtractRefused, polars_schema


def import_extract(
    source: str | Path,
    dest: str | Path,
    *,
    mapping: str | Path | None = None,
    status_date: date | None = None,
    data_cutoff: date | None = None,
    source_name: str | None = None,
) -> None:
    """Read the Parquet or CSV files of `source`, in schema names, into a store (plain form)."""
    source, dest = Path(source), Path(dest)
    stated = {"status_date": status_date, "data_cutoff": data_cutoff, "source": source_name}
    if (source / STORE_FILE).is_file():
        stated |= yaml.safe_load((source / STORE_FILE).read_text(encoding="utf-8"))
    frames = {
        path.stem: _read(path)
        for path in sorted(source.iterdir())
        if path.suffix in (".parquet", ".csv")
    }
    if set(frames) - set(schema.TABLES) or "patients" not in frames:
        raise ExtractRefused(f"{source} holds an unknown table, or no patients")
    dest.mkdir(parents=True, exist_ok=True)
    fingerprint = sha256()
    for name, frame in frames.items():
        frame = frame.sort(frame.columns)
        fingerprint.update(frame.write_csv().encode())
        frame.write_parquet(dest / f"{name}.parquet")
    (dest / STORE_FILE).write_text(
        yaml.safe_dump(stated | {"fingerprint": fingerprint.hexdigest()}), encoding="utf-8"
    )


def _read(path: Path) -> pl.DataFrame:
    held = polars_schema(path.stem)
    if path.suffix == ".csv":
        return pl.read_csv(path, schema_overrides=held, try_parse_dates=False)
    frame = pl.read_parquet(path)
    return frame.select(pl.col(name).cast(held[name]) for name in frame.columns if name in held)
