"""The study file that what was found belongs to: as it was when the study was last run."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hdeeprm.studies.file import StudyFile
    from hdeeprm.studies.queue import Queue

KEPT = ("graphite",)  # says nothing of results


def as_run(file: StudyFile, queue: Queue) -> StudyFile:
    """A study file with the values that its runs had, whatever was changed in it since, or set for them.

    Args:
        file: As it is now.
        queue: The study's.
    """
    known = set(type(file).model_fields).difference(KEPT)
    return file.model_copy(update={key: value for key, value in queue.file().items() if key in known})
