"""tracks and groups

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

from atrisys.store import table

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "image_group",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_image_group_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_group")),
    )
    with op.batch_alter_table("image_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_group_project_id"), ["project_id"], unique=False)

    op.create_table(
        "annotation_group",
        sa.Column("image_group_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("type", sa.String(length=255), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_group_id"], ["image_group.id"], name=op.f("fk_annotation_group_image_group_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_annotation_group_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation_group")),
    )
    with op.batch_alter_table("annotation_group", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annotation_group_image_group_id"), ["image_group_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_annotation_group_project_id"), ["project_id"], unique=False)

    op.create_table(
        "image_group_image_instance",
        sa.Column("group_id", table.RowId(), nullable=False),
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["group_id"], ["image_group.id"], name=op.f("fk_image_group_image_instance_group_id")),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image_instance.id"], name=op.f("fk_image_group_image_instance_image_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_image_group_image_instance_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_group_image_instance")),
        sa.UniqueConstraint("group_id", "image_id", name=op.f("uq_image_group_image_instance_group_id_image_id")),
    )
    with op.batch_alter_table("image_group_image_instance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_group_image_instance_image_id"), ["image_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_image_group_image_instance_project_id"), ["project_id"], unique=False)

    op.create_table(
        "track",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("color", sa.String(length=7), nullable=False),
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image_instance.id"], name=op.f("fk_track_image_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_track_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track")),
        sa.UniqueConstraint("image_id", "name", name=op.f("uq_track_image_id_name")),
    )
    with op.batch_alter_table("track", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_track_project_id"), ["project_id"], unique=False)

    op.create_table(
        "annotation_link",
        sa.Column("annotation_id", table.RowId(), nullable=False),
        sa.Column("group_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["user_annotation.id"], name=op.f("fk_annotation_link_annotation_id")
        ),
        sa.ForeignKeyConstraint(["group_id"], ["annotation_group.id"], name=op.f("fk_annotation_link_group_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_annotation_link_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation_link")),
        sa.UniqueConstraint("annotation_id", name=op.f("uq_annotation_link_annotation_id")),
    )
    with op.batch_alter_table("annotation_link", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annotation_link_group_id"), ["group_id"], unique=False)

    op.create_table(
        "annotation_track",
        sa.Column("annotation_id", table.RowId(), nullable=False),
        sa.Column("track_id", table.RowId(), nullable=False),
        sa.Column("slice_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["user_annotation.id"], name=op.f("fk_annotation_track_annotation_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_annotation_track_project_id")),
        sa.ForeignKeyConstraint(["slice_id"], ["slice_instance.id"], name=op.f("fk_annotation_track_slice_id")),
        sa.ForeignKeyConstraint(["track_id"], ["track.id"], name=op.f("fk_annotation_track_track_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation_track")),
        sa.UniqueConstraint("track_id", "slice_id", name=op.f("uq_annotation_track_track_id_slice_id")),
    )
    with op.batch_alter_table("annotation_track", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annotation_track_annotation_id"), ["annotation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_annotation_track_slice_id"), ["slice_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("annotation_track", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_track_slice_id"))
        batch_op.drop_index(batch_op.f("ix_annotation_track_annotation_id"))

    op.drop_table("annotation_track")
    with op.batch_alter_table("annotation_link", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_link_group_id"))

    op.drop_table("annotation_link")
    with op.batch_alter_table("track", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_track_project_id"))

    op.drop_table("track")
    with op.batch_alter_table("image_group_image_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_group_image_instance_project_id"))
        batch_op.drop_index(batch_op.f("ix_image_group_image_instance_image_id"))

    op.drop_table("image_group_image_instance")
    with op.batch_alter_table("annotation_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_group_project_id"))
        batch_op.drop_index(batch_op.f("ix_annotation_group_image_group_id"))

    op.drop_table("annotation_group")
    with op.batch_alter_table("image_group", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_group_project_id"))

    op.drop_table("image_group")
