"""What the filters of earlier views ask for, as conditions: statuses, priorities and tags. The filters stay as they were written."""

from django.db import migrations, transaction

CHOICES = {
    "status": ("new", "open", "pending", "on_hold", "resolved"),
    "priority": ("low", "medium", "high", "critical"),
}
SIZE = 500


def condition(filters):
    parts = []
    for name, known in CHOICES.items():
        given = filters.get(name)
        given = given if isinstance(given, list) else [given]
        if wanted := [one for one in given if isinstance(one, str) and one in known]:
            parts.append({"field": name, "in": list(dict.fromkeys(wanted))})
    tags = filters.get("tags")
    wanted = [one.strip() for one in tags if isinstance(one, str) and one.strip()] if isinstance(tags, list) else []
    wanted = [one for one in dict.fromkeys(wanted) if len(one) <= 100][:20]
    if wanted and filters.get("tagsMatch") == "all":
        parts += [{"field": "tag", "is": one} for one in wanted]
    elif wanted:
        parts.append({"field": "tag", "in": wanted})
    return {"all": parts} if parts else {}


def fill(apps, schema_editor):
    rows = apps.get_model("conversations", "SavedView").all_workspaces
    last = 0
    while True:
        with transaction.atomic():
            found = list(rows.filter(pk__gt=last, condition={}).exclude(filters={}).order_by("pk")[:SIZE])
            for row in found:
                if made := condition(row.filters if isinstance(row.filters, dict) else {}):
                    row.condition = made
                    row.save(update_fields=["condition"])
        if not found:
            return
        last = found[-1].pk


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0108_index_of_file_names"),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop, elidable=True),
    ]
