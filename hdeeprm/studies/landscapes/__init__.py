"""Simulated loss landscapes: rules that stop runs early are compared on them in moments, without training."""

from .generation import Landscape, new_landscape
from .groups import Band, Group, band_over, race_groups
from .objective import ArmLosses, arm_losses
from .racing import Course, race
from .shape import SHAPE_NAMES, Shape, load_shape

__all__ = [
    "SHAPE_NAMES",
    "ArmLosses",
    "Band",
    "Course",
    "Group",
    "Landscape",
    "Shape",
    "arm_losses",
    "band_over",
    "load_shape",
    "new_landscape",
    "race",
    "race_groups",
]
