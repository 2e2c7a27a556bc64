"""A tag stands in the catalogue once, whatever its case: with a colour that somebody chose, else in its first spelling."""

import zlib

import django.db.models.functions.text
from django.db import migrations, models


def merge(apps, schema_editor):
    Tag = apps.get_model("tickets", "Tag")
    # Nothing is entered meanwhile. Only reading goes on, and this takes moments: a workspace has tens of tags.
    schema_editor.execute("LOCK TABLE tickets_tag IN SHARE ROW EXCLUSIVE MODE")
    kept = {}
    for tag in Tag._base_manager.annotate(key=django.db.models.functions.Lower("name")).order_by("id"):
        is_chosen = tag.hue != zlib.crc32(tag.name.strip().lower().encode()) % 36 * 10
        other = kept.get((tag.workspace_id, tag.key))
        if other is None:
            kept[tag.workspace_id, tag.key] = (tag, is_chosen)
        elif is_chosen and not other[1]:
            other[0].delete()
            kept[tag.workspace_id, tag.key] = (tag, is_chosen)
        else:
            tag.delete()


class Migration(migrations.Migration):

    dependencies = [
        ("tickets", "0007_check_moments"),
    ]

    operations = [
        migrations.RunPython(merge, migrations.RunPython.noop),
        migrations.RemoveConstraint(model_name="tag", name="tag_name_unique_per_workspace"),
        migrations.AddConstraint(
            model_name="tag",
            constraint=models.UniqueConstraint(
                models.F("workspace"),
                django.db.models.functions.text.Lower("name"),
                name="tag_unique_per_workspace_in_any_case",
            ),
        ),
    ]
