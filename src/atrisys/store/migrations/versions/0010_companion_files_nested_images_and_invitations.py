"""companion files, nested images and invitations

Revision ID: 0010
Revises: 0009
"""

import sqlalchemy as sa
from alembic import op

from atrisys.store import table

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "companion_file",
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("uploaded_file_id", table.RowId(), nullable=False),
        sa.Column("storage_id", table.RowId(), nullable=True),
        sa.Column("original_filename", sa.String(length=1024), nullable=False),
        sa.Column("filename", sa.String(length=1024), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("progress", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["abstract_image.id"], name=op.f("fk_companion_file_image_id")),
        sa.ForeignKeyConstraint(["storage_id"], ["storage.id"], name=op.f("fk_companion_file_storage_id")),
        sa.ForeignKeyConstraint(
            ["uploaded_file_id"], ["uploaded_file.id"], name=op.f("fk_companion_file_uploaded_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companion_file")),
    )
    with op.batch_alter_table("companion_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_companion_file_image_id"), ["image_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_companion_file_uploaded_file_id"), ["uploaded_file_id"], unique=False)
    op.create_table(
        "nested_image_instance",
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("parent_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=True),
        sa.Column("x", sa.BigInteger(), nullable=False),
        sa.Column("y", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image_instance.id"], name=op.f("fk_nested_image_instance_image_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["image_instance.id"], name=op.f("fk_nested_image_instance_parent_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_nested_image_instance_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_nested_image_instance_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nested_image_instance")),
    )
    with op.batch_alter_table("nested_image_instance", schema=None) as batch_op:
        for column in ("image_id", "parent_id", "project_id", "user_id"):
            batch_op.create_index(batch_op.f(f"ix_nested_image_instance_{column}"), [column], unique=False)
    op.create_table(
        "invitation",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("inviter_id", table.RowId(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("firstname", sa.String(length=255), nullable=False),
        sa.Column("lastname", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["inviter_id"], ["sec_user.id"], name=op.f("fk_invitation_inviter_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_invitation_project_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    with op.batch_alter_table("invitation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_invitation_inviter_id"), ["inviter_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_invitation_project_id"), ["project_id"], unique=False)
    op.create_table(
        "sign_in_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("expires", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["sec_user.id"], name=op.f("fk_sign_in_token_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sign_in_token")),
    )
    with op.batch_alter_table("sign_in_token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sign_in_token_user_id"), ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("sign_in_token")
    op.drop_table("invitation")
    op.drop_table("nested_image_instance")
    with op.batch_alter_table("companion_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_companion_file_uploaded_file_id"))
        batch_op.drop_index(batch_op.f("ix_companion_file_image_id"))

    op.drop_table("companion_file")
