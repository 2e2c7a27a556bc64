"""A kept live answer names what it followed. The version before kept the id in the answer's body, as a comment: while both
run, the database translates. The version after this one may drop the trigger."""

from django.db import migrations, models

TRANSLATE = r"""
CREATE OR REPLACE FUNCTION accounts_idempotentrequest_translate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.follows IS NOT NULL AND NEW.follows IS DISTINCT FROM OLD.follows THEN
        NEW.body := convert_to(format(E': run %s\nretry: 15000\n\n', NEW.follows), 'UTF8');
    ELSIF substring(NEW.body FROM 1 FOR 6) = convert_to(': run ', 'UTF8') THEN
        NEW.follows := substring(convert_from(NEW.body, 'UTF8') FROM '^: run (\d+)\n')::bigint;
    ELSE  -- the version before has used the row again
        NEW.follows := NULL;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER idempotentrequest_translate BEFORE UPDATE OF body ON accounts_idempotentrequest FOR EACH ROW
    WHEN (NEW.follows IS NOT NULL OR substring(NEW.body FROM 1 FOR 6) = convert_to(': run ', 'UTF8'))
    EXECUTE FUNCTION accounts_idempotentrequest_translate();
"""
BACK = """
DROP TRIGGER idempotentrequest_translate ON accounts_idempotentrequest;
DROP FUNCTION accounts_idempotentrequest_translate();
"""


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0016_heard_reactions"),
    ]

    operations = [
        migrations.AddField(
            model_name="idempotentrequest",
            name="follows",
            field=models.BigIntegerField(null=True),
        ),
        migrations.RunSQL(TRANSLATE, BACK),
    ]
