"""SimGrid's platform files, read and written.

file → xml_file (safe parsing) → zones (elements become points, links, declared routes) → routing
SimGridPlatform → machines (who is the master, which host has which id)
Platform → writing → file
"""

from hdeeprm.simulator.batsim.simgrid.machines import MASTER_HOST, Machines, machines
from hdeeprm.simulator.batsim.simgrid.platform import Host, Link, Route, SimGridPlatform, Watts
from hdeeprm.simulator.batsim.simgrid.reading import read_platform
from hdeeprm.simulator.batsim.simgrid.writing import platform_xml

__all__ = [
    "MASTER_HOST",
    "Host",
    "Link",
    "Machines",
    "Route",
    "SimGridPlatform",
    "Watts",
    "machines",
    "platform_xml",
    "read_platform",
]
