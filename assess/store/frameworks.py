"""Which frameworks are loaded? Their nodes are known by path, never by their words.

A framework is a public fact and belongs to no centre.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String, Text, delete, insert, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from assess.bank import outcomes
from assess.store import cursor
from assess.store.base import Base


class Framework(Base):
    """One loaded framework, with the document it came from."""

    __tablename__ = "frameworks"

    id: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(100), unique=True)
    title: Mapped[str] = mapped_column(String(300))
    issuer: Mapped[str] = mapped_column(String(300))
    language: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    document: Mapped[dict[str, Any]]
    counts: Mapped[dict[str, Any]]
    loaded_at: Mapped[datetime]


class FrameworkNode(Base):
    """A unit, outcome or statement, by its path."""

    __tablename__ = "framework_nodes"

    path: Mapped[str] = mapped_column(String(200), primary_key=True)
    framework_id: Mapped[int] = mapped_column(ForeignKey("frameworks.id"), index=True)
    parent: Mapped[str | None] = mapped_column(String(200), index=True)
    kind: Mapped[str] = mapped_column(String(20))
    code: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(Text)
    assessed: Mapped[bool]
    position: Mapped[int]


def save(session: Session, framework: outcomes.Framework, now: datetime) -> bool:
    """Load a framework; says whether anything changed. Paths that are gone leave the table."""
    row = session.scalar(select(Framework).where(Framework.key == framework.id))
    if row is not None and row.digest == framework.digest:
        return False
    values = {
        "title": framework.title,
        "issuer": framework.issuer,
        "language": framework.language,
        "digest": framework.digest,
        "document": dict(framework.document),
        "counts": dict(framework.counts),
        "loaded_at": now,
    }
    if row is None:
        row = Framework(key=framework.id, **values)
        session.add(row)
    else:
        for name, value in values.items():
            setattr(row, name, value)
    session.flush()
    session.execute(delete(FrameworkNode).where(FrameworkNode.framework_id == row.id))
    session.execute(
        insert(FrameworkNode),
        [
            {
                "path": n.path,
                "framework_id": row.id,
                "parent": n.parent,
                "kind": str(n.kind),
                "code": n.code,
                "title": n.title,
                "assessed": n.assessed,
                "position": place,
            }
            for place, n in enumerate(framework.nodes)
        ],
    )
    return True


def by_key(session: Session, key: str) -> Framework | None:
    """The framework with this identifier."""
    return session.scalar(select(Framework).where(Framework.key == key))


def load(session: Session, framework_id: int | None) -> outcomes.Framework | None:
    """A framework as the bank floor knows it."""
    if framework_id is None:
        return None
    row = session.get_one(Framework, framework_id)
    nodes = session.scalars(
        select(FrameworkNode)
        .where(FrameworkNode.framework_id == framework_id)
        .order_by(FrameworkNode.position)
    )
    return outcomes.Framework(
        id=row.key,
        title=row.title,
        kind=str(row.document.get("kind", "")),
        issuer=row.issuer,
        language=row.language,
        digest=row.digest,
        nodes=tuple(
            outcomes.Node(
                path=n.path,
                parent=n.parent,
                kind=n.kind,
                code=n.code,
                title=n.title,
                assessed=n.assessed,
                position=n.position,
            )
            for n in nodes
        ),
        counts=row.counts,
        document=row.document,
    )


def titles(session: Session, paths: Iterable[str]) -> Mapping[str, str]:
    """The code and title of each of these nodes that is known."""
    wanted = list(paths)
    among, values = cursor.among(session, wanted)
    asked = f"SELECT path, code, title FROM framework_nodes WHERE path {among}"  # noqa: S608
    rows = cursor.ask(session, asked, {"wanted": values})
    known = {path: f"{code} {title}" for path, code, title in rows}
    return {path: known.get(path, path) for path in wanted}


def every(session: Session) -> Sequence[Framework]:
    """All frameworks, by title."""
    return session.scalars(select(Framework).order_by(Framework.title)).all()
