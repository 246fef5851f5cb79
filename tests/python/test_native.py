# SPDX-License-Identifier: MIT
"""The glue: capsules in and out, progress and interrupts, rejections and text gathered in C."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from libdora import _native
from libdora._libdora import ffi, lib

DAY_US = 86_400_000_000


def new_engine(ticker: _native.Ticker | None = None) -> Any:
    options = ffi.new("dora_engine_options *", {"struct_size": ffi.sizeof("dora_engine_options")})
    if ticker:
        options.progress, options.progress_context = ticker.function, ticker.context
    engine = ffi.new("dora_engine **")
    assert lib.dora_engine_new(options, engine, ffi.NULL) == lib.DORA_OK
    return ffi.gc(engine[0], lib.dora_engine_free)


def add_deployments(engine: Any, count: int) -> None:
    facts = ffi.new("dora_fact[]", count)
    name = ffi.new("char[]", b"shop")
    for i in range(count):
        fact = facts + i
        lib.dora_fact_init(fact, lib.DORA_KIND_DEPLOYMENT)
        fact.service.data, fact.service.size = name, 4
        fact.finished_at = (20_000 + i // 24) * DAY_US + i
    assert lib.dora_engine_add(engine, facts, count, ffi.NULL) == lib.DORA_OK


def new_query(**fields: object) -> Any:
    return ffi.new("dora_query *", {"struct_size": ffi.sizeof("dora_query"), **fields})


def new_result(count: int = 100) -> Any:
    engine = new_engine()
    add_deployments(engine, count)
    result = ffi.new("dora_result **")
    assert lib.dora_query_run(engine, new_query(period=lib.DORA_PERIOD_MONTH), result, ffi.NULL) == lib.DORA_OK
    return ffi.gc(result[0], lib.dora_result_free)


def test_version() -> None:
    assert _native.version == ffi.string(lib.dora_python_compiled_version()).decode()


@pytest.mark.memory
def test_capsules_of_a_result_outlive_it_in_any_order() -> None:
    result = new_result()
    made = [_native.export_stream(result, ffi.NULL) for _ in range(3)]
    assert [status for status, _ in made] == [lib.DORA_OK] * 3
    capsules = [capsule for _, capsule in made]
    status, schema = _native.export_schema(result, ffi.NULL)
    assert status == lib.DORA_OK
    names = [
        ffi.string(_native.schema_of(schema).children[i].name).decode() for i in range(lib.dora_result_columns(result))
    ]
    assert names[:2] == ["window_start", "window_end"]
    del result
    gc.collect()
    taken = ffi.new("struct ArrowArray *")
    stream = _native.stream_of(capsules[1])
    assert stream.get_next(stream, taken) == 0
    del capsules[1], stream
    assert taken.length > 0
    taken.release(taken)
    del capsules[0], schema
    engine = new_engine()
    texts = [ffi.new("char[]", text) for text in (b"finished_at", b"window_start")]
    name = ffi.new("dora_field_name *", {"field": texts[0], "source": texts[1]})
    size = ffi.sizeof("dora_arrow_options")
    options = ffi.new("dora_arrow_options *", {"struct_size": size, "names": name, "names_count": 1})
    assert lib.dora_engine_add_arrow(engine, _native.stream_of(capsules[0]), options, ffi.NULL) == lib.DORA_OK
    assert _native.stream_of(capsules[0]).release == ffi.NULL


@pytest.mark.memory
def test_what_is_no_capsule_of_the_name_is_none() -> None:
    _, stream = _native.export_stream(new_result(), ffi.NULL)
    assert _native.stream_of(stream) != ffi.NULL
    for wanted in (_native.array_of, _native.schema_of):
        assert wanted(stream) == ffi.NULL
    for other in ("text", None, 7, [stream]):
        for wanted in (_native.stream_of, _native.array_of, _native.schema_of):
            assert wanted(other) == ffi.NULL


def test_no_result_is_an_error() -> None:
    error = ffi.new("dora_error *")
    assert _native.export_stream(ffi.NULL, error) == (lib.DORA_ERROR_ARGUMENT, None)
    assert error.status == lib.DORA_ERROR_ARGUMENT
    assert _native.export_schema(ffi.NULL, error) == (lib.DORA_ERROR_ARGUMENT, None)


def settle(engine: Any) -> int:
    account = ffi.new("dora_account *", {"struct_size": ffi.sizeof("dora_account")})
    status = lib.dora_engine_account(engine, account, ffi.NULL)
    return int(status)


def test_progress_is_told_and_what_it_raises_is_kept() -> None:
    told: list[tuple[str, int, int]] = []
    ticker = _native.Ticker(lambda *stage: told.append(stage), interval=0)
    engine = new_engine(ticker)
    add_deployments(engine, 20_000)
    assert settle(engine) == lib.DORA_OK
    assert told and {stage for stage, _, _ in told} == {"settling"}
    _native.raise_pending()

    def stop(stage: str, done: int, total: int) -> None:
        raise LookupError("enough")

    ticker.set(stop)
    add_deployments(engine, 20_000)
    assert settle(engine) == lib.DORA_ERROR_CANCELLED
    with pytest.raises(LookupError, match="enough"):
        _native.raise_pending()
    _native.raise_pending()
    ticker.set(None)
    assert settle(engine) == lib.DORA_OK


def test_progress_is_throttled() -> None:
    told: list[object] = []
    ticker = _native.Ticker(lambda *stage: told.append(stage), interval=3600)
    engine = new_engine(ticker)
    add_deployments(engine, 20_000)
    assert settle(engine) == lib.DORA_OK
    assert len(told) == 1


def test_an_interrupt_in_a_callback_ends_the_call() -> None:
    ticker = _native.Ticker(lambda *stage: signal.raise_signal(signal.SIGINT))
    engine = new_engine(ticker)
    add_deployments(engine, 20_000)
    assert settle(engine) == lib.DORA_ERROR_CANCELLED
    with pytest.raises(KeyboardInterrupt):
        _native.raise_pending()


def test_an_interrupt_ends_long_work_soon() -> None:
    ticker = _native.Ticker()
    engine = new_engine(ticker)
    add_deployments(engine, 1000)
    texts = [ffi.new("char[]", text) for text in (b"0001-01-01", b"9999-12-31", b"deployment_frequency")]
    query = new_query(window_days=1, since=texts[0], until=texts[1], metrics=texts[2])
    result = ffi.new("dora_result **")
    sent: list[float] = []

    def send() -> None:
        time.sleep(0.05)
        sent.append(time.monotonic())
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)

    thread = threading.Thread(target=send)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        while True:
            lib.dora_query_run(engine, query, result, ffi.NULL)
            lib.dora_result_free(result[0])
            _native.raise_pending()
    assert time.monotonic() - sent[0] < 0.2
    thread.join()
    assert settle(engine) == lib.DORA_OK


@pytest.mark.memory
def test_rejections_are_counted_and_the_first_kept() -> None:
    engine = new_engine()
    for strict in (0, 1):
        rejections = ffi.new("dora_python_rejections *", {"strict": strict})
        options = ffi.new("dora_reader_options *", {"struct_size": ffi.sizeof("dora_reader_options")})
        options.on_reject = ffi.addressof(lib, "dora_python_reject")
        options.on_reject_context = rejections
        reader = ffi.new("dora_reader **")
        assert lib.dora_reader_new(engine, options, reader, ffi.NULL) == lib.DORA_OK
        text = b'{"finished_at": "2024-01-01"}\n' + b'{"finished_at": "never"}\n' * 50
        error = ffi.new("dora_error *")
        status = lib.dora_reader_feed(reader[0], ffi.from_buffer("char[]", text), len(text), error)
        status = status or lib.dora_reader_finish(reader[0], error)
        lib.dora_reader_free(reader[0])
        assert status == (lib.DORA_ERROR_INPUT if strict else lib.DORA_OK)
        assert rejections.count == (1 if strict else 50)
        assert rejections.first[0].record == 2
        assert rejections.first[lib.DORA_PYTHON_REJECTIONS_KEPT - 1].record == (0 if strict else 21)


@pytest.mark.memory
def test_text_is_gathered() -> None:
    text = ffi.new("dora_python_text *")
    options = ffi.new("dora_writer_options *", {"struct_size": ffi.sizeof("dora_writer_options")})
    options.output = lib.DORA_OUTPUT_CSV
    write = ffi.addressof(lib, "dora_python_write")
    assert lib.dora_result_write(new_result(20_000), options, write, text, ffi.NULL) == lib.DORA_OK
    written = ffi.buffer(text.data, text.size)[:].decode()
    assert written.startswith("window_start,window_end,") and written.endswith("\n")
    lib.dora_python_text_free(text)
    assert text.data == ffi.NULL and text.size == 0 and text.capacity == 0


def test_free_threaded_builds_are_refused() -> None:
    program = "import sysconfig; sysconfig.get_config_var = lambda name: 1; import libdora"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 1
    assert "ImportError: libdora does not support free-threaded builds of Python" in done.stderr
