# SPDX-License-Identifier: MIT
"""Pictures of reports by Altair: `pip install libdora[plot]`.

Each picture is an altair.Chart that holds its data, so that it can be changed, saved and put on a page. Names of groups
are data everywhere and never part of an expression.
"""

from libdora.pictures.dashboard import dashboard
from libdora.pictures.plot import KINDS, plot

__all__ = ["KINDS", "dashboard", "plot"]
