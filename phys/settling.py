"""Settling: the weight follows its steps with a time constant.

After a step the *settled* weight is where the device is going, and the crossbar stores it; the
*momentary* weight is where it is. Their difference, the lag, decays exponentially and a step adds
to it, so that it is all that has to be remembered.
"""

from __future__ import annotations

import numpy as np


class Settling:
    """The lags of the devices of one array.

    Parameters
    ----------
    columns : float32 (columns, rows)
        Settled weights, read but never changed.
    settling_fs : int
        Time constant; 0: devices settle at once.

    Examples
    --------
    >>> weights = np.zeros((1, 1), np.float32)
    >>> settling = Settling(weights, settling_fs=10)
    >>> weights[0, 0] = 1.0
    >>> settling.stepped(np.array([0]), np.array([1.0]), now=0)
    >>> settling.momentary(0).item(), round(settling.momentary(10).item(), 3)
    (0.0, 0.632)
    """

    def __init__(self, columns: np.ndarray, settling_fs: int) -> None:
        self.columns = columns
        self.settling_fs = settling_fs
        if settling_fs:
            self.lag = np.zeros(columns.size)
            self.since = np.zeros(columns.size, dtype=np.int64)

    def _lag(self, device: np.ndarray | slice, now: int) -> np.ndarray:
        lag: np.ndarray = self.lag[device] * np.exp((self.since[device] - now) / self.settling_fs)
        return lag

    def momentary(self, now: int, device: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Return the momentary weights of `device` (flat places), float32."""
        settled = self.columns.reshape(-1)[device]
        if not self.settling_fs:
            return settled
        return (settled + self._lag(device, now)).astype(np.float32)

    def stepped(self, device: np.ndarray, change: np.ndarray, now: int) -> None:
        """Note that the settled weights of `device` have just moved by `change`."""
        if self.settling_fs:
            self.lag[device] = self._lag(device, now) - change
            self.since[device] = now
