"""projects say the scale of slides that say none

Revision ID: 0016
Revises: 0015
"""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("project", sa.Column("unscaled_physical_size", sa.Double(), nullable=True))
    op.add_column("project", sa.Column("unscaled_magnification", sa.Double(), nullable=True))


def downgrade() -> None:
    op.drop_column("project", "unscaled_magnification")
    op.drop_column("project", "unscaled_physical_size")
