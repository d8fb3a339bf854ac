"""The study of a table, run to its end in a folder of the user's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hdeeprm.errors import StudyError
from hdeeprm.results.atomic import make_folder, open_atomically

from .board import Board
from .cell import Cell

if TYPE_CHECKING:
    from hdeeprm.studies import Study
    from hdeeprm.studies.driver import Watch


def opened(board: Board, folder: Path) -> Study:
    """The study of a table, its file copied to a folder; one that is there already goes on.

    Raises:
        RunDirectoryError: If the folder cannot be made, or the file not be written.
    """
    from hdeeprm.studies import Study

    data, place = board.study_file.read_bytes(), make_folder(folder) / board.study_file.name
    if not place.is_file() or place.read_bytes() != data:
        with open_atomically(place) as file:
            file.write(data)
    return Study(place)


def filled(board: Board, study: Study, workers: int | None, watch: Watch, anew: bool = False) -> list[Cell]:
    """The numbers of a table, once all its runs are complete; those that failed are tried again.

    Args:
        board: The table.
        study: Its study, opened.
        workers: Number of processes; None: one for each CPU; 0: this very process.
        watch: Told now and then how far the study is.
        anew: Lay former runs aside.

    Raises:
        HDeepRMError: If it cannot be run, or runs fail.
    """
    progress = study.run(workers=workers, retry=("failed",), anew=anew, watch=watch)
    if study.missing:
        number, first = next(iter(study.missing.items()))
        why = f"{first.error['type']}: {first.error['message']}" if first.error else first.status.value
        raise StudyError(
            f"{study.path}: {len(study.missing)} of {progress.num_runs} runs are not complete, the first of "
            f"them run {number}: {why}; call it again to go on"
        )
    return board.cells(study)
