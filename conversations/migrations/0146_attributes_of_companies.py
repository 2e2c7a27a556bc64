"""Values of custom attributes of companies."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0145_words_of_companies"),
    ]

    operations = [
        migrations.AddField(
            model_name="company",
            name="attributes",
            field=models.JSONField(blank=True, db_default=models.Value({}, models.JSONField()), default=dict),
        ),
    ]
