"""The constraints that 0024 added hold for rows of earlier versions as well."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ("conversations", "0024_leave_the_words_of_one_format"),
    ]

    operations = [
        ValidateConstraint(model_name="assistantthread", name="assistant_thread_status_is_known"),
        ValidateConstraint(model_name="assistantframe", name="assistant_frame_kind_is_known"),
    ]
