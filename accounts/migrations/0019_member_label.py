"""The kind of an actor that is stored as `operator` is shown as Member."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ("accounts", "0018_followed_answers_of_earlier_rows"),
    ]

    operations = [
        migrations.AlterField(
            model_name="event",
            name="actor_kind",
            field=models.CharField(
                choices=[
                    ("operator", "Member"),
                    ("api_key", "Api Key"),
                    ("contact", "Contact"),
                    ("assistant", "Assistant"),
                    ("system", "System"),
                ],
                max_length=12,
            ),
        ),
    ]
