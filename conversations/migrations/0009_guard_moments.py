"""No moment is stored that cannot be read back; what is there already is not looked at yet."""

from django.db import migrations

from accounts.moments import GuardMoments


class Migration(migrations.Migration):
    dependencies = [("conversations", "0008_hand_over_reason")]

    operations = [GuardMoments()]
