"""settings filters and comments

Revision ID: 0009
Revises: 0008
"""

import time

import sqlalchemy as sa
from alembic import op

from atrisys.store import table

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

FILTERS = (
    ("Binary", "binary"),
    ("Isodata threshold", "isodata"),
    ("Mean threshold", "mean"),
    ("Minimum threshold", "minimum"),
    ("Otsu threshold", "otsu"),
    ("Yen threshold", "yen"),
    ("Haematoxylin of H&E", "he-haematoxylin"),
    ("Eosin of H&E", "he-eosin"),
    ("Haematoxylin of H-DAB", "hdab-haematoxylin"),
    ("DAB of H-DAB", "hdab-dab"),
    ("Red", "r_rgb"),
    ("Green", "g_rgb"),
    ("Blue", "b_rgb"),
    ("Cyan", "c_cmy"),
    ("Magenta", "m_cmy"),
    ("Yellow", "y_cmy"),
)


def upgrade() -> None:
    op.create_table(
        "configuration",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("reading_role", sa.String(length=16), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_configuration")),
        sa.UniqueConstraint("key", name=op.f("uq_configuration_key")),
    )
    op.create_table(
        "image_filter",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("method", sa.String(length=255), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_filter")),
        sa.UniqueConstraint("name", name=op.f("uq_image_filter_name")),
    )
    op.create_table(
        "annotation_filter",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=True),
        sa.Column("users", sa.JSON(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_annotation_filter_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_annotation_filter_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation_filter")),
    )
    with op.batch_alter_table("annotation_filter", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annotation_filter_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_annotation_filter_user_id"), ["user_id"], unique=False)

    op.create_table(
        "image_filter_project",
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("image_filter_id", table.RowId(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["image_filter_id"], ["image_filter.id"], name=op.f("fk_image_filter_project_image_filter_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_image_filter_project_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_filter_project")),
        sa.UniqueConstraint(
            "project_id", "image_filter_id", name=op.f("uq_image_filter_project_project_id_image_filter_id")
        ),
    )
    with op.batch_alter_table("image_filter_project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_filter_project_image_filter_id"), ["image_filter_id"], unique=False)

    op.create_table(
        "shared_annotation",
        sa.Column("annotation_id", table.RowId(), nullable=False),
        sa.Column("sender_id", table.RowId(), nullable=True),
        sa.Column("comment", sa.String(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["user_annotation.id"], name=op.f("fk_shared_annotation_annotation_id")
        ),
        sa.ForeignKeyConstraint(["sender_id"], ["sec_user.id"], name=op.f("fk_shared_annotation_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_annotation")),
    )
    with op.batch_alter_table("shared_annotation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shared_annotation_annotation_id"), ["annotation_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_shared_annotation_sender_id"), ["sender_id"], unique=False)

    op.create_table(
        "shared_annotation_receiver",
        sa.Column("comment_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["comment_id"], ["shared_annotation.id"], name=op.f("fk_shared_annotation_receiver_comment_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_shared_annotation_receiver_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shared_annotation_receiver")),
        sa.UniqueConstraint("comment_id", "user_id", name=op.f("uq_shared_annotation_receiver_comment_id_user_id")),
    )
    with op.batch_alter_table("shared_annotation_receiver", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_shared_annotation_receiver_user_id"), ["user_id"], unique=False)

    first_rows()


def first_rows() -> None:
    """The filters that there are, and a welcome on the first page, as a fresh server of Cytomine has them."""
    now = time.time_ns() // 1_000_000
    configuration = sa.table(
        "configuration", *map(sa.column, ("id", "created", "version", "key", "value", "reading_role"))
    )
    welcome = {"key": "WELCOME", "value": "<p>Welcome to ATrISys.</p>", "reading_role": "ALL"}
    op.bulk_insert(configuration, [{"id": 6, "created": now, "version": 1, **welcome}])
    filters = sa.table("image_filter", *map(sa.column, ("id", "created", "version", "name", "method")))
    rows = [
        {"id": number, "created": now, "version": 1, "name": name, "method": method}
        for number, (name, method) in enumerate(FILTERS, start=10)
    ]
    op.bulk_insert(filters, rows)


def downgrade() -> None:
    with op.batch_alter_table("shared_annotation_receiver", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shared_annotation_receiver_user_id"))

    op.drop_table("shared_annotation_receiver")
    with op.batch_alter_table("shared_annotation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_shared_annotation_sender_id"))
        batch_op.drop_index(batch_op.f("ix_shared_annotation_annotation_id"))

    op.drop_table("shared_annotation")
    with op.batch_alter_table("image_filter_project", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_filter_project_image_filter_id"))

    op.drop_table("image_filter_project")
    with op.batch_alter_table("annotation_filter", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_filter_user_id"))
        batch_op.drop_index(batch_op.f("ix_annotation_filter_project_id"))

    op.drop_table("annotation_filter")
    op.drop_table("image_filter")
    op.drop_table("configuration")
