"""No moment is stored that cannot be read back; what is there already is not looked at yet."""

from django.db import migrations

from accounts.moments import GuardMoments


class Migration(migrations.Migration):
    dependencies = [("accounts", "0006_invitations")]

    operations = [GuardMoments()]
