"""The journal holds lines of the installation too, which belong to no workspace and are announced to none."""

import django.db.models.deletion
from django.db import migrations, models

FORWARD = """
CREATE OR REPLACE FUNCTION accounts_event_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_dispatch (event_id) SELECT id FROM inserted;
    PERFORM pg_notify('parley_events', workspace_id::text)
        FROM (SELECT DISTINCT workspace_id FROM inserted WHERE workspace_id IS NOT NULL) AS w;
    RETURN NULL;
END $$;
"""

BACKWARD = """
CREATE OR REPLACE FUNCTION accounts_event_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_dispatch (event_id) SELECT id FROM inserted;
    PERFORM pg_notify('parley_events', workspace_id::text) FROM (SELECT DISTINCT workspace_id FROM inserted) AS w;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0003_tenant_boundary")]

    operations = [
        migrations.RunSQL(FORWARD, BACKWARD),
        migrations.AlterField(
            model_name="event",
            name="workspace",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="accounts.workspace",
            ),
        ),
    ]
