"""keys that choose terms

Revision ID: 0013
Revises: 0012
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("term", sa.Column("shortcut", sa.String(length=1), nullable=True))
    op.create_index(op.f("ix_term_ontology_id_shortcut"), "term", ["ontology_id", "shortcut"], unique=True)


def downgrade() -> None:
    op.drop_index(op.f("ix_term_ontology_id_shortcut"), table_name="term")
    op.drop_column("term", "shortcut")
