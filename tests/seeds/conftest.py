"""A project folder and its configuration, for the tests here."""

from project_folder import assigned, aws, project

__all__ = ["assigned", "aws", "project"]
