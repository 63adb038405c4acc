"""annotations are counted as they come

Revision ID: 0011
Revises: 0010
"""

# ruff: noqa: S608 (the names are ours)

import sqlalchemy as sa
from alembic import op

from atrisys.store import spatial, table

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

PLACE = "slice_id", "user_id", "image_id", "project_id"
KINDS = "user_annotation", "reviewed_annotation"


def upgrade() -> None:
    for kind in KINDS:
        op.create_table(
            f"{kind}_count",
            *(sa.Column(column, table.RowId(), autoincrement=False, nullable=False) for column in PLACE),
            sa.Column("number", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint(*PLACE, name=op.f(f"pk_{kind}_count")),
            sqlite_with_rowid=False,
        )
        with op.batch_alter_table(f"{kind}_count", schema=None) as batch_op:
            for column in ("image_id", "project_id"):
                batch_op.create_index(batch_op.f(f"ix_{kind}_count_{column}"), [column], unique=False)
        columns = ", ".join(PLACE)
        op.execute(f"INSERT INTO {kind}_count SELECT {columns}, count(*) FROM {kind} GROUP BY {columns}")
        for line in _postgres(kind) if spatial.is_postgres(op.get_bind()) else _sqlite(kind):
            op.execute(line)


def _sqlite(kind: str) -> list[str]:
    moved = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in PLACE)
    new = ", ".join(f"NEW.{column}" for column in PLACE)
    same = " AND ".join(f"{column} = OLD.{column}" for column in PLACE)
    add = f"INSERT INTO {kind}_count VALUES ({new}, 1) ON CONFLICT DO UPDATE SET number = number + 1;"
    take = f"UPDATE {kind}_count SET number = number - 1 WHERE {same};"
    return [
        f"CREATE TRIGGER {kind}_comes AFTER INSERT ON {kind} BEGIN {add} END",
        f"CREATE TRIGGER {kind}_goes AFTER DELETE ON {kind} BEGIN {take} END",
        f"CREATE TRIGGER {kind}_moves AFTER UPDATE OF {', '.join(PLACE)} ON {kind} WHEN {moved} BEGIN {take} {add} END",
        f"CREATE TRIGGER {kind}_count_ends AFTER DELETE ON image_instance "
        f"BEGIN DELETE FROM {kind}_count WHERE image_id = OLD.id; END",
    ]


def _postgres(kind: str) -> list[str]:
    """Counted once a statement, in the order of the key, so that of two writers one waits for the other."""
    columns = ", ".join(PLACE)
    moved = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in PLACE)

    def count(rows: str, sign: str) -> str:
        return (
            f"INSERT INTO {kind}_count AS kept SELECT {columns}, {sign}count(*) FROM {rows} GROUP BY {columns} "
            f"ORDER BY {columns} ON CONFLICT ({columns}) DO UPDATE SET number = kept.number + EXCLUDED.number;"
        )

    def function(name: str, body: str) -> str:
        return f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} RETURN NULL; END $$"

    def trigger(name: str, when: str, each: str = "STATEMENT") -> str:
        return f"CREATE TRIGGER {name} AFTER {when} FOR EACH {each} EXECUTE FUNCTION {name}()"

    return [
        function(f"{kind}_comes", count("new_rows", "")),
        trigger(f"{kind}_comes", f"INSERT ON {kind} REFERENCING NEW TABLE AS new_rows"),
        function(f"{kind}_goes", count("old_rows", "-")),
        trigger(f"{kind}_goes", f"DELETE ON {kind} REFERENCING OLD TABLE AS old_rows"),
        function(f"{kind}_moves", count("(SELECT OLD.*) AS o", "-") + " " + count("(SELECT NEW.*) AS n", "")),
        trigger(f"{kind}_moves", f"UPDATE ON {kind}", f"ROW WHEN ({moved})"),
        function(f"{kind}_count_ends", f"DELETE FROM {kind}_count WHERE image_id = OLD.id;"),
        trigger(f"{kind}_count_ends", "DELETE ON image_instance", "ROW"),
    ]


def downgrade() -> None:
    postgres = spatial.is_postgres(op.get_bind())
    for kind in KINDS:
        for what, home in (("comes", kind), ("goes", kind), ("moves", kind), ("count_ends", "image_instance")):
            op.execute(f"DROP TRIGGER {kind}_{what}" + (f" ON {home}" if postgres else ""))
            if postgres:
                op.execute(f"DROP FUNCTION {kind}_{what}()")
        op.drop_table(f"{kind}_count")
