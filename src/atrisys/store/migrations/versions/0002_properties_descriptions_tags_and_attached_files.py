"""properties, descriptions, tags and attached files

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

from atrisys.store import table

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attached_file",
        sa.Column("filename", sa.String(length=255), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=True),
        sa.Column("kept_name", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("domain_class_name", sa.String(length=255), nullable=False),
        sa.Column("domain_ident", sa.BigInteger(), nullable=False),
        sa.Column("container_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attached_file")),
    )
    with op.batch_alter_table("attached_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_attached_file_domain_ident"), ["domain_ident"], unique=False)

    op.create_table(
        "description",
        sa.Column("data", sa.String(), nullable=False),
        sa.Column("domain_class_name", sa.String(length=255), nullable=False),
        sa.Column("domain_ident", sa.BigInteger(), nullable=False),
        sa.Column("container_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_description")),
        sa.UniqueConstraint("domain_ident", name=op.f("uq_description_domain_ident")),
    )
    op.create_table(
        "property",
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("value", sa.String(), nullable=False),
        sa.Column("domain_class_name", sa.String(length=255), nullable=False),
        sa.Column("domain_ident", sa.BigInteger(), nullable=False),
        sa.Column("container_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_property")),
    )
    with op.batch_alter_table("property", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_property_domain_ident"), ["domain_ident"], unique=False)

    op.create_table(
        "tag",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_tag_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag")),
    )
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tag_user_id"), ["user_id"], unique=False)
    op.create_index("uq_tag_name_lower", "tag", [sa.text("lower(name)")], unique=True)

    op.create_table(
        "tag_domain_association",
        sa.Column("tag_id", table.RowId(), nullable=False),
        sa.Column("domain_class_name", sa.String(length=255), nullable=False),
        sa.Column("domain_ident", sa.BigInteger(), nullable=False),
        sa.Column("container_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["tag_id"], ["tag.id"], name=op.f("fk_tag_domain_association_tag_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tag_domain_association")),
        sa.UniqueConstraint("domain_ident", "tag_id", name=op.f("uq_tag_domain_association_domain_ident_tag_id")),
    )
    with op.batch_alter_table("tag_domain_association", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_tag_domain_association_tag_id"), ["tag_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("tag_domain_association", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tag_domain_association_tag_id"))

    op.drop_table("tag_domain_association")
    with op.batch_alter_table("tag", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_tag_user_id"))
    op.drop_index("uq_tag_name_lower", table_name="tag")
    op.drop_table("tag")
    with op.batch_alter_table("property", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_property_domain_ident"))

    op.drop_table("property")
    op.drop_table("description")
    with op.batch_alter_table("attached_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_attached_file_domain_ident"))

    op.drop_table("attached_file")
