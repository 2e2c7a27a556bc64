"""Only addresses that are proven to be a person's own are kept: allauth's rows are all verified from here on.

The address that a person signs in with today counts as theirs. One that was made primary on allauth's page without
proof does not: its holder goes on signing in with it, and it counts for nothing else until they have verified it.
"""

from django.db import migrations
from django.db.models import Exists, F, OuterRef


def keep_what_is_proven(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    EmailAddress = apps.get_model("account", "EmailAddress")
    own = EmailAddress.objects.filter(user=OuterRef("pk"))
    claimed = Exists(own.filter(email=OuterRef("email"), primary=True, verified=False))
    proven_by_another = Exists(
        EmailAddress.objects.filter(email=OuterRef("email"), verified=True).exclude(user=OuterRef("pk"))
    )
    theirs = list(User.objects.exclude(claimed).exclude(proven_by_another).values_list("pk", "email"))
    EmailAddress.objects.filter(verified=False).delete()
    EmailAddress.objects.exclude(email=F("user__email")).update(primary=False)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user_id=pk, email=email, verified=True, primary=True) for pk, email in theirs],
        update_conflicts=True,
        unique_fields=["user", "email"],
        update_fields=["verified", "primary"],
        batch_size=1000,
    )


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_installation_events"),
        ("account", "0009_emailaddress_unique_primary_email"),
    ]

    operations = [migrations.RunPython(keep_what_is_proven, migrations.RunPython.noop)]
