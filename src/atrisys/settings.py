"""What can be set from outside: environment variables `ATRISYS_*`, read once and handed down."""

from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict


class Settings(BaseSettings):
    """One frozen set of settings; docs/settings.md lists them all."""

    model_config = SettingsConfigDict(env_prefix="ATRISYS_", frozen=True, extra="ignore")

    data: Path = Path("data")
    """Folder with everything that is kept: database, slides, the installation's secret."""
    database_url: str = ""
    """`postgresql://…`; empty: SQLite in the data folder."""
    public_url: str = ""
    """Address under which people reach ATrISys (`https://slides.example.org/atrisys`); empty: as each request says."""
    trusted_proxies: Annotated[tuple[str, ...], NoDecode] = ()
    """Addresses or networks whose `X-Forwarded-*` are believed, comma separated."""
    strict_signatures: bool = False
    """Refuse signatures whose date cannot be read (the old Java client sends such)."""
    signature_tolerance_s: Annotated[int, Field(gt=0)] = 900
    """How far a signed date may lie from this server's clock."""
    session_idle_min: Annotated[int, Field(gt=0)] = 12 * 60
    """A browser session ends after so long without a request."""
    session_max_h: Annotated[int, Field(gt=0)] = 24 * 7
    """A browser session ends after so long in any case."""
    picture_cookie_s: int = 3600
    """How long after a signed request the key-born cookie opens pictures and downloads."""
    max_body_mb: Annotated[int, Field(ge=1)] = 64
    """Largest request body that is not a file."""
    max_upload_gb: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 64
    """Largest file that may be uploaded."""
    max_open_uploads: Annotated[int, Field(ge=1)] = 50
    """How many resumable uploads one person may have begun and not ended."""
    keep_uploads_h: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 24 * 7
    """A resumable upload that nobody goes on with is removed after so long."""
    max_attached_mb: Annotated[int, Field(ge=1)] = 512
    """Largest file that may be attached to an object."""
    keep_positions_days: Annotated[int, Field(ge=1)] = 30
    """How long it is kept where people looked on slides (a viewer says so every second)."""
    keep_activity_days: Annotated[int, Field(ge=1)] = 365
    """How long it is kept who opened which project and image, and what they did with annotations."""
    jobs_at_once: Annotated[int, Field(ge=1)] = 2
    """How many long tasks run at the same time, over all server processes and workers."""
    jobs_waiting_per_user: Annotated[int, Field(ge=1)] = 1000
    """How many jobs of one person may wait."""
    job_timeout_h: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 24
    """A job that takes longer is ended."""
    job_memory_mb: Annotated[int, Field(ge=512)] = 8192
    """A job that wants more is ended; its decoders have limits of their own (`ATRISYS_PICTURE_MEMORY_MB`)."""
    max_result_gb: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 512
    """Largest file that a job makes for download."""
    keep_results_days: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 7
    """How long the file that a job has made can be downloaded."""
    exports_at_once: Annotated[int, Field(ge=1)] = 4
    """Training data that each server process makes while it is sent; more than half of it for nobody."""
    dask_scheduler: str = ""
    """Jobs run on this Dask cluster (`tls://…:8786`), not here; see docs/jobs.md."""
    dask_ca_file: str = ""
    """Whose certificates are believed on the way to the cluster."""
    dask_cert_file: str = ""
    """The certificate that is shown to the cluster."""
    dask_key_file: str = ""
    """Its private key."""
    picture_workers: Annotated[int, Field(ge=1)] = 2
    """Killable decoder processes of each server process."""
    picture_timeout_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 30
    """A decoder that takes longer for one region is ended; a picture (each band of a large one) is given up."""
    picture_memory_mb: Annotated[int, Field(gt=0)] = 4096
    """A decoder that wants more is ended."""
    kept_tiles_gb: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 10
    """So many GB of the data folder for tiles that had to be decoded, and for what was found when slides were opened.

    What was used longest ago goes; 0 keeps nothing.
    """
    clean_copies_gb: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 50
    """So many GB of the data folder for clean copies of slides; those asked for longest ago go. 0 makes none."""
    convert_timeout_s: Annotated[float, Field(gt=0, allow_inf_nan=False)] = 3600
    """A flat picture that takes longer to become a tiled pyramid is given up."""
    giant_pictures_at_once: Annotated[int, Field(ge=1)] = 2
    """Windows beyond 10,000 px a side that are made at the same time."""

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("public_url")
    @classmethod
    def _bare(cls, value: str) -> str:
        return value.rstrip("/")
