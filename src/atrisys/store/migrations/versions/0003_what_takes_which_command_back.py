"""what takes which command back

Revision ID: 0003
Revises: 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reversal",
        sa.Column("transaction_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("undoes_id", sa.BigInteger(), nullable=False),
        sa.Column("root_id", sa.BigInteger(), nullable=False),
        sa.Column("is_undo", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("transaction_id", name=op.f("pk_reversal")),
        sa.UniqueConstraint("undoes_id", name=op.f("uq_reversal_undoes_id")),
    )
    op.create_index(op.f("ix_reversal_root_id_transaction_id"), "reversal", ["root_id", "transaction_id"])
    op.create_index(op.f("ix_reversal_user_id_transaction_id"), "reversal", ["user_id", "transaction_id"])
    op.drop_index(op.f("ix_change_transaction_id"), "change")
    op.create_index(op.f("ix_change_user_id_transaction_id"), "change", ["user_id", "transaction_id"])


def downgrade() -> None:
    op.drop_index(op.f("ix_change_user_id_transaction_id"), "change")
    op.create_index(op.f("ix_change_transaction_id"), "change", ["transaction_id"])
    op.drop_index(op.f("ix_reversal_user_id_transaction_id"), "reversal")
    op.drop_index(op.f("ix_reversal_root_id_transaction_id"), "reversal")
    op.drop_table("reversal")
