#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a Parquet file of a CSV file of inline deployments, by DuckDB and with its defaults."""

import importlib
import sys

import duckdb_peer

if __name__ == "__main__":
    source = duckdb_peer.source_of(sys.argv[1], "read")
    importlib.import_module("duckdb").execute(f"COPY (FROM {source}) TO '{sys.argv[2]}' (FORMAT parquet)")
