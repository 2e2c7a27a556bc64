"""The journal keeps itself: one INSERT also queues the dispatch and announces the workspace; nothing is changed or deleted.

The announcement carries the workspace alone, so that PostgreSQL folds those of one transaction into one.
A deliberate purge (retention, the end of a workspace) sets `parley.purge` to `on` for its transaction.
"""

from django.db import migrations

FORWARD = """
CREATE FUNCTION accounts_event_announce() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO accounts_dispatch (event_id) SELECT id FROM inserted;
    PERFORM pg_notify('parley_events', workspace_id::text) FROM (SELECT DISTINCT workspace_id FROM inserted) AS w;
    RETURN NULL;
END $$;
CREATE TRIGGER event_announce AFTER INSERT ON accounts_event
    REFERENCING NEW TABLE AS inserted FOR EACH STATEMENT EXECUTE FUNCTION accounts_event_announce();

CREATE FUNCTION accounts_event_keep() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('parley.purge', true) = 'on' THEN
        RETURN COALESCE(NEW, OLD);
    END IF;
    RAISE EXCEPTION 'the journal is append-only' USING ERRCODE = 'integrity_constraint_violation';
END $$;
CREATE TRIGGER event_keep BEFORE UPDATE OR DELETE ON accounts_event
    FOR EACH ROW EXECUTE FUNCTION accounts_event_keep();
"""

BACKWARD = """
DROP TRIGGER event_keep ON accounts_event;
DROP FUNCTION accounts_event_keep();
DROP TRIGGER event_announce ON accounts_event;
DROP FUNCTION accounts_event_announce();
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
