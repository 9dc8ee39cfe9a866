"""What a Bluetooth client does for a driver, step by step: the vocabulary of its procedures.

A procedure is a generator: it yields steps, is sent what each came to, and returns what the
sensor read back, as settings. It holds no radio, so a test, a virtual sensor and bleak run it
alike (``gateway.radio.procedure``)::

    def start(self, settings, rate_hz):
        yield Subscribe(DATA, "motion")
        yield Write(CONTROL, bytes([1]))
        level = yield Read(BATTERY)
        return {"rate_hz": rate_hz}

UUIDs are lower-case strings of 36 characters; four characters are a number of 16 bits in whatever
base the sensor put it (``names`` tells). ``service`` is needed only where a characteristic occurs
in more than one service.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping

from gateway.messages import message

SETTLED = 2.0
"""Seconds within which a sensor answers a request."""

Settings = Mapping[str, int | float | str]


@message
class Subscribe:
    """Have notifications (or indications) of a characteristic, as packets of ``channel``.

    Where it is ``optional``, a sensor that sends none of it is taken as it is.
    """

    characteristic: str
    channel: str
    service: str = ""
    optional: bool = False


@message
class Write:
    """Write ``payload``; with ``response`` the sensor confirms it."""

    characteristic: str
    payload: bytes
    response: bool = True
    service: str = ""


@message
class Read:
    """Read a characteristic; the result is its bytes, empty where it is ``optional`` and absent."""

    characteristic: str
    service: str = ""
    optional: bool = False


@message
class Ask:
    """Write ``payload``, and wait for a packet on ``channel`` that begins with ``answer``.

    The result is that packet. After ``timeout_s`` it is asked once more, and then given up, which
    raises SourceError, or gives empty bytes where it is ``optional``.
    """

    characteristic: str
    payload: bytes
    channel: str
    answer: bytes
    response: bool = True
    timeout_s: float = SETTLED
    optional: bool = False
    service: str = ""


@message
class Pause:
    """Do nothing for ``seconds``."""

    seconds: float


@message
class Repeat:
    """From now on write ``payload`` every ``every_s``: to be told a battery, or to stay awake."""

    characteristic: str
    payload: bytes
    every_s: float
    response: bool = True
    service: str = ""


Step = Subscribe | Write | Read | Ask | Pause | Repeat
Procedure = Generator[Step, bytes, Settings]
"""Yields steps; is sent the result of each (empty bytes where there is none)."""


@message
class AgreementTimes:
    """When a host is where, while sensors agree on a clock: seconds since all were told to.

    It leaves them, returns to hear how it went ``settle_s`` after it has connected, and gives up.
    """

    leave_s: float
    return_s: float
    settle_s: float
    give_up_s: float


@message
class Advertising:
    """How a sensor is told from others before it is connected; any of these is enough.

    ``names`` are beginnings of the advertised name, ``services`` advertised UUIDs,
    ``companies`` identifiers of manufacturer data.
    """

    names: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    companies: tuple[int, ...] = ()

    def fits(self, name: str, services: tuple[str, ...], companies: tuple[int, ...]) -> bool:
        """Say whether an advertisement is that of such a sensor."""
        return (
            any(name.startswith(known) for known in self.names)
            or not set(self.services).isdisjoint(services)
            or not set(self.companies).isdisjoint(companies)
        )


def nothing() -> Procedure:
    """Return the procedure of a sensor that needs none."""
    yield from ()
    return {}


def names(characteristic: str, uuid: str) -> bool:
    """Say whether the ``characteristic`` of a step is the one with this UUID."""
    return characteristic in {uuid, uuid[4:8]}


def sig_uuid(short: int) -> str:
    """Return the UUID of a 16-bit number assigned by the Bluetooth SIG."""
    return f"0000{short:04x}-0000-1000-8000-00805f9b34fb"
