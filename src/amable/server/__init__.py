"""The Django project: settings and the database it works on."""
