"""The study file: its sections, read and validated."""

from .model import StudyFile
from .reading import load_study, study_from
from .schema import study_schema

__all__ = ["StudyFile", "load_study", "study_from", "study_schema"]
