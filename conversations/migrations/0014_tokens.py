"""The column that search reads from here on; empty until 0015 fills it."""

from django.db import migrations

import conversations.models.searched

SEARCHED = {
    "contact": ("name", "email", "company", "external_id"),
    "conversation": ("subject",),
    "message": ("body",),
    "article": ("title", "body"),
    "macro": ("name", "body"),
}


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0010_check_moments"),
    ]

    operations = [
        migrations.AddField(
            model_name=model,
            name="tokens",
            field=conversations.models.searched.TokensField(editable=False, null=True, of=of),
        )
        for model, of in SEARCHED.items()
    ]
