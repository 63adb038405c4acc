"""what people do

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

from atrisys.store import table

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "project_connection",
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("os", sa.String(length=64), nullable=True),
        sa.Column("browser", sa.String(length=64), nullable=True),
        sa.Column("browser_version", sa.String(length=64), nullable=True),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.Column("time_ms", sa.BigInteger(), nullable=False),
        sa.Column("count_viewed_images", sa.BigInteger(), nullable=True),
        sa.Column("count_created_annotations", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["project_id"], ["project.id"], name=op.f("fk_project_connection_project_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["sec_user.id"], name=op.f("fk_project_connection_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_connection")),
    )
    with op.batch_alter_table("project_connection", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_project_connection_project_id_user_id_created"),
            ["project_id", "user_id", "created"],
            unique=False,
        )
        batch_op.create_index(batch_op.f("ix_project_connection_user_id"), ["user_id"], unique=False)

    op.create_table(
        "project_default_layer",
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("hide_by_default", sa.Boolean(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_default_layer_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_project_default_layer_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_default_layer")),
        sa.UniqueConstraint("project_id", "user_id", name=op.f("uq_project_default_layer_project_id_user_id")),
    )
    with op.batch_alter_table("project_default_layer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_default_layer_user_id"), ["user_id"], unique=False)

    op.create_table(
        "annotation_action",
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("slice_id", sa.BigInteger(), nullable=False),
        sa.Column("annotation_ident", sa.BigInteger(), nullable=False),
        sa.Column("annotation_class_name", sa.String(length=255), nullable=False),
        sa.Column("annotation_creator_id", sa.BigInteger(), nullable=False),
        sa.Column("action", sa.String(length=255), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image_instance.id"], name=op.f("fk_annotation_action_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["sec_user.id"], name=op.f("fk_annotation_action_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation_action")),
    )
    with op.batch_alter_table("annotation_action", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_annotation_action_image_id_created"), ["image_id", "created"], unique=False
        )
        batch_op.create_index(batch_op.f("ix_annotation_action_user_id"), ["user_id"], unique=False)

    op.create_table(
        "follower",
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("followed_id", table.RowId(), nullable=False),
        sa.Column("follower_id", table.RowId(), nullable=False),
        sa.Column("last_seen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["followed_id"], ["sec_user.id"], name=op.f("fk_follower_followed_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["follower_id"], ["sec_user.id"], name=op.f("fk_follower_follower_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image_instance.id"], name=op.f("fk_follower_image_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("image_id", "followed_id", "follower_id", name=op.f("pk_follower")),
    )
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_follower_followed_id"), ["followed_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_follower_follower_id"), ["follower_id"], unique=False)

    op.create_table(
        "image_consultation",
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("project_connection_id", sa.BigInteger(), nullable=True),
        sa.Column("mode", sa.String(length=64), nullable=True),
        sa.Column("time_ms", sa.BigInteger(), nullable=True),
        sa.Column("count_created_annotations", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image_instance.id"], name=op.f("fk_image_consultation_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["sec_user.id"], name=op.f("fk_image_consultation_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_consultation")),
    )
    with op.batch_alter_table("image_consultation", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_image_consultation_image_id_created"), ["image_id", "created"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_image_consultation_project_connection_id"), ["project_connection_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_image_consultation_user_id_image_id_created"),
            ["user_id", "image_id", "created"],
            unique=False,
        )

    op.create_table(
        "user_position",
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("slice_id", sa.BigInteger(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.Column("zoom", sa.BigInteger(), nullable=False),
        sa.Column("rotation", sa.Double(), nullable=False),
        sa.Column("broadcast", sa.Boolean(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_id"], ["image_instance.id"], name=op.f("fk_user_position_image_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["sec_user.id"], name=op.f("fk_user_position_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_position")),
    )
    with op.batch_alter_table("user_position", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_position_image_id_created"), ["image_id", "created"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_user_position_user_id_image_id_created"), ["user_id", "image_id", "created"], unique=False
        )


def downgrade() -> None:
    with op.batch_alter_table("user_position", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_position_user_id_image_id_created"))
        batch_op.drop_index(batch_op.f("ix_user_position_image_id_created"))

    op.drop_table("user_position")
    with op.batch_alter_table("image_consultation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_consultation_user_id_image_id_created"))
        batch_op.drop_index(batch_op.f("ix_image_consultation_project_connection_id"))
        batch_op.drop_index(batch_op.f("ix_image_consultation_image_id_created"))

    op.drop_table("image_consultation")
    with op.batch_alter_table("follower", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_follower_follower_id"))
        batch_op.drop_index(batch_op.f("ix_follower_followed_id"))

    op.drop_table("follower")
    with op.batch_alter_table("annotation_action", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_action_user_id"))
        batch_op.drop_index(batch_op.f("ix_annotation_action_image_id_created"))

    op.drop_table("annotation_action")
    with op.batch_alter_table("project_default_layer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_default_layer_user_id"))

    op.drop_table("project_default_layer")
    with op.batch_alter_table("project_connection", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_connection_user_id"))
        batch_op.drop_index(batch_op.f("ix_project_connection_project_id_user_id_created"))

    op.drop_table("project_connection")
