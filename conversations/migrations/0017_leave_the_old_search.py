"""Search reads the tokens alone. The generated columns `search` stay in the tables: the version before reads them with
every row. The version after this one may drop them."""

from django.db import migrations

SEARCHED = {
    "contact": "contact_search",
    "conversation": "conv_search",
    "message": "message_search",
    "article": "article_search",
    "macro": "macro_search",
}


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0016_tokens_index"),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                operation
                for model, index in SEARCHED.items()
                for operation in (
                    migrations.RemoveIndex(model_name=model, name=index),
                    migrations.RemoveField(model_name=model, name="search"),
                )
            ]
        )
    ]
