from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("sfsync", "0006_settled")]

    operations = [
        migrations.AddField(
            model_name="dayfigure",
            name="refused",
            field=models.PositiveIntegerField(db_default=0, default=0),
        ),
    ]
