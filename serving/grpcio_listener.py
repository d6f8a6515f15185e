"""gRPC on grpcio: the transport for machines that have no wheel of our own's library.

The only file that knows grpcio. Serves a table of methods as `grpc_listener.py`
does, slower, and promises the same answers. Knows no protocol and no tensor.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Coroutine
from math import inf
from typing import Any, NoReturn, TypeAlias

import grpc

from serving import ports
from serving.call import Call
from serving.errors import StartupError
from serving.grpc_method import AnswerMany, AnswerOne, CallFailed, Methods, Streaming, Unary
from serving.settings import Grpc
from serving.tls import TlsFiles

LINGER_SECONDS = 0.5
"""How long nothing must be in flight before the last connections are cut; answers are on the wire by then."""
POLL_SECONDS = 0.05

Context: TypeAlias = "grpc.aio.ServicerContext[bytes, bytes]"
Handler: TypeAlias = "grpc.RpcMethodHandler[bytes, bytes]"


class GrpcioListener:
    """The gRPC port, served by grpcio."""

    def __init__(
        self,
        methods: Methods,
        address: str,
        port: int,
        settings: Grpc,
        *,
        message_bytes: int,
        extra_settle_turns: int,
        tls: TlsFiles | None,
    ) -> None:
        """Bind the port; raises StartupError where it cannot be had."""
        self._extra_settle_turns = extra_settle_turns
        self._unary_in_flight = 0
        logging.getLogger("grpc._cython.cygrpc").addFilter(is_worth_a_line)
        self._server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", message_bytes),
                ("grpc.max_send_message_length", settings.answer_bytes),
                # Two processes on one port would share its callers unseen.
                ("grpc.so_reuseport", 0),
                # A caller's connection outlives no rollout by long: new pods get their share.
                ("grpc.max_connection_age_ms", _milliseconds(settings.age_seconds)),
                ("grpc.max_connection_age_grace_ms", _milliseconds(settings.age_grace_seconds)),
                ("grpc.keepalive_time_ms", _milliseconds(settings.keepalive_seconds)),
                ("grpc.max_concurrent_streams", settings.streams),
            ]
        )
        handlers = {path: self._handler(method) for path, method in methods.items()}
        self._server.add_generic_rpc_handlers((_Table(handlers),))
        # grpcio does not say why it cannot have a port.
        ports.check(address, port, "gRPC")
        try:
            self.port = self._add_port(f"{_host(address)}:{port}", tls)
        except RuntimeError as error:
            raise StartupError(f"cannot listen for gRPC on {address} port {port}") from error

    @property
    def connections(self) -> int:
        """None that one could tell of: grpcio counts them for itself."""
        return 0

    async def start(self) -> None:
        await self._server.start()

    async def stop(self, timeout_seconds: float) -> None:
        """Send GOAWAY, take no more calls, let those in flight end."""
        stopping = asyncio.create_task(self._server.stop(timeout_seconds))
        idle_seconds = 0.0
        while not stopping.done() and idle_seconds < LINGER_SECONDS:
            await asyncio.sleep(POLL_SECONDS)
            idle_seconds = 0.0 if self._unary_in_flight else idle_seconds + POLL_SECONDS
        # What is left has no end of its own: callers who watch our health, or keep reflection open.
        await self._server.stop(None)
        await stopping

    def _add_port(self, address: str, tls: TlsFiles | None) -> int:
        if tls is None:
            return self._server.add_insecure_port(address)
        credentials = grpc.ssl_server_credentials(
            [(tls.key.read_bytes(), tls.certificate.read_bytes())],
            root_certificates=tls.client_ca.read_bytes() if tls.client_ca is not None else None,
            require_client_auth=tls.client_ca is not None,
        )
        return self._server.add_secure_port(address, credentials)

    def _handler(self, method: Unary | Streaming) -> Handler:
        if isinstance(method, Unary):
            return grpc.unary_unary_rpc_method_handler(self._answer_one(method.answer))
        return grpc.stream_stream_rpc_method_handler(_answer_many(method.answer))

    def _answer_one(self, answer: AnswerOne) -> Callable[[bytes, Context], Coroutine[Any, Any, bytes]]:
        async def handle(message: bytes, context: Context) -> bytes:
            self._unary_in_flight += 1
            call = _call(context)
            call.extra_settle_turns = self._extra_settle_turns
            try:
                answered = await answer(message, call)
            except CallFailed as failure:
                await _abort(context, call, failure)
            finally:
                self._unary_in_flight -= 1
            _tell(context, call)
            return answered

        return handle


def is_worth_a_line(record: logging.LogRecord) -> bool:
    """Leave out what grpcio logs as an error where a caller left just as it was being answered."""
    return not record.getMessage().startswith("ExecuteBatchError raised in core by servicer method")


def _answer_many(answer: AnswerMany) -> Callable[[AsyncIterator[bytes], Context], AsyncIterator[bytes]]:
    async def handle(messages: AsyncIterator[bytes], context: Context) -> AsyncIterator[bytes]:
        call = _call(context)
        try:
            async for answered in answer(messages, call):
                yield answered
        except CallFailed as failure:
            await _abort(context, call, failure)
        _tell(context, call)

    return handle


class _Table(grpc.GenericRpcHandler):
    """Finds the handler of a path."""

    def __init__(self, handlers: dict[str, Handler]) -> None:
        self._handlers = handlers

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "Handler | None":
        return self._handlers.get(handler_call_details.method)


def _call(context: Context) -> Call:
    left = context.time_remaining()
    # grpcio gives None where the caller set no deadline, whatever its stubs say.
    timeout_seconds = inf if left is None else left  # type: ignore[redundant-expr]

    def headers() -> dict[str, str]:
        metadata = context.invocation_metadata() or ()
        return {name: value for name, value in metadata if isinstance(value, str)}

    return Call(headers, timeout_seconds)


def _trailers(call: Call) -> tuple[tuple[str, str], ...]:
    return tuple((call.answer_headers or {}).items())


def _tell(context: Context, call: Call) -> None:
    if call.answer_headers:
        context.set_trailing_metadata(_trailers(call))


async def _abort(context: Context, call: Call, failure: CallFailed) -> NoReturn:
    reason = (("reason", failure.reason),) if failure.reason else ()
    await context.abort(grpc.StatusCode[failure.status], failure.details, (*reason, *_trailers(call)))


def _milliseconds(seconds: float) -> int:
    """Zero means never, which grpcio writes as the largest number it knows."""
    return round(seconds * 1000) or 2**31 - 1


def _host(address: str) -> str:
    return f"[{address}]" if ":" in address else address
