"""the first tables

Revision ID: 0001
Revises:
"""

import time

import sqlalchemy as sa
from alembic import op

from atrisys.store import table

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change",
        sa.Column("seq", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("transaction_id", sa.BigInteger(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("user_id", sa.BigInteger(), nullable=True),
        sa.Column("door", sa.String(length=16), nullable=False),
        sa.Column("request_id", sa.String(length=64), nullable=True),
        sa.Column("class_name", sa.String(length=64), nullable=False),
        sa.Column("object_id", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("container_id", sa.BigInteger(), nullable=True),
        sa.Column("owner_id", sa.BigInteger(), nullable=True),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_change")),
    )
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_change_container_id_seq"), ["container_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_change_object_id_seq"), ["object_id", "seq"], unique=False)
        batch_op.create_index(batch_op.f("ix_change_transaction_id"), ["transaction_id"], unique=False)

    op.create_table(
        "failed_tries",
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_failed_tries")),
    )
    op.create_table(
        "id_sequence",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_id_sequence")),
    )
    op.create_table(
        "relation",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation")),
        sa.UniqueConstraint("name", name=op.f("uq_relation_name")),
    )
    op.create_table(
        "sec_role",
        sa.Column("authority", sa.String(length=64), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sec_role")),
        sa.UniqueConstraint("authority", name=op.f("uq_sec_role_authority")),
    )
    op.create_table(
        "sec_user",
        sa.Column("username", sa.String(length=255), nullable=False),
        sa.Column("firstname", sa.String(length=255), nullable=False),
        sa.Column("lastname", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("language", sa.String(length=16), nullable=False),
        sa.Column("is_developer", sa.Boolean(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=True),
        sa.Column("password_hash", sa.String(), nullable=True),
        sa.Column("password_expired", sa.Boolean(), nullable=False),
        sa.Column("public_key", sa.String(length=64), nullable=False),
        sa.Column("private_key", sa.LargeBinary(), nullable=False),
        sa.Column("keys_renewed", sa.BigInteger(), nullable=True),
        sa.Column("admin_until", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sec_user")),
        sa.UniqueConstraint("public_key", name=op.f("uq_sec_user_public_key")),
    )
    op.create_table(
        "idempotent_answer",
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["sec_user.id"], name=op.f("fk_idempotent_answer_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotent_answer")),
    )
    with op.batch_alter_table("idempotent_answer", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotent_answer_created"), ["created"], unique=False)

    op.create_table(
        "job",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("project_id", sa.BigInteger(), nullable=True),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("progress", sa.Double(), nullable=False),
        sa.Column("message", sa.String(), nullable=False),
        sa.Column("log", sa.String(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("started", sa.BigInteger(), nullable=True),
        sa.Column("ended", sa.BigInteger(), nullable=True),
        sa.Column("runner", sa.String(length=64), nullable=True),
        sa.Column("seen", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_job_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_job_project_id"), ["project_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_state_id"), ["state", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_job_user_id"), ["user_id"], unique=False)

    op.create_table(
        "login_session",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("last_used", sa.BigInteger(), nullable=False),
        sa.Column("address", sa.String(length=64), nullable=False),
        sa.Column("agent", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["user_id"], ["sec_user.id"], name=op.f("fk_login_session_user_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_login_session")),
    )
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_login_session_user_id"), ["user_id"], unique=False)

    op.create_table(
        "ontology",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_ontology_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ontology")),
        sa.UniqueConstraint("name", name=op.f("uq_ontology_name")),
    )
    op.create_table(
        "sec_user_sec_role",
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("role_id", table.RowId(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["role_id"], ["sec_role.id"], name=op.f("fk_sec_user_sec_role_role_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_sec_user_sec_role_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sec_user_sec_role")),
        sa.UniqueConstraint("user_id", "role_id", name=op.f("uq_sec_user_sec_role_user_id_role_id")),
    )
    with op.batch_alter_table("sec_user_sec_role", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sec_user_sec_role_user_id"), ["user_id"], unique=False)

    op.create_index("uq_sec_user_username_lower", "sec_user", [sa.text("lower(username)")], unique=True)
    op.create_table(
        "storage",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_storage_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage")),
    )
    with op.batch_alter_table("storage", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_storage_user_id"), ["user_id"], unique=False)

    op.create_table(
        "project",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("ontology_id", table.RowId(), nullable=True),
        sa.Column("blind_mode", sa.Boolean(), nullable=False),
        sa.Column("are_images_downloadable", sa.Boolean(), nullable=False),
        sa.Column("hide_users_layers", sa.Boolean(), nullable=False),
        sa.Column("hide_admins_layers", sa.Boolean(), nullable=False),
        sa.Column("is_closed", sa.Boolean(), nullable=False),
        sa.Column("is_read_only", sa.Boolean(), nullable=False),
        sa.Column("is_restricted", sa.Boolean(), nullable=False),
        sa.Column("creator_id", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ontology_id"], ["ontology.id"], name=op.f("fk_project_ontology_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project")),
        sa.UniqueConstraint("name", name=op.f("uq_project_name")),
    )
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_ontology_id"), ["ontology_id"], unique=False)

    op.create_table(
        "storage_member",
        sa.Column("storage_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("permission", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["storage_id"], ["storage.id"], name=op.f("fk_storage_member_storage_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_storage_member_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_storage_member")),
        sa.UniqueConstraint("user_id", "storage_id", name=op.f("uq_storage_member_user_id_storage_id")),
    )
    with op.batch_alter_table("storage_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_storage_member_storage_id"), ["storage_id"], unique=False)

    op.create_table(
        "term",
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("ontology_id", table.RowId(), nullable=False),
        sa.Column("color", sa.String(length=16), nullable=False),
        sa.Column("comment", sa.String(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ontology_id"], ["ontology.id"], name=op.f("fk_term_ontology_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_term")),
        sa.UniqueConstraint("ontology_id", "name", name=op.f("uq_term_ontology_id_name")),
    )
    with op.batch_alter_table("term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_term_ontology_id"), ["ontology_id"], unique=False)

    op.create_table(
        "uploaded_file",
        sa.Column("original_filename", sa.String(length=1024), nullable=False),
        sa.Column("filename", sa.String(length=1024), nullable=False),
        sa.Column("given_filename", sa.String(length=1024), nullable=True),
        sa.Column("ext", sa.String(length=64), nullable=False),
        sa.Column("content_type", sa.String(length=255), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=True),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("storage_id", table.RowId(), nullable=False),
        sa.Column("parent_id", table.RowId(), nullable=True),
        sa.Column("projects", sa.JSON(), nullable=False),
        sa.Column("status", sa.BigInteger(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["parent_id"], ["uploaded_file.id"], name=op.f("fk_uploaded_file_parent_id")),
        sa.ForeignKeyConstraint(["storage_id"], ["storage.id"], name=op.f("fk_uploaded_file_storage_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_uploaded_file_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploaded_file")),
    )
    with op.batch_alter_table("uploaded_file", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_uploaded_file_parent_id"), ["parent_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_uploaded_file_storage_id"), ["storage_id"], unique=False)

    op.create_table(
        "abstract_image",
        sa.Column("original_filename", sa.String(length=1024), nullable=False),
        sa.Column("uploaded_file_id", table.RowId(), nullable=True),
        sa.Column("user_id", table.RowId(), nullable=True),
        sa.Column("format", sa.String(length=64), nullable=True),
        sa.Column("width", sa.BigInteger(), nullable=True),
        sa.Column("height", sa.BigInteger(), nullable=True),
        sa.Column("depth", sa.BigInteger(), nullable=False),
        sa.Column("duration", sa.BigInteger(), nullable=False),
        sa.Column("channels", sa.BigInteger(), nullable=False),
        sa.Column("samples_per_pixel", sa.BigInteger(), nullable=False),
        sa.Column("bits_per_sample", sa.BigInteger(), nullable=False),
        sa.Column("colorspace", sa.String(length=64), nullable=True),
        sa.Column("mpp_x", sa.Double(), nullable=True),
        sa.Column("mpp_y", sa.Double(), nullable=True),
        sa.Column("mpp_z", sa.Double(), nullable=True),
        sa.Column("fps", sa.Double(), nullable=True),
        sa.Column("magnification", sa.Double(), nullable=True),
        sa.Column("tile_size", sa.BigInteger(), nullable=False),
        sa.Column("is_virtual", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=True),
        sa.Column("case_key", sa.String(length=255), nullable=True),
        sa.Column("storage_id", table.RowId(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["storage_id"], ["storage.id"], name=op.f("fk_abstract_image_storage_id")),
        sa.ForeignKeyConstraint(
            ["uploaded_file_id"], ["uploaded_file.id"], name=op.f("fk_abstract_image_uploaded_file_id")
        ),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_abstract_image_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abstract_image")),
    )
    with op.batch_alter_table("abstract_image", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_abstract_image_storage_id"), ["storage_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_abstract_image_uploaded_file_id"), ["uploaded_file_id"], unique=False)

    op.create_table(
        "project_member",
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("is_manager", sa.Boolean(), nullable=False),
        sa.Column("is_representative", sa.Boolean(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_project_member_project_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_project_member_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_project_member")),
        sa.UniqueConstraint("user_id", "project_id", name=op.f("uq_project_member_user_id_project_id")),
    )
    with op.batch_alter_table("project_member", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_project_member_project_id"), ["project_id"], unique=False)

    op.create_table(
        "relation_term",
        sa.Column("relation_id", table.RowId(), nullable=False),
        sa.Column("term1_id", table.RowId(), nullable=False),
        sa.Column("term2_id", table.RowId(), nullable=False),
        sa.Column("ontology_id", table.RowId(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ontology_id"], ["ontology.id"], name=op.f("fk_relation_term_ontology_id")),
        sa.ForeignKeyConstraint(["relation_id"], ["relation.id"], name=op.f("fk_relation_term_relation_id")),
        sa.ForeignKeyConstraint(["term1_id"], ["term.id"], name=op.f("fk_relation_term_term1_id")),
        sa.ForeignKeyConstraint(["term2_id"], ["term.id"], name=op.f("fk_relation_term_term2_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_relation_term")),
        sa.UniqueConstraint(
            "relation_id", "term1_id", "term2_id", name=op.f("uq_relation_term_relation_id_term1_id_term2_id")
        ),
    )
    with op.batch_alter_table("relation_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_relation_term_ontology_id"), ["ontology_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_relation_term_term2_id"), ["term2_id"], unique=False)

    op.create_table(
        "abstract_slice",
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("uploaded_file_id", table.RowId(), nullable=True),
        sa.Column("storage_id", table.RowId(), nullable=True),
        sa.Column("channel", sa.BigInteger(), nullable=False),
        sa.Column("z_stack", sa.BigInteger(), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("channel_name", sa.String(length=255), nullable=True),
        sa.Column("channel_color", sa.String(length=32), nullable=True),
        sa.Column("z_name", sa.String(length=255), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["abstract_image.id"], name=op.f("fk_abstract_slice_image_id")),
        sa.ForeignKeyConstraint(["storage_id"], ["storage.id"], name=op.f("fk_abstract_slice_storage_id")),
        sa.ForeignKeyConstraint(
            ["uploaded_file_id"], ["uploaded_file.id"], name=op.f("fk_abstract_slice_uploaded_file_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_abstract_slice")),
        sa.UniqueConstraint(
            "image_id", "channel", "z_stack", "time", name=op.f("uq_abstract_slice_image_id_channel_z_stack_time")
        ),
    )
    op.create_table(
        "image_instance",
        sa.Column("base_image_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("instance_filename", sa.String(length=1024), nullable=False),
        sa.Column("mpp_x", sa.Double(), nullable=True),
        sa.Column("mpp_y", sa.Double(), nullable=True),
        sa.Column("mpp_z", sa.Double(), nullable=True),
        sa.Column("fps", sa.Double(), nullable=True),
        sa.Column("magnification", sa.Double(), nullable=True),
        sa.Column("review_start", sa.BigInteger(), nullable=True),
        sa.Column("review_stop", sa.BigInteger(), nullable=True),
        sa.Column("review_user_id", table.RowId(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["base_image_id"], ["abstract_image.id"], name=op.f("fk_image_instance_base_image_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_image_instance_project_id")),
        sa.ForeignKeyConstraint(["review_user_id"], ["sec_user.id"], name=op.f("fk_image_instance_review_user_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_image_instance_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_image_instance")),
        sa.UniqueConstraint("base_image_id", "project_id", name=op.f("uq_image_instance_base_image_id_project_id")),
    )
    with op.batch_alter_table("image_instance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_image_instance_project_id_id"), ["project_id", "id"], unique=False)

    op.create_table(
        "slice_instance",
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("base_slice_id", table.RowId(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["base_slice_id"], ["abstract_slice.id"], name=op.f("fk_slice_instance_base_slice_id")),
        sa.ForeignKeyConstraint(["image_id"], ["image_instance.id"], name=op.f("fk_slice_instance_image_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_slice_instance_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slice_instance")),
        sa.UniqueConstraint("image_id", "base_slice_id", name=op.f("uq_slice_instance_image_id_base_slice_id")),
    )
    with op.batch_alter_table("slice_instance", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_slice_instance_base_slice_id"), ["base_slice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_slice_instance_project_id"), ["project_id"], unique=False)

    op.create_table(
        "user_annotation",
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("image_id", table.RowId(), nullable=False),
        sa.Column("slice_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("location", sa.String(), nullable=False),
        sa.Column("shape", sa.LargeBinary(), nullable=False),
        sa.Column("min_x", sa.Double(), nullable=False),
        sa.Column("min_y", sa.Double(), nullable=False),
        sa.Column("max_x", sa.Double(), nullable=False),
        sa.Column("max_y", sa.Double(), nullable=False),
        sa.Column("grid_level", sa.BigInteger(), nullable=False),
        sa.Column("grid_x", sa.BigInteger(), nullable=False),
        sa.Column("grid_y", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.Double(), nullable=False),
        sa.Column("area_unit", sa.String(length=16), nullable=False),
        sa.Column("perimeter", sa.Double(), nullable=False),
        sa.Column("perimeter_unit", sa.String(length=16), nullable=False),
        sa.Column("centroid_x", sa.Double(), nullable=False),
        sa.Column("centroid_y", sa.Double(), nullable=False),
        sa.Column("geometry_compression", sa.Double(), nullable=False),
        sa.Column("source", sa.String(length=255), nullable=True),
        sa.Column("parent_id", sa.BigInteger(), nullable=True),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["image_id"], ["image_instance.id"], name=op.f("fk_user_annotation_image_id")),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_user_annotation_project_id")),
        sa.ForeignKeyConstraint(["slice_id"], ["slice_instance.id"], name=op.f("fk_user_annotation_slice_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_user_annotation_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_annotation")),
    )
    with op.batch_alter_table("user_annotation", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_user_annotation_image_id_id"), ["image_id", "id"], unique=False)
        batch_op.create_index("ix_user_annotation_place", ["image_id", "grid_level", "grid_y", "grid_x"], unique=False)
        batch_op.create_index(batch_op.f("ix_user_annotation_project_id_id"), ["project_id", "id"], unique=False)
        batch_op.create_index(batch_op.f("ix_user_annotation_slice_id"), ["slice_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_user_annotation_user_id"), ["user_id"], unique=False)

    op.create_table(
        "annotation_term",
        sa.Column("annotation_id", table.RowId(), nullable=False),
        sa.Column("term_id", table.RowId(), nullable=False),
        sa.Column("user_id", table.RowId(), nullable=False),
        sa.Column("project_id", table.RowId(), nullable=False),
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("id", table.RowId(), autoincrement=False, nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.Column("updated", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotation_id"], ["user_annotation.id"], name=op.f("fk_annotation_term_annotation_id")
        ),
        sa.ForeignKeyConstraint(["project_id"], ["project.id"], name=op.f("fk_annotation_term_project_id")),
        sa.ForeignKeyConstraint(["term_id"], ["term.id"], name=op.f("fk_annotation_term_term_id")),
        sa.ForeignKeyConstraint(["user_id"], ["sec_user.id"], name=op.f("fk_annotation_term_user_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotation_term")),
        sa.UniqueConstraint(
            "annotation_id", "term_id", "user_id", name=op.f("uq_annotation_term_annotation_id_term_id_user_id")
        ),
    )
    with op.batch_alter_table("annotation_term", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_annotation_term_term_id"), ["term_id"], unique=False)

    first_rows()


def first_rows() -> None:
    """What a fresh installation holds: the sequence, the roles in the order that clients expect, the relation."""
    now = time.time_ns() // 1_000_000
    op.execute("INSERT INTO id_sequence (name, last) VALUES ('id', 100)")
    for number, authority in enumerate(("ROLE_USER", "ROLE_ADMIN", "ROLE_SUPER_ADMIN", "ROLE_GUEST"), start=1):
        op.execute(
            f"INSERT INTO sec_role (id, authority, created, version) VALUES ({number}, '{authority}', {now}, 1)"  # noqa: S608
        )
    op.execute(f"INSERT INTO relation (id, name, created, version) VALUES (5, 'parent', {now}, 1)")  # noqa: S608


def downgrade() -> None:
    with op.batch_alter_table("annotation_term", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_annotation_term_term_id"))

    op.drop_table("annotation_term")
    with op.batch_alter_table("user_annotation", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_user_annotation_user_id"))
        batch_op.drop_index(batch_op.f("ix_user_annotation_slice_id"))
        batch_op.drop_index(batch_op.f("ix_user_annotation_project_id_id"))
        batch_op.drop_index("ix_user_annotation_place")
        batch_op.drop_index(batch_op.f("ix_user_annotation_image_id_id"))

    op.drop_table("user_annotation")
    with op.batch_alter_table("slice_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_slice_instance_project_id"))
        batch_op.drop_index(batch_op.f("ix_slice_instance_base_slice_id"))

    op.drop_table("slice_instance")
    with op.batch_alter_table("image_instance", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_image_instance_project_id_id"))

    op.drop_table("image_instance")
    op.drop_table("abstract_slice")
    with op.batch_alter_table("relation_term", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_relation_term_term2_id"))
        batch_op.drop_index(batch_op.f("ix_relation_term_ontology_id"))

    op.drop_table("relation_term")
    with op.batch_alter_table("project_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_member_project_id"))

    op.drop_table("project_member")
    with op.batch_alter_table("abstract_image", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_abstract_image_uploaded_file_id"))
        batch_op.drop_index(batch_op.f("ix_abstract_image_storage_id"))

    op.drop_table("abstract_image")
    with op.batch_alter_table("uploaded_file", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_uploaded_file_storage_id"))
        batch_op.drop_index(batch_op.f("ix_uploaded_file_parent_id"))

    op.drop_table("uploaded_file")
    with op.batch_alter_table("term", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_term_ontology_id"))

    op.drop_table("term")
    with op.batch_alter_table("storage_member", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_storage_member_storage_id"))

    op.drop_table("storage_member")
    with op.batch_alter_table("project", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_project_ontology_id"))

    op.drop_table("project")
    with op.batch_alter_table("storage", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_storage_user_id"))

    op.drop_table("storage")
    with op.batch_alter_table("sec_user_sec_role", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sec_user_sec_role_user_id"))

    op.drop_table("sec_user_sec_role")
    op.drop_table("ontology")
    with op.batch_alter_table("login_session", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_login_session_user_id"))

    op.drop_table("login_session")
    with op.batch_alter_table("job", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_job_user_id"))
        batch_op.drop_index(batch_op.f("ix_job_state_id"))
        batch_op.drop_index(batch_op.f("ix_job_project_id"))

    op.drop_table("job")
    with op.batch_alter_table("idempotent_answer", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_idempotent_answer_created"))

    op.drop_table("idempotent_answer")
    op.drop_table("sec_user")
    op.drop_table("sec_role")
    op.drop_table("relation")
    op.drop_table("id_sequence")
    op.drop_table("failed_tries")
    with op.batch_alter_table("change", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_change_transaction_id"))
        batch_op.drop_index(batch_op.f("ix_change_object_id_seq"))
        batch_op.drop_index(batch_op.f("ix_change_container_id_seq"))

    op.drop_table("change")
