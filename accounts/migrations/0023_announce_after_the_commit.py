"""Events of a transaction that says so (`parley.announces`) are announced by their writer, after the commit.

NOTIFY inside a transaction lets one commit after the other, in the whole database (docs/adr/0026). The trigger goes on announcing
what is written in SQL, and by a version before, which says nothing.
"""

from django.db import migrations

FORWARD = """
CREATE OR REPLACE FUNCTION accounts_event_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_dispatch (event_id) SELECT id FROM inserted;
    IF current_setting('parley.announces', true) IS DISTINCT FROM 'on' THEN
        PERFORM pg_notify('parley_events', workspace_id::text)
            FROM (SELECT DISTINCT workspace_id FROM inserted WHERE workspace_id IS NOT NULL) AS w;
    END IF;
    RETURN NULL;
END $$;
"""

BACKWARD = """
CREATE OR REPLACE FUNCTION accounts_event_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_dispatch (event_id) SELECT id FROM inserted;
    PERFORM pg_notify('parley_events', workspace_id::text)
        FROM (SELECT DISTINCT workspace_id FROM inserted WHERE workspace_id IS NOT NULL) AS w;
    RETURN NULL;
END $$;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0022_indexes_of_the_journal")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
