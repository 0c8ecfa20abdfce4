"""What did the answers say of how hard items are for the borderline candidate, and when?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, func, or_, select, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.base import Base
from assess.store.columns import Packed

Ints = npt.NDArray[np.int32]
WAITING = text("done_at IS NULL")


class Calibration(Base):
    """Difficulties of item versions, estimated from the first attempts at a test. Never changed.

    The packed columns hold one int32 for each version: its number, the mark that the borderline
    candidate can expect in thousandths, the standard error of that, and the weight of the version's
    own answers in thousandths (the rest is its outcome's mean). `ability` is the borderline
    candidate's, in thousandths of a standard deviation; `cut` the share of marks to pass with.
    """

    __tablename__ = "calibrations"
    __table_args__ = (UniqueConstraint("test_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    number: Mapped[int]
    model: Mapped[str] = mapped_column(String(10))
    attempts: Mapped[int]
    cut: Mapped[int]
    ability: Mapped[int]
    versions: Mapped[Ints] = mapped_column(Packed)
    difficulties: Mapped[Ints] = mapped_column(Packed)
    errors: Mapped[Ints] = mapped_column(Packed)
    weights: Mapped[Ints] = mapped_column(Packed)
    made_by: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    made_at: Mapped[datetime]

    def by_version(self) -> dict[int, int]:
        """The difficulties, by item version."""
        return dict(zip(self.versions.tolist(), self.difficulties.tolist(), strict=True))


class CalibrationRequest(Base):
    """Somebody asks for a calibration, which takes too long for a page. One at a time for a test.

    `seen_at` is when the worker that does it was last heard of, `steps` those of the estimation
    so far. Once it is done, either `calibration_id` says what was made, or `reasons` why nothing.
    """

    __tablename__ = "calibration_requests"
    __table_args__ = (
        Index(
            "uq_calibration_requests_waiting",
            "test_id",
            unique=True,
            sqlite_where=WAITING,
            postgresql_where=WAITING,
        ),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    centre_id: Mapped[int] = mapped_column(ForeignKey("centres.id"))
    test_id: Mapped[int] = mapped_column(ForeignKey("tests.id"))
    asked_by: Mapped[int] = mapped_column(ForeignKey("people.id"))
    asked_at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    steps: Mapped[int]
    done_at: Mapped[datetime | None]
    calibration_id: Mapped[int | None] = mapped_column(ForeignKey("calibrations.id"))
    reasons: Mapped[list[Any]]


def last_request(session: Session, test_id: int) -> CalibrationRequest | None:
    """The newest request for a test, done or not."""
    return session.scalar(
        select(CalibrationRequest)
        .where(CalibrationRequest.test_id == test_id)
        .order_by(CalibrationRequest.id.desc())
        .limit(1)
    )


def claim(session: Session, now: datetime, lease: timedelta) -> CalibrationRequest | None:
    """The oldest request that nobody works at, for whoever asks; None when there is none.

    A worker that has not been heard of for the length of `lease` works no more.
    """
    row = session.scalar(
        select(CalibrationRequest)
        .where(
            CalibrationRequest.done_at.is_(None),
            or_(CalibrationRequest.seen_at.is_(None), CalibrationRequest.seen_at < now - lease),
        )
        .order_by(CalibrationRequest.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if row is not None:
        row.seen_at, row.steps = now, 0
    return row


def is_any_waiting(session: Session, now: datetime, lease: timedelta) -> bool:
    """Whether there is a request to claim: asked often, and without a lock."""
    found = select(CalibrationRequest.id).where(
        CalibrationRequest.done_at.is_(None),
        or_(CalibrationRequest.seen_at.is_(None), CalibrationRequest.seen_at < now - lease),
    )
    return session.scalar(found.limit(1)) is not None


def newest(session: Session, test_id: int) -> Calibration | None:
    """The calibration of a test that its next pool uses."""
    return session.scalar(
        select(Calibration)
        .where(Calibration.test_id == test_id)
        .order_by(Calibration.number.desc())
        .limit(1)
    )


def newest_number(session: Session, test_id: int) -> int:
    """The number of a test's newest calibration, 0 when there is none."""
    return (
        session.scalar(select(func.max(Calibration.number)).where(Calibration.test_id == test_id))
        or 0
    )


def packed(values: Sequence[float] | npt.NDArray[np.generic]) -> Ints:
    """Whole numbers as a packed column; what is not a number becomes -1."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isfinite(array), np.rint(array), -1).astype(np.int32)
