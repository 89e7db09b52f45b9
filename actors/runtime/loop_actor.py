"""The actor of this server: pykka's contract, with turns that are coroutines on the event loop.

Why one task per drain, and none while idle: driving a coroutine by hand to its first suspension is
1.3 times as fast, but it then has no current task, so ``asyncio.timeout`` refuses to work in it;
tasks shared between actors are twice as fast, but carry context variables and late cancellations
from one actor into the next. Each drain has its own task and its own empty context.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable, Hashable
from contextvars import Context
from functools import partial
from types import CoroutineType, TracebackType
from typing import Any, ClassVar, Protocol, Self

import pykka
from personae.actors.runtime.errors import ActorStopped, AskedItself, MailboxFull, answer, fail
from personae.actors.runtime.future import LoopFuture
from personae.actors.runtime.mailbox import Letter, Mailbox, Order, fail_late, is_late
from personae.actors.runtime.ref import LoopRef
from personae.actors.runtime.tasks import result_of
from pykka import ActorRegistry, messages

logger = logging.getLogger(__name__)

CLEANUP_SECONDS = 10
"""How long ``on_stop`` and ``on_failure`` may take."""

TURNS_AT_ONCE = 64
"""After so many turns without a pause the rest of the loop gets a chance."""

PROXY_MESSAGES = {messages.ProxyCall, messages.ProxyGetAttr, messages.ProxySetAttr}


class Parent(Protocol):
    """Who is told when an actor ends: pykka knows no links."""

    def ended(self, actor: LoopActor, error: BaseException | None) -> None:
        """Take note that an actor died of an error, or (``None``) stopped in order."""


class Flag:
    """Whether an actor has stopped: of ``threading.Event`` what pykka uses, in 40 bytes."""

    __slots__ = ("_on",)

    def __init__(self) -> None:
        self._on = False

    def is_set(self) -> bool:
        """Tell whether the actor has stopped."""
        return self._on

    def set(self) -> None:
        """Note that the actor has stopped."""
        self._on = True


class LoopActor(pykka.Actor):
    """An actor whose turns run on the asyncio loop, one at a time, in mailbox order.

    Subclasses write ``async def on_receive(self, message)``; a plain function works too, and so it
    is with ``on_start`` (before the first message), ``on_stop`` and ``on_failure``. An exception
    of a type in ``replies`` is a reply like any other. Every other one is answered to the caller
    as well, but kills this actor (and no other): its memory may no longer be true.

    ``Class.start(…)`` enters the actor into pykka's global registry, as pykka promises. The
    registry forgets in linear time, so ``Directory`` and ``Supervisor`` use :meth:`begin`, which
    leaves it alone.
    """

    mailbox_limit: ClassVar[int] = 1000
    """How many messages may wait."""

    replies: ClassVar[tuple[type[BaseException], ...]] = ()
    """Exceptions that are answers: the actor lives on after them."""

    name: Hashable = None
    """What its parent calls this actor."""

    stopped: bool = False
    """Whether it takes no more messages."""

    turns: int = 0
    """How many turns have begun."""

    touched: float = 0.0
    """The loop time of the last use, kept by the ``Directory``."""

    loop: asyncio.AbstractEventLoop
    """The loop it lives on, since :meth:`begin`."""

    task: asyncio.Task[None] | None = None
    """The drain of the mailbox, while there is something to do."""

    _parent: Parent | None = None
    _urn: str | None = None
    _ref: LoopRef | None = None
    _registered = False
    _entered = False
    _asker: asyncio.Future[Any] | None = None

    def __init__(self, *_args: Any, **_kwargs: Any) -> None:
        # Not pykka's own: its Event, uuid and ref would be 2 KB for each of 100,000 actors.
        self.actor_inbox: Any = self._create_actor_inbox()
        self.actor_stopped: Any = Flag()

    @staticmethod
    def _create_actor_inbox() -> Any:
        return Mailbox()

    @staticmethod
    def _create_future() -> LoopFuture[Any]:
        return LoopFuture()

    def _start_actor_loop(self) -> None:
        self._registered = True
        self.begin()

    def begin(self, parent: Parent | None = None, name: Hashable = None) -> Self:
        """Come to life on the running loop, outside pykka's registry; ``on_start`` runs next."""
        self.loop = asyncio.get_running_loop()
        self._parent, self.name = parent, name
        self.actor_inbox.owner = self
        self.wake()
        return self

    @property
    def actor_urn(self) -> str:  # type: ignore[override]
        """The name in pykka's registry, made when first asked for."""
        if self._urn is None:
            self._urn = uuid.uuid4().urn
        return self._urn

    @property
    def actor_ref(self) -> LoopRef:
        """The reference to this actor, made when first asked for."""
        if self._ref is None:
            self._ref = LoopRef(self)
        return self._ref

    def __str__(self) -> str:
        return f"{type(self).__name__} ({self.actor_urn if self.name is None else self.name})"

    @property
    def depth(self) -> int:
        """How many messages wait."""
        return len(self.actor_inbox)

    @property
    def busy(self) -> bool:
        """Whether a turn is under way or waits."""
        return self.task is not None

    @property
    def light(self) -> bool:
        """Whether it may :meth:`leave`: there is nothing to keep and nothing to clean up."""
        return False

    @property
    def forsaken(self) -> bool:
        """Whether the caller of the turn under way has left: a turn without effect may end now."""
        return self._asker is not None and self._asker.done()

    def on_start(self) -> Any:
        """Prepare; if it raises, the actor dies and every message that waits gets the exception."""

    def on_stop(self) -> Any:
        """Clean up after an orderly stop, within ``CLEANUP_SECONDS``."""

    def on_failure(
        self,
        exception_type: type[BaseException] | None,
        exception_value: BaseException | None,
        traceback: TracebackType | None,
    ) -> Any:
        """Clean up after death by an exception, within ``CLEANUP_SECONDS``."""

    def passivate(self) -> Any:
        """Keep what a successor would like to have; runs as a turn of its own."""

    def on_receive(self, message: Any) -> Any:
        """Take a turn: do what the message says, return or raise the reply."""
        return super().on_receive(message)

    def check_room(self) -> None:
        """Raise what a message would meet now: :class:`ActorStopped` or :class:`MailboxFull`."""
        if self.stopped:
            raise ActorStopped(self)
        if self.depth >= self.mailbox_limit:
            raise MailboxFull(f"{self} has {self.depth} messages waiting")

    def ask(self, message: Any, deadline: float | None = None) -> asyncio.Future[Any]:
        """Send a message on the loop, without pykka's reference; the future has the reply.

        Raises like :meth:`post`.
        """
        reply: asyncio.Future[Any] = self.loop.create_future()
        self.post((message, reply, deadline))
        return reply

    def post(self, letter: Letter) -> None:
        """Put a letter into the mailbox; on the loop only.

        Raises :class:`ActorStopped`, :class:`MailboxFull` and :class:`AskedItself`.
        """
        if self.stopped:
            raise ActorStopped(self)
        if self.task is not None and letter[1] is not None and asyncio.current_task() is self.task:
            raise AskedItself(f"{self} would wait for itself")
        self.actor_inbox.put(letter)

    def deliver(self, letter: Letter) -> None:
        """Put a letter into the mailbox, or answer it with the reason why not."""
        try:
            self.post(letter)
        except (ActorStopped, MailboxFull) as error:
            if letter[1] is None:
                logger.warning("a message was dropped: %s", error)
            fail(letter[1], error)

    def order(self, order: Order, reply: asyncio.Future[bool] | None = None) -> None:
        """Give an order of the runtime; the reply says whether it had its effect."""
        if self.stopped:
            answer(reply, value=False)
        else:
            self.actor_inbox.put((order, reply, None))

    def started(self) -> asyncio.Future[bool]:
        """Wait for ``on_start``; the result is ``False`` when the actor died of it."""
        reply: asyncio.Future[bool] = self.loop.create_future()
        self.order(Order.GREET, reply)
        return reply

    def stop(self) -> None:
        """Stop after the messages that wait already."""
        self.order(Order.STOP)

    def leave(self) -> None:
        """Stop at once, without a turn: for one that is :attr:`light` and not busy."""
        self._close()
        if self._registered:
            ActorRegistry.unregister(self.actor_ref)
        self._report(None)
        self.actor_inbox.owner = None

    def wake(self) -> None:
        """Schedule a drain of the mailbox."""
        self.task = self.loop.create_task(self._drain(), context=Context())

    async def _drain(self) -> None:
        try:
            await self._turns()
        except BaseException as error:
            await self._die(error)
            if isinstance(error, KeyboardInterrupt):
                raise
        finally:
            self.actor_inbox.release()
            self.task = None

    async def _turns(self) -> None:
        if not self._entered:
            await result_of(self.on_start())
            self._entered = True
        inbox, count = self.actor_inbox, 0
        while not inbox.empty():
            await self._open(inbox.get())
            count += 1
            if count % TURNS_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _open(self, letter: Letter) -> None:
        message, reply, deadline = letter
        if isinstance(message, Order):
            await self._obey(message, reply)
        elif deadline is not None and is_late(letter, self.loop.time()):
            fail_late(letter)
        # Whoever stopped waiting must not be surprised by an effect later.
        elif reply is None or not reply.done():
            await self._turn(message, reply)

    async def _turn(self, message: Any, reply: asyncio.Future[Any] | None) -> None:
        self.turns += 1
        self._asker = reply
        try:
            receive = self._handle_receive if type(message) in PROXY_MESSAGES else self.on_receive
            value = receive(message)
            if type(value) is CoroutineType or hasattr(value, "__await__"):
                value = await value
        except self.replies as refusal:
            fail(reply, refusal)
        except BaseException as error:
            fail(reply, error)
            raise
        else:
            answer(reply, value)
        finally:
            self._asker = None
            del reply  # an exception in it holds this frame: a cycle for each refusal

    async def _obey(self, order: Order, reply: asyncio.Future[bool] | None) -> None:
        obeyed = False
        try:
            if order is Order.SLEEP:
                await result_of(self.passivate())
            obeyed = order is not Order.SLEEP or self.actor_inbox.empty()
            if obeyed and order is not Order.GREET:
                await self._end(None, self.on_stop)
        finally:
            answer(reply, obeyed)

    async def _die(self, error: BaseException) -> None:
        if not isinstance(error, self.replies):
            logger.error("%s died", self, exc_info=error)
        await self._end(error, partial(self.on_failure, type(error), error, error.__traceback__))

    async def _end(self, error: BaseException | None, clean_up: Callable[[], Any]) -> None:
        """Take no more messages, clean up, tell the parent, send the rest away, in this order."""
        self._close()
        if self._registered:
            ActorRegistry.unregister(self.actor_ref)
        try:
            async with asyncio.timeout(CLEANUP_SECONDS):
                await result_of(clean_up())
        # Those two too: nothing may keep the parent and the senders from hearing of it.
        except (Exception, asyncio.CancelledError, SystemExit):
            logger.exception("%s: its cleaning up failed", self)
        finally:
            self._report(error)
            self._send_away(error)

    def _close(self) -> None:
        self.stopped = True
        self.actor_stopped.set()

    def _report(self, error: BaseException | None) -> None:
        try:
            if self._parent is not None:
                self._parent.ended(self, error)
        except Exception:
            logger.exception("%s: its parent failed to hear of its end", self)

    def _send_away(self, error: BaseException | None) -> None:
        """Answer what still waits: with why ``on_start`` failed, else so that it is sent again."""
        why = error if error is not None and not self._entered else ActorStopped(self)
        while not self.actor_inbox.empty():
            message, reply, _ = self.actor_inbox.get()
            if isinstance(message, Order):
                answer(reply, message is Order.STOP)
            else:
                fail(reply, why)
        self.actor_inbox.owner = None
