"""whose turn it is among jobs

Revision ID: 0005
Revises: 0004
"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index(op.f("ix_job_user_id"), "job")
    op.create_index(op.f("ix_job_user_id_started"), "job", ["user_id", "started"])


def downgrade() -> None:
    op.drop_index(op.f("ix_job_user_id_started"), "job")
    op.create_index(op.f("ix_job_user_id"), "job", ["user_id"])
