"""What may leave the private folder: pseudonyms, coarse places, groups that are large enough."""

import hmac
import os
import re
import secrets
from pathlib import Path

import numpy as np
import pandas as pd

from pipeline.kit import paths

ROOT = paths.ROOT


def private() -> Path:
    """Folder of all that is personal; outside git and DVC, never read by a stage."""
    return ROOT / "survey" / "private"


def plots() -> Path:
    """The table of plots without anything personal, for the stages."""
    return ROOT / "data" / "survey" / "plots.csv"


class ExportError(ValueError):
    """A file that cannot be read as an export; the message says why, in Indonesian and English.

    ``value`` is what stood in the wrong place; it may be personal, so only the private report shows it.
    """

    def __init__(self, reason: str, value: str = "") -> None:
        super().__init__(reason)
        self.value = value


class StoreError(RuntimeError):
    """The private folder is not as the last command left it; the message says what to do."""


SALT_BYTES = 32
SALT_LOST = (
    "berkas salt di survey/private hilang atau rusak; pulihkan dari cadangan, jangan dibuat baru / "
    "the file salt in survey/private is missing or damaged; restore it from a backup, do not make a new one"
)


def load_salt() -> bytes:
    """The secret behind all pseudonyms; made once, readable by its owner only.

    Who has the salt can find out whose pseudonym one is; who loses it gives every farm a new one, and lets those who
    were forgotten come back. Raises ``StoreError`` when it is damaged, or missing beside a store.
    """
    path = private() / "salt"
    if not path.exists():
        if (private() / "store.zip").exists():
            raise StoreError(SALT_LOST)
        make_private_folder()
        temporary = path.with_name(f"salt.{os.getpid()}.tmp")
        with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_hex(SALT_BYTES).encode())
        try:
            # Linking fails when another import has just made a salt; that one is then used.
            os.link(temporary, path)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    try:
        salt = bytes.fromhex(path.read_bytes().decode("ascii"))
    except ValueError as error:
        raise StoreError(SALT_LOST) from error
    if len(salt) != SALT_BYTES:
        raise StoreError(SALT_LOST)
    return salt


def make_private_folder() -> None:
    """Make ``survey/private``, closed to other users of the machine."""
    private().mkdir(parents=True, exist_ok=True)
    private().chmod(0o700)


def pseudonym(salt: bytes, kind: str, text: str) -> str:
    """A name that says nothing without the salt: kind and 16 hexadecimal digits of an HMAC."""
    return kind + "-" + hmac.digest(salt, f"{kind}|{text}".encode(), "sha256").hex()[:16]


def pseudonyms(salt: bytes, kind: str, texts: pd.Series) -> pd.Series:
    """``pseudonym`` of each text."""
    return texts.map({text: pseudonym(salt, kind, text) for text in texts.unique()}).astype(object)


def people(plots: pd.DataFrame, kept: pd.DataFrame, salt: bytes) -> pd.DataFrame:
    """Pseudonyms ``farm_id``, ``name_key`` and ``phone_key``: the farm, and its farmer by name and by phone alone.

    Where the farmer has no name or phone, the farm stands for it. ``kept`` has what submissions whose names were
    deleted kept of all three, else "".
    """
    farm = pseudonyms(salt, "farm", farm_keys(plots))
    name, phone = _letters(plots["farmer_name"]), phones(plots["farmer_phone"])
    found = pd.DataFrame(
        {
            "farm_id": farm,
            "name_key": pseudonyms(salt, "name", name).mask(name == "", farm),
            "phone_key": pseudonyms(salt, "phone", phone).mask(phone == "", farm),
        }
    )
    kept = kept[list(found)]
    return kept.where(kept != "", found)


def farm_keys(plots: pd.DataFrame) -> pd.Series:
    """What makes one farm: its code; else name and phone; else name and village; else the visit itself."""
    name, phone, code = _letters(plots["farmer_name"]), phones(plots["farmer_phone"]), _letters(plots["farm_code"])
    place = plots["village"].fillna("") + "|" + plots["subdistrict"].fillna("")
    key = "visit|" + plots["id"].astype(str)
    key = key.mask(name != "", "name|" + name + "|" + phone.mask(phone == "", place))
    return key.mask(code != "", "code|" + code)


def _letters(text: pd.Series) -> pd.Series:
    return text.fillna("").str.casefold().str.replace(r"[^\w]+", " ", regex=True).str.strip()


def phones(text: pd.Series) -> pd.Series:
    """Digits of phone numbers without country code or leading zero; "" for what is none (too short, one digit)."""
    digits = text.fillna("").str.replace(r"\D+", "", regex=True).str.replace(r"^(?:62|0)+", "", regex=True)
    return digits.where((digits.str.len() >= 7) & ~digits.str.fullmatch(r"(\d)\1*"), "")


def coarse(position: pd.Series, grid_degrees: float) -> pd.DataFrame:
    """Latitude and longitude of the middle of the grid cell of a geopoint ("lat lon altitude accuracy").

    What is no position on earth is missing.
    """
    parts = position.fillna("").str.extract(r"^\s*(-?\d+(?:[.,]\d+)?)[\s;]+(-?\d+(?:[.,]\d+)?)(?:\s|;|$)")
    parts = parts.apply(lambda column: pd.to_numeric(column.str.replace(",", "."), errors="coerce"))
    is_place = parts[0].abs().le(90) & parts[1].abs().le(180) & ~((parts[0] == 0) & (parts[1] == 0))
    # Rounding keeps the digits of a middle, so that the fraction left over tells nothing.
    middle = ((np.floor(parts / grid_degrees) + 0.5) * grid_degrees).round(6).where(is_place)
    return middle.set_axis(["latitude", "longitude"], axis=1)


def hide_small_groups(plots: pd.DataFrame, smallest: int) -> pd.DataFrame:
    """Blank villages, subdistricts and grid cells with fewer farms than ``smallest``.

    Plots whose village is blanked form a group of their own in their subdistrict; when that is too small, a village
    could be found out by elimination, and their subdistrict is blanked too. ``plots`` has the columns of
    ``people``.
    """
    plots = plots.copy()
    village = _farms(plots, ["subdistrict", "village"])
    plots["village"] = plots["village"].where(village >= smallest)
    subdistrict = _farms(plots.assign(village=plots["village"].fillna("")), ["subdistrict", "village"])
    plots["subdistrict"] = plots["subdistrict"].where(subdistrict >= smallest)
    cell = _farms(plots, ["latitude", "longitude"])
    plots[["latitude", "longitude"]] = plots[["latitude", "longitude"]].where(cell >= smallest)
    return plots


def _farms(plots: pd.DataFrame, by: list[str]) -> pd.Series:
    """Farms in the group of each row: the fewest by farm, by name and by phone, so that one farmer counts once."""
    groups = plots.groupby(by, dropna=True)
    counts = [groups[key].transform("nunique") for key in ("farm_id", "name_key", "phone_key")]
    return pd.concat(counts, axis=1).min(axis=1).fillna(0)


def without_marks(text: str) -> str:
    """Text that a spreadsheet shows and does not compute, for tables that people open in one."""
    return "'" + text if re.match(r"[=+\-@\t\r]", text) else text
