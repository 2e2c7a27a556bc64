"""Contacts whose details change are queued to be compared with the others; so are all that there are.

Nothing is compared here: the worker does so afterwards, in steps, while the desk is in use.
"""

from django.db import migrations

QUEUE = """
CREATE OR REPLACE FUNCTION queue_contact_to_compare() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO conversations_contacttocompare (workspace_id, row_id) VALUES (NEW.workspace_id, NEW.id);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION queue_contact_of_address_to_compare() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP <> 'INSERT' THEN
        INSERT INTO conversations_contacttocompare (workspace_id, row_id) VALUES (OLD.workspace_id, OLD.contact_id);
    END IF;
    IF TG_OP <> 'DELETE' THEN
        INSERT INTO conversations_contacttocompare (workspace_id, row_id) VALUES (NEW.workspace_id, NEW.contact_id);
    END IF;
    RETURN NULL;
END $$;

CREATE TRIGGER compare_contact AFTER INSERT ON conversations_contact FOR EACH ROW
    WHEN (NEW.email <> '' OR NEW.external_id IS NOT NULL OR NEW.traits <> '{}' OR (NEW.name <> '' AND NEW.company <> ''))
    EXECUTE FUNCTION queue_contact_to_compare();
CREATE TRIGGER compare_contact_changed
    AFTER UPDATE OF email, external_id, traits, name, company, merged_into_id, erased_at ON conversations_contact FOR EACH ROW
    WHEN ((OLD.email, OLD.external_id, OLD.traits, OLD.name, OLD.company, OLD.merged_into_id, OLD.erased_at) IS DISTINCT FROM
        (NEW.email, NEW.external_id, NEW.traits, NEW.name, NEW.company, NEW.merged_into_id, NEW.erased_at))
    EXECUTE FUNCTION queue_contact_to_compare();
CREATE TRIGGER compare_contact_of_address AFTER INSERT OR DELETE OR UPDATE OF contact_id, kind, value
    ON conversations_contactaddress FOR EACH ROW EXECUTE FUNCTION queue_contact_of_address_to_compare();

INSERT INTO conversations_contacttocompare (workspace_id, row_id)
    SELECT workspace_id, id FROM conversations_contact WHERE merged_into_id IS NULL AND erased_at IS NULL ORDER BY id;
"""
BACK = """
DROP TRIGGER compare_contact_of_address ON conversations_contactaddress;
DROP TRIGGER compare_contact_changed ON conversations_contact;
DROP TRIGGER compare_contact ON conversations_contact;
DROP FUNCTION queue_contact_of_address_to_compare();
DROP FUNCTION queue_contact_to_compare();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0152_keys_of_contacts"),
    ]

    operations = [
        migrations.RunSQL(QUEUE, BACK),
    ]
