"""uploads that go on and slides in place

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

from atrisys.store import table

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "watched_file",
        sa.Column("project_id", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.String(length=4096), nullable=False),
        sa.Column("stamp", sa.String(length=64), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_watched_file")),
        sa.UniqueConstraint("project_id", "stamp", name=op.f("uq_watched_file_project_id_stamp")),
    )
    op.create_table(
        "open_upload",
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("sent_metadata", sa.String(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("offset", sa.BigInteger(), nullable=False),
        sa.Column("kept_name", sa.String(length=255), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("storage_id", sa.BigInteger(), nullable=False),
        sa.Column("projects", sa.JSON(), nullable=False),
        sa.Column("properties", sa.JSON(), nullable=False),
        sa.Column("uploaded_file_id", sa.BigInteger(), nullable=True),
        sa.Column("job_id", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_open_upload_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_open_upload")),
    )
    with op.batch_alter_table("open_upload", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_open_upload_expires"), ["expires"], unique=False)
        batch_op.create_index(batch_op.f("ix_open_upload_user_id"), ["user_id"], unique=False)

    with op.batch_alter_table("uploaded_file", schema=None) as batch_op:
        batch_op.add_column(sa.Column("in_place", sa.JSON(), nullable=True))
        batch_op.create_index(batch_op.f("ix_uploaded_file_sha256"), ["sha256"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("uploaded_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_uploaded_file_sha256"))
        batch_op.drop_column("in_place")

    with op.batch_alter_table("open_upload", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_open_upload_user_id"))
        batch_op.drop_index(batch_op.f("ix_open_upload_expires"))

    op.drop_table("open_upload")
    op.drop_table("watched_file")
