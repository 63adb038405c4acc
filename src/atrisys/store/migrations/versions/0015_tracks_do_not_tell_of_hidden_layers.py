"""tracks do not tell of hidden layers

Revision ID: 0015
Revises: 0014
"""

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

ALONE = {"resolve_fks": False}
"""On SQLite the table is made anew: only it is read for that, not the tables that it points at (people's warns)."""


def upgrade() -> None:
    with op.batch_alter_table("annotation_track", schema=None, reflect_kwargs=ALONE) as batch_op:
        batch_op.drop_constraint(batch_op.f("uq_annotation_track_track_id_slice_id"), type_="unique")
        batch_op.create_index(
            batch_op.f("ix_annotation_track_track_id_slice_id"), ["track_id", "slice_id"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("annotation_track", schema=None, reflect_kwargs=ALONE) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_track_track_id_slice_id"))
        batch_op.create_unique_constraint(batch_op.f("uq_annotation_track_track_id_slice_id"), ["track_id", "slice_id"])
