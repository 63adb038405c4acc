"""comments on annotations

Revision ID: 0014
Revises: 0013
"""

import sqlalchemy as sa
from alembic import op

from atrisys.store import table

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "annotation_comment",
        sa.Column("annotation_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=True),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("edited", sa.BigInteger(), nullable=True),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["user_annotation.id"], name=op.f("fk_annotation_comment_annotation_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_annotation_comment_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_annotation_comment_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation_comment")),
    )
    with op.batch_alter_table("annotation_comment", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annotation_comment_annotation_id"), ["annotation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_annotation_comment_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("annotation_comment", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_comment_user_id"))
        batch_op.drop_index(batch_op.f("ix_annotation_comment_annotation_id"))

    op.drop_table("annotation_comment")
