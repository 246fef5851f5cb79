# SPDX-License-Identifier: MIT
"""DORA and release metrics from event histories."""

from libdora._native import version

__all__ = ["version"]
