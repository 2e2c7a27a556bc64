"""Moments that cannot be read back are put at the nearest that can."""

from django.db import migrations

from accounts.moments import CheckMoments


class Migration(migrations.Migration):
    atomic = False  # nobody waits until all tables are looked at

    dependencies = [("tickets", "0006_guard_moments")]

    operations = [CheckMoments()]
