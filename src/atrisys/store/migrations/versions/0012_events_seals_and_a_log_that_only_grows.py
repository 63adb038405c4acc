"""events, seals, and a log that only grows

Revision ID: 0012
Revises: 0011
"""

import sqlalchemy as sa
from alembic import op

from atrisys.store import spatial, table

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

LOG = ("change", "event", "seal")


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("seq", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("class_name", sa.String(length=64), nullable=True),
        sa.Column("object_id", sa.BigInteger(), nullable=True),
        sa.Column("what", sa.String(length=64), nullable=True),
        sa.Column("address", sa.String(length=64), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_event")),
    )
    with op.batch_alter_table("event", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_event_user_id_seq"), ["user_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_event_object_id_seq"), ["object_id", "seq"], unique=False)
    op.create_table(
        "seal",
        sa.Column("number", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("after_seq", sa.BigInteger(), nullable=False),
        sa.Column("to_seq", sa.BigInteger(), nullable=False),
        sa.Column("lines", sa.BigInteger(), nullable=False),
        sa.Column("mac", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seal")),
    )
    for name in LOG:
        spatial.only_append(op.get_bind(), name)


def downgrade() -> None:
    for name in LOG:
        spatial.append_freely(op.get_bind(), name)
    op.drop_table("seal")
    op.drop_table("event")
