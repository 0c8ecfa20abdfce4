"""What did the answers say of how hard items are for the borderline candidate, and when?"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
import numpy.typing as npt
from sqlalchemy import ForeignKey, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.store.base import Base, Packed

Ints = npt.NDArray[np.int32]


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
