# SPDX-License-Identifier: MIT
"""Tables that turn metrics into tiers: the published editions, and tables of one's own."""

from __future__ import annotations

import dataclasses
from typing import Any

from libdora._libdora import ffi, lib
from libdora.errors import ArgumentError, check, new_error
from libdora.writing import written

#: The editions that there are.
EDITIONS = tuple(year for year in range(2014, 2100) if lib.dora_tiers_edition(year) != ffi.NULL)
_LEVELS = ("elite", "high", "medium")


@dataclasses.dataclass(frozen=True)
class Bound:
    """The worst value that still earns a tier.

    Of `frequency`: `numerator` deployments every `denominator` days. Of `lead_time` and `recovery`: less than
    numerator / denominator seconds. Of `fail_rate`: at most numerator / denominator. See docs/tiers.md.
    """

    numerator: int
    denominator: int
    strict: bool

    @property
    def value(self) -> float:
        """Deployments a day, seconds, or a ratio."""
        return self.numerator / self.denominator


class Tiers:
    """A table of tiers; made by `tiers`.

    Attributes:
        name: "2024", or a name of one's own.
        restore: whether recovery judges time_to_restore_service instead of failed_deployment_recovery_time.
        frequency, lead_time, recovery, fail_rate: the bound of "elite", "high" and "medium"; None: not reachable.
    """

    def __init__(self, struct: Any) -> None:
        self._struct = struct
        self.name = str(ffi.string(struct.name).decode())
        self.restore = bool(struct.restore)
        self.frequency = self._bounds(struct.frequency)
        self.lead_time = self._bounds(struct.lead_time)
        self.recovery = self._bounds(struct.recovery)
        self.fail_rate = self._bounds(struct.fail_rate)

    @staticmethod
    def _bounds(bounds: Any) -> dict[str, Bound | None]:
        return {
            level: Bound(bounds[i].numerator, bounds[i].denominator, bool(bounds[i].strict))
            if bounds[i].denominator
            else None
            for i, level in enumerate(_LEVELS)
        }

    def __str__(self) -> str:
        """The text that `tiers` reads."""
        return written(lib.dora_tiers_write, self._struct, lib.DORA_OUTPUT_TABLE)

    def __repr__(self) -> str:
        return f"<libdora.Tiers {self.name}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tiers) and bytes(ffi.buffer(self._struct)) == bytes(ffi.buffer(other._struct))

    def __hash__(self) -> int:
        return hash(bytes(ffi.buffer(self._struct)))


def tiers(edition: int | str = 2024) -> Tiers:
    """The table of an edition (2018, 2019, 2021, 2022, 2023 or 2024), or of a text as str(tiers(2024)) gives it.

    Raises:
        ArgumentError: there is no such edition.
        InputError: the text is no table; its `line` says where.
    """
    made = ffi.new("dora_tiers *", {"struct_size": ffi.sizeof("dora_tiers")})
    if isinstance(edition, int):
        if edition not in EDITIONS:
            raise ArgumentError(f"tiers takes one of {', '.join(map(str, EDITIONS))}; not {edition}")
        ffi.memmove(made, lib.dora_tiers_edition(edition), ffi.sizeof("dora_tiers"))
    else:
        data, error = edition.encode(), new_error()
        check(lib.dora_tiers_parse(data, len(data), made, error), error, "tiers")
    return Tiers(made)


def tiers_struct(wanted: int | Tiers, kept: list[Any]) -> Any:
    table = wanted if isinstance(wanted, Tiers) else tiers(wanted)
    kept.append(table)
    return table._struct
